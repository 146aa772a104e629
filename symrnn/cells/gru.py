"""The gated recurrent unit: where the reset gate acts, and what the update gate keeps, differ from source to source.

K. Cho et al., "Learning phrase representations using RNN encoder–decoder", EMNLP 2014 (arXiv:1406.1078);
J. Chung et al., "Empirical evaluation of gated recurrent neural networks on sequence modeling", arXiv:1412.3555.
"""

GATES = """
z_t = sigma(W_z x_t + U_z h_{t-1} + b_z)
r_t = sigma(W_r x_t + U_r h_{t-1} + b_r)
"""
RESET_BEFORE = "h_tilde_t = tanh(W_h x_t + U_h (r_t ⊙ h_{t-1}) + b_h)\n"
RESET_AFTER = "h_tilde_t = tanh(W_h x_t + b_h + r_t ⊙ (U_h h_{t-1} + b_Uh))\n"
Z_WRITES = "h_t = (1 - z_t) ⊙ h_{t-1} + z_t ⊙ h_tilde_t\n"
Z_KEEPS = "h_t = z_t ⊙ h_{t-1} + (1 - z_t) ⊙ h_tilde_t\n"

VARIANTS = {
    "chung2014": (
        GATES + RESET_BEFORE + Z_WRITES,
        "Chung et al. (2014): reset before the product, z_t writes the candidate",
        "chung2014",
    ),
    "cho2014": (
        GATES + RESET_BEFORE + Z_KEEPS,
        "Cho et al. (2014), also ONNX with linear_before_reset = 0: reset before the product, z_t keeps the old state",
        "cho2014",
    ),
    "pytorch": (
        GATES + RESET_AFTER + Z_KEEPS,
        "PyTorch nn.GRU: reset after the product and its recurrent bias b_Uh, z_t keeps the old state",
        "pytorch",
    ),
    "keras": (
        GATES + RESET_AFTER + Z_KEEPS,
        "Keras 3 GRU with reset_after=True: reset after the product and its recurrent bias b_Uh, "
        "z_t keeps the old state",
        "keras",
    ),
}
DECLARATIONS = """
outputs: h
"""
