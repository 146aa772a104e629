"""Eigenvalues and spectral radius of a 2 × 2 matrix, by its trace τ and determinant Δ: λ = ½ (τ ± √(τ² − 4Δ)).

What a linear recurrence does over many steps follows from ρ = max |λ_i|.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

import sympy as sp

from symrnn.algebra.activations import lookup
from symrnn.algebra.nodes import BlockMatrix, Node, Number, Parameter, apply, matmul, negate, power, scale
from symrnn.documents.document import Formula, Words
from symrnn.worksheets.drawing import Draws
from symrnn.worksheets.kinds.ground import Ground, scalar, shown
from symrnn.worksheets.kinds.own_numbers import drawn_numbers, given_of, own_line, own_questions
from symrnn.worksheets.questions import Part
from symrnn.worksheets.solving import Line, Rows

TAU, DELTA, SMALLER, LARGER, RADIUS = (
    Parameter(name, (1, 1)) for name in ("tau", "Delta", "lambda_1", "lambda_2", "rho")
)
ENTRIES = tuple(Parameter(f"w_{i}{j}", (1, 1)) for i in (1, 2) for j in (1, 2))
MATRIX = Parameter("W", (2, 2))
HALF = Number(sp.Rational(1, 2))
EIGENVALUES = tuple(Fraction(number, 4) for number in (-8, -6, -3, -2, 1, 2, 3, 6, 8))


def spectrum_part(ground: Ground) -> Part:
    """Trace, determinant, eigenvalues and spectral radius of a matrix of its own, and what follows."""
    numbers = drawn_numbers(ground, "spectrum", _drawn)
    matrix, radius = numbers.about
    questions = own_questions(ground, numbers)
    verdicts = ground.verdict("vanishes" if radius < 1 else "explodes", ("regime spectrum", (shown(radius),)))
    intro = (Words("ws ask spectrum", (Formula(MATRIX, "=", matrix), Formula(TAU), Formula(DELTA))),)
    return Part("", "ws spectrum", intro, (*questions, *verdicts), ground.drawn, values=dict(numbers.values))


def _drawn(draws: Draws) -> tuple[Sequence[Line], Mapping[str, Rows], tuple[Node, Fraction]]:
    """The lines, the entries, and the matrix with its spectral radius."""
    eigen, matrix = _matrix(draws)
    entries = [entry for row in matrix for entry in row]
    written = BlockMatrix(2, *map(shown, entries))
    return tuple(_lines(eigen)), given_of(ENTRIES, map(scalar, entries)), (written, max(map(abs, eigen)))


def _lines(eigen: tuple[Fraction, Fraction]) -> Iterator[Line]:
    a, b, c, d = ENTRIES
    trace, determinant = a + d, matmul(a, d) - matmul(b, c)
    yield own_line(TAU, trace, {"A14": (a - d, d - a), "R24": negate(trace)})
    terms = (matmul(a, d), negate(matmul(b, c)))
    yield own_line(DELTA, determinant, {"A14": terms[0] - terms[1], "A11": terms, "R24": negate(determinant)})
    four = scale(Number(4), DELTA)
    for target, sign in ((SMALLER, -1), (LARGER, 1)):

        def eigenvalue(under: Node, sign: int = sign, start: Node = TAU) -> Node:
            root = power(under, sp.Rational(1, 2))
            return start + root if sign > 0 else start - root

        right = scale(HALF, eigenvalue(power(TAU, 2) - four))
        wrong: dict[str, Node | tuple[Node, ...]] = {
            "A02": eigenvalue(power(TAU, 2) - four),
            "A05": scale(HALF, eigenvalue(power(TAU, 2) - DELTA)),
            "A01": scale(HALF, eigenvalue(TAU - four)),
            "A14": (
                scale(HALF, eigenvalue(power(TAU, 2) + four)),
                scale(HALF, eigenvalue(power(TAU, 2) - four, start=negate(TAU))),
                scale(HALF, eigenvalue(power(TAU, 2) - four, -sign)),
            ),
            "A11": (scale(HALF, eigenvalue(power(TAU, 2), sign)), scale(HALF, TAU)),
            "A17": scale(HALF, TAU + power(TAU, 2) - four if sign > 0 else TAU - power(TAU, 2) + four),
            "R24": negate(right),
        }
        yield own_line(target, right, wrong)
    larger, smaller = (SMALLER, LARGER) if abs(eigen[0]) > abs(eigen[1]) else (LARGER, SMALLER)
    size = lookup("abs")
    wrong = {"V02": (smaller, apply(size, smaller), TAU, DELTA)}
    # The absolute value of what is positive cannot be forgotten.
    yield own_line(RADIUS, apply(size, larger), {**wrong, "A19": larger} if larger == SMALLER else wrong)


def _matrix(draws: Draws) -> tuple[tuple[Fraction, Fraction], tuple[tuple[Fraction, ...], ...]]:
    """A matrix with two different rational eigenvalues: S diag(λ) S⁻¹ with a whole S of determinant 1."""
    while True:
        low, high = sorted((draws.choice(EIGENVALUES), draws.choice(EIGENVALUES)))
        p, q = draws.choice((1, 2, -1)), draws.choice((1, -1, 2))
        # S = [[1 + pq, p], [q, 1]], S⁻¹ = [[1, −p], [−q, 1 + pq]].
        s, d = 1 + p * q, high - low
        matrix = ((low * s - high * p * q, d * p * s), (-d * q, high * s - low * p * q))
        if d and abs(low) != abs(high) and all(entry != 0 for row in matrix for entry in row):
            return (low, high), matrix
