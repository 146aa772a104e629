"""Workings of drawn models: every quantity and its value, right throughout or with one mistake of the table planted.

`python tests/support/planted_workings.py MODELS PLANTS` runs the closing law at length and prints its figures.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

import symrnn as sr
from symrnn.algebra.nodes import Adjoint, Node, Parameter, Signal, substitute
from symrnn.calculus.adjoints import adjoint
from symrnn.checking.comparing import decimal
from symrnn.checking.diagnosis import setting_of
from symrnn.checking.equations import Equations
from symrnn.checking.mutations import mutated
from symrnn.checking.numbers import Number, real, sharp
from symrnn.checking.page import Page, Record
from symrnn.checking.truths import ModelTruths, truths_of
from symrnn.models.model import Model
from symrnn.numeric.interpretation import label

PLACES = 8
KINDS = (
    ("rnn", "", "tanh"), ("rnn", "", "sigmoid"), ("rnn", "", "identity"), ("lstm", "", ""), ("gru", "", ""),
    ("gru", "pytorch", ""), ("gru", "cho2014", ""),
)  # fmt: skip
NOTATIONS = (
    {},
    {"h": "s", "a": "z", "c": "C", "c_tilde": r"\tilde{C}", "h_tilde": r"\tilde{h}", "y_hat": r"\hat{y}"},
    {"h": "h", "c_tilde": r"\hat{c}", "h_tilde": "n", "y_hat": r"\hat{y}", "W_h": "W_{hh}", "W_x": "W_{xh}"},
)
"""How three textbooks call things."""


def model_text(rng: random.Random, kind: str, variant: str, activation: str, steps: int = 3) -> str:
    """A model of one state with generic numbers."""

    def number() -> str:
        return str(rng.choice((-1, 1)) * rng.randint(3, 19) / 10)

    gates = {"lstm": "fico", "gru": "zrh"}.get(kind, "")
    names = [f"{letter}_{gate}" for letter in "WUb" for gate in gates] or ["W_h", "W_x", "b"]
    names += ["b_Uh"] if variant == "pytorch" else []
    names += ["W_y", "b_y"] if rng.random() < 0.3 else []
    lines = ["[cell]", f'kind = "{kind}"', *([f'variant = "{variant}"'] if variant else [])]
    lines += [f'activation = "{activation}"'] if activation else []
    lines += ["[sequence]", f"x = [{', '.join(number() for _ in range(steps))}]", f"h0 = {number()}"]
    lines += [f"c0 = {number()}"] if kind == "lstm" else []
    lines += ["[parameters]", *(f"{name} = {number()}" for name in names), "[loss]", 'kind = "half_squared_error"']
    every = rng.random() < 0.4
    lines += (
        ['at = "every_step"', f"y = [{', '.join(number() for _ in range(steps))}]"] if every else [f"y = {number()}"]
    )
    return "\n".join(lines) + "\n"


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

    def lines(self, planted: Node | None = None, wrong: Number | None = None, carry: bool = True) -> tuple[str, int]:
        """The text, a quantity a paragraph, and the line of the planted one; with `carry` later values use it."""
        page, lines, place = Page(self.truths), list[str](), 0
        for quantity in self.quantities:
            value: object = wrong
            if quantity == planted:
                place = 2 * len(lines) + 1
            else:
                expression = self.equations.of(quantity)
                assert expression is not None, quantity
                value = self.equations.value(expression, page if carry else None)
            assert isinstance(value, Number), quantity
            digits = decimal(value.value, PLACES)
            lines.append(f"${self.written(quantity)} = {digits}$")
            page.quantities[label(quantity)] = Record(sharp(Fraction(digits)), None)
        return "\n\n".join(lines), place

    def plants(self) -> Iterator[tuple[Node, str, Number | None]]:
        """Every single mistake in every equation; None where it changes no digit that is shown."""
        for quantity in self.quantities:
            expression = self.equations.of(quantity)
            true = self.truths.of(quantity)
            if expression is None or not isinstance(true, Number):
                continue
            for row, changed in mutated(expression, setting_of(self.equations, quantity)):
                value = self.equations.value(changed, None)
                same = not isinstance(value, Number) or abs(real(value.value) - real(true.value)) < 5 * 10.0**-PLACES
                yield quantity, row, None if same or not isinstance(value, Number) else value


def drawn(seed: int) -> Working:
    """The working of a drawn model in one of the notations."""
    rng = random.Random(seed)
    model = sr.loads(model_text(rng, *rng.choice(KINDS)))
    notation = rng.choice(NOTATIONS)
    if len(model.cell.equations) > 1:
        # In a gated cell W_h acts on the input, and W_{hh} would be another matrix.
        notation = {name: written for name, written in notation.items() if not name.startswith("W_")}
    return Working(model, notation)


def figures(models: int, plants: int, start: int = 0) -> Counter[str]:
    """The closing law, counted."""
    found: Counter[str] = Counter()
    for seed in range(start, start + models):
        working = drawn(seed)
        text, _ = working.lines()
        clean = sr.check(text, working.model)
        found["links"] += len(clean.findings)
        found["false"] += sum(
            f.verdict.value not in ("right", "rounded", "last_digit", "given") for f in clean.findings
        )
        every = list(working.plants())
        found["no change"] += sum(value is None for _, _, value in every)
        chosen = random.Random(seed).sample(
            visible := [p for p in every if p[2] is not None], min(plants, len(visible))
        )
        for quantity, row, value in chosen:
            for carry in (False, True):
                text, line = working.lines(quantity, value, carry)
                report = sr.check(text, working.model)
                first = None if report.first_wrong is None else report.findings[report.first_wrong]
                located = first is not None and first.place.line == line
                ids = [mistake.id for mistake in first.mistakes] if first is not None else []
                found["planted"] += 1
                found["located"] += located
                found["named"] += located and row in ids and len(ids) <= 3
                found["false"] += sum(f.verdict.value == "wrong" and f.place.line != line for f in report.findings)
    return found


if __name__ == "__main__":
    print(dict(figures(int(sys.argv[1]), int(sys.argv[2]))))
