"""What digits say: the value of a number as written, and the unit of its last digit.

Reads syntax trees; a side of a link that is one number (`-0.0625`, `2.5 × 10^5`, `13,780`, `7 %`) is `Digits`;
anything else is a formula.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from symrnn.algebra.reading.syntax import (
    Big,
    Call,
    Grid,
    Group,
    Num,
    Quotient,
    Raised,
    Stack,
    Symbol,
    Syntax,
    Terms,
    Times,
    Transposed,
)

FLOAT_PRINT = 15
"""Digits from which a number is the print of a float64."""
FLOAT_TOLERANCE = Fraction(1, 10**12)


@dataclass(frozen=True)
class Digits:
    """A number as written; `unit` is one unit of its last digit, 0 where it stands for itself alone."""

    value: Fraction
    unit: Fraction
    text: str = ""

    @property
    def half(self) -> Fraction:
        """What rounding to these digits may have changed."""
        return self.unit / 2


def digits_of(tree: Syntax, relation: str = "=") -> Digits | None:
    """The number a side is, or None where it is a formula.

    >>> from symrnn.algebra.reading.grammar import parse_expression
    >>> digits_of(parse_expression("-0.0625")).unit, digits_of(parse_expression("2.5 * 10^5")).value
    (Fraction(1, 10000), Fraction(250000, 1))
    """
    match tree:
        case Group(body=body):
            return digits_of(body, relation)
        case Terms(terms=((sign, term),)):
            found = digits_of(term, relation)
            return found and Digits(sign * found.value, found.unit, found.text)
        case Num():
            return Digits(tree.value, unit_of(tree, relation), tree.text)
        case Times(factors=(Num() as mantissa, Raised() as scale), operators=("×" | "·" | "*" | "",)):
            power = _power_of_ten(scale)
            if power is None:
                return None
            exponent = len(str(power.numerator)) - len(str(power.denominator))
            return Digits(mantissa.value * power, unit_of(mantissa, "≈") * power, f"{mantissa.text}e{exponent}")
        case Raised():
            power = _power_of_ten(tree)
            return None if power is None or relation == "=" else Digits(power, power, "")
    return None


def counting(digits: Digits) -> int:
    """How many digits of a number say something: 2 of 0.0120.

    >>> counting(Digits(Fraction(12, 1000), Fraction(1, 10000), "0.0120"))
    2
    """
    return len(digits.text.replace(".", "").strip("0"))


def _power_of_ten(tree: Raised) -> Fraction | None:
    exponent = digits_of(tree.exponent)
    if not isinstance(tree.base, Num) or tree.base.value != 10 or exponent is None or exponent.value.denominator != 1:
        return None
    return Fraction(10) ** int(exponent.value) if abs(exponent.value) <= 400 else None


def unit_of(number: Num, relation: str = "=") -> Fraction:
    """One unit of the last digit written. A whole number behind `=` stands for itself unless it has many digits."""
    text = number.text.lower().replace("{,}", "").replace(",", "")
    if text.endswith("%"):
        places = len(text.removesuffix("%").partition(".")[2])
        return Fraction(1, 100 * 10**places)
    mantissa, _, exponent = text.partition("e")
    scale = Fraction(10) ** int(exponent or 0)
    whole, point, decimals = mantissa.partition(".")
    if point:
        return scale / 10 ** len(decimals)
    if exponent:
        return scale
    if relation == "≈":
        zeros = len(whole) - len(whole.rstrip("0"))
        return Fraction(10 ** (zeros if zeros >= 2 else 0)) if whole.strip("0") else Fraction(1)
    return Fraction(1 if len(whole.lstrip("0")) >= 3 else 0)


def is_whole(number: Num) -> bool:
    """Whether a number is written without a point and without an exponent: `193`."""
    return number.text.isdigit()


def is_result(tree: Syntax) -> bool:
    """Whether a side is a number as results are written, or a matrix of such: `2`, `-17/2`.

    >>> from symrnn.algebra.reading.grammar import parse_expression
    >>> [is_result(parse_expression(text)) for text in ("-17/2", "2 * 3", "h_1")]
    [True, False, False]
    """
    match tree:
        case Num():
            return True
        case Group(body=body) | Terms(terms=((_, body),)):
            return is_result(body)
        case Quotient(over=Num(), under=Num()):
            return True
        case Grid(rows=rows):
            return all(is_result(entry) for row in rows for entry in row)
    return False


def is_float_print(text: str) -> bool:
    """Whether a number has so many digits that a machine printed it."""
    return sum(char.isdigit() for char in text.lower().partition("e")[0].lstrip("0.")) >= FLOAT_PRINT


def numbers_in(tree: Syntax) -> list[Num]:
    """The numbers of a formula, without those in scripts and exponents of ten."""
    found: list[Num] = []
    stack = [tree]
    while stack:
        piece = stack.pop()
        if isinstance(piece, Num):
            found.append(piece)
        stack.extend(reversed(_operands(piece)))
    return found


def _operands(piece: Syntax) -> tuple[Syntax, ...]:
    match piece:
        case Symbol():
            return ()
        case Big(body=body):
            return (body,)
        case Call(arguments=arguments):
            return arguments
        case Raised(base=base, exponent=exponent):
            return (base,) if isinstance(exponent, Num) else (base, exponent)
    return piece.children


def grid_digits(tree: Syntax, relation: str = "=") -> tuple[tuple[Digits, ...], ...] | None:
    """The numbers of a matrix or vector that is written out, or None."""
    rows: tuple[tuple[Syntax, ...], ...]
    match tree:
        case Grid(rows=rows):
            pass
        case Stack(parts=parts):
            rows = tuple((part,) for part in parts)
        case Group(body=body) | Transposed(body=Group(body=Stack() as body)) | Transposed(body=Stack() as body):
            # `(0, 1, 0)^T` is the column that commas on a line mean anyway.
            return grid_digits(body, relation)
        case Transposed(body=body):
            turned = grid_digits(body, relation)
            return turned and tuple(zip(*turned, strict=True))
        case _:
            return None
    found = tuple(tuple(digits_of(entry, relation) for entry in row) for row in rows)
    if all(entry is None for row in found for entry in row):
        return None
    # Beside decimals a fraction is exact: `(0.7734, 1/4)`.
    mixed = tuple(
        tuple(digits or fraction_of(entry) for digits, entry in zip(known, row, strict=True))
        for known, row in zip(found, rows, strict=True)
    )
    if any(entry is None for row in mixed for entry in row):
        return None
    return mixed  # type: ignore[return-value]  # no entry is None


def fraction_of(tree: Syntax) -> Digits | None:
    """A fraction of whole numbers, as the number it is."""
    match tree:
        case Group(body=body):
            return fraction_of(body)
        case Terms(terms=((sign, term),)):
            found = fraction_of(term)
            return found and Digits(sign * found.value, found.unit)
        case Quotient(over=Num() as over, under=Num() as under) if is_whole(over) and is_whole(under) and under.value:
            return Digits(Fraction(over.value, under.value), Fraction(0))
    return None
