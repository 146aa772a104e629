"""What a written formula comes to: syntax trees evaluated with bounds, names looked up in a scope, work counted.

Reads `Syntax`; returns a `Number`, or a `Matrix` of them. Nothing is evaluated that is not in this file's tables; a
name the scope does not know raises `Unknown`, a division by zero `Undefined`, and too much work `TooLarge`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from functools import reduce
from typing import Protocol

from symrnn.algebra.reading.syntax import (
    Big,
    Call,
    Chain,
    Dots,
    Either,
    Grid,
    Group,
    Norm,
    Num,
    Pair,
    Quotient,
    Raised,
    Stack,
    Symbol,
    Syntax,
    Terms,
    Times,
    Transposed,
)
from symrnn.checking.digits import digits_of, is_whole
from symrnn.checking.functions import LETTERS, PLAIN, SPELLED, NoFunction, applied, is_function, square_root
from symrnn.checking.matrices import (
    Matrix,
    Value,
    as_matrix,
    blocked,
    columns_of,
    diagonal,
    identity,
    inverted,
    joined,
    multiplied,
    scaled,
    selected,
    spread,
    stacked,
    transposed,
)
from symrnn.checking.naming import LOSS_NAMES, Derivative, Known, Name, Stacked, name_of, step_of
from symrnn.checking.numbers import (
    MP,
    Number,
    TooLarge,
    function,
    inverse,
    less,
    negative,
    power,
    product,
    sharp,
    total,
)
from symrnn.checking.questions import answer_to, word_of
from symrnn.checking.reasons import NotMeant as NotMeant
from symrnn.checking.reasons import Unknown as Unknown
from symrnn.checking.spectra import norm

MOST_TERMS = 1_000
MOST_WORK = 5_000
"""Pieces evaluated for one side of a link."""


class Scope(Protocol):
    """Where literals and names get their values."""

    def literal(self, number: Num) -> Number:
        """The value of a number as written, with the room its rounding leaves."""
        ...

    def named(self, name: Known) -> Value | None:
        """The value of a name, or None."""
        ...

    def meaning(self, function: str) -> str | None:
        """Which function `f`, `σ` or `φ` stands for here; None where it is a plain name."""
        ...

    def span(self) -> tuple[int, int] | None:
        """The steps a sum without bounds runs over."""
        ...

    def letters(self) -> Mapping[str, int]:
        """Letters that stand for the last step."""
        ...

    @property
    def denominator(self) -> bool:
        """Whether Jacobians are in denominator layout, so that products over time go from early to late."""
        ...

    @property
    def powers(self) -> bool:
        """Whether `w^T` of a number is a power, no transpose."""
        ...

    @property
    def whole(self) -> int:
        """The size of the identity whose rows E_{1:n} are; 0 where it is not known."""
        ...

    @property
    def spread(self) -> bool:
        """Whether E_n is no loss of step n, but the matrix with vec(diag(v)) = E_n v."""
        ...

    def size(self, name: str) -> int | None:
        """The number that n, m or p is, where they are letters."""
        ...

    def is_constant(self, name: Name) -> bool:
        """Whether a name is the same at every step: a parameter, or a signal that is supposed to be."""
        ...

    @property
    def eye(self) -> int:
        """The size of I; 0 where it is not known."""
        ...


class Evaluator:
    """Evaluates one side of a link in a scope; counts its work."""

    def __init__(self, scope: Scope, bound: Mapping[str, int] | None = None) -> None:
        self.scope = scope
        self.bound = dict(bound or {})
        self.work = 0
        self.size = 0

    def value(self, tree: Syntax) -> Value:
        """The value of a formula."""
        self.work += 1
        if self.work > MOST_WORK:
            raise TooLarge("a formula with too many terms to compute")
        if self.scope.whole and (ends := self._slice(tree)) is not None:
            return selected(self.scope.whole, *ends)
        if self.scope.spread and (rows := self._embedded(tree)) is not None:
            return spread(rows)
        name = name_of(tree, self._indices())
        if name is not None and (found := self._named(tree, name)) is not None:
            return found
        match tree:
            case Num():
                return self.scope.literal(tree)
            case Group(bracket="[", body=Chain(sides=(one, other), relations=("=",))):
                return sharp(int(self._step(one) == self._step(other)))
            case Group(body=body):
                return self.value(body)
            case Terms(terms=terms):
                return self._terms(terms)
            case Times():
                return self._times(tree)
            case Quotient(over=Num() as over, under=Num() as under) if (
                is_whole(over) and is_whole(under) and under.value
            ):
                known = self.scope.literal(over), self.scope.literal(under)
                if all(number.sharp and number.exact and number.value for number in known):
                    return product(known[0], inverse(known[1]))
                return sharp(Fraction(over.value, under.value))  # nobody rounds to 193/4
            case Quotient(over=over, under=under) if name is None:
                return self._ratio(self.value(over), self.value(under))
            case Raised():
                return self._power(tree)
            case Call():
                return self._call(tree)
            case Transposed(body=body, letter=letter):
                return self._transposed(self.value(body), letter)
            case Norm(body=body, below=below):
                return norm(self.value(body), word_of(below))
            case Either(body=body):
                both = self.number(body)
                return Matrix(((both,), (negative(both),)))
            case Pair(left=left, right=right):
                return self._dot(left, right)
            case Grid(rows=lines):
                return blocked([[self.value(entry) for entry in line] for line in lines])
            case Stack(parts=parts):
                return stacked([self.value(part) for part in parts])
            case Big():
                return self._big(tree)
        if name is not None:
            raise Unknown(str(name))
        raise NotMeant("a formula that cannot be computed")

    def _named(self, tree: Syntax, name: Known) -> Value | None:
        if self.scope.eye and name == Name("I"):
            return identity(self.scope.eye)
        if isinstance(tree, Symbol) and self._is_power(tree) and (power_ := self._to_a_step(tree)) is not None:
            return power_
        found = self.scope.named(name)
        if found is None and self.size and name == Name("I"):
            return identity(self.size)
        if found is None and isinstance(name, Name) and not name.words:
            if not name.steps and name.base in self.bound:
                return sharp(self.bound[name.base])
            if not name.steps and name.base == "pi":
                return sharp(+MP.pi)
            if not name.steps and name.base == "e":
                return sharp(+MP.e)
        if found is None and isinstance(name, Name) and not name.words and not name.steps:
            index = self._indices().get(name.base)
            if index is not None:
                return sharp(index)
        if found is None and isinstance(tree, Symbol) and tree.above and tree.base != "e" and not _is_stepped(tree):
            found = self._to_a_step(tree)
        if found is None and isinstance(tree, Symbol) and tree.base == "e" and len(tree.above) == 1 and not tree.below:
            return function(MP.exp, self.number(tree.above[0]), True)
        if found is None and isinstance(name, Name) and name.base.endswith("_prime"):
            # `W'` of a matrix, where nothing is called so, is transposed.
            bare = self.scope.named(replace(name, base=name.base.removesuffix("_prime")))
            return transposed(bare) if isinstance(bare, Matrix) else None
        return found

    def _slice(self, tree: Syntax) -> tuple[int, int] | None:
        """`E_{1:n}`: which rows of the identity."""
        match tree:
            case Symbol(base="E", above=(), below=(first, last)):
                ends = self.place(first), self.place(last)
                return None if ends[0] is None or ends[1] is None else (ends[0], ends[1])
        return None

    def _embedded(self, tree: Syntax) -> int | None:
        """`E_n` with vec(diag(v)) = E_n v: how many rows v has."""
        match tree:
            case Symbol(base="E", above=(), below=(size,)):
                return self.place(size)
        return None

    def place(self, tree: Syntax) -> int | None:
        """A row as a number, where n and m are sizes."""
        match tree:
            case Num(value=value) if value.denominator == 1:
                return int(value)
            case Symbol(base=base, below=(), above=()):
                return self.scope.size(base)
            case Terms(terms=terms):
                places = [self.place(term) for _, term in terms]
                signs = [sign for sign, _ in terms]
                return sum(s * p for s, p in zip(signs, places, strict=True) if p is not None)
        return None

    def _is_power(self, tree: Symbol) -> bool:
        """Whether `f^{T-t}` of what is the same at every step is a power, and T − t no step."""
        if len(tree.above) != 1 or tree.below or isinstance(tree.above[0], Group):
            return False
        name = name_of(replace(tree, above=()), self._indices())
        return isinstance(name, Name) and not name.steps and self.scope.is_constant(name)

    def _to_a_step(self, tree: Symbol) -> Value | None:
        """`W^{T-t}`: a weight to a power that is a number of steps."""
        base = replace(tree, above=tree.above[:-1])
        name = name_of(base, self._indices())
        value = None if name is None else self._named(base, name)
        exponent = step_of(tree.above[-1], self._indices())
        if value is None or not isinstance(exponent, int):
            return None
        if isinstance(value, Matrix) and 1 not in value.shape:
            return self._matrix_power(value, sharp(exponent))
        return scaled(value, lambda entry: power(entry, sharp(exponent)))

    def _transposed(self, value: Value, letter: bool) -> Value:
        """`w^T` is the T-th power of w where the reading says so."""
        span = self.scope.span()
        if self.scope.powers and letter and span is not None:
            exponent = sharp(span[1])
            if isinstance(value, Matrix) and 1 not in value.shape:
                return self._matrix_power(value, exponent)
            return scaled(value, lambda entry: power(entry, exponent))
        return transposed(value)

    def number(self, tree: Syntax) -> Number:
        """The value of a formula that is one number."""
        value = self.value(tree)
        if isinstance(value, Matrix):
            if value.shape != (1, 1):
                raise NotMeant("a matrix where a number should stand")
            return value.rows[0][0]
        return value

    def _terms(self, terms: tuple[tuple[int, Syntax], ...]) -> Value:
        found: Value | None = None
        for sign, term in terms:
            value = self.value(term)
            value = value if sign > 0 else scaled(value, negative)
            found = value if found is None else joined(found, value, total)
        assert found is not None
        return found

    def _times(self, tree: Times) -> Value:
        if any(_is_dots(factor) for factor in tree.factors):
            return self._with_ellipsis(tree)
        whole = digits_of(tree)
        if whole is not None:
            return self.scope.literal(Num(whole.value, whole.text))
        found = self.value(tree.factors[0])
        for at, (operator, factor) in enumerate(zip(tree.operators, tree.factors[1:], strict=True)):
            value = self._beside(found, factor)
            found = multiplied(self._widened(tree.factors[0], found, value) if at == 0 else found, value, operator)
        return found

    def _widened(self, tree: Syntax, left: Value, right: Value) -> Value:
        """A first factor; in `[I 0] A` the 0 stands for as many columns of zeros as A has rows left."""
        if not isinstance(tree, Grid) or not isinstance(left, Matrix) or not isinstance(right, Matrix):
            return left
        missing = right.shape[0] - left.shape[1]
        zeros = [at for at, entry in enumerate(tree.rows[0]) if isinstance(entry, Num) and not entry.value]
        if len(tree.rows) != 1 or len(zeros) != 1 or len(tree.rows[0]) == left.shape[1] or missing <= 0:
            return left
        blocks = [self.value(entry) for entry in tree.rows[0]]
        more = Matrix(((sharp(0),) * (missing + 1),) * left.shape[0])
        return blocked([[more if at == zeros[0] else block for at, block in enumerate(blocks)]])

    def _beside(self, left: Value, tree: Syntax) -> Value:
        """A factor; in `W [0, x]` the 0 stands for as many zeros as W has columns left."""
        value = self.value(tree)
        parts = tree.parts if isinstance(tree, Stack) else ()
        zeros = [at for at, part in enumerate(parts) if isinstance(part, Num) and not part.value]
        if len(zeros) != 1 or not isinstance(left, Matrix):
            return value
        missing = left.shape[1] - as_matrix(value).shape[0]
        pieces = [self.value(part) for part in parts]
        return stacked([*pieces[: zeros[0]], *[sharp(0)] * max(missing, 0), *pieces[zeros[0] :]])

    def _with_ellipsis(self, tree: Times) -> Value:
        """`∂h_n/∂h_{n-1} × … × ∂h_2/∂h_1`: the derivatives between, a step at a time."""
        found: Value | None = None
        factors = tree.factors
        for at, factor in enumerate(factors):
            values = self._between(factors, at) if _is_dots(factor) else [self.value(factor)]
            for value in values:
                found = value if found is None else multiplied(found, value, "·")
        assert found is not None
        return found

    def _between(self, factors: tuple[Syntax, ...], at: int) -> list[Value]:
        ends = [name_of(factors[k], self._indices()) for k in (at - 1, at + 1) if 0 <= k < len(factors)]
        if len(ends) < 2:
            raise NotMeant("an ellipsis")
        first, last = ends
        steps = [_steps_of(end) for end in ends]
        if not isinstance(first, Derivative) or steps[0] is None or steps[1] is None:
            raise NotMeant("an ellipsis")
        by = -1 if steps[1] < steps[0] else 1
        if (steps[1][0] - steps[0][0]) * by <= 0:
            raise NotMeant("an ellipsis between neighbours")
        values: list[Value] = []
        while (first := _shifted(first, by)) != last:
            value = self.scope.named(first)
            if value is None or len(values) > MOST_TERMS:
                raise NotMeant("an ellipsis")
            values.append(value)
        return values

    def _power(self, tree: Raised) -> Value:
        if isinstance(tree.base, Symbol) and tree.base.base == "e" and self.scope.named(Name("e")) is None:
            return function(MP.exp, self.number(tree.exponent), True)
        # A number above is never a result: it stands for itself.
        written = tree.exponent
        exponent = sharp(written.value) if isinstance(written, Num) else self.number(written)
        base = self.value(tree.base)
        if isinstance(base, Matrix):
            if 1 in base.shape or not exponent.exact:
                return scaled(base, lambda entry: power(entry, exponent))
            return self._matrix_power(base, exponent)
        return power(base, exponent)

    def _matrix_power(self, base: Matrix, exponent: Number) -> Value:
        count = exponent.value
        if count.denominator != 1 or not -64 <= count <= 64 or base.shape[0] != base.shape[1]:
            raise NotMeant("a power of a matrix that is no whole number")
        factor = inverted(base) if count < 0 else base
        found: Value = identity(base.shape[0])
        for _ in range(abs(int(count))):
            found = multiplied(found, factor, "·")
        return found

    def _ratio(self, over: Value, under: Value) -> Value:
        """a / b; of vectors entry by entry."""
        if isinstance(under, Matrix) and 1 in under.shape and (isinstance(over, Number) or over.shape == under.shape):
            return joined(over, scaled(under, inverse), product)
        if isinstance(under, Matrix):
            raise NotMeant("a matrix where a number should stand")
        return multiplied(over, inverse(under), "·")

    def _dot(self, left: Syntax, right: Syntax) -> Number:
        a, b = self.value(left), self.value(right)
        if isinstance(a, Number) and isinstance(b, Number):
            return product(a, b)
        if isinstance(a, Number) or isinstance(b, Number) or a.shape != b.shape:
            found = multiplied(transposed(a), b, "·")
            if isinstance(found, Number):
                return found
            raise NotMeant("an inner product of what do not go together")
        # Of matrices the sum over all entries.
        terms = [product(x, y) for x, y in zip(a.entries(), b.entries(), strict=True)]
        return reduce(total, terms)

    def _square_root(self, square: Number) -> Number:
        return square_root(square)

    # --- calls ---

    def _call(self, tree: Call) -> Value:
        name = self._function(tree)
        if name is None:
            if (sample := self._sample(tree)) is not None:
                return sample
            if tree.certain or len(tree.arguments) != 1 or tree.function.base in LOSS_NAMES:
                raise Unknown(tree.function.base)
            factor = self.value(tree.function)
            return multiplied(factor, self.value(tree.arguments[0]), "")
        if (what := answer_to(self, tree, name)) is not None:
            return what
        primes = tree.function.accents.count("prime")
        if name in ("max", "min") and not primes:
            return self._extreme(name, [self.number(argument) for argument in tree.arguments])
        if name == "clip" and len(tree.arguments) in (2, 3):
            return self._clipped(tree)
        if len(tree.arguments) != 1:
            raise NotMeant(f"{name} of several arguments")
        argument = self.value(tree.arguments[0])
        if name == "softmax":
            return self._softmax(argument)
        if name == "diag":
            return diagonal(argument)
        if name == "vec":
            return columns_of(argument)
        if name == "norm":
            return self._square_root(self._dot(tree.arguments[0], tree.arguments[0]))
        try:
            return scaled(argument, applied(name, primes))
        except NoFunction as found:
            raise Unknown(str(found)) from None

    def _sample(self, tree: Call) -> Value | None:
        """`L(w + ε)` where w + ε is 0.801 and L(0.801) was told."""
        name = name_of(tree.function)
        if not isinstance(name, Name) or name.base not in LOSS_NAMES or len(tree.arguments) != 1:
            return None
        try:
            at = self.value(tree.arguments[0])
        except (Unknown, NotMeant):
            return None
        if not isinstance(at, Number) or not at.sharp or not at.exact:
            return None
        return self.scope.named(Name(f"{name}({float(at.value)!r})"))

    def _function(self, tree: Call) -> str | None:
        base = tree.function.base
        for below in tree.function.below:
            if is_function(kind := f"{base}_{word_of(below)}"):
                return kind  # HardSigmoid_ONNX
        if base == "rho" and self.scope.named(Name("rho")) is None:
            return base
        if (tree.certain and base not in LETTERS) or base in PLAIN or is_function(base):
            return SPELLED.get(base, base)
        return self.scope.meaning(base)

    def _extreme(self, name: str, numbers: list[Number]) -> Number:
        best = numbers[0]
        for number in numbers[1:]:
            best = _further(best, number, name == "max")
        return best

    def _clipped(self, tree: Call) -> Value:
        """`clip(g, −c, c)`, `clip(g, c)`: every entry cut at its bounds."""
        value, *ends = (self.value(argument) for argument in tree.arguments)
        bounds = [end for end in ends if isinstance(end, Number)]
        if len(bounds) != len(ends):
            raise NotMeant("bounds that are no numbers")
        low, high = (negative(bounds[0]), bounds[0]) if len(bounds) == 1 else bounds
        return scaled(value, lambda entry: _further(low, _further(entry, high, False), True))

    def _softmax(self, value: Value) -> Value:
        if isinstance(value, Number):
            return sharp(1)
        powers = [[function(MP.exp, entry, True) for entry in row] for row in value.rows]
        weight = sharp(0)
        for row in powers:
            for entry in row:
                weight = total(weight, entry)
        return Matrix(tuple(tuple(product(entry, inverse(weight)) for entry in row) for row in powers))

    # --- sums and products over steps ---

    def _big(self, tree: Big) -> Value:
        index, first, last = self._range(tree)
        if last - first >= MOST_TERMS:
            raise TooLarge(f"a sum of more than {MOST_TERMS:,} terms")
        found: Value | None = None
        held = self.bound.get(index)
        steps = range(first, last + 1)
        forward = tree.kind == "sum" or (self.scope.denominator and not self._falls(tree, first, last))
        for step in steps if forward else reversed(steps):
            self.bound[index] = step
            value = self.value(tree.body)
            if found is None:
                found = value
            else:
                found = joined(found, value, total) if tree.kind == "sum" else multiplied(found, value, "·")
        self.bound.pop(index, None)
        if held is not None:
            self.bound[index] = held
        return sharp(0 if tree.kind == "sum" else 1) if found is None else found

    def _falls(self, tree: Big, first: int, last: int) -> bool:
        """Whether a product is written from late to early."""
        below = tree.below.sides[1] if isinstance(tree.below, Chain) else None
        return last > first and below is not None and self._step(below) == last

    def _range(self, tree: Big) -> tuple[str, int, int]:
        span = self.scope.span()
        below = tree.below
        if isinstance(below, Chain) and below.relations == ("=",) and isinstance(below.sides[0], Symbol):
            first = self._step(below.sides[1])
            if tree.above is None:
                raise Unknown("the last step of the sum")
            last = self._step(tree.above)
            return (below.sides[0].base, *((last, first) if _descends(tree, first, last) else (first, last)))
        if isinstance(below, Symbol) and tree.above is None and span is not None:
            return (below.base, *span)
        raise Unknown("the bounds of the sum")

    def _step(self, tree: Syntax) -> int:
        step = step_of(tree, self._indices())
        if not isinstance(step, int):
            raise Unknown(f"the step {step}" if step else "a bound of the sum")
        return step

    def _indices(self) -> dict[str, int]:
        return dict(self.scope.letters()) | self.bound


def _is_stepped(symbol: Symbol) -> bool:
    """Whether `(t)` stands above a name that has something below, too: `y_i^{(t)}` is an entry at a step, no power."""
    return bool(symbol.below) and isinstance(symbol.above[-1], Group)


def _steps_of(name: Known | None) -> tuple[int, int] | None:
    """The steps of `∂h_late/∂h_early`, where both are numbers."""
    if not isinstance(name, Derivative) or isinstance(name.of, Stacked) or isinstance(name.wrt, Stacked):
        return None
    late, early = name.of.step, name.wrt.step
    return (late, early) if isinstance(late, int) and isinstance(early, int) else None


def _shifted(name: Derivative, by: int) -> Derivative:
    of, wrt = (
        replace(one, steps=tuple(s + by if isinstance(s, int) else s for s in one.steps))
        for one in (name.of, name.wrt)
        if isinstance(one, Name)
    )
    return replace(name, of=of, wrt=wrt)


def _descends(tree: Big, first: int, last: int) -> bool:
    """`∏_{k=T}^{t+1}`, `∏_{k=t}^{1}`: a product over time from late to early; `∏_{k=t}^{T-1}` is none."""
    if tree.kind != "prod":
        return False
    below = tree.below.sides[1] if isinstance(tree.below, Chain) else None
    match below, tree.above:
        case (Symbol(), Num()):
            return True
        case (Symbol(base=late), Terms(terms=((_, Symbol(base=early)), *more))) if early != "T":
            return late == "T" or all(sign > 0 for sign, _ in more)
        case (Terms(terms=(_, (-1, _))), Symbol(base=early)) if early != "T":
            return True
    return first > last + 1


def _is_dots(tree: Syntax) -> bool:
    return isinstance(tree, Dots)


def _further(a: Number, b: Number, larger: bool) -> Number:
    """The larger of two numbers, or the smaller."""
    return b if less(a.value, b.value) == larger else a
