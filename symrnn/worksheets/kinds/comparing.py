"""A simple cell against the cell state of an LSTM: what is left of a gradient after many steps.

R_T = (|w| sup|f'|)^T bounds |∂h_T/∂h_0| of a scalar simple cell; C_T = ∏ f_t is the cell state's own path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from symrnn.algebra.nodes import MatPower, Number, Parameter, Signal, T, matmul, negate, power, scale
from symrnn.documents.document import Formula, Words
from symrnn.worksheets.kinds.ground import Ground, scalar, shown
from symrnn.worksheets.kinds.own_numbers import Wrong, own_line
from symrnn.worksheets.numbers import literal
from symrnn.worksheets.questions import Part, Question
from symrnn.worksheets.solving import Line, Rows
from symrnn.worksheets.stating import equals

SPANS = (5, 10, 20)
"""The numbers of steps that are asked."""
SMALL = Fraction(1, 1000)
COUNTS = ("N_R", "N_C")
CELLS = ("simple cell", "cell state")
FACTORS = tuple(Fraction(word) for word in ("0.5", "0.6", "0.7", "0.8", "0.9"))
GATES = tuple(Fraction(word) for word in ("0.55", "0.65", "0.75", "0.85", "0.95"))
BOUNDS = (("tanh", Fraction(1)), ("sigmoid", Fraction(1, 4)))
"""Activations with the largest value of the derivative."""
MOST_COUNTED = 2_000

W, SLOPE, GATE, FACTOR = (Parameter(name, (1, 1)) for name in ("w", "s", "f", "r"))


def compare_part(ground: Ground) -> Part:
    """The factor of a step, what is left after 5, 10 and 20, from when on it is below 1/1000, and which goes faster."""
    draws = ground.draws("compare")
    activation, slope = draws.choice(BOUNDS)
    factor, gate = draws.choice(FACTORS), draws.choice(GATES)
    weight = factor / slope
    values = {"w": weight, "s": slope, "f": gate, "r": factor}
    table = {key: scalar(value) for key, value in values.items()}
    points = ground.task.points
    questions: list[Question] = []
    for line, exact in _lines(values):
        table[line.key] = scalar(exact)
        questions.append(
            Question(
                ground.number(), line.key, "number", table[line.key], points,
                lhs=line.target, formula=line.expression, line=line, rounded=True,
            )
        )  # fmt: skip
    counts = [below(factor), below(gate)]
    factors = {"r": (FACTOR, factor), "f": (GATE, gate)}
    for name, key, count, other in zip(COUNTS, ("r", "f"), counts, reversed(counts), strict=True):
        wrong = [("R15", scalar(Fraction(count - 1)))]
        if other not in (count, count - 1):
            wrong.append(("V02", scalar(Fraction(other))))
        questions.append(
            Question(
                ground.number(), name, "number", scalar(Fraction(count)), points,
                lhs=Parameter(name, (1, 1)), wrong=tuple(wrong), carried=_counted(key),
                remark=("compare count", tuple(_power(*factors[key], steps) for steps in (count, count - 1))),
            )
        )  # fmt: skip
    faster, slower = (factor, gate) if factor < gate else (gate, factor)
    reason = ("compare why", (shown(faster), shown(slower)))
    answer = CELLS[0] if factor < gate else CELLS[1]
    words = (
        Question(ground.letter(), "faster", "choice", answer, points, prompt=("ws faster", ()), options=CELLS),
        Question(ground.letter(), "why", "words", "rubric compare", points, prompt=("ws why", ()), remark=reason),
    )
    given = (
        Formula(W, "=", shown(weight)),
        activation,
        Formula(SLOPE, "=", shown(slope)),
        Formula(GATE, "=", shown(gate)),
    )
    simple = Formula(Signal("R", (1, 1), T), "=", MatPower(FACTOR, T))
    cell = Formula(Signal("C", (1, 1), T), "=", MatPower(GATE, T))
    intro = (
        Words("ws ask compare", given),
        Words("ws ask factors", (Formula(FACTOR, "=", matmul(W, SLOPE)), simple, cell)),
        Words("ws ask steps", tuple(Parameter(name, (1, 1)) for name in COUNTS)),
    )
    return Part("", "ws compare", intro, (*questions, *words), ground.drawn, values=table)


def _power(name: Parameter, factor: Fraction, steps: int) -> Formula:
    value = literal(scalar(factor**steps), True)
    return Formula(power(name, steps), equals(value), value)


def _lines(values: Mapping[str, Fraction]) -> Iterator[tuple[Line, Fraction]]:
    """The factor of one step, then what is left after some, with what mistakes make of them; and the right values."""
    first = matmul(W, SLOPE)
    # A factor of 1 cannot be forgotten.
    skipped = {"R08": W, "A05": W} if values["s"] != 1 else {}
    yield own_line(FACTOR, first, {**skipped, "A13": W + SLOPE, "R24": negate(first)}), values["r"]
    for name, of in (("R", FACTOR), ("C", GATE)):
        for span in SPANS:
            right = power(of, span)
            added = scale(Number(span), of)
            wrong: Wrong = {"R15": (power(of, span + 1), power(of, span - 1)), "R16": added, "A12": added}
            yield own_line(Signal(name, (1, 1), span), right, wrong), values[of.name] ** span


def below(factor: Fraction) -> int:
    """After how many steps powers of a factor are below 1/1000 for the first time.

    >>> below(Fraction(1, 2))
    10
    """
    count, power_ = 0, Fraction(1)
    while power_ >= SMALL:
        count, power_ = count + 1, power_ * factor
    return count


def _counted(key: str) -> Callable[[Mapping[str, Rows]], Rows]:
    """The same from a student's own factor."""

    def count(table: Mapping[str, Rows]) -> Rows:
        own = table[key][0][0].value
        if not isinstance(own, Fraction) or not 0 < own <= 1 - Fraction(1, MOST_COUNTED // 10):
            raise ValueError("no factor below 1")
        return scalar(Fraction(below(own)))

    return count
