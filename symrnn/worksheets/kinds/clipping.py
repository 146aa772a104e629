"""Gradient clipping: by norm, g · θ/‖g‖ where ‖g‖ > θ; by value, every entry kept between −θ and θ.

Pascanu, Mikolov, Bengio (2013), On the difficulty of training recurrent neural networks, Algorithm 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import sympy as sp

from symrnn.algebra.nodes import BlockMatrix, Node, Parameter, hadamard, negate, power, scale
from symrnn.documents.document import Formula, Words
from symrnn.worksheets.drawing import Draws
from symrnn.worksheets.kinds.ground import Ground, scalar, shown
from symrnn.worksheets.kinds.own_numbers import drawn_numbers, given_of, own_line, own_questions
from symrnn.worksheets.questions import Part
from symrnn.worksheets.solving import Line, Rows

TRIPLES = ((3, 4, 5), (5, 12, 13), (8, 15, 17), (6, 8, 10), (7, 24, 25))
GRADIENT, BY_NORM, BY_VALUE = (Parameter(name, (2, 1)) for name in ("g", "g_norm", "g_value"))
ENTRIES = tuple(Parameter(f"g_{number}", (1, 1)) for number in (1, 2))
NORM, LIMIT = Parameter("N", (1, 1)), Parameter("theta", (1, 1))


def clipping_part(ground: Ground) -> Part:
    """A gradient whose norm is a fraction, clipped both ways."""
    numbers = drawn_numbers(ground, "clipping", _drawn)
    gradient, limit = numbers.about
    questions = own_questions(ground, numbers, {BY_VALUE.name: ("clipping by value", (Formula(LIMIT),))})
    intro = (
        Words("ws ask clipping", (Formula(GRADIENT, "=", gradient), Formula(LIMIT, "=", limit), Formula(NORM))),
        Words("ws ask both", (Formula(BY_NORM), Formula(BY_VALUE))),
    )
    return Part("", "ws clipping", intro, questions, ground.drawn, values=dict(numbers.values))


def _drawn(draws: Draws) -> tuple[Sequence[Line], Mapping[str, Rows], tuple[Node, Node]]:
    """The lines; the gradient and the threshold, by name and as they are printed."""
    a, b, norm = draws.choice(TRIPLES)
    entries = [Fraction(draws.choice((1, -1)) * value, 2) for value in draws.shuffled([a, b])]
    # Below the smaller entry or between the two, always below the norm: both kinds of clipping act, and differently.
    # A threshold of 1 is no factor to be seen.
    limit = Fraction(norm, draws.choice(tuple(part for part in (4, 5, 10) if part != norm)))
    given = given_of(ENTRIES, map(scalar, entries)) | given_of(
        (GRADIENT, LIMIT), (tuple(scalar(entry)[0] for entry in entries), scalar(limit))
    )
    cut = BlockMatrix(1, *(_cut(name, entry, limit) for name, entry in zip(ENTRIES, entries, strict=True)))
    return _lines(cut), given, (BlockMatrix(1, *map(shown, entries)), shown(limit))


def _cut(name: Node, entry: Fraction, limit: Fraction) -> Node:
    """What an entry becomes: itself, or the threshold with its sign."""
    return name if abs(entry) <= limit else LIMIT if entry > 0 else negate(LIMIT)


def _lines(cut: Node) -> tuple[Line, ...]:
    first, second = (power(name, 2) for name in ENTRIES)
    half = sp.Rational(1, 2)
    norm = power(first + second, half)
    shortened = scale(hadamard(LIMIT, power(NORM, -1)), GRADIENT)
    return (
        own_line(
            NORM,
            norm,
            {
                "A17": first + second,
                "A14": (power(first - second, half), power(second - first, half)),
                "A11": (power(first, half), power(second, half)),
                "A01": (power(ENTRIES[0] + second, half), power(first + ENTRIES[1], half)),
                "R24": negate(norm),
            },
        ),
        own_line(
            BY_NORM,
            shortened,
            {
                "R35": cut,
                "R37": GRADIENT,
                "A05": (GRADIENT, scale(hadamard(LIMIT, power(NORM, -1), LIMIT, power(NORM, -1)), GRADIENT)),
                "A18": scale(hadamard(NORM, power(LIMIT, -1)), GRADIENT),
                "R24": negate(shortened),
            },
        ),
        own_line(BY_VALUE, cut, {"R35": shortened, "V02": shortened, "R37": GRADIENT, "R24": negate(cut)}),
    )
