"""What comparing two formulas finds: whether they agree, and how two values differ.

Reads two values at one point; returns an `Outcome`, whose reason says what is left open or what was assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from symrnn.checking.comparing import Agreement, plain, values_meeting
from symrnn.checking.layouts import LAYOUTS
from symrnn.checking.matrices import Matrix, Misfit, Value, as_matrix, diagonal, transposed
from symrnn.checking.numbers import Number, real, same
from symrnn.checking.verdicts import Reason

SHAPES = "shapes that do not fit: {0}"
IMMEDIATE = Reason("with ∂ as the immediate partial ∂⁺")
DIRECT = "true along the direct path only, the paths through other states left out: in all {0} against {1}"
TURNED = Reason("right in the transposed layout")
AT_END = Reason("at the last step, to which nothing comes back")
IN_ROWS, IN_DENOMINATOR = map(Reason, LAYOUTS)
FLAT = Reason("zero on both sides at every point that was drawn, beyond a kink")
NUMBERS = Reason("of numbers, not of vectors")
NOTHING = Reason("zero on both sides where the names between are held constant")
SHARE = Reason("what one step adds")
AS_DIAGONAL = Reason("the vector read as its diagonal matrix")
NEAR = 1e-10


@dataclass(frozen=True)
class Outcome:
    """Whether two formulas agree; None where something is not known, which `reason` says."""

    agree: bool | None
    reason: Reason | None = None
    left: str = ""
    right: str = ""
    chosen: Mapping[str, str] | None = None
    """What the ambiguous names meant where they agree."""


def compared(left: Value, right: Value) -> Outcome | None:
    """How two values differ; None where they agree, or that they do where a vector is read as its diagonal matrix."""
    try:
        if values_meeting(left, right) == Agreement.EXACT or _are_near(left, right):
            return None
    except Misfit as misfit:
        if _is_diagonal(left, right) or _is_diagonal(right, left):
            return Outcome(True, AS_DIAGONAL)
        if _is_transpose(left, right):
            return Outcome(None, TURNED)
        return Outcome(None, Reason(SHAPES, (str(misfit),)))
    if _is_spread(left, right) or _is_spread(right, left):
        return Outcome(None, Reason(SHAPES, ("1×1 and {}×{}".format(*_shape(left, right)),)))
    shown = (_shown(left), _shown(right))
    return Outcome(False, Reason("false as a formula: at random numbers {0} against {1}", shown), *shown)


def _is_spread(number: Value, matrix: Value) -> bool:
    """Whether a number, and not 0, stands where several should: a stack in another layout, maybe."""
    return isinstance(number, Number) and bool(number.value) and isinstance(matrix, Matrix) and matrix.shape != (1, 1)


def _shape(left: Value, right: Value) -> tuple[int, int]:
    return as_matrix(right if isinstance(left, Number) else left).shape


def _is_diagonal(matrix: Value, vector: Value) -> bool:
    """`∂c_t/∂c_{t-1} = f_t`: whether a matrix is the diagonal one of a vector."""
    if not isinstance(matrix, Matrix) or not isinstance(vector, Matrix) or vector.shape[1] != 1:
        return False
    return matrix.shape == (vector.shape[0],) * 2 and values_meeting(matrix, diagonal(vector)) == Agreement.EXACT


def _are_near(left: Value, right: Value) -> bool:
    """Whether two values are equal to ten digits of the largest entry: a gradient is a difference of runs."""
    a, b = (value.entries() if isinstance(value, Matrix) else [value] for value in (left, right))
    largest = max((abs(real(entry.value)) for entry in (*a, *b)), default=0)
    return len(a) == len(b) and all(
        same(x.value, y.value) or abs(real(x.value) - real(y.value)) <= NEAR * largest
        for x, y in zip(a, b, strict=True)
    )


def _is_transpose(left: Value, right: Value) -> bool:
    if not isinstance(left, Matrix) or not isinstance(right, Matrix) or left.shape != right.shape[::-1]:
        return False
    return values_meeting(left, transposed(right)) == Agreement.EXACT


def _shown(value: Value) -> str:
    entries = value.entries() if isinstance(value, Matrix) else [value]
    shown = [plain(entry.value) for entry in entries[:4]]
    return shown[0] if len(entries) == 1 else "(" + ", ".join(shown) + (", …)" if len(entries) > 4 else ")")
