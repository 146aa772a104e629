"""What a formula mentions: its names, derivatives whole, and the letters that stand for steps.

Reads syntax trees; knows nothing of models.
"""

from __future__ import annotations

from collections.abc import Iterator

from symrnn.algebra.reading.names import is_exponential
from symrnn.algebra.reading.syntax import Big, Call, Chain, Evaluated, Num, Quotient, Symbol, Syntax, Times, walk
from symrnn.checking.functions import is_function
from symrnn.checking.naming import INDICES, Derivative, Known, name_of


def names_of(tree: Syntax) -> list[Known]:
    """The names in a formula, derivatives whole."""
    found: list[Known] = []
    stack = [tree]
    while stack:
        piece = stack.pop()
        name = name_of(piece) if isinstance(piece, Symbol | Call | Quotient | Times | Evaluated) else None
        if name is not None:
            if str(name) not in ("e", "pi") and not (isinstance(piece, Symbol) and is_exponential(piece)):
                found.append(name)
            elif isinstance(piece, Symbol):
                stack.extend(piece.above)
            continue
        match piece:
            case Symbol():
                continue
            case Big(body=body):
                stack.append(body)
            case Call(function=function, arguments=arguments):
                is_call = is_function(function.base) or function.base == "sigma"
                stack += [*reversed(arguments)] if is_call else [function, *arguments][::-1]
            case _:
                stack.extend(reversed(piece.children))
    return found


def steps_of(name: Known) -> list[int | str]:
    """The steps at which a name stands, those of a derivative above and below."""
    if isinstance(name, Derivative):
        return [*name.of.steps, *name.wrt.steps, *([] if name.at is None else [name.at])]
    return list(name.steps)


def letters_of(step: int | str) -> Iterator[str]:
    """The letter of a step that is no number: t of t − 1; T is one."""
    if isinstance(step, str):
        letter = step.lstrip("+-")
        name = "".join(char for char in letter.partition("+")[0].partition("-")[0] if char.isalpha())
        if name and name not in ("T", "n"):
            yield name


def free_letters(tree: Syntax) -> set[str]:
    """The index letters of a formula that no sum binds."""
    bound = {index for piece in walk(tree) if isinstance(piece, Big) for index in _index(piece)}
    found = {letter for name in names_of(tree) for step in steps_of(name) for letter in letters_of(step)}
    for piece in walk(tree):
        if isinstance(piece, Big):
            found |= {name for side in (piece.below, piece.above) if side for p in walk(side) for name in _letter(p)}
    return found - bound


def _index(big: Big) -> Iterator[str]:
    below = big.below.sides[0] if isinstance(big.below, Chain) else big.below
    if isinstance(below, Symbol):
        yield below.base


def _letter(piece: Syntax) -> Iterator[str]:
    if isinstance(piece, Symbol) and piece.base in INDICES and piece.base not in ("T", "n"):
        yield piece.base


def is_symbolic(tree: Syntax) -> bool:
    """Whether a side is a formula in names: it has one, and no decimals."""
    return bool(names_of(tree)) and not any(isinstance(p, Num) and "." in p.text for p in walk(tree))
