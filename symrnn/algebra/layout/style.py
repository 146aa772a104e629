"""How a notation writes: everything about the spelling that is taste, none of it mathematics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from symrnn.errors import InputError


@dataclass(frozen=True)
class Style:
    """How a notation writes: everything about the spelling that is taste, none of it mathematics.

    >>> from symrnn.algebra import nodes as N
    >>> from symrnn.algebra.printing import to_text
    >>> to_text(N.Signal("h", (N.n, 1), N.t), Style(names={"h": "s"}, time="bracket"))
    's[t]'
    """

    adjoint: Literal["overbar", "partial", "nabla"] = "overbar"
    """h̄_t, and ∂L/∂W for parameters; or ∂L/∂h_t, or ∇_{h_t} L, throughout."""
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    """Canonical name to the canonical name to write instead: {"W_h": "W_hh"}."""
    adjoints: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    """Canonical name to a name for its adjoint: {"a": "delta"} writes δ_t for ∂L/∂a_t."""
    loss: str = "L"
    """What ∂L/∂W differentiates."""
    product: Literal["⊙", "*", "∘"] = "⊙"
    """The entrywise product's sign."""
    time: Literal["subscript", "superscript", "angle", "bracket"] = "subscript"
    """h_t, h^{(t)}, h^{⟨t⟩} or h[t]."""
    stack: Literal[";", ","] = ";"
    """[h; x], or [h, x] for the same column."""
    bold: bool = False
    """Vectors and matrices in bold (LaTeX)."""
    bold_ones: bool = False
    """Ones always in bold; otherwise only where a bare 1 could be mistaken for a number."""

    def __post_init__(self) -> None:
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                wrote = f"Style({name}={getattr(self, name)!r})"
                raise InputError(wrote, found="no such way to write", write=f"one of: {', '.join(known)}")


_CHOICES = {
    "adjoint": ("overbar", "partial", "nabla"),
    "stack": (";", ","),
    "product": ("⊙", "*", "∘"),
    "time": ("subscript", "superscript", "angle", "bracket"),
}


NEUTRAL = Style()
"""The style of the neutral names: subscripts, overbars, ⊙."""
