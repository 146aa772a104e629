"""THE table of mistakes people make: a row each, with the wrong and the right formula and one sentence.

Data only; which expressions a row stands for is in `mutations` (on a model's equations) and `slips` (on arithmetic as
displayed). Ids are stable; the sentences are translated by the catalogue `check`.
"""

# ruff: noqa: E501 (a table is easier to check with a row on a line)
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Misconception:
    """One mistake: id, name, wrong and right formula, and what to say to who made it."""

    id: str
    name: str
    wrong: str
    right: str
    sentence: str


_ROWS = (
    # Back-propagation through time.
    ("R01", "only the direct term", "∂L/∂W = δ_T h_{T-1}", "∂L/∂W = Σ_t δ_t h_{t-1}",
     "Only the last step is counted; the weight acts at every step, so every step adds its share."),
    ("R02", "the first step is lost", "Σ_{t=2}^T", "Σ_{t=1}^T",
     "The sum stops early: step 1 adds its share as well unless h_0 = 0."),
    ("R03", "the new state in the share", "δ_t h_t", "δ_t h_{t-1}",
     "The weight multiplies the state before the step, so its share holds h_{t-1}, not h_t."),
    ("R04", "the weights mixed up", "∂L/∂W_h with x_t", "∂L/∂W_h with h_{t-1}, ∂L/∂W_x with x_t",
     "W_h multiplies h_{t-1} and W_x multiplies x_t; the gradient of each holds what it multiplies."),
    ("R05", "the square forgotten", "tanh' = 1 - h", "tanh' = 1 - h²",
     "The derivative of tanh is 1 minus the square of its value."),
    ("R06", "the sigmoid's rule for tanh", "h(1 - h)", "1 - h²",
     "h(1 - h) is the derivative of the sigmoid; that of tanh is 1 - h²."),
    ("R07", "the sign in tanh'", "1 + h²", "1 - h²", "The derivative of tanh is 1 minus h², not plus."),
    ("R08", "the activation's derivative forgotten", "∂h_t/∂h_{t-1} = W", "∂h_t/∂h_{t-1} = (1 - h_t²) W",
     "The way from a_t to h_t goes through the activation, so its derivative is a factor."),
    ("R09", "the derivative at the wrong step", "(1 - h_{t-1}²) W", "(1 - h_t²) W",
     "The activation's derivative belongs to the step that is left: it holds h_t, not its neighbour."),
    ("R10", "the sign of the error", "y - ŷ", "ŷ - y",
     "The derivative of ½(ŷ - y)² with respect to the prediction is prediction minus target."),
    ("R11", "a factor 2 too many", "2(ŷ - y)", "ŷ - y", "The ½ of the loss and the 2 of the square cancel."),
    ("R12", "the half kept", "½(ŷ - y)", "ŷ - y", "Differentiating ½e² gives e: the ½ is used up by the square."),
    ("R13", "the recurrent weight missing", "δ_{t-1} = δ_t (1 - h²)", "δ_{t-1} = W δ_t (1 - h²)",
     "The way back from a_t to h_{t-1} goes through the recurrent weight."),
    ("R14", "the input weight in the recursion", "U δ_t", "W δ_t",
     "The way back to the state before goes through the recurrent weight, not through that of the input."),
    ("R15", "the power off by one", "W^{T-t+1}", "W^{T-t}",
     "The exponent is one too large or too small; from step T back to step t there are T - t steps."),
    ("R16", "Jacobians added", "Σ_k ∂h_k/∂h_{k-1}", "∏_k ∂h_k/∂h_{k-1}",
     "Along one path derivatives are multiplied; only different paths are added."),
    ("R17", "contributions multiplied", "∏_t δ_t h_{t-1}", "Σ_t δ_t h_{t-1}",
     "The steps' contributions are different paths: they are added."),
    ("R18", "divided by T", "(1/T) Σ_t", "Σ_t", "The gradient is the sum over the steps; it is a mean only if the loss is."),
    ("R19", "paths counted twice", "Σ_t ∂L/∂h_t ∂h_t/∂W (total)", "Σ_t ∂L/∂h_t ∂⁺h_t/∂W",
     "In the sum over steps each step adds its immediate derivative; the total one counts the earlier steps again."),
    ("R20", "the error squared", "(ŷ - y)²", "ŷ - y", "The derivative of a square holds the error itself, not its square."),
    ("R21", "only the longest path", "δ_1 h_0", "Σ_t δ_t h_{t-1}",
     "Only the path through every step is counted; the weight acts at every step."),
    ("R22", "derivatives only at the last step", "∏ W without (1 - h_k²)", "every step has its (1 - h_k²)",
     "Every step on the way back has its activation's derivative as a factor."),
    ("R23", "the derivative missing at the last step", "δ_T = ŷ - y", "δ_T = (ŷ - y)(1 - h_T²)",
     "The last step has an activation too: its derivative is a factor of δ_T."),
    ("R24", "a minus sign lost", "-0.125 · 0.5 = 0.0625", "-0.0625", "The sign changed on the way."),
    ("R25", "the pre-activation for the state", "1 - a_t²", "1 - h_t²",
     "The derivative of tanh holds the value of tanh, not what it is applied to."),
    ("R26", "the direct term dropped", "∂L/∂h_t = W δ_{t+1}", "∂L/∂h_t = ∂⁺L/∂h_t + W δ_{t+1}",
     "The state reaches the loss directly as well as through the next step; both are added."),
    ("R27", "the transpose forgotten", "W δ", "Wᵀ δ", "Backwards a matrix acts by its transpose."),
    ("R28", "the outer product transposed", "h_{t-1} δ_tᵀ", "δ_t h_{t-1}ᵀ",
     "The gradient has its matrix's shape: rows like δ, columns like h."),
    ("R29", "a matrix product for the product by entries", "(Wᵀ δ)ᵀ (1 - h²)", "(Wᵀ δ) ⊙ (1 - h²)",
     "The activation acts on each component by itself: the product is taken entry by entry, and is a vector."),
    ("R30", "the Jacobian's order", "W diag(1 - h²)", "diag(1 - h²) W",
     "The activation comes after the weight, so its diagonal stands to the left."),
    ("R31", "the bias gradient with a state", "Σ_t δ_t h_{t-1}", "Σ_t δ_t", "The bias is multiplied by 1, so its gradient is δ_t alone."),
    ("R32", "the product's bounds", "∏_{k=t}^T", "∏_{k=t+1}^T", "From h_t to h_T the product runs over the steps t+1 to T."),
    ("R33", "a truncated sum", "the last steps only", "Σ_{t=1}^T", "The sum is cut off: earlier steps add their shares as well."),
    ("R34", "the sign of the update", "θ + η g", "θ - η g", "The step goes against the gradient, so that the loss falls."),
    ("R35", "clipping by value and by norm mixed up", "min(max(g, -c), c)", "g · c/‖g‖ where ‖g‖ > c",
     "Clipping by norm scales all gradients by one factor; clipping by value cuts each entry by itself."),
    ("R37", "not clipped", "θ - η g", "θ - η · (g clipped)", "The gradient is clipped before it is used."),
    ("R36", "the derivative counted twice", "δ_{t+1} W (1 - h_{t+1}²)(1 - h_t²)", "δ_{t+1} W (1 - h_t²)",
     "δ of the next step holds its activation's derivative already."),
    # Softmax with cross-entropy.
    ("S01", "the sign of the error behind a softmax", "y - p", "p - y",
     "The derivative of the cross-entropy with respect to the logits is prediction minus target."),
    ("S02", "only the diagonal of the softmax's Jacobian", "p_i (1 - p_i)", "p_i (δ_ij - p_j)",
     "Every probability depends on every logit: the entries off the diagonal are -p_i p_j."),
    ("S03", "stopped at the probability", "∂L/∂o = -y/p", "∂L/∂o = p - y",
     "-y/p is the derivative with respect to the probabilities; the way to the logits goes through the softmax."),
    # Gated cells.
    ("L01", "1 - tanh²(c) forgotten", "h̄ o", "h̄ o (1 - tanh² c)", "From c to h the way goes through tanh: its derivative is a factor."),
    ("L02", "c for tanh(c)", "1 - c²", "1 - tanh²(c)", "The derivative of tanh at c is 1 - tanh²(c), not 1 - c²."),
    ("L03", "the output gate forgotten", "h̄ (1 - tanh² c)", "h̄ o (1 - tanh² c)", "h = o tanh(c): the way from c to h is scaled by the output gate."),
    ("L04", "the wrong cell state in the forget gate", "f̄ = c̄ c_t", "f̄ = c̄ c_{t-1}", "The forget gate multiplies the cell state before."),
    ("L05", "the candidate in the forget gate", "f̄ = c̄ c̃", "f̄ = c̄ c_{t-1}", "The forget gate multiplies c_{t-1}; the candidate belongs to the input gate."),
    ("L06", "the rule of tanh for a gate", "1 - f²", "f(1 - f)", "A gate is a sigmoid: its derivative is f(1 - f)."),
    ("L07", "the gate's derivative forgotten", "c̄ c_{t-1}", "c̄ c_{t-1} f(1 - f)", "From the gate's argument to the gate the derivative f(1 - f) is a factor."),
    ("L08", "half of the gate's derivative", "1 - f", "f(1 - f)", "The sigmoid's derivative has two factors, f and 1 - f."),
    ("L09", "input gate and candidate swapped", "ī = c̄ i", "ī = c̄ c̃", "In i ⊙ c̃ the gradient of each factor holds the other one."),
    ("L10", "the carry with the wrong forget gate", "c̄_{t+1} f_t", "c̄_{t+1} f_{t+1}", "c_{t+1} = f_{t+1} c_t + …: the way back from step t+1 is scaled by that step's gate."),
    ("L11", "the carry forgotten", "c̄_t = h̄_t o (1 - tanh² c)", "… + c̄_{t+1} f_{t+1}", "The cell state also reaches the loss through the next step."),
    ("L12", "the way through h forgotten", "c̄_t = c̄_{t+1} f_{t+1}", "… + h̄_t o (1 - tanh² c)", "The cell state also reaches the loss through this step's h."),
    ("L13", "a gate's way back forgotten", "h̄_{t-1} from some gates", "h̄_{t-1} = Σ_g U_gᵀ ā_g", "Every gate reads h_{t-1}; all of them send a gradient back."),
    ("L14", "the output gate with c", "ō = h̄ c", "ō = h̄ tanh(c)", "h = o tanh(c): the output gate multiplies tanh(c)."),
    ("L15", "the sigmoid's rule for the candidate", "c̃(1 - c̃)", "1 - c̃²", "The candidate is a tanh: its derivative is 1 - c̃²."),
    ("L16", "gates added along the cell state", "Σ f_k", "∏ f_k",
     "Along the cell state the forget gates are multiplied, one for each step."),
    ("G01", "keep and write swapped", "z h + (1 - z) h̃", "(1 - z) h + z h̃, as declared", "In this convention the update gate has the other role."),
    ("G02", "the direct path forgotten", "h̄_{t-1} without z h̄_t", "… + z h̄_t", "The state is carried on directly as well as through the gates."),
    ("G03", "the sign in the update gate", "z̄ = h̄ (h̃ - h)", "z̄ = h̄ (h - h̃), as declared", "The sign of the difference follows from which of the two z multiplies."),
    ("G04", "the reset gate forgotten", "U δ", "r ⊙ U δ", "The reset gate stands between the candidate and the state before."),
    ("G05", "the reset gate on the other side of the matrix", "U (r ⊙ h)", "r ⊙ (U h + b), as declared",
     "In this convention the reset gate stands on the other side of the product with the matrix."),
    # The forward pass.
    ("F01", "the bias forgotten", "W h + U x", "W h + U x + b", "The bias is missing."),
    ("F02", "the wrong step", "W h_t", "W h_{t-1}", "A value of another step is used."),
    ("F03", "weights swapped", "W x + U h", "W h + U x", "A weight multiplies what belongs to the other one."),
    ("F04", "the activation forgotten", "h = a", "h = f(a)", "The activation is not applied."),
    ("F05", "another activation", "σ(a)", "tanh(a)", "Another activation is applied than the cell has."),
    ("F06", "a term forgotten", "U x + b", "W h + U x + b", "A term of the sum is missing."),
    # Arithmetic.
    ("A01", "the square forgotten", "½ e", "½ e²", "The square is missing."),
    ("A02", "the ½ forgotten", "e²", "½ e²", "The factor ½ is missing."),
    ("A03", "the decimal point", "0.078125", "0.0078125", "The digits are right, the decimal point is not."),
    ("A04", "digits transposed", "1.617", "1.716", "Two digits are swapped."),
    ("A05", "a factor skipped or used twice", "1.1 · 1.2 = 1.32 for three factors", "1.716", "A factor is missing, or one is there twice."),
    ("A09", "a power read wrongly", "(a + b)² = a² + b², -a² for (-a)²", "(a + b)² = a² + 2ab + b²", "The power belongs to the whole bracket."),
    ("A11", "a term skipped", "a + b for a + b + c", "a + b + c", "A term of the sum is missing."),
    ("A12", "multiplied by the exponent", "2e", "e²", "A power is the number times itself, not times the exponent."),
    ("A13", "added instead of multiplied", "a + b", "a · b", "The numbers are added where they should be multiplied."),
    ("A14", "a sign within the sum", "a - b for a + b", "a + b", "One term has the wrong sign."),
    ("A15", "another function", "σ(a) for tanh(a)", "tanh(a)", "The value is that of another function."),
    ("A16", "one digit", "0.5237", "0.5137", "All digits but one are right."),
    ("A17", "the root forgotten", "a² + b²", "√(a² + b²)", "The root is not taken."),
    ("A18", "a quotient upside down", "b / a", "a / b", "Numerator and denominator are exchanged."),
    ("A19", "the absolute value forgotten", "x", "|x|", "An absolute value is never negative: of -2 it is 2."),
    ("V01", "the value of another step", "h_1 for h_2", "h_2", "This is the value of the same quantity at another step."),
    ("V02", "a value of something else", "a number computed above for another quantity", "its own value", "This number was computed above for another quantity."),
)  # fmt: skip

TABLE: Mapping[str, Misconception] = MappingProxyType({row[0]: Misconception(*row) for row in _ROWS})
"""Every row by its id."""

SENTENCES: Mapping[str, str] = MappingProxyType({row.id: row.sentence for row in TABLE.values()})
"""What the catalogues translate."""

NAMES: Mapping[str, str] = MappingProxyType({row.id: row.name for row in TABLE.values()})
"""What a mistake is called."""

_WORD = re.compile(r"(?<![\w])(?!tanh|diag)[a-z]{2,}")
WORDED = tuple(dict.fromkeys(side for row in TABLE.values() for side in (row.wrong, row.right) if _WORD.search(side)))
"""Formulas with words in them, which are translated, too."""
