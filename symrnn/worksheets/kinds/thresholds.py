"""Where the bound on vanishing stops holding: |w| β sup|f'| < 1 of a scalar cell h_t = f(β (w h_{t-1} + u x_t))."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from symrnn.algebra.activations import lookup
from symrnn.algebra.nodes import Node, Number, Parameter, Signal, apply, matmul, power, scale, t
from symrnn.documents.document import Formula, Words
from symrnn.worksheets.drawing import Draws
from symrnn.worksheets.kinds.ground import Ground, scalar, shown
from symrnn.worksheets.kinds.own_numbers import drawn_numbers, given_of, own_line, own_questions
from symrnn.worksheets.questions import Part
from symrnn.worksheets.solving import Line, Rows

ONE = Number(1)
GAIN, SLOPE, WEIGHT = (Parameter(name, (1, 1)) for name in ("beta", "s", "w_max"))
W, U = (Parameter(name, (1, 1)) for name in ("w", "u"))
H, X = (Signal(name, (1, 1), t) for name in ("h", "x"))
GAINS = tuple(Fraction(number, 2) for number in (3, 4, 5, 6, 8, 10))
ACTIVATIONS = {"tanh": "sigmoid", "sigmoid": "tanh", "hard_sigmoid": "sigmoid", "relu": "sigmoid"}
"""Those that are asked, each with another it is taken for."""


def threshold_part(ground: Ground) -> Part:
    """The largest slope of the activation, and the weight at which the bound stops holding."""
    numbers = drawn_numbers(ground, "threshold", _drawn)
    name, gain = numbers.about
    questions = own_questions(ground, numbers, {SLOPE.name: (f"largest slope {name}", ())})
    cell = apply(lookup(name), scale(GAIN, matmul(W, H.at(t - 1)) + matmul(U, X)))
    intro = (
        Words("ws ask threshold", (Formula(H, "=", cell), Formula(GAIN, "=", gain))),
        Words("ws ask bound", (Formula(SLOPE), Formula(WEIGHT), Formula(W))),
    )
    return Part("", "ws threshold", intro, questions, ground.drawn, values=dict(numbers.values))


def _drawn(draws: Draws) -> tuple[Sequence[Line], Mapping[str, Rows], tuple[str, Node]]:
    """The lines, the gain, and the activation's name with the gain as it is printed."""
    name = draws.choice(tuple(ACTIVATIONS))
    gain = draws.choice(GAINS)
    largest, other = (Number(lookup(one).bound) for one in (name, ACTIVATIONS[name]))
    # A factor of 1 cannot be forgotten.
    skipped = tuple(power(one, -1) for one in ((SLOPE,) if largest == ONE else (GAIN, SLOPE)))
    lines = (
        own_line(SLOPE, largest, {"A15": other}),
        own_line(WEIGHT, power(matmul(GAIN, SLOPE), -1), {"A05": skipped, "A18": matmul(GAIN, SLOPE)}),
    )
    return lines, given_of((GAIN,), (scalar(gain),)), (name, shown(gain))
