"""Workings of drawn models: every quantity and its value, right throughout or with one mistake of the table planted.

`python tests/support/planted_workings.py MODELS PLANTS [START]` runs the closing law at length and prints its figures;
`… planted_workings.py formulas MODELS PLANTS [START]` does so for formulas without numbers.
"""

from __future__ import annotations

import os
import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

import symrnn as sr
from symrnn.algebra.layout.style import Style
from symrnn.algebra.nodes import Adjoint, Node, Parameter, Signal, substitute
from symrnn.algebra.printing import to_latex
from symrnn.calculus.adjoints import adjoint
from symrnn.checking.comparing import decimal
from symrnn.checking.diagnosis import setting_of
from symrnn.checking.equations import Equations
from symrnn.checking.matrices import Matrix, Value
from symrnn.checking.mutations import mutated
from symrnn.checking.numbers import Number, real, sharp
from symrnn.checking.page import Page, Record
from symrnn.checking.supposing import fixed_values
from symrnn.checking.truths import ModelTruths, truths_of
from symrnn.models.model import Model
from symrnn.numeric.interpretation import label

PLACES = 8
ACTIVATIONS = (
    "tanh", "sigmoid", "identity", "relu", "leaky_relu", "elu", "softplus", "softsign", "hard_sigmoid",
    "hard_sigmoid_onnx", "hard_tanh", "gelu", "silu", "sin", "erf",
)  # fmt: skip
GATED = (("lstm", ""), ("gru", ""), ("gru", "pytorch"), ("gru", "keras"), ("gru", "cho2014"))
KINDS = (*(("rnn", "", activation) for activation in ACTIVATIONS), *((kind, variant, "") for kind, variant in GATED))
"""Every cell of `symrnn cells`, and every activation a simple cell may have."""
NOTATIONS = (
    {},
    {"h": "s", "a": "z", "c": "C", "c_tilde": r"\tilde{C}", "h_tilde": r"\tilde{h}", "y_hat": r"\hat{y}"},
    {"h": "h", "c_tilde": r"\hat{c}", "h_tilde": "n", "y_hat": r"\hat{y}", "W_h": "W_{hh}", "W_x": "W_{xh}"},
)
"""How three textbooks call things."""


LOSSES = ("half_squared_error", "squared_error", "mean_squared_error", "softmax_cross_entropy")


def model_text(
    rng: random.Random, kind: str, variant: str, activation: str, steps: int = 3, size: int = 1, loss: str = LOSSES[0]
) -> str:
    """A model with generic numbers; `size` is that of the state and of the input."""

    def number() -> str:
        return str(rng.choice((-1, 1)) * rng.randint(3, 19) / 10)

    def column(count: int = size) -> str:
        return number() if size == 1 and count == 1 else f"[{', '.join(number() for _ in range(count))}]"

    def matrix(rows: int = size) -> str:
        return number() if size == 1 and rows == 1 else f"[{', '.join(column(size) for _ in range(rows))}]"

    gates = {"lstm": "fico", "gru": "zrh"}.get(kind, "")
    matrices = [f"{letter}_{gate}" for letter in "WU" for gate in gates] or ["W_h", "W_x"]
    columns = [f"b_{gate}" for gate in gates] or ["b"]
    columns += ["b_Uh"] if variant in ("pytorch", "keras") else []
    is_softmax = loss == "softmax_cross_entropy"
    classes = 3 if is_softmax else size
    lines = ["[cell]", f'kind = "{kind}"', *([f'variant = "{variant}"'] if variant else [])]
    lines += [f'activation = "{activation}"'] if activation else []
    lines += ["[sequence]", f"x = [{', '.join(column() for _ in range(steps))}]", f"h0 = {column()}"]
    lines += [f"c0 = {column()}"] if kind == "lstm" else []
    lines += ["[parameters]", *(f"{name} = {matrix()}" for name in matrices)]
    lines += [f"{name} = {column()}" for name in columns]
    if is_softmax or rng.random() < 0.3:
        rows = [f"[{', '.join(number() for _ in range(size))}]" for _ in range(classes)]
        lines += [f"W_y = [{', '.join(rows)}]" if is_softmax else f"W_y = {matrix()}"]
        lines += [f"b_y = {column(classes)}"]
    lines += ["[loss]", f'kind = "{loss}"']
    every = rng.random() < 0.4

    def target() -> str:
        return str(rng.randrange(classes)) if is_softmax else column()

    lines += (
        ['at = "every_step"', f"y = [{', '.join(target() for _ in range(steps))}]"] if every else [f"y = {target()}"]
    )
    return "\n".join(lines) + "\n"


