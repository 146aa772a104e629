"""Long short-term memory with a forget gate and without peepholes.

F. A. Gers, J. Schmidhuber, F. Cummins, "Learning to forget", Neural Computation 12 (2000); after S. Hochreiter,
J. Schmidhuber, "Long short-term memory", Neural Computation 9 (1997), which has no forget gate.
"""

CONVENTION = "Gers et al. (2000): forget, input and output gate, no peepholes; W_g acts on x_t, U_g on h_{t-1}"
CITATION = "gers2000"
EQUATIONS = """
f_t = sigma(W_f x_t + U_f h_{t-1} + b_f)
i_t = sigma(W_i x_t + U_i h_{t-1} + b_i)
o_t = sigma(W_o x_t + U_o h_{t-1} + b_o)
c_tilde_t = tanh(W_c x_t + U_c h_{t-1} + b_c)
c_t = f_t ⊙ c_{t-1} + i_t ⊙ c_tilde_t
h_t = o_t ⊙ tanh(c_t)
"""
DECLARATIONS = """
outputs: h
"""
