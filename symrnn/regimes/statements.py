"""What a theorem says as a tree: quantities such as σ₁(W) or sup|tanh'|, products of them, and a relation.

Reads nodes and names; a table has the two spellings of every quantity. No words: those belong to `documents`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from symrnn.algebra.nodes import PRINTERS, Node

Format = Literal["text", "latex"]

SPELLINGS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "sigma_max": ("σ₁({0})", r"\sigma_1({0})"),
        "sigma_min": ("σ_min({0})", r"\sigma_{{\min}}({0})"),
        "scaled": ("min_S σ₁(S {0} S⁻¹)", r"\min_S \sigma_1(S {0} S^{{-1}})"),
        "radius": ("ρ({0})", r"\rho({0})"),
        "radius_of_sizes": ("ρ(|{0}|)", r"\rho(|{0}|)"),
        "norm_one": ("‖{0}‖₁", r"\lVert {0} \rVert_1"),
        "norm_infinity": ("‖{0}‖_∞", r"\lVert {0} \rVert_\infty"),
        "volume": ("|det {0}|^(1/n)", r"|\det {0}|^{{1/n}}"),
        "size": ("|{0}|", "|{0}|"),
        "sup_slope": ("sup|{0}'|", r"\sup |{0}'|"),
        "inf_slope": ("inf|{0}'|", r"\inf |{0}'|"),
        "step": ("∂s_t/∂s_{{t-1}}", r"\frac{{\partial s_t}}{{\partial s_{{t-1}}}}"),
        "block_norms": ("ρ(sup‖∂s_t/∂s_{{t-1}}‖ by blocks)", r"\rho\left(\sup \lVert J_{{ij}} \rVert\right)"),
        "entry_sizes": ("ρ(sup|∂s_t/∂s_{{t-1}}| by entries)", r"\rho\left(\sup |J|\right)"),
        "at_orbit": ("ρ(∂s*_p/∂s*_0)^(1/p)", r"\rho(\partial s^*_p/\partial s^*_0)^{{1/p}}"),
        "cell_path": ("∏_k f_k", r"\prod_k f_k"),
        "exponent": ("λ₁", r"\lambda_1"),
        "bonassi_gru": ("δ_ISS (GRU)", r"\delta_{{\mathrm{{ISS}}}}"),
        "bonassi_lstm": ("ρ(A_δISS)", r"\rho(A_{{\delta\mathrm{{ISS}}}})"),
        "miller_hardt": ("μ_MH", r"\mu_{{\mathrm{{MH}}}}"),
        "bonassi_gru_formula": (
            "‖U_h‖(‖U_r‖/4 + r̄) − 1 + (1 + φ̄)‖U_z‖/(4(1 − z̄))",
            r"\lVert U_h \rVert (\tfrac14 \lVert U_r \rVert + \bar r) - 1"
            r" + \frac{{(1 + \bar\varphi) \lVert U_z \rVert}}{{4 (1 - \bar z)}}",
        ),
        "bonassi_lstm_formula": (
            "ρ([[f̄, α], [ō f̄, ō α + tanh(c̄)‖U_o‖/4]])",
            r"\rho\begin{{pmatrix}} \bar f & \alpha \\ \bar o \bar f &"
            r" \bar o \alpha + \tfrac14 \tanh(\bar c) \lVert U_o \rVert \end{{pmatrix}}",
        ),
        "miller_hardt_formula": (
            "max(‖U_i‖/(1 − f̄), ‖U_o‖/(1 − f̄), 4‖U_c‖/(1 − f̄), ‖U_f‖/(1 − f̄)²)",
            r"\max\left(\frac{{\lVert U_i \rVert}}{{1 - \bar f}}, \frac{{\lVert U_o \rVert}}{{1 - \bar f}},"
            r" \frac{{4 \lVert U_c \rVert}}{{1 - \bar f}}, \frac{{\lVert U_f \rVert}}{{(1 - \bar f)^2}}\right)",
        ),
    }
)
"""How each quantity is written, in Unicode and in LaTeX; `{0}` is what it is of."""


@dataclass(frozen=True)
class Quantity:
    """σ₁(W_h), ρ(W_h), sup|tanh'|: a row of SPELLINGS and what it is of.

    >>> Quantity("sigma_max", "W").spelled()
    'σ₁(W)'
    """

    kind: str
    of: Any = ""

    def spelled(self, format: Format = "text") -> str:
        """The quantity in a format."""
        inner = PRINTERS[format](self.of) if isinstance(self.of, Node) else str(self.of)
        return SPELLINGS[self.kind][format == "latex"].format(inner)


@dataclass(frozen=True)
class Statement:
    """`q₁·q₂·… relation right`.

    >>> Statement((Quantity("sigma_max", "W"), Quantity("sup_slope", "tanh")), "<", 1).spelled()
    "σ₁(W)·sup|tanh'| < 1"
    """

    factors: tuple[Quantity, ...]
    relation: str
    right: Any = 1

    def spelled(self, format: Format = "text") -> str:
        """The statement in a format."""
        return f"{self.product(format)} {self._relation(format)} {self.right}"

    def product(self, format: Format = "text") -> str:
        """The left side."""
        return (r" \cdot " if format == "latex" else "·").join(each.spelled(format) for each in self.factors)

    def _relation(self, format: Format) -> str:
        return {"≤": r"\le", "≥": r"\ge"}.get(self.relation, self.relation) if format == "latex" else self.relation

    def with_value(self, value: Any, format: Format = "text") -> str:
        """`left = value relation right`, with the relation that the value has.

        >>> Statement((Quantity("radius", "W"),), "<", 1).with_value("1/2")
        'ρ(W) = 1/2 < 1'
        """
        if self.relation in ("=", "≤", "≥") and str(value) == str(self.right):
            return f"{self.product(format)} = {value}"
        return f"{self.product(format)} = {value} {self._relation(format)} {self.right}"
