"""Named cells as Programs: the equations of a cell's file, read by the one grammar, with the options a cell takes.

`rnn()`, `lstm()` and `gru()` are what users call; `named("gru", variant="pytorch")` is the same by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import TypeVar

from symrnn.algebra.activations import lookup
from symrnn.algebra.programs import Program
from symrnn.algebra.reading.roles import CONVENTION as TYPED
from symrnn.algebra.reading.roles import parse_cell
from symrnn.algebra.substitution import without, without_identity
from symrnn.cells import gru as gru_file
from symrnn.cells import lstm as lstm_file
from symrnn.cells import rnn as rnn_file
from symrnn.errors import InputError

Row = TypeVar("Row")


@dataclass(frozen=True)
class Variant:
    """One named form of a cell: its equations as typed, what it is called, and its source."""

    equations: str
    convention: str
    citation: str


@dataclass(frozen=True)
class Kind:
    """A cell by name: its variants (the first is the plain one) and the optional lines about roles."""

    name: str
    variants: Mapping[str, Variant]
    declarations: str


def _single(module: object, source: str) -> Mapping[str, Variant]:
    return {source: Variant(module.EQUATIONS, module.CONVENTION, module.CITATION)}  # type: ignore[attr-defined]  # a cell file


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "rnn": Kind("rnn", _single(rnn_file, "elman1990"), rnn_file.DECLARATIONS),
        "lstm": Kind("lstm", _single(lstm_file, "gers2000"), lstm_file.DECLARATIONS),
        "gru": Kind(
            "gru",
            {source: Variant(*row) for source, row in gru_file.VARIANTS.items()},
            gru_file.DECLARATIONS,
        ),
    }
)
"""The cells there are, by name."""

CONVENTIONS = (*(variant.convention for kind in KINDS.values() for variant in kind.variants.values()), TYPED)
"""What a document says of a cell's convention, for the catalogues of translations."""


def rnn(activation: str = "tanh", bias: bool = True) -> Program:
    """h_t = f(W_h h_{t-1} + W_x x_t + b), with f = tanh unless said.

    >>> print(rnn())
    h_t = tanh(W_h h_{t-1} + W_x x_t + b)

    Reference: J. L. Elman, "Finding structure in time", Cognitive Science 14 (1990).
    """
    return named("rnn", activation=activation, bias=bias)


def lstm(activation: str = "tanh", gate_activation: str = "sigmoid", bias: bool = True) -> Program:
    """c_t = f_t ⊙ c_{t-1} + i_t ⊙ c̃_t and h_t = o_t ⊙ tanh(c_t), with forget, input and output gates.

    >>> print(lstm()["c_t"])
    c_t = f_t ⊙ c_{t-1} + i_t ⊙ c̃_t

    Reference: F. A. Gers, J. Schmidhuber, F. Cummins, "Learning to forget", Neural Computation 12 (2000).
    """
    return named("lstm", activation=activation, gate_activation=gate_activation, bias=bias)


def gru(
    variant: str = "chung2014", activation: str = "tanh", gate_activation: str = "sigmoid", bias: bool = True
) -> Program:
    """h_t = (1 − z_t) ⊙ h_{t-1} + z_t ⊙ h̃_t in the convention of Chung et al. 2014; other sources by name.

    Variants: "chung2014", "cho2014", "pytorch", "keras". They differ in what z_t keeps and in where the reset acts.

    >>> print(gru("pytorch")["h_t"])
    h_t = z_t ⊙ h_{t-1} + (1 - z_t) ⊙ h̃_t

    Reference: J. Chung et al., arXiv:1412.3555 (2014).
    """
    return named("gru", variant=variant, activation=activation, gate_activation=gate_activation, bias=bias)


def named(
    kind: str,
    variant: str | None = None,
    activation: str = "tanh",
    gate_activation: str = "sigmoid",
    bias: bool = True,
) -> Program:
    """A cell by its name and options.

    >>> named("gru", "cho2014").convention[:17]
    'Cho et al. (2014)'
    """
    row = _choice("cell", kind, KINDS)
    chosen = variant or next(iter(row.variants))
    source = _choice(f"variant of {kind}", chosen, row.variants)
    program = _parsed(kind, chosen, _activation(activation), _activation(gate_activation))
    if not bias:
        program = without(program, tuple(p for p in program.parameters if p.name.startswith("b")))
    return replace(program, convention=source.convention, citation=source.citation)


def _choice(what: str, name: str, rows: Mapping[str, Row]) -> Row:
    if name not in rows:
        raise InputError(name, found=f"no such {what}", write="one of: " + ", ".join(rows))
    return rows[name]


def _activation(name: str) -> str:
    """The one name of an activation, whatever its spelling."""
    try:
        return lookup(name).name
    except ValueError as error:
        raise InputError(name, found=str(error), write="an activation such as tanh, relu, sigmoid, identity") from None


def text_of(kind: str, variant: str | None = None, activation: str = "tanh", gate_activation: str = "sigmoid") -> str:
    """The equations of a named cell as typed, with its declarations: what a model file's own equations extend."""
    row = _choice("cell", kind, KINDS)
    source = _choice(f"variant of {kind}", variant or next(iter(row.variants)), row.variants)
    gates = source.equations.replace("sigma(", f"{_activation(gate_activation)}(")
    return gates.replace("tanh(", f"{_activation(activation)}(") + row.declarations


@lru_cache(maxsize=64)
def _parsed(kind: str, variant: str, activation: str, gate_activation: str) -> Program:
    program = parse_cell(text_of(kind, variant, activation, gate_activation), name=kind)
    return without_identity(program)


CELLS: Mapping[str, Callable[..., Program]] = MappingProxyType({"rnn": rnn, "lstm": lstm, "gru": gru})
"""The functions of this module that make a cell, by the cell's name."""
