"""What a sweep measures: one random model for each point of a grid of gains, sizes, activations and initialisations.

A sweep file is TOML with one table; a list or a range is swept, a single value held:

    [sweep]
    kind = "rnn"
    activation = ["tanh", "relu"]
    init = "gaussian"
    gain = {from = 0.5, to = 2.0, count = 16}
    hidden = 64
    seeds = 3

Points are numbered in the order of the keys below, the last one moving fastest; a point's numbers depend on its own
values alone, so it does not matter who computes it, or when.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import sympy as sp

from symrnn.algebra.activations import lookup
from symrnn.cells.catalogue import KINDS
from symrnn.errors import InputError, LimitError, SymrnnError
from symrnn.models.drawing import INITS, drawn, source
from symrnn.models.model import Model, as_float
from symrnn.numeric.transport import full
from symrnn.regimes.lyapunov import spectrum
from symrnn.regimes.remedies import born, recurrent_matrices
from symrnn.regimes.spectra import largest_singular_value, spectral_radius
from symrnn.regimes.trajectories import follow
from symrnn.tables import Document, check_keys, read_tables

Value = str | int | float | None
MOST_POINTS = 1_000_000
MOST_HIDDEN = 4_096
MOST_STEPS = 1_000_000


@dataclass(frozen=True)
class Key:
    """A parameter of a sweep: its plain value, and what it may be."""

    default: Value
    kind: type
    low: float = -math.inf
    high: float = math.inf


KEYS: Mapping[str, Key] = MappingProxyType(
    {
        "kind": Key("rnn", str),
        "activation": Key("tanh", str),
        "init": Key("gaussian", str),
        "hidden": Key(64, int, 1, MOST_HIDDEN),
        "input": Key(1, int, 1, MOST_HIDDEN),
        "steps": Key(400, int, 2, MOST_STEPS),
        "gain": Key(1.0, float, 0.0),
        "bias_std": Key(None, float, 0.0),
        "forget_bias": Key(None, float),
        "input_std": Key(1.0, float, 0.0),
        "start_std": Key(0.0, float, 0.0),
        "seed": Key(0, int, 0, 2**53),
    }
)
"""In the order in which points are numbered; `seeds = 3` is `seed = [0, 1, 2]`.

