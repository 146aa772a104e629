"""A model recognised from the text's own definitions: its cell's equations, its data, its loss.

Reads a working without a declared model; returns a `Model`, or None where the text defines no cell, defines two, or
leaves a number open. Equations are printed from their trees into the notation model files use and read by the one
grammar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from symrnn.algebra.reading.syntax import (
    Call,
    Group,
    Num,
    Quotient,
    Raised,
    Stack,
    Symbol,
    Syntax,
    Terms,
    Times,
    without_brackets,
)
from symrnn.checking.claims import Claim, Kind, Working
from symrnn.checking.digits import digits_of
from symrnn.checking.formulas import is_symbolic, names_of
from symrnn.checking.functions import is_function
from symrnn.checking.naming import Name, name_of
from symrnn.checking.spellings import LOSS_NAMES
from symrnn.errors import SymrnnError
from symrnn.models.model import Model

MOST_EQUATIONS = 20
MOST_STEPS = 50


@dataclass
class Found:
    """What the text defines."""

    equations: dict[str, tuple[Name, Syntax]] = field(default_factory=dict)
    loss: Syntax | None = None
    data: dict[str, Fraction] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)
    steps: int = 0


def recognise(working: Working) -> Model | None:
    """The model a text defines by itself."""
    found = _definitions(working)
    if found is None or not found.equations:
        return None
    try:
        return _model(found)
    except (SymrnnError, ValueError, KeyError):
        return None


def _definitions(working: Working) -> Found | None:
    """The first formula of each quantity, data, functions; None where a quantity is defined in two ways."""
    found = Found()
    for line in working.lines:
        for claim in line.claims:
            if claim.kind in (Kind.EQUATION, Kind.DEFINITION) and not _note(found, claim):
                return None
            if claim.kind == Kind.LIST:
                _note_list(found, claim)
    return found


def _note(found: Found, claim: Claim) -> bool:
    head, body = claim.links[0].left, claim.links[0].right
    match head:
        case Call(function=Symbol(base=base), arguments=(Symbol() as argument,)) if not is_function(base):
            inner = without_brackets(body)
            if inner == argument:
                found.functions[base] = "identity"
            elif isinstance(inner, Call) and is_function(inner.function.base) and inner.arguments == (argument,):
                found.functions[base] = inner.function.base
            return True
    name = name_of(head)
    if not isinstance(name, Name):
        return True
    digits = digits_of(body)
    if digits is not None and len(claim.links) == 1:
        found.data.setdefault(str(name), digits.value)
        return True
    if not is_symbolic(body):
        return True
    if name.whole in LOSS_NAMES and not name.steps:
        found.loss = found.loss or body
        return True
    if len(name.steps) == 1:
        return _note_equation(found, name, body)
    return True


def _note_equation(found: Found, name: Name, body: Syntax) -> bool:
    step = name.step
    if isinstance(step, int):
        found.steps = max(found.steps, step)
    text = _spelled(body, step)
    if text is None:
        return True
    known = found.equations.get(name.whole)
    if known is None:
        found.equations[name.whole] = (name, body)
        return len(found.equations) <= MOST_EQUATIONS
    return _spelled(known[1], known[0].step) == text


def _note_list(found: Found, claim: Claim) -> None:
    name, body = name_of(claim.links[0].left), claim.links[0].right
    if isinstance(name, Name) and not name.steps and isinstance(body, Stack):
        for step, part in enumerate(body.parts, 1):
            digits = digits_of(part)
            if digits is not None:
                found.data[f"{name.whole}[{step}]"] = digits.value


# --- the model ------------------------------------------------------------------------------------------------------


def _model(found: Found) -> Model | None:
    from symrnn.algebra.reading.roles import parse_cell
    from symrnn.models.files import loads

    lines = [
        f"{_written(name.whole)}[t] = {_with_functions(found, _spelled(body, name.step))}"
        for name, body in found.equations.values()
    ]
    text = "\n".join(lines)
    cell = parse_cell(text)
    if not cell.states:
        return None
    steps = max([found.steps, *_steps_in(found, [x.name for x in cell.inputs])])
    if not 1 <= steps <= MOST_STEPS:
        return None
    sequence = {x.name: [_datum(found, f"{x.name}[{t}]") for t in range(1, steps + 1)] for x in cell.inputs}
    initials = {f"{s.name}0": found.data.get(f"{s.name}[0]", Fraction(0)) for s in cell.states}
    parameters = {p.name: _datum(found, p.name) for p in cell.parameters}
    loss, more = _loss(found, steps, {*parameters})
    parameters |= more
    return loads(_toml(text, steps, sequence, initials, parameters, loss), "the text's own definitions")


def _datum(found: Found, key: str) -> Fraction:
    """A number the text gives; KeyError where it gives none."""
    for name, value in found.data.items():
        if _written(name) == key or name == key:
            return value
    raise KeyError(key)


def _steps_in(found: Found, inputs: list[str]) -> Iterator[int]:
    for key in found.data:
        name, _, step = key.partition("[")
        if name in inputs and step.rstrip("]").isdigit():
            yield int(step.rstrip("]"))


def _loss(found: Found, steps: int, known: set[str]) -> tuple[str, dict[str, Fraction]]:
    """The typed loss, and the target it reads as one more given number."""
    if found.loss is None:
        return "", {}
    text = _spelled(found.loss, steps, "T")
    if text is None or any(isinstance(name, Name) and name.generic for name in names_of(found.loss)):
        return "", {}
    extra: dict[str, Fraction] = {}
    for name in names_of(found.loss):
        if isinstance(name, Name) and not name.steps and name.whole not in known and str(name) in found.data:
            extra[f"given_{name.whole}"] = found.data[str(name)]
            text = re.sub(rf"(?<![A-Za-z0-9_]){re.escape(name.whole)}(?![A-Za-z0-9_\[])", f"given_{name.whole}", text)
    return f"L = {_with_functions(found, text)}", extra


def _toml(
    cell: str, steps: int, sequence: dict[str, list[Fraction]], initials: dict[str, Fraction],
    parameters: dict[str, Fraction], loss: str,
) -> str:  # fmt: skip
    lines = ["[cell]", f'equations = """\n{cell}\n"""', "[sequence]", f"steps = {steps}"]
    lines += [f"{name} = [{', '.join(_quoted(v) for v in values)}]" for name, values in sequence.items()]
    lines += [f"{name} = {_quoted(value)}" for name, value in initials.items()]
    lines += ["[parameters]", *(f"{name} = {_quoted(value)}" for name, value in parameters.items())]
    if loss:
        # A target is one more given number: under its own name it would have a role in model files.
        given = [name for name in parameters if name.startswith("given_")]
        lines += ["[notation]", *(f'{name.removeprefix("given_")} = "{name}"' for name in given)]
        lines += ["[loss]", f'equations = "{loss}"']
    return "\n".join(lines) + "\n"


def _quoted(value: Fraction) -> str:
    return f'"{value}"'


# --- trees as plain text -------------------------------------------------------------------------------------------


def _written(whole: str) -> str:
    return whole.replace("~", "_")


def _with_functions(found: Found, text: str | None) -> str:
    for name, meaning in found.functions.items():
        text = (text or "").replace(f"{name}@(", "(" if meaning == "identity" else f"{meaning}(")
    return (text or "").replace("@(", "(")


def _spelled(tree: Syntax, here: Any, last: str = "") -> str | None:
    """A formula in plain text at the step t, where `here` is the step it was written for."""
    parts = _Speller(here, last)
    try:
        return parts.text(tree)
    except ValueError:
        return None


class _Speller:
    def __init__(self, here: Any, last: str) -> None:
        self.here = here
        self.last = last

    def text(self, tree: Syntax) -> str:
        match tree:
            case Num(text=text):
                return text
            case Symbol():
                return self.symbol(tree)
            case Group(body=body):
                return f"({self.text(body)})"
            case Terms(terms=terms):
                return " ".join(("- " if sign < 0 else "+ ") + self.text(term) for sign, term in terms).removeprefix(
                    "+ "
                )
            case Times(factors=factors, operators=operators):
                joined = [self.text(factors[0])]
                for operator, factor in zip(operators, factors[1:], strict=True):
                    joined += [operator if operator in "⊙*" else "", self.text(factor)]
                return " ".join(filter(None, joined))
            case Quotient(over=Num() as over, under=Num() as under):
                return f"{over.text}/{under.text}"
            case Raised(base=base, exponent=Num() as exponent):
                return f"({self.text(base)})^{exponent.text}"
            case Call(function=function, arguments=(argument,)) if not function.accents:
                word = {"sigma": "sigmoid"}.get(function.base, function.base)
                certain = is_function(function.base) or function.base == "sigma"
                return f"{word}{'' if certain else '@'}({self.text(argument)})"
        raise ValueError("no cell's formula")

    def symbol(self, tree: Symbol) -> str:
        name = name_of(tree)
        if not isinstance(name, Name) or len(name.steps) > 1:
            raise ValueError("no plain name")
        if not name.steps:
            return name.whole
        return f"{name.whole}[{self.step(name.steps[0])}]"

    def step(self, step: Any) -> str:
        if isinstance(step, str) or not isinstance(self.here, int):
            return str(step)
        gap = step - self.here
        if self.last:
            return f"T{gap:+d}" if gap else "T"
        return f"t{gap:+d}" if gap else "t"
