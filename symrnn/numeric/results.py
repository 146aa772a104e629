"""What an evaluation found, as numbers by key (`h[1]`, `W_h`), and as JSON or a table.

Exact numbers are strings in JSON, float64 numbers JSON numbers, high precision `{"decimal": …, "digits": …}`, what is
not finite `null`. A scalar stays bare, a column is a flat list, a matrix a list of rows, a batch outermost.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import mpmath
import numpy as np
import sympy as sp

from symrnn.algebra.nodes import Name, Parameter, Signal
from symrnn.algebra.programs import roles_of, sizes_of
from symrnn.algebra.reading.roles import CONVENTION
from symrnn.models.model import Model

ROWS_SHOWN = 16
COMPONENTS_SHOWN = 3


@dataclass(frozen=True)
class Results:
    """Every value and gradient of a model. Entries are scalars, lists, or lists of rows; keys are `name[t]`.

    `gradients` holds ∂L/∂ of every quantity under that quantity's key, `contributions` each step's summand of every
    parameter's gradient, `jacobians` the step blocks under `h[2]/h[1]`. `note` says why numbers are not exact.
    """

    name: str
    steps: int
    exact: bool
    values: Mapping[str, Any]
    gradients: Mapping[str, Any]
    contributions: Mapping[str, Mapping[str, Any]]
    jacobians: Mapping[str, Any]
    states: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    digits: int | None = None
    note: str = ""
    convention: str = ""
    roles: str = ""
    """What the names of a typed cell were read as, for the table."""
    update: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, key: str) -> Any:
        """A value by its key, or a gradient by `"dL/d" + key`: `results["h[2]"]`, `results["dL/dW_h"]`."""
        return self.gradients[key.removeprefix("dL/d")] if key.startswith("dL/d") else self.values[key]

    def to_dict(self) -> dict[str, Any]:
        """The JSON object as Python data."""

        def shown(entries: Mapping[str, Any]) -> dict[str, Any]:
            return {key: self._shown(value) for key, value in entries.items()}

        content: dict[str, Any] = {
            "exact": self.exact,
            "convention": self.convention,
            "values": shown(self.values),
            "gradients": shown(self.gradients),
            "contributions": {key: shown(entries) for key, entries in self.contributions.items()},
            "jacobians": shown(self.jacobians),
        }
        if self.update:
            content["update"] = shown(self.update)
        if self.note:
            content["note"] = self.note
        return content

    def _shown(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [self._shown(part) for part in value]
        return as_json(value, self.digits)

    def __str__(self) -> str:
        return to_table(self)

    __repr__ = __str__


def key_of(name: Any) -> str:
    """`h[3]`, `W_h`, `L`: how results are keyed."""
    if isinstance(name, Signal):
        return name.name + "".join(f"[{index}]" for index in name.indices)
    return name.name if isinstance(name, Parameter) else str(name)


def as_json(value: Any, digits: int | None = None) -> Any:
    """One number as JSON keeps it.

    >>> as_json(sp.Rational(-1, 8)), as_json(0.5), as_json(math.inf), as_json(mpmath.mpf("0.25"), 5)
    ('-1/8', 0.5, None, {'decimal': '0.25', 'digits': 5})
    """
    if hasattr(value, "_mpf_"):
        return {"decimal": mpmath.nstr(value, digits or 15, strip_zeros=True), "digits": digits or 15}
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return str(value)


def to_json(results: Results) -> str:
    """The results as one JSON object, an entry a line."""
    parts = [f"  {json.dumps(key)}: {_one_a_line(value, 2)}" for key, value in results.to_dict().items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _one_a_line(value: Any, depth: int) -> str:
    """Objects spread out, lists on one line."""
    if not isinstance(value, dict) or not value:
        return json.dumps(value, ensure_ascii=False)
    margin = " " * (depth + 2)
    parts = [
        f"{margin}{json.dumps(key, ensure_ascii=False)}: {_one_a_line(part, depth + 2)}" for key, part in value.items()
    ]
    return "{\n" + ",\n".join(parts) + "\n" + " " * depth + "}"


def roles_text(model: Model) -> str:
    """The roles and shapes that a typed cell's names were read with: "states h_t (2); parameters W (2×2)"."""
    if model.cell.convention != CONVENTION:
        return ""
    sizes = {symbol: model.sizes[symbol.name] for symbol in sizes_of(model.cell) if symbol.name in model.sizes}

    def sized(name: Name) -> str:
        rows, cols = (size.xreplace(sizes) for size in name.shape)
        shape = "" if name.is_scalar_shaped else f" ({rows})" if name.shape[1] == 1 else f" ({rows}×{cols})"
        return f"{name}{shape}"

    return "; ".join(f"{role} {', '.join(map(sized, names))}" for role, names in roles_of(model.cell).items())


