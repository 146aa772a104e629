"""Cells as textbooks and papers write them: a name, the text, and what must be found in it."""

from __future__ import annotations

from typing import NamedTuple


class Typed(NamedTuple):
    """A typed cell; roles as printed, shapes by neutral name."""

    text: str
    states: str = "h"
    inputs: str = "x"
    outputs: str = "h"
    shapes: str = ""


GATES = """
f_t = σ(W_f x_t + U_f h_{t-1} + b_f)
i_t = σ(W_i x_t + U_i h_{t-1} + b_i)
o_t = σ(W_o x_t + U_o h_{t-1} + b_o)
"""

CELLS = {
    "rnn": Typed("h_t = tanh(W_h h_{t-1} + W_x x_t + b)", shapes="W_h n×n, W_x n×m, b n×1, x m×1"),
    "rnn, pre-activation": Typed("a_t = W h_{t-1} + U x_t + b\nh_t = tanh(a_t)", shapes="W n×n, U n×m, a n×1"),
    "rnn, doubled subscripts": Typed(
        r"$$h_t = \tanh(W_{hh} h_{t-1} + W_{xh} x_t + b_h)$$", shapes="W_hh n×n, W_xh n×m, b_h n×1"
    ),
    "scalar rnn": Typed("h_t = tanh(w h_{t-1} + u x_t + b)", shapes="w 1×1, u 1×1, b 1×1, h 1×1, x 1×1"),
    "linear": Typed("h_t = w h_{t-1}", inputs="", shapes="h 1×1"),
    "generic activation": Typed(r"h_t = \phi(W h_{t-1} + U x_t)", shapes="W n×n"),
    "elman with readout": Typed(
        "h_t = σ(W_h h_{t-1} + W_x x_t + b_h)\ny_t = W_y h_t + b_y", outputs="y", shapes="W_y n_y×n, b_y n_y×1"
    ),
    "jordan": Typed(
        "h_t = tanh(U y_{t-1} + W x_t + b); y_t = tanh(V h_t + c)", states="y", outputs="y", shapes="U n_h×n, V n×n_h"
    ),
    "lstm": Typed(
        GATES + "c̃_t = tanh(W_c x_t + U_c h_{t-1} + b_c)\nc_t = f_t ⊙ c_{t-1} + i_t ⊙ c̃_t\nh_t = o_t ⊙ tanh(c_t)",
        states="h c",
        shapes="W_f n×m, U_f n×n, b_f n×1, c n×1, c_tilde n×1",
    ),
    "lstm, concatenated": Typed(
        r"""f_t = \sigma(W_f \cdot [h_{t-1}, x_t] + b_f) \\
        i_t = \sigma(W_i \cdot [h_{t-1}, x_t] + b_i) \\
        \tilde{C}_t = \tanh(W_C \cdot [h_{t-1}, x_t] + b_C) \\
        C_t = f_t * C_{t-1} + i_t * \tilde{C}_t \\
        o_t = \sigma(W_o [h_{t-1}, x_t] + b_o) \\
        h_t = o_t * \tanh(C_t)""",
        states="h C",
        shapes="W_f n×(m + n), b_C n×1, C n×1",
    ),
    "lstm, letters doubled": Typed(
        r"""$$ f_t = \sigma(W_{hf}h_{t-1} + W_{xf}x_t + b_f) $$
        $$ i_t = \sigma(W_{hi}h_{t-1} + W_{xi}x_t + b_i) $$
        $$ o_t = \sigma(W_{ho}h_{t-1} + W_{xo}x_t + b_o) $$
        $$ \tilde{C}_t = tanh(W_{h\tilde{C}}h_{t-1} + W_{x\tilde{C}}x_t + b_{\tilde{C}}) $$
        $$ C_t = f_t * C_{t-1} + i_t * \tilde{C}_t $$
        $$ h_t = o_t * tanh(C_t) $$""",
        states="h C",
        shapes="W_hf n×n, W_xf n×m, W_hC_tilde n×n, b_C_tilde n×1",
    ),
    "peephole lstm": Typed(
        """f_t = σ(W_f x_t + U_f h_{t-1} + p_f ⊙ c_{t-1} + b_f)
        i_t = σ(W_i x_t + U_i h_{t-1} + p_i ⊙ c_{t-1} + b_i)
        c_t = f_t ⊙ c_{t-1} + i_t ⊙ tanh(W_c x_t + U_c h_{t-1} + b_c)
        o_t = σ(W_o x_t + U_o h_{t-1} + p_o ⊙ c_t + b_o)
        h_t = o_t ⊙ tanh(c_t)""",
        states="h c",
        shapes="p_f n×1, p_o n×1",
    ),
    "peephole lstm, capitals": Typed(
        r"""i_t = \sigma(W_{xi} x_t + W_{hi} h_{t-1} + W_{ci} \circ c_{t-1} + b_i) \\
        f_t = \sigma(W_{xf} x_t + W_{hf} h_{t-1} + W_{cf} \circ c_{t-1} + b_f) \\
        c_t = f_t \circ c_{t-1} + i_t \circ \tanh(W_{xc} x_t + W_{hc} h_{t-1} + b_c) \\
        o_t = \sigma(W_{xo} x_t + W_{ho} h_{t-1} + W_{co} \circ c_t + b_o) \\
        h_t = o_t \circ \tanh(c_t)""",
        states="h c",
        shapes="W_ci n×1, W_xi n×m",
    ),
    "coupled lstm": Typed(
        """f_t = σ(W_f x_t + U_f h_{t-1} + b_f)
        o_t = σ(W_o x_t + U_o h_{t-1} + b_o)
        c_t = f_t ⊙ c_{t-1} + (1 - f_t) ⊙ tanh(W_c x_t + U_c h_{t-1} + b_c)
        h_t = o_t ⊙ tanh(c_t)""",
        states="h c",
        shapes="f n×1",
    ),
    "janet": Typed(
        """f_t = σ(U_f h_{t-1} + W_f x_t + b_f)
        c̃_t = tanh(U_c h_{t-1} + W_c x_t + b_c)
        c_t = f_t ⊙ c_{t-1} + (1 - f_t) ⊙ c̃_t
        h_t = c_t""",
        states="h c",
        shapes="U_f n×n",
    ),
    "gru, reset before": Typed(
        """z_t = σ(W_z x_t + U_z h_{t-1} + b_z)
        r_t = σ(W_r x_t + U_r h_{t-1} + b_r)
        h̃_t = tanh(W_h x_t + U_h (r_t ⊙ h_{t-1}) + b_h)
        h_t = (1 - z_t) ⊙ h_{t-1} + z_t ⊙ h̃_t""",
        shapes="h_tilde n×1, U_h n×n",
    ),
    "gru, reset after": Typed(
        r"""r_t = \sigma(W_{ir} x_t + b_{ir} + W_{hr} h_{t-1} + b_{hr}) \\
        z_t = \sigma(W_{iz} x_t + b_{iz} + W_{hz} h_{t-1} + b_{hz}) \\
        n_t = \tanh(W_{in} x_t + b_{in} + r_t \odot (W_{hn} h_{t-1} + b_{hn})) \\
        h_t = (1 - z_t) \odot n_t + z_t \odot h_{t-1}""",
        shapes="W_hn n×n, b_hn n×1, W_ir n×m",
    ),
    "gru, by coordinates": Typed(
        r"""z^{\langle t\rangle} = \sigma(W_z x^{\langle t\rangle} + U_z h^{\langle t-1\rangle})
        r^{<t>} = \sigma(W_r x^{<t>} + U_r h^{<t-1>})
        \tilde{h}^{<t>} = \tanh(W x^{<t>} + U (r^{<t>} \odot h^{<t-1>}))
        h^{\langle t\rangle} = z^{<t>} h^{<t-1>} + (1 - z^{<t>}) \tilde{h}^{<t>}""",
        shapes="U n×n, W n×m",
    ),
    "mgu": Typed(
        """f_t = σ(W_f x_t + U_f h_{t-1} + b_f)
        h̃_t = tanh(W_h x_t + U_h (f_t ⊙ h_{t-1}) + b_h)
        h_t = (1 - f_t) ⊙ h_{t-1} + f_t ⊙ h̃_t""",
        shapes="f n×1",
    ),
    "ugrnn": Typed(
        """c_t = tanh(W_c x_t + U_c h_{t-1} + b_c)
        g_t = σ(W_g x_t + U_g h_{t-1} + b_g)
        h_t = g_t ⊙ h_{t-1} + (1 - g_t) ⊙ c_t""",
        shapes="g n×1",
    ),
    "leaky": Typed("h_t = (1 - α) h_{t-1} + α tanh(W h_{t-1} + U x_t + b)", shapes="alpha 1×1, W n×n"),
    "leaky, starred": Typed(
        "h_t = (1 - alpha) * h_{t-1} + alpha * tanh(W * h_{t-1} + U * x_t)\nalpha: scalar", shapes="alpha 1×1"
    ),
    "leaky, by units": Typed(
        "h_t = (1 - alpha) * h_{t-1} + alpha * tanh(W * h_{t-1} + U * x_t)\nalpha: n", shapes="alpha n×1"
    ),
    "ct-rnn": Typed(
        r"h_t = h_{t-1} + \frac{\Delta t}{\tau} (-h_{t-1} + W \tanh(h_{t-1}) + U x_t + b)", shapes="dt 1×1, tau 1×1"
    ),
    "indrnn": Typed("h_t = relu(W x_t + u ⊙ h_{t-1} + b)", shapes="u n×1, W n×m"),
    "diagonal ssm": Typed(
        "h_t = A h_{t-1} + B x_t\ny_t = C h_t + D x_t\nA: n×n diagonal", outputs="y", shapes="A n×n, C n_y×n, D n_y×m"
    ),
    "diagonal ssm, by a vector": Typed("h_t = diag(a) h_{t-1} + B x_t", shapes="a n×1"),
    "esn": Typed(
        "h_t = (1 - a) h_{t-1} + a tanh(W_in x_t + W h_{t-1})\ny_t = W_out [h_t; x_t]",
        outputs="y",
        shapes="W_in n×m, W_out n_y×(m + n), a 1×1",
    ),
    "narx": Typed(
        "y_t = tanh(A_1 y_{t-1} + A_2 y_{t-2} + B_0 u_t + B_1 u_{t-1} + b)", states="y", inputs="u", outputs="y",
        shapes="A_1 n×n, A_2 n×n, B_1 n×m",
    ),
    "two layers": Typed(
        "h^{(1)}_t = tanh(W^{(1)} h^{(1)}_{t-1} + U^{(1)} x_t)\n"
        "h^{(2)}_t = tanh(W^{(2)} h^{(2)}_{t-1} + U^{(2)} h^{(1)}_t)",
        states="h_2 h_1", outputs="h_2", shapes="W_1 n×n, U_2 n_h_2×n",
    ),
    "fast weights": Typed(
        "A_t = λ A_{t-1} + η h_{t-1} h_{t-1}ᵀ\nh_t = f(W h_{t-1} + U x_t + A_t h_{t-1})\nA_t: n×n",
        states="h A", shapes="A n×n, eta 1×1, lambda 1×1",
    ),
    "scalar gate": Typed(
        "g_t = σ(wᵀ h_{t-1} + vᵀ x_t)\nh_t = (1 - g_t) h_{t-1} + g_t tanh(W h_{t-1} + U x_t)",
        shapes="g 1×1, w n×1, v m×1",
    ),
    "orthogonal by skew parts": Typed("A = W - Wᵀ\nh_t = tanh((A - γ I) h_{t-1} + U x_t)", shapes="A n×n, W n×n"),
    "with a loss": Typed(
        r"h_t = \tanh(W h_{t-1} + U x_t); \hat y_t = V h_t + c; L = \sum_{t=1}^{T} \|y_t - \hat y_t\|^2",
        inputs="x y", outputs="y_hat", shapes="V n_y_hat×n, y n_y_hat×1, L 1×1",
    ),
    "with some loss": Typed("h_t = f(W h_{t-1} + U x_t)\nL = Σ_t L_t", shapes="L 1×1"),
    "with cross-entropy": Typed(
        "h_t = tanh(W h_{t-1} + U x_t); o_t = V h_t; L_t = -y_tᵀ log softmax(o_t); L = 1/T Σ_t L_t",
        inputs="x y", outputs="o", shapes="L 1×1, y n_o×1",
    ),
    "with a last-step loss": Typed("h_t = tanh(w h_{t-1} + u x_t); L = 1/2 (h_T - y)^2", shapes="y 1×1"),
}  # fmt: skip
