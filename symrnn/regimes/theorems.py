"""THE table of theorems: what each states, what follows, what it assumes, who published it, and who checks it.

λ = limsup (1/k) log ‖∂s_{t+k}/∂s_t‖. W stands for the constant matrix, f for the activation, J for a step Jacobian.
The paper of 2013 words its conditions with the largest eigenvalue; so worded they are false. Ours say σ₁, and the
textbook's condition stands beside them as one that implies nothing about a driven network.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from symrnn.regimes.evidence import Theorem
from symrnn.regimes.statements import Quantity, Statement

PASCANU = "Pascanu, Mikolov & Bengio 2013, section 2.1, with σ₁ where the paper says eigenvalue"
HORN = "Horn & Johnson 1991, Topics in Matrix Analysis, section 3.3"
TERZI = "Terzi, Bonassi, Farina & Scattolini 2021"
SPECTRAL = "Gelfand 1941: ‖Jᵏ‖^{1/k} → ρ(J)"
SCHUR = "Schur 1917; Cohn 1922; Jury 1964"
OSELEDETS = "Oseledets 1968; Benettin et al. 1980"


def _times(kind: str, slope: str, relation: str, right: int = 1) -> Statement:
    return Statement((Quantity(kind, "W"), Quantity(slope, "f")), relation, right)


def _alone(kind: str, relation: str, of: str = "J", right: int = 1) -> Statement:
    return Statement((Quantity(kind, of),), relation, right)


_UP, _DOWN = ("bounded slopes",), ("slopes from below",)
_BOX = ("inputs in a box", "start in the box")
_GATES = (*_BOX, "gate suprema")

# --- slopes bounded: J_t = A diag(d_t) B ------------------------------------------------------------------------------

SIGMA = Theorem("sigma", "vanishing", PASCANU, _UP, _times("sigma_max", "sup_slope", "<"), "bounds")
SCALED = Theorem(
    "scaled", "vanishing", "Sezginer & Overton 1990; Doyle 1982 for diagonal scalings", _UP,
    _times("scaled", "sup_slope", "<"), "bounds",
)  # fmt: skip
SIZES = Theorem(
    "sizes", "vanishing", "Perron 1907; Collatz 1942; Wielandt 1950", _UP,
    _times("radius_of_sizes", "sup_slope", "<"), "bounds",
)  # fmt: skip
ONE_NORM = Theorem("norm one", "vanishing", "Horn & Johnson 2013, section 5.6", _UP,
                   _times("norm_one", "sup_slope", "<"), "bounds")  # fmt: skip
INFINITY_NORM = Theorem("norm infinity", "vanishing", "Horn & Johnson 2013, section 5.6", _UP,
                        _times("norm_infinity", "sup_slope", "<"), "bounds")  # fmt: skip
NOT_EXPLODING = Theorem(
    "sigma at most one", "not exploding", PASCANU, _UP, _times("sigma_max", "sup_slope", "≤"), "bounds"
)
EXPANSION = Theorem("expansion", "exploding", HORN, _DOWN, _times("sigma_min", "inf_slope", ">"), "bounds")
VOLUME = Theorem("volume", "exploding", HORN, _DOWN, _times("volume", "inf_slope", ">"), "bounds")
NOT_VANISHING = Theorem(
    "volume at least one", "not vanishing", HORN, _DOWN, _times("volume", "inf_slope", "≥"), "bounds"
)
TEXTBOOK = Theorem(
    "textbook", "", "Pascanu, Mikolov & Bengio 2013, section 2.1, as worded", ("no proof",),
    _times("radius", "sup_slope", "<"), "bounds",
)  # fmt: skip

# --- one constant step Jacobian ---------------------------------------------------------------------------------------

_CONSTANT = ("constant jacobian",)
STABLE = Theorem("linear stable", "vanishing", SPECTRAL, _CONSTANT, _alone("radius", "<"), "linear")
UNSTABLE = Theorem("linear unstable", "exploding", SPECTRAL, _CONSTANT, _alone("radius", ">"), "linear")
MARGINAL = Theorem(
    "linear marginal", "marginal", "Jordan form: ‖Jᵏ‖ ~ kᵖ⁻¹ for a largest block of size p at |λ| = 1", _CONSTANT,
    _alone("radius", "="), "linear",
)  # fmt: skip
JURY = Theorem("jury", "vanishing", SCHUR, _CONSTANT, _alone("radius", "<"), "conditions")
JURY_REVERSED = Theorem("jury reversed", "exploding", SCHUR, _CONSTANT, _alone("radius", ">"), "conditions")

# --- any cell, over invariant boxes -----------------------------------------------------------------------------------

BLOCKS = Theorem("block norms", "vanishing", TERZI + ", unit by unit", _BOX, _alone("block_norms", "<"), "contraction")
ENTRIES = Theorem("entry sizes", "vanishing", "|P| ≤ M^k entry by entry; Perron 1907, Collatz 1942", _BOX,
                  _alone("entry_sizes", "<"), "contraction")  # fmt: skip
MILLER_HARDT = Theorem("miller hardt", "vanishing", "Miller & Hardt 2019, proposition 2", _GATES,
                       _alone("miller_hardt_formula", "<"), "contraction")  # fmt: skip
BONASSI_LSTM = Theorem("bonassi lstm", "vanishing", TERZI + ", δISS of the LSTM", _GATES,
                       _alone("bonassi_lstm_formula", "<"), "contraction")  # fmt: skip
BONASSI_GRU = Theorem("bonassi gru", "vanishing", "Bonassi, Farina & Scattolini 2021, theorem 2 (δISS of the GRU)",
                      _GATES, _alone("bonassi_gru_formula", "<", right=0), "contraction")  # fmt: skip

# --- constant input, from a given start -------------------------------------------------------------------------------

ATTRACTED = Theorem(
    "attracted", "vanishing", "Banach's fixed point theorem in the norm of P; Ostrowski 1966",
    ("constant input", "float orbit"), _alone("at_orbit", "<"), "orbits",
)  # fmt: skip
RESTING = Theorem("resting", "exploding", "the orbit is the fixed point: ‖J*ᵏ‖ ≥ ρ(J*)^k", ("constant input",),
                  _alone("at_orbit", ">"), "orbits")  # fmt: skip
REPELLED = Theorem("repelling", "", "Katok & Hasselblatt 1995: orbits leave a repelling point", ("no proof",),
                   _alone("at_orbit", ">"), "orbits")  # fmt: skip
AT_ZERO = Theorem("at zero", "exploding", "the orbit h = 0 stays at 0, where f'(0) = sup|f'|", ("undriven",),
                  None, "conditions")  # fmt: skip
HELD_NEAR_ZERO = Theorem("held near zero", "exploding", "inputs that keep a_t near 0 keep f' near its supremum", (),
                         None, "conditions")  # fmt: skip
LEAVES_ZERO = Theorem("leaves zero", "vanishing", "h = f(±|w| h) with f odd and concave for h > 0", ("undriven",),
                      None, "conditions")  # fmt: skip
FOLD = Theorem("fold", "", "Doya 1993; Pascanu et al. 2013, section 2.2", ("undriven",), None, "conditions")
NEEDED = Theorem("needed for explosion", "", PASCANU, _UP, _times("sigma_max", "sup_slope", "≥"), "conditions")
CELL_PATH = Theorem("cell path", "", "Hochreiter & Schmidhuber 1997; Gers et al. 2000", ("not total",),
                    _alone("cell_path", "<", "f"), "conditions")  # fmt: skip

# --- measured ---------------------------------------------------------------------------------------------------------

_MEAN = ("mean for limit",)
BELOW = Theorem("lyapunov", "vanishing", OSELEDETS, _MEAN, _alone("exponent", "<", right=0), "lyapunov")
ABOVE = Theorem("lyapunov", "exploding", OSELEDETS, _MEAN, _alone("exponent", ">", right=0), "lyapunov")
NEITHER = Theorem("lyapunov", "marginal", OSELEDETS, _MEAN, _alone("exponent", "=", right=0), "lyapunov")

THEOREMS: Mapping[str, Theorem] = MappingProxyType(
    {
        each.name: each
        for each in (
            SIGMA, SCALED, SIZES, ONE_NORM, INFINITY_NORM, NOT_EXPLODING, EXPANSION, VOLUME, NOT_VANISHING, TEXTBOOK,
            STABLE, UNSTABLE, MARGINAL, JURY, JURY_REVERSED, BLOCKS, ENTRIES, MILLER_HARDT, BONASSI_LSTM, BONASSI_GRU,
            ATTRACTED, RESTING, REPELLED, AT_ZERO, HELD_NEAR_ZERO, LEAVES_ZERO, FOLD, NEEDED, CELL_PATH, BELOW,
        )
    }
)  # fmt: skip
"""Every theorem by name."""