# --- the table ------------------------------------------------------------------------------------------------------


def to_table(results: Results) -> str:
    """A table t = 0..T of states, gradients and summands, then the loss and the parameters' gradients."""
    columns = list(_columns(results))
    steps = range(results.steps + 1)
    body = [[str(step), *(text(column.get(step), results) for _, column in columns)] for step in steps]
    heads = ["t", *(head for head, _ in columns)]
    lines = [f"{results.name}: {'exact' if results.exact else _precision(results)}"]
    lines += [f"Convention: {results.convention}"] if results.convention else []
    lines += [f"Read as: {results.roles}", ""] if results.roles else [""]
    lines += _laid_out(heads, _elided(body))
    if "L" in results.values:
        lines += ["", f"L = {text(results.values['L'], results)}"]
    lines += [f"∂L/∂{name} = {text(results.gradients[name], results)}" for name in results.parameters]
    if results.update:
        lines += ["", "after one training step:"]
        lines += [f"{name} = {text(value, results)}" for name, value in results.update.items()]
    if results.note:
        lines += ["", results.note]
    return "\n".join(lines) + "\n"


def _precision(results: Results) -> str:
    return f"{results.digits} digits" if results.digits else "float64, rounded here to 6 digits"


def _columns(results: Results) -> Iterator[tuple[str, dict[int, Any]]]:
    for state in results.states:
        yield f"{state}_t", _by_step(results.values, state)
    for state in results.states:
        yield f"∂L/∂{state}_t", _by_step(results.gradients, state)
    for name in results.parameters:
        summands = results.contributions.get(name, {})
        if summands:
            head = f"∂L/∂{name} at t" if _is_scalar(summands) else f"‖∂L/∂{name} at t‖"
            yield head, {int(step): _norm(value) for step, value in summands.items()}


def _by_step(entries: Mapping[str, Any], name: str) -> dict[int, Any]:
    found = {}
    for key, value in entries.items():
        if key.startswith(f"{name}[") and key.endswith("]") and key[len(name) + 1 : -1].lstrip("-").isdigit():
            found[int(key[len(name) + 1 : -1])] = value
    return found


def _is_scalar(summands: Mapping[str, Any]) -> bool:
    return all(not isinstance(value, list | tuple) or _flat(value, 1) for value in summands.values())


def _flat(value: Any, most: int) -> bool:
    return len(list(entries_of(value))) <= most


def entries_of(value: Any) -> Iterator[Any]:
    """Every scalar of a nested list."""
    if isinstance(value, list | tuple):
        for part in value:
            yield from entries_of(part)
    else:
        yield value


def _norm(value: Any) -> Any:
    entries = list(entries_of(value))
    if len(entries) == 1:
        return entries[0]
    try:
        return math.sqrt(sum(float(entry) ** 2 for entry in entries))
    except TypeError:
        return sp.sqrt(sum(entry**2 for entry in entries))


def text(value: Any, results: Results | None = None) -> str:
    """A value in a table: a number, a short vector in parentheses, a norm for what is longer."""
    if value is None:
        return ""
    entries = list(entries_of(value))
    if len(entries) == 1:
        return number(entries[0], results.digits if results else None)
    if len(entries) <= COMPONENTS_SHOWN and not any(isinstance(part, list | tuple) for part in value):
        return "(" + ", ".join(number(entry) for entry in entries) + ")"
    if isinstance(value, Sequence) and len(entries) <= 9:
        return "[" + ", ".join(text(part) for part in value) + "]"
    return f"‖·‖ = {number(_norm(value))}"


def number(value: Any, digits: int | None = None) -> str:
    """One number in a table."""
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    if hasattr(value, "_mpf_"):
        return str(mpmath.nstr(value, digits or 15))
    return str(value)


def _elided(body: list[list[str]]) -> list[list[str]]:
    if len(body) <= ROWS_SHOWN:
        return body
    half = ROWS_SHOWN // 2
    return [*body[:half], ["⋮"] * len(body[0]), *body[-half:]]


def _laid_out(heads: list[str], body: list[list[str]]) -> list[str]:
    widths = [max(len(row[k]) for row in [heads, *body]) for k in range(len(heads))]
    rows = [heads, ["─" * width for width in widths], *body]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
