"""Gradient clipping, by value and by norm."""

from __future__ import annotations

from fractions import Fraction

from symrnn.algebra.nodes import BlockMatrix, Parameter
from symrnn.checking.numbers import sharp
from symrnn.documents.document import Words
from symrnn.worksheets.kinds.ground import Ground, shown
from symrnn.worksheets.questions import Part, Question

TRIPLES = ((3, 4, 5), (5, 12, 13), (8, 15, 17), (6, 8, 10))


def clipping_part(ground: Ground) -> Part:
    """A gradient whose norm is a fraction, clipped both ways."""
    draws = ground.draws("clipping")
    a, b, norm = draws.choice(TRIPLES)
    signs = [draws.choice((1, -1)) for _ in range(2)]
    gradient = [Fraction(sign * value, 2) for sign, value in zip(signs, draws.shuffled([a, b]), strict=True)]
    # Below the larger entry and the norm, above nothing: both kinds of clipping act, and differently.
    threshold = Fraction(norm, draws.choice((4, 5, 10)))
    by_value = [max(-threshold, min(threshold, entry)) for entry in gradient]
    by_norm = [entry * threshold / Fraction(norm, 2) for entry in gradient]
    questions = tuple(
        Question(
            ground.number(), key, "number", tuple((sharp(entry),) for entry in answer), ground.task.points,
            lhs=Parameter(key, (2, 1)),
        )
        for key, answer in {"g_value": by_value, "g_norm": by_norm}.items()
    )  # fmt: skip
    intro = (Words("ws ask clipping", (BlockMatrix(1, *map(shown, gradient)), shown(threshold))),)
    return Part("", "ws clipping", intro, questions, ground.drawn)