`gain` multiplies the recurrent matrices of `init` (`gaussian` is N(0, 1/H)); `bias_std` draws biases from N(0, σ_b²)
where it is said, else they are the initialisation's; `input_std` scales inputs from N(0,1); `start_std` draws h_0.
"""

CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType({"kind": tuple(KINDS), "init": ("gaussian", *INITS)})


@dataclass(frozen=True)
class Sweep:
    """A grid: every key with its values."""

    name: str
    values: Mapping[str, tuple[Value, ...]]

    def __len__(self) -> int:
        return math.prod(len(values) for values in self.values.values())

    @property
    def swept(self) -> tuple[str, ...]:
        """The keys with several values."""
        return tuple(key for key, values in self.values.items() if len(values) > 1)

    def point(self, index: int) -> dict[str, Value]:
        """The values of a point.

        >>> read_sweep("[sweep]\\ngain = [0.5, 1.0]\\nseeds = 2").point(2)["gain"]
        1.0
        """
        found: dict[str, Value] = {}
        for key in reversed(tuple(KEYS)):
            index, place = divmod(index, len(self.values[key]))
            found[key] = self.values[key][place]
        return {key: found[key] for key in KEYS}

    def points(self) -> Iterator[tuple[int, dict[str, Value]]]:
        """Every point with its index."""
        for index, values in enumerate(itertools.product(*(self.values[key] for key in KEYS))):
            yield index, dict(zip(KEYS, values, strict=True))


# --- sweep files ------------------------------------------------------------------------------------------------------


def read_sweep(text: str, file: str | None = None) -> Sweep:
    """The grid of a sweep file.

    >>> sweep = read_sweep("[sweep]\\ngain = {from = 0.5, to = 1.5, count = 3}\\nhidden = [16, 32]")
    >>> len(sweep), sweep.swept, sweep.values["gain"]
    (6, ('hidden', 'gain'), (0.5, 1.0, 1.5))
    """
    document = read_tables(text, file)
    check_keys(document, "", document.tables, ("sweep", "name"))
    table = document.tables.get("sweep")
    if not isinstance(table, dict):
        raise document.error(("sweep",), "no table [sweep]", "[sweep]\ngain = [0.5, 1.0, 1.5]")
    check_keys(document, "sweep", table, (*KEYS, "seeds"))
    given = dict(table)
    if "seeds" in given:
        count = given.pop("seeds")
        if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= 10_000 or "seed" in given:
            raise document.error(("sweep", "seeds"), f"seeds = {count}", "seeds = 3  (or seed = [0, 1, 2])")
        given["seed"] = list(range(count))
    values = {key: _values(document, key, given.get(key, row.default)) for key, row in KEYS.items()}
    sweep = Sweep(str(document.tables.get("name", file or "sweep")), MappingProxyType(values))
    if len(sweep) > MOST_POINTS:
        raise LimitError(f"{len(sweep):,} points", found="more than a million", write="fewer values")
    return sweep


def _values(document: Document, key: str, given: Any) -> tuple[Value, ...]:
    path = ("sweep", key)
    if isinstance(given, dict):
        given = _range(document, key, given)
    listed = given if isinstance(given, list) else [given]
    if not listed:
        raise document.error(path, "an empty list", f"{key} = {KEYS[key].default}")
    values = tuple(_value(document, key, each) for each in listed)
    if len(set(values)) < len(values):
        raise document.error(path, "a value twice", "each value once; seeds = 3 for repetitions")
    return values


def _range(document: Document, key: str, table: Mapping[str, Any]) -> list[Any]:
    path, write = ("sweep", key), f"{key} = {{from = 0.5, to = 2.0, count = 16}}"
    check_keys(document, "sweep", table, ("from", "to", "count", "scale"))
    count, scale = table.get("count"), table.get("scale", "linear")
    ends = [_number(table.get(name)) for name in ("from", "to")]
    if not isinstance(count, int) or not 2 <= count <= 100_000 or None in ends or scale not in ("linear", "log"):
        raise document.error(path, "a range without from, to and count", write)
    low, high = (float(end) for end in ends if end is not None)
    if scale == "log":
        if low <= 0 or high <= 0:
            raise document.error(path, "a logarithmic range that reaches 0", write)
        numbers = np.geomspace(low, high, count)
    else:
        numbers = np.linspace(low, high, count)
    # Twelve digits: 0.1 + 2·0.05 is meant to be 0.2.
    rounded = [float(f"{number:.12g}") for number in numbers]
    return [round(number) for number in rounded] if KEYS[key].kind is int else rounded


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | sp.Rational) and not isinstance(value, bool) else None


def _value(document: Document, key: str, given: Any) -> Value:
    row, path = KEYS[key], ("sweep", key)
    if given is None:
        return None
    if row.kind is str:
        known = CHOICES.get(key)
        if not isinstance(given, str) or (known and given not in known):
            raise document.error(path, f"{given!r}", "one of: " + ", ".join(known or ("tanh", "relu", "elu")))
        if key == "activation":
            try:
                return lookup(given).name
            except ValueError as error:
                raise document.error(path, str(error), "tanh") from None
        return given
    number = float(given) if isinstance(given, float) else _number(given)
    if number is None or not row.low <= number <= row.high or (row.kind is int and number != int(number)):
        raise document.error(path, f"{given}", f"{'a whole' if row.kind is int else 'a'} number from {row.low:g}")
    return int(number) if row.kind is int else number


# --- measuring a point ------------------------------------------------------------------------------------------------


def model_of(point: Mapping[str, Any]) -> Model:
    """The random model of a point.

    >>> model_of(read_sweep("[sweep]\\nhidden = 8").point(0)).sizes
    {'n': 8, 'm': 1}
    """
    seed, hidden, init = point["seed"], point["hidden"], point["init"]
    model = born(
        point["kind"], hidden, point["input"], point["steps"], seed, "xavier" if init == "gaussian" else init,
        activation=point["activation"],
    )  # fmt: skip
    values = dict(model.values)
    for parameter in recurrent_matrices(model):
        array = as_float(values[parameter])
        if init == "gaussian":
            array = source(seed, parameter.name).normal((hidden, hidden)) / math.sqrt(hidden)
        values[parameter] = point["gain"] * array
    for parameter in model.cell.parameters:
        if parameter.shape[1] == 1 and point["bias_std"] is not None:
            values[parameter] = point["bias_std"] * source(seed, parameter.name, "bias").normal((hidden,))
        if parameter.name == "b_f" and point["forget_bias"] is not None:
            values[parameter] = np.full(hidden, float(point["forget_bias"]))
    (x,) = model.cell.inputs
    values[x] = point["input_std"] * drawn({"normal": [0, 1], "seed": seed}, "x", as_float(values[x]).shape, hidden)
    for initial in model.cell.initials:
        values[initial] = point["start_std"] * source(seed, initial.name, "start").normal((hidden,))
    return replace(model, values=values)


def measured(index: int, point: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a point: its values, λ_1 with its error, e^{λ_1}, log₁₀ ‖∂s_T/∂s_0‖, ρ and σ_1 of a simple cell's W_h.

    A point that cannot be measured has the reason in `failed` and nulls for figures.

    >>> row = measured(0, read_sweep("[sweep]\\nhidden = 8\\nsteps = 50\\ngain = 0.5").point(0))
    >>> row["lyapunov"] < 0, row["failed"]
    (True, None)
    """
    row: dict[str, Any] = {"index": index, **point, **dict.fromkeys(FIGURES)}
    try:
        model = model_of(point)
        trajectory = follow(model)
        found = spectrum(trajectory.chain, 1)
        row["lyapunov"] = _finite(float(found.exponents[0]))
        row["error"] = _finite(float(found.errors[0]))
        row["rate"] = _finite(math.exp(min(float(found.exponents[0]), 700.0)))
        row["log10_norm"] = _finite(float(full(trajectory.chain).log10_norm))
        matrices = recurrent_matrices(model)
        if len(matrices) == 1:
            matrix = as_float(model.values[matrices[0]])
            row["spectral_radius"] = _finite(spectral_radius(matrix))
            row["sigma_1"] = _finite(largest_singular_value(matrix))
    except (SymrnnError, ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
        row["failed"] = " ".join((error.found if isinstance(error, SymrnnError) else str(error)).split())[:200]
    return row


FIGURES = ("lyapunov", "error", "rate", "log10_norm", "spectral_radius", "sigma_1", "failed")
"""The columns after a point's own values."""


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def check_row(row: Any, sweep: Sweep) -> int:
    """The index of a stored row that belongs to this sweep; raises for any other.

    >>> check_row({"index": 5}, read_sweep("[sweep]"))
    Traceback (most recent call last):
        ...
    symrnn.errors.InputError: You wrote:  index 5
    Found:      a row of another sweep
    Write:      another file, or --force to start anew
    """
    index = row.get("index") if isinstance(row, dict) else None
    if isinstance(index, int) and 0 <= index < len(sweep):
        point = sweep.point(index)
        if all(row.get(key, "missing") == value for key, value in point.items()):
            return index
    raise InputError(f"index {index}", found="a row of another sweep", write="another file, or --force to start anew")
