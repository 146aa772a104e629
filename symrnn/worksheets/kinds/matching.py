"""Formulas and names, to be matched."""

from __future__ import annotations

from symrnn.algebra.nodes import (
    Node,
    Ones,
    Parameter,
    Signal,
    add,
    diag,
    hadamard,
    matmul,
    n,
    negate,
    power,
    t,
    transpose,
)  # fmt: skip
from symrnn.documents.document import Formula, Words
from symrnn.worksheets.kinds.ground import Ground
from symrnn.worksheets.questions import Part, Question


def _formulas() -> tuple[tuple[str, Node], ...]:
    """(key of the name, formula)."""
    h, i, f = (Signal(name, (n, 1), t) for name in ("h", "i", "f"))
    candidate = Signal("c_tilde", (n, 1), t)
    delta, after = (Signal("delta", (n, 1), at) for at in (t, t + 1))
    one, slope = Ones(n, 1), add(Ones(n, 1), negate(power(h, 2)))
    weight = Parameter("W_h", (n, n))
    return (
        ("match tanh", slope),
        ("match sigma", hadamard(f, add(one, negate(f)))),
        ("match delta", hadamard(slope, matmul(transpose(weight), after))),
        ("match share", matmul(delta, transpose(Signal("h", (n, 1), t - 1)))),
        ("match step", matmul(diag(slope), weight)),
        ("match carry", add(hadamard(f, Signal("c", (n, 1), t - 1)), hadamard(i, candidate))),
    )


def match_part(ground: Ground) -> Part:
    """Six formulas of gradients, and the letters of their names."""
    draws = ground.draws("match")
    pairs = draws.shuffled(_formulas())
    names = draws.shuffled([key for key, _ in pairs])
    letters = tuple(chr(ord("A") + place) for place in range(len(names)))
    listed = tuple(Words("ws match name", (letter, Words(key))) for letter, key in zip(letters, names, strict=True))
    questions = tuple(
        Question(
            ground.letter(), f"formula {place}", "choice", letters[names.index(key)], ground.task.points,
            prompt=("ws match line", (Formula(formula),)), options=letters,
        )
        # What stands in `answers.csv` must not tell the name.
        for place, (key, formula) in enumerate(pairs, start=1)
    )  # fmt: skip
    return Part("", "ws match", (Words("ws ask match"), *listed), questions, ground.drawn)