def drawn_text(rng: random.Random, kind: str, variant: str, activation: str, size: int) -> str:
    """A model of this kind with any loss."""
    return model_text(rng, kind, variant, activation, size=size, loss=rng.choice(LOSSES))


@dataclass
class Working:
    """The quantities of a model in the order of a calculation, and how they are written."""

    model: Model
    notation: dict[str, str]

    def __post_init__(self) -> None:
        truths = truths_of(self.model)
        assert truths is not None
        self.truths: ModelTruths = truths
        self.equations = Equations(truths)
        self.quantities = list(self._quantities())

    def _quantities(self) -> Iterator[Node]:
        program, steps = self.truths.quantities.program, self.truths.steps
        back = adjoint(program)
        for step in range(1, steps + 1):
            yield from (e.target.at(step) for e in program if e.domain and isinstance(e.target, Signal))
        last = {program.steps.hi: sp.Integer(steps)}
        yield from (substitute(e.target, last) for e in program if not e.domain and isinstance(e.target, Signal))
        for step in range(steps, 0, -1):
            for equation in back:
                of = equation.target.of if isinstance(equation.target, Adjoint) else None
                if equation.domain and isinstance(of, Signal) and of.name != "x":
                    yield Adjoint(of.at(step))
        yield from (e.target for e in back if isinstance(e.target, Adjoint) and isinstance(e.target.of, Parameter))

    def written(self, node: Node) -> str:
        """A quantity as the text calls it."""
        if isinstance(node, Adjoint):
            return rf"\frac{{\partial L}}{{\partial {self.written(node.of)}}}"
        name = str(node.name)  # type: ignore[attr-defined]  # a signal or a parameter
        if isinstance(node, Signal):
            steps = ",".join(str(index) for index in node.indices)
            gate = name.removeprefix("a_") if name.startswith("a_") else ""
            if gate:
                inner = {"c_tilde": "c", "h_tilde": "h"}.get(gate, gate)
                return f"{self.notation.get('a', 'a')}_{{{inner},{steps}}}"
            usual = {"c_tilde": r"\tilde{c}", "h_tilde": r"\tilde{h}", "y_hat": r"\hat{y}"}
            base = self.notation.get(name, usual.get(name, name))
            return f"{base}_{{{steps}}}" if steps else base
        head, _, tail = name.partition("_")
        return self.notation.get(name, f"{head}_{{{tail}}}" if tail else head)

    def lines(self, plant: Plant | None = None, carry: bool = True) -> tuple[str, int]:
        """The text, a quantity a paragraph, and the line of the planted one; with `carry` later values use it."""
        page, lines, place = Page(self.truths), list[str](), 0
        for quantity in self.quantities:
            expression = self.equations.of(quantity)
            if plant is not None and quantity == plant.quantity:
                place, expression = 2 * len(lines) + 1, plant.wrong
            assert expression is not None, quantity
            # The logarithm of a probability that is written as 0.00000000 is taken of the true one.
            value = self.equations.value(expression, page if carry else None) or self.truths.of(quantity)
            assert value is not None, quantity
            rows = [[decimal(entry.value, PLACES) for entry in row] for row in rows_of(value)]
            lines.append(f"${self.written(quantity)} = {shown(rows)}$")
            kept = [[sharp(Fraction(digits)) for digits in row] for row in rows]
            page.quantities[label(quantity)] = Record(
                kept[0][0] if isinstance(value, Number) else Matrix(tuple(map(tuple, kept))), None
            )
        return "\n\n".join(lines), place

    def plants(self) -> Iterator[Plant]:
        """Every single mistake in every equation; its value is None where it changes no digit that is shown."""
        for quantity in self.quantities:
            expression = self.equations.of(quantity)
            true = self.truths.of(quantity)
            if expression is None or true is None:
                continue
            for row, changed in mutated(expression, setting_of(self.equations, quantity)):
                value = self.equations.value(changed, None)
                yield Plant(quantity, row, changed, None if value is None or same_digits(value, true) else value)


