"""Who is who in a cell: assigned is a signal, indexed and not assigned an input, without an index a parameter.

Reads the equations and declarations of a text; returns the names of each role, in the order they are met. Promises that
no equation reads a step it cannot know, that every index has something that runs over it, and that products written
without a space are asked about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import sympy as sp

from symrnn.algebra.nodes import T, t
from symrnn.algebra.reading.calls import settled
from symrnn.algebra.reading.grammar import Declaration, Sheet
from symrnn.algebra.reading.names import Names, Reading, parts_of, symbols_in
from symrnn.algebra.reading.parser import LOSSES
from symrnn.algebra.reading.source import Source
from symrnn.algebra.reading.syntax import Big, Call, Chain, Norm, Pair, Stack, Symbol, Syntax, Times, Transposed
from symrnn.errors import NotYetError, TimeError

MOST_LAGS = 100
_NO_NUMBERS = frozenset({"nan", "inf", "infinity", "infty"})
_BIG = {"sum": "Σ", "prod": "∏"}


@dataclass(frozen=True)
class Line:
    """One equation: what it assigns, and the piece it assigns to it."""

    target: Reading
    symbol: Symbol
    expression: Syntax

    @property
    def is_step(self) -> bool:
        """Whether it holds at every step, not once."""
        return self.target.step is not None


@dataclass(frozen=True)
class Read:
    """A name read on a right side."""

    symbol: Symbol
    reading: Reading
    line: Line


class Census:
    """Who is who in a cell; the names of each role stand in the order they are met."""

    def __init__(self, sheet: Sheet) -> None:
        self.source: Source = sheet.source
        declared = [symbol for line in sheet.declarations for symbol in line.names]
        names = Names(self.source, sheet.equations, declared)
        quantities = _quantities(names, sheet, declared)
        equations = [settled(self.source, equation, quantities) for equation in sheet.equations]
        self.names = names
        self.lines = tuple(self._line(equation) for equation in equations)
        self._check_some_step()
        self.assigned = {line.target.name for line in self.lines if line.is_step}
        self.once = {line.target.name for line in self.lines if not line.is_step}
        self.reads = tuple(read for line in self.lines for read in self._reads(line))
        self.lags: dict[str, int] = {}
        for read in self.reads:
            self._note_lag(read)
        for read in self.reads:
            self._check_exists(read)
        self._refuse_two_styles()
        self.states = [name for name in self._targets() if self.lags.get(name)]
        self.inputs = self._unassigned(timed=True)
        self.parameters = self._unassigned(timed=False)
        self.declared = self._declared(sheet.declarations)
        self._refuse_run_together()

    def symbol_of(self, name: str) -> Symbol:
        """Where a name is met first."""
        targets = (line.symbol for line in self.lines if line.target.name == name)
        return next((read.symbol for read in self.reads if read.reading.name == name), None) or next(targets)

    def is_known(self, name: str) -> bool:
        """Whether the cell has the name."""
        return name in self.assigned | self.once or name in self.inputs or name in self.parameters

    # --- lines ---

    def _line(self, equation: Syntax) -> Line:
        assert isinstance(equation, Chain)
        left, right = equation.sides
        if not isinstance(left, Symbol):
            text = "a left side that is no name"
            self.source.fail(left, text, "what is computed on the left: h_t = …")
        target = self.names.read(left)
        if target.name in ("t", "T", "I"):
            what = {"t": "the step", "T": "the last step", "I": "the identity"}[target.name]
            self.source.fail(left, f"{target.name}, which is {what}", "another name")
        if target.step is not None and target.step != t:
            self._refuse_target(left, target)
        return Line(target, left, right)

    def _refuse_two_styles(self) -> None:
        """W and 𝒲 would be one name here; a bold or upright letter is the letter."""
        styles: dict[str, bool] = {}
        for name, symbol in self._met():
            text = self.source.text[symbol.start : symbol.end]
            if styles.setdefault(name, _is_script(text)) != _is_script(text):
                write = "another letter for one of them: styles of letters are not told apart"
                self.source.fail(symbol, f"{name} in two styles, script and plain", write)

    def _met(self) -> Iterator[tuple[str, Symbol]]:
        yield from ((line.target.name, line.symbol) for line in self.lines)
        yield from ((read.reading.name, read.symbol) for read in self.reads)

    def _check_some_step(self) -> None:
        if not any(line.is_step for line in self.lines):
            write = "an equation of step t: h_t = tanh(W_h h_{t-1} + W_x x_t + b)"
            self.source.fail(self.lines[0].symbol, "a cell without an equation for step t", write)

    def _refuse_target(self, left: Symbol, target: Reading) -> None:
        place = self.source.place(left.start, left.end)
        name = target.name
        if target.step is not None and target.step.is_Integer and target.step <= 0:
            raise NotYetError(
                found=f"the initial value of {name} inside the cell's equations",
                write="the initial value in the model file ([sequence] h0 = …); it is zero unless given",
                place=place,
            )
        raise TimeError(
            found=f"an equation for step {target.step}: a cell's equations are those of step t",
            write=f"{name}_t on the left, and every other step moved along",
            place=place,
        )

    def _targets(self) -> list[str]:
        return [line.target.name for line in self.lines if line.is_step]

    def _reads(self, line: Line) -> Iterator[Read]:
        if line.is_step:
            self._refuse_sums_over_t(line.expression)
        for symbol, bound in _scoped(line.expression, frozenset({"t"} if line.is_step else ())):
            self._check_name(symbol)
            reading = self.names.read(symbol)
            self._check_step(symbol, reading, bound)
            if line.is_step and reading.name in self.assigned:
                self._check_lag(symbol, reading)
            yield Read(symbol, reading, line)

    def _check_name(self, symbol: Symbol) -> None:
        """Words of other notations that would pass as names."""
        word = symbol.base.lower()
        if word in _NO_NUMBERS:
            self.source.fail(symbol, f"{symbol.base}, which is no finite number", "a number such as 0.5, or a name")
        if word in _BIG and (symbol.below or symbol.above):
            sign = _BIG[word]
            self.source.fail(symbol, f"{symbol.base} with bounds", f"{sign}_{{t=1}}^{{T}}, or \\{word} in LaTeX")

    def _check_step(self, symbol: Symbol, reading: Reading, bound: frozenset[str]) -> None:
        if reading.name == "t" and reading.step is None:
            self.source.fail(symbol, "t, which is the step and no quantity", "a name with an index: x_t")
        if reading.step is None:
            if reading.name in self.names.timed and reading.name not in LOSSES | self.once:
                self._refuse_bare(symbol, reading)
            return
        for index in sorted(map(str, reading.step.free_symbols - {T})):
            if index not in bound:
                write = "h_T for the last step, or Σ_t in front" if index == "t" else "the step t"
                self.source.fail(symbol, f"the index {index}, which nothing here runs over", write)
        if "t" in bound:
            self._check_causal(symbol, reading)

    def _check_causal(self, symbol: Symbol, reading: Reading) -> None:
        assert reading.step is not None
        lag = sp.expand(t - reading.step)
        if (lag.is_Integer and lag < 0) or (T in lag.free_symbols and reading.name in self.assigned):
            raise self._not_known(symbol, reading, "t")
        if lag.is_Integer and lag > MOST_LAGS:
            self.source.refuse(symbol, f"a step {lag} before", f"a lag of at most {MOST_LAGS}")

    def _check_lag(self, symbol: Symbol, reading: Reading) -> None:
        """Within a step what is computed is read at t, at t-1 …, or before the first step: at steps known by then."""
        if reading.step is not None and reading.step.is_Integer and reading.step > 0:
            raise self._not_known(symbol, reading, "1")
        if reading.step is not None and reading.step.free_symbols - {t, T}:
            raise NotYetError(
                found=f"{self.text(symbol)}, in a sum over steps within the step",
                write=f"a state that carries the sum: s_t = s_{{t-1}} + {reading.name}_t",
                place=self.source.place(symbol.start, symbol.end),
            )

    def _not_known(self, symbol: Symbol, reading: Reading, step: str) -> TimeError:
        return TimeError(
            found=f"{self.text(symbol)} is not known yet at step {step}",
            write=f"{reading.name}_{{t-1}} for the step before, {reading.name}_t for this step",
            place=self.source.place(symbol.start, symbol.end),
        )

    def _refuse_sums_over_t(self, expression: Syntax) -> None:
        for piece in _pieces(expression):
            index = piece.below.sides[0] if isinstance(piece, Big) and isinstance(piece.below, Chain) else None
            index = piece.below if isinstance(piece, Big) and index is None else index
            if isinstance(index, Symbol) and index.base == "t":
                self.source.fail(index, "a sum over t in an equation of step t", "another letter: Σ_{k=1}^{T} x_k")

    def text(self, piece: Syntax) -> str:
        """A piece as written."""
        return self.source.text[piece.start : piece.end]

    def _refuse_bare(self, symbol: Symbol, reading: Reading) -> None:
        hint = f"{reading.name}_t"
        before = self.source.text[max(0, symbol.start - 3) : symbol.start]
        if self.source.latex and before[1:2] == "_":
            word = before[-1] + reading.name
            hint += f"; in LaTeX braces hold a longer subscript: {before[0]}_{{{word}}}"
        self.source.fail(symbol, f"{reading.name} without a step, where it has one elsewhere", hint)

    def _note_lag(self, read: Read) -> None:
        step, name = read.reading.step, read.reading.name
        if step is None or name not in self.assigned or not read.line.is_step:
            return
        lag = sp.expand(t - step)
        if lag.is_Integer and lag > 0:
            self.lags[name] = max(self.lags.get(name, 0), int(lag))

    def _check_exists(self, read: Read) -> None:
        """Steps run from 1 to T; before them stand the initial values."""
        step = read.reading.step
        beyond = step is not None and (sp.expand(step - T).is_positive or (step.is_Integer and step < 1))
        if step is None or not beyond or (step.is_Integer and step > -self.lags.get(read.reading.name, 0)):
            return
        raise TimeError(
            found=f"{self.text(read.symbol)}, a step that does not exist: steps run from 1 to T",
            write=f"{read.reading.name}_T for the last step, {read.reading.name}_1 for the first",
            place=self.source.place(read.symbol.start, read.symbol.end),
        )

    def _unassigned(self, timed: bool) -> list[str]:
        found = [
            read.reading.name
            for read in self.reads
            if (read.reading.step is not None) is timed
            and read.reading.name not in (self.assigned if timed else self.once)
            and not self._is_generic_loss(read)
        ]
        return list(dict.fromkeys(found))

    def _is_generic_loss(self, read: Read) -> bool:
        """`L_t` in `L = Σ_t L_t` with no equation of its own."""
        return not read.line.is_step and read.reading.step is not None and read.reading.name in LOSSES

    def generic_losses(self) -> set[str]:
        """The names that stand for some loss nothing is known of."""
        return {r.reading.name for r in self.reads if self._is_generic_loss(r) and r.reading.name not in self.assigned}

    # --- declarations ---

    def _declared(self, declarations: tuple[Declaration, ...]) -> dict[str, Declaration]:
        declared: dict[str, Declaration] = {}
        for line in declarations:
            if "list" in line.words:
                continue
            for symbol in line.names:
                name = self.names.read(symbol).name
                if not self.is_known(name):
                    self.source.fail(symbol, f"{self.text(symbol)}, which no equation has", "a name of the cell")
                if name in declared:
                    self.source.fail(symbol, f"{self.text(symbol)} declared twice", "one line for each name")
                self._check_role(symbol, name, line)
                declared[name] = line
        return declared

    def _check_role(self, symbol: Symbol, name: str, line: Declaration) -> None:
        """What a line says of a name is what the equations make of it."""
        found = "an input" if name in self.inputs else "a parameter" if name in self.parameters else "assigned"
        found = "a state" if name in self.states else found
        for word, holds in (
            ("input", name in self.inputs),
            ("state", name in self.states),
            ("signal", name in self.assigned),
            ("parameter", name in self.parameters),
            ("weight", name in self.parameters),
            ("diagonal", name in self.parameters),
        ):
            if word in line.words and not holds:
                text = self.text(symbol)
                write = "an index for an input, as in x_t; a read at t-1 for a state; no index for a parameter"
                self.source.fail(symbol, f"{text}: {word}, where the equations make it {found}", write)

    def has_vectors(self) -> bool:
        """Whether anything says that the cell is one of vectors: a capital, a size, or the notation."""
        sized = any(line.sizes or set(line.words) & {"diagonal", "vector", "matrix"} for line in self.declared.values())
        capitals = any(name[0].isupper() for name in self.parameters if name not in ("T", "I"))
        return (
            sized
            or capitals
            or any(_is_vector_notation(piece) for line in self.lines for piece in _pieces(line.expression))
        )

    def _refuse_run_together(self) -> None:
        """`Wx_t` and `W_hh_{t-1}` in plain text, which are products written without a space."""
        for read in self.reads:
            symbol = read.symbol
            if read.reading.name not in self.inputs or read.reading.name in self.declared or self.source.latex:
                continue
            head, tail = symbol.base[:1], symbol.base[1:]
            below = symbol.below[0] if len(symbol.below) > 1 else None
            if len(symbol.base) == 2 and head.isupper() and tail.islower() and tail.isalpha():
                index = self.text(symbol)[2:]
                write = f"{head} {tail}{index}, or a line {self.text(symbol)}: input"
                self.source.fail(symbol, f"{self.text(symbol)}, which may be a product or one name", write)
            doubled = isinstance(below, Symbol) and len(below.base) == 2 and below.base[0] == below.base[1]
            if doubled and isinstance(below, Symbol) and len(symbol.base) == 1 and head.isupper():
                letter, index = below.base[0], self.source.text[below.end : symbol.end]
                write = f"{head}_{letter} {letter}{index}, or {head}_{{{below.base}}} with a space before what follows"
                self.source.fail(symbol, f"{self.text(symbol)}, which may be a product or one name", write)


def _quantities(names: Names, sheet: Sheet, declared: list[Symbol]) -> frozenset[str]:
    """The names that stand for values somewhere: not only before a bracket."""
    symbols = [symbol for equation in sheet.equations for symbol in symbols_in(equation)]
    readings = [names.read(symbol) for symbol in (*symbols, *declared)]
    return frozenset(reading.name for reading in readings if reading.step is None)


def _scoped(tree: Syntax, bound: frozenset[str]) -> Iterator[tuple[Symbol, frozenset[str]]]:
    """The symbols of a piece with the indices that run there, in reading order."""
    stack = [(tree, bound)]
    while stack:
        piece, inside = stack.pop()
        if isinstance(piece, Big) and piece.below is not None:
            index = piece.below.sides[0] if isinstance(piece.below, Chain) else piece.below
            inside = inside | {index.base} if isinstance(index, Symbol) else inside
        parts = parts_of(piece)
        if isinstance(piece, Symbol) and not parts:
            yield piece, inside
        stack.extend((part, inside) for part in reversed(parts))


_VECTOR_CALLS = frozenset({"diag", "softmax", "norm", "inner", "cross_entropy", "CE"})


def _is_vector_notation(piece: Syntax) -> bool:
    match piece:
        case Stack() | Norm() | Transposed() | Pair():
            return True
        case Times(operators=operators):
            return "⊙" in operators or "@" in operators
        case Call(function=Symbol(base=base)):
            return base in _VECTOR_CALLS
    return isinstance(piece, Symbol) and piece.base == "I" and not piece.below and not piece.above


def _pieces(tree: Syntax) -> Iterator[Syntax]:
    """A piece and all within it."""
    stack = [tree]
    while stack:
        piece = stack.pop()
        yield piece
        stack.extend(parts_of(piece))


_SCRIPT = re.compile(r"^(\\math(cal|scr|frak|bb)\b|[\U0001D49C-\U0001D59F])")


def _is_script(text: str) -> bool:
    """Whether a name is written in script, fraktur or double-struck letters, which usually make it another one."""
    return _SCRIPT.match(text) is not None
