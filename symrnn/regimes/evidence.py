"""What carries a verdict: theorems, the evidence their checks give, and the verdict composed of it. Frozen data.

λ = limsup (1/k) log ‖∂s_{t+k}/∂s_t‖ of the full state s: vanishing λ < 0, exploding λ > 0, marginal λ = 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

import sympy as sp

from symrnn.regimes.statements import Statement

VerdictName = Literal["vanishing", "exploding", "marginal", "mixed", "undecided"]
Kind = Literal["proved", "measured"]
Implication = Literal["vanishing", "exploding", "marginal", "not exploding", "not vanishing", ""]

PRINTERS: dict[str, Callable[..., str]] = {}
"""How a regime is shown in words, by format; `documents.verdicts` fills it."""


@dataclass(frozen=True)
class Bound:
    """‖∂s_{t+k}/∂s_t‖₂ ≤ C r^k for every k ≥ 0 (≥ where `below`), in the spectral norm.

    >>> Bound(2.0, 0.5).log_at(3) <= math.log(0.25) + 1e-12
    True
    """

    constant: float
    rate: float
    below: bool = False

    def log_at(self, lag: int) -> float:
        """ln(C r^k)."""
        if self.rate == 0.0:
            return math.log(self.constant) if lag == 0 else -math.inf
        return math.log(self.constant) + lag * math.log(self.rate)


@dataclass(frozen=True)
class Scope:
    """For which inputs and states a piece of evidence speaks; `key` is a message, `about` what it names.

    "every": every input and state; "box": every input between the given ones' extremes, every state of an
    invariant box; "orbit": constant input from the given start; "trajectory": these inputs, this start; "held": inputs
    that keep the pre-activation near 0; the others are undriven orbits: at h = 0, from another start, from any.
    """

    key: Literal["every", "box", "orbit", "trajectory", "distribution", "orbit zero", "orbit other", "held", "undriven"]
    about: tuple[Any, ...] = ()


EVERY = Scope("every")


@dataclass(frozen=True)
class Theorem:
    """A condition by name: what it states, what it assumes, where it stands.

    Attributes:
        name: the key of its words.
        implies: what follows where the condition holds.
        source: the publication.
        assumptions: keys of what it takes for granted.
        statement: the condition in general, for W and f; `Evidence` has it for the model at hand.
        check: the module of `regimes` that checks it on a model.
    """

    name: str
    implies: Implication
    source: str
    assumptions: tuple[str, ...] = ()
    statement: Statement | None = None
    check: str = ""

    def to_latex(self) -> str:
        """The statement in LaTeX, empty where it is one about scalars alone."""
        return "" if self.statement is None else self.statement.spelled("latex")


@dataclass(frozen=True)
class Evidence:
    """A theorem applied to a model, or a measurement: does it hold, with which figure, for whom.

    `holds` is None where the check could not be made. `exact` is the figure as an exact number, where there is one.
    """

    theorem: Theorem
    statement: Statement
    holds: bool | None
    value: float
    scope: Scope = EVERY
    kind: Kind = "proved"
    exact: sp.Expr | None = None
    bound: Bound | None = None
    error: float | None = None
    notes: tuple[tuple[str, tuple[Any, ...]], ...] = ()

    @property
    def implies(self) -> Implication:
        """What follows: nothing where the condition fails."""
        return self.theorem.implies if self.holds else ""

    @property
    def shown(self) -> str:
        """The figure as text: exact numbers as they are."""
        return str(self.exact) if self.exact is not None else f"{self.value:.6g}"


@dataclass(frozen=True)
class Regime:
    """The verdict on a model, the evidence that carries it first.

    Attributes:
        verdict: `mixed` is transient growth, then vanishing.
        kind: whether a proof or a measurement carries it.
        rate: the factor per step e^λ; `half_life` the steps in which the gradient halves (doubles, where it explodes).
        evidence: everything that was checked.
        measured: figures along the trajectory.
        growth: k, where the norm grows like k^p at the margin: p.
        notes: what was taken for granted about the model, such as inputs that were drawn.
        conditions: for a cell without numbers or with symbols, what separates the regimes.
    """

    name: str
    verdict: VerdictName
    kind: Kind
    evidence: tuple[Evidence, ...]
    rate: float | None = None
    measured: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    growth: int | None = None
    notes: tuple[Any, ...] = ()
    conditions: tuple[Any, ...] = ()

    @property
    def half_life(self) -> float | None:
        """ln 2 / |λ|: steps until the gradient halves, or doubles."""
        if self.rate is None or self.rate == 1.0 or self.verdict in ("marginal", "undecided"):
            return None
        return 0.0 if self.rate == 0.0 else math.log(2.0) / abs(math.log(self.rate))

    @property
    def reason(self) -> Evidence | None:
        """The evidence that carries the verdict."""
        return self.evidence[0] if self.evidence else None

    @property
    def proofs(self) -> tuple[Evidence, ...]:
        """Every proof that holds."""
        return tuple(each for each in self.evidence if each.kind == "proved" and each.implies)

    def to_text(self, language: str = "en") -> str:
        """The verdict and its evidence in words."""
        return PRINTERS["text"](self, language)

    def to_latex(self, language: str = "en") -> str:
        """The same in LaTeX."""
        return PRINTERS["latex"](self, language)

    def to_html(self, language: str = "en") -> str:
        """The same as one HTML page."""
        return PRINTERS["html"](self, language)

    def to_json(self) -> str:
        """One JSON object: verdict, kind, rate, half_life, reasons, measured."""
        return PRINTERS["json"](self)

    def __str__(self) -> str:
        return self.to_text() if PRINTERS else repr(self)

    def _repr_html_(self) -> str | None:
        return self.to_html() if PRINTERS else None

    def __repr__(self) -> str:
        if self.conditions:
            first = self.conditions[0]
            shown = ", ".join(
                each.spelled() if isinstance(each, Statement) else str(each) for each in first.inequalities
            )
            return f"Regime({first.implies} where {shown})"
        if self.reason is None:
            return f"Regime({self.verdict})"
        if self.verdict == "undecided":
            return f"Regime(undecided, {self.reason.statement.product()} = {self.reason.shown})"
        return f"Regime({self.verdict}, because {self.reason.statement.with_value(self.reason.shown)})"