@dataclass(frozen=True)
class Plant:
    """A mistake in the equation of a quantity: its row, the wrong expression, and its value where that shows."""

    quantity: Node
    row: str
    wrong: Node
    value: Value | None


def rows_of(value: Value) -> tuple[tuple[Number, ...], ...]:
    """A value as rows."""
    return ((value,),) if isinstance(value, Number) else value.rows


def same_digits(value: Value, true: Value) -> bool:
    """Whether two values are written alike."""
    one, two = rows_of(value), rows_of(true)
    if (len(one), len(one[0])) != (len(two), len(two[0])):
        return True
    pairs = ((x, y) for left, right in zip(one, two, strict=True) for x, y in zip(left, right, strict=True))
    return all(abs(real(x.value) - real(y.value)) < 5 * 10.0**-PLACES for x, y in pairs)


def shown(rows: list[list[str]]) -> str:
    """Digits as a number or a matrix."""
    if len(rows) == len(rows[0]) == 1:
        return rows[0][0]
    return r"\begin{pmatrix} " + r" \\ ".join(" & ".join(row) for row in rows) + r" \end{pmatrix}"


def drawn(seed: int) -> Working:
    """The working of a drawn model in one of the notations: every kind in turn, sizes 1 and 2."""
    rng = random.Random(seed)
    kind = KINDS[seed % len(KINDS)]
    model = sr.loads(drawn_text(rng, *kind, size=1 + (seed // len(KINDS)) % 2))
    notation = rng.choice(NOTATIONS)
    if kind[0] != "rnn":
        # In a gated cell W_h acts on the input, and W_{hh} would be another matrix.
        notation = {name: written for name, written in notation.items() if not name.startswith("W_")}
    # Nobody calls two quantities of one text by one letter: logits are s where there is a cross-entropy.
    taken = {equation.target.name for equation in model.program if isinstance(equation.target, Signal)}
    return Working(model, {name: written for name, written in notation.items() if written not in taken - {name}})


FINE = frozenset({"right", "rounded", "last_digit", "given"})


def figures(models: int, plants: int, start: int = 0) -> Counter[str]:
    """The closing law, counted: clean workings, and each with some mistakes, one at a time."""
    found: Counter[str] = Counter()
    for seed in range(start, start + models):
        working = drawn(seed)
        text, _ = working.lines()
        clean = sr.check(text, working.model)
        found["links"] += len(clean.findings)
        found["false"] += sum(f.verdict.value not in FINE for f in clean.findings)
        every = list(working.plants())
        visible = [plant for plant in every if plant.value is not None]
        found["no change"] += len(every) - len(visible)
        for plant in _chosen(visible, plants, seed):
            for carry in (False, True):
                found.update(_judged(working, plant, carry))
    return found


def _chosen(visible: list[Plant], count: int, seed: int) -> list[Plant]:
    """Plants of as many different rows as there are, then any."""
    rng = random.Random(seed)
    mixed = rng.sample(visible, len(visible))
    first = list({plant.row: plant for plant in mixed}.values())
    return rng.sample(first, len(first))[:count]


def _judged(working: Working, plant: Plant, carry: bool) -> Counter[str]:
    text, line = working.lines(plant, carry)
    report = sr.check(text, working.model)
    first = None if report.first_wrong is None else report.findings[report.first_wrong]
    located = first is not None and first.place.line == line
    ids = [mistake.id for mistake in first.mistakes] if first is not None else []
    named = located and plant.row in ids and len(ids) <= 3
    false = sum(f.verdict.value == "wrong" and f.place.line != line for f in report.findings)
    if os.environ.get("VERBOSE") and not (located and named and not false):
        print(
            carry,
            plant.row,
            ids,
            located,
            false,
            working.written(plant.quantity),
            working.model.program.name,
            plant.wrong,
        )
    return Counter(planted=1, located=located, named=named, false=false)


# --- formulas ---------------------------------------------------------------------------------------------------------

STYLE = Style(adjoint="partial")


def equations_text(working: Working, plant: Plant | None = None) -> tuple[str, int]:
    """The derivation without numbers: every quantity's equation at its step; the planted one with its mistake."""
    lines, place = list[str](), 0
    for quantity in working.quantities:
        expression = working.equations.of(quantity)
        if plant is not None and quantity == plant.quantity:
            place, expression = 2 * len(lines) + 1, plant.wrong
        assert expression is not None
        lines.append(f"${to_latex(quantity, STYLE)} = {to_latex(expression, STYLE)}$")
    return "\n\n".join(lines), place


def formula_figures(models: int, plants: int, start: int = 0) -> Counter[str]:
    """The same law for formulas: found at the line, with a counter-example, and named."""
    found: Counter[str] = Counter()
    for seed in range(start, start + models):
        working = drawn(seed)
        text, _ = equations_text(working)
        clean = sr.check(text, working.model)
        found["links"] += len(clean.findings)
        found["undecided"] += sum(f.verdict.value == "undecided" for f in clean.findings)
        found["false"] += sum(f.verdict.value not in FINE | {"undecided"} for f in clean.findings)
        if os.environ.get("VERBOSE"):
            for f in clean.findings:
                if f.verdict.value not in FINE:
                    print("clean", seed, f.text, f.verdict.value, f.reason)
        every = list(working.plants())
        other = _elsewhere(working)
        visible = [plant for plant in every if _changes(plant, other)]
        found["no change"] += len(every) - len(visible)
        for plant in _chosen(visible, plants, seed):
            text, line = equations_text(working, plant)
            report = sr.check(text, working.model)
            # Where the model's numbers hide a false formula it is lucky.
            first = next((f for f in report.findings if f.verdict.value in ("wrong", "lucky")), None)
            located = first is not None and first.place.line == line
            ids = [mistake.id for mistake in first.mistakes] if first is not None else []
            named = located and plant.row in ids and len(ids) <= 3
            false = sum(f.verdict.value == "wrong" and f.place.line != line for f in report.findings)
            shown = first is not None and bool(first.expected or "other numbers" in str(first.reason))
            found.update(Counter(planted=1, located=located, named=named, false=false, counterexample=shown))
            if os.environ.get("VERBOSE") and not (named and shown and not false):
                at = [(f.text, f.verdict.value, str(f.reason)) for f in report.findings if f.place.line == line]
                off = [(f.text, f.verdict.value) for f in report.findings if f.verdict.value == "wrong"]
                print(seed, plant.row, ids, located, false, at, off)
    return found


def _elsewhere(working: Working) -> Equations:
    """The equations at other numbers, zeros and ones of the model kept: there a mistake in a formula shows."""
    truths = working.truths
    fixed = fixed_values(truths.given)
    return Equations(ModelTruths(truths.program, truths.steps, truths.definitions.sizes, fixed, seed=99))


def _changes(plant: Plant, other: Equations) -> bool:
    right = other.of(plant.quantity)
    values = [other.value(node, None) for node in (right, plant.wrong) if node is not None]
    return (
        len(values) == 2 and values[0] is not None and values[1] is not None and not same_digits(values[1], values[0])
    )


if __name__ == "__main__":
    run = formula_figures if sys.argv[1] == "formulas" else figures
    print(dict(run(*map(int, (one for one in sys.argv[1:] if one.isdigit())))))
