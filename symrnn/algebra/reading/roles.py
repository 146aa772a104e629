"""A cell typed as in a textbook to a Program: states, inputs, parameters, and the shape of each.

Reads a text of equations with optional lines on roles; returns a Program that prints as it was written, or an error
with a caret, the reason and what to write.
"""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Node, Parameter, Signal, T, t
from symrnn.algebra.programs import STEPS, Equation, Program, with_lagged_inputs
from symrnn.algebra.reading.building import Builder
from symrnn.algebra.reading.census import Census, Line
from symrnn.algebra.reading.grammar import Declaration, Sheet, equations_in
from symrnn.algebra.reading.literals import Numbers
from symrnn.algebra.reading.names import Reading, word_of
from symrnn.algebra.reading.ordering import in_order
from symrnn.algebra.reading.parser import LOSSES
from symrnn.algebra.reading.products import decide, question
from symrnn.algebra.reading.shapes import SCALAR, Shapes
from symrnn.algebra.reading.sizes import SIZE
from symrnn.algebra.reading.source import Source, bounded_stack, source_of
from symrnn.algebra.reading.syntax import Group, Num, Symbol, Syntax, Terms, Times
from symrnn.errors import ShapeError, SymrnnError

CONVENTION = "typed by the user"
_TARGETS = frozenset({"y", "target"})


def parse_cell(text: str, name: str = "typed cell", file: str | None = None, *, latex: bool | None = None) -> Program:
    """The Program of a cell typed as in a textbook.

    >>> cell = parse_cell("h_t = tanh(W_h h_{t-1} + W_x x_t + b)")
    >>> cell.states, cell.inputs, cell.parameters
    ((h_t,), (x_t,), (W_h, W_x, b))
    >>> parse_cell("c_t = f_t c_{t+1}")
    Traceback (most recent call last):
        ...
    symrnn.errors.TimeError: At <text>:1:11
    You wrote:  c_t = f_t c_{t+1}
                          ^^^^^^^
    Found:      c_{t+1} is not known yet at step t
    Write:      c_{t-1} for the step before, c_t for this step
    """
    source = source_of(text, latex, file)
    with bounded_stack(source):
        sheet = equations_in(text, latex=latex, file=file)
        if not sheet.equations:
            source.fail(Symbol(""), "no equation", "h_t = tanh(W_h h_{t-1} + W_x x_t + b)")
        return with_lagged_inputs(_Reader(sheet).program(name))


class _Reader:
    """One cell being read: its census, its shapes, and the nodes made of them."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.source = sheet.source
        self.census = Census(sheet)
        self.outputs_said = self._listed("output")
        self.said = {name: _said_size(self.source, line) for name, line in self.census.declared.items()}
        self.constants = self._constants()
        self.shapes = self._shapes()
        self.builder = Builder(self.shapes, self._node, {})
        drafts = [(line, self._equation(line)) for line in self.census.lines]
        self.first, self.steps, self.last = ([line for line, _ in part] for part in in_order(self.census, drafts))
        self.lines = [*self.first, *self.steps, *self.last]
        equations = {line.symbol: equation for line, equation in drafts}
        self.names = [name for line in self.lines for name in equations[line.symbol].reads]
        self.inputs = self._of(Signal, self.census.inputs)
        self.parameters = self._of(Parameter, self.census.parameters)
        self.builder = Builder(self.shapes, self._node, self._named_sizes())

    def _of(self, kind: type[Parameter] | type[Signal], known: list[str]) -> list[str]:
        """The names of a kind, in the order in which the equations read them."""
        names = [name.name for name in self.names if isinstance(name, kind) and name.name in known]
        return list(dict.fromkeys(names))

    def _listed(self, word: str) -> list[Symbol] | None:
        """The names of a line such as `outputs: h, y`."""
        lines = [line for line in self.sheet.declarations if "list" in line.words and word in line.words]
        return [symbol for line in lines for symbol in line.names] if lines else None

    def _constants(self) -> dict[str, sp.Expr]:
        """The names that are T, a size or the identity, where the cell declares nothing else for them."""
        sizes = {size for said in self.said.values() for one in said for size in one.free_symbols}
        sizes |= {N.n, N.m} if self.census.has_vectors() else set()
        constants = {"T": T, "I": sp.S.One} | {str(size): size for size in sizes}
        return {name: size for name, size in constants.items() if name not in self.census.declared}

    # --- shapes ---

    def _shapes(self) -> Shapes:
        census = self.census
        known = {loss: SCALAR for loss in census.generic_losses()}
        numbers = Numbers(self.source, {name: size for name, size in self.constants.items() if name != "I"})
        shapes = Shapes(census.names, numbers, known, not census.has_vectors())
        for name, line in census.declared.items():
            self._declare(shapes, name, line, self.said[name])
        for equation in census.lines:
            shapes.of_target(equation.symbol, equation.target)
        for equation in census.lines:
            shapes.visit(equation.expression)
            shapes.equate(equation.symbol, equation.expression)
        decide(shapes)
        self._ask_what_is_open(shapes)
        return shapes

    def _declare(self, shapes: Shapes, name: str, line: Declaration, said: tuple[sp.Expr, ...]) -> None:
        words = set(line.words)
        if "scalar" in words and (said or words & {"vector", "matrix", "diagonal"}):
            self.source.fail(line, "a scalar with the size of something else", "scalar, or a size")
        if "scalar" in words:
            shapes.by_name[name] = SCALAR
        elif len(said) == 2:
            shapes.by_name[name] = (said[0], said[1])
        elif words & {"diagonal", "matrix"}:
            rows = said[0] if said else shapes.sizes.fresh(SIZE)
            square = "diagonal" in words or said
            shapes.by_name[name] = (rows, rows if square else shapes.sizes.fresh(SIZE))
        elif said or "vector" in words:
            shapes.by_name[name] = (said[0] if said else shapes.sizes.fresh(SIZE), N.ONE)

    def _ask_what_is_open(self, shapes: Shapes) -> None:
        for name in self.census.parameters:
            if name in shapes.by_name and shapes.kind(shapes.by_name[name]) in ("letter", "capital"):
                raise question(shapes, self.census.symbol_of(name))
        named = {unknown for shape in shapes.by_name.values() for unknown in shapes.sizes.unknowns(shape)}
        for symbol in shapes.identities:
            if not named.issuperset(shapes.sizes.unknowns(shapes.of(symbol) or SCALAR)):
                shapes.misfit(symbol, "I, whose size nothing says", "a matrix or vector beside it")

    def _named_sizes(self) -> dict[sp.Dummy, N.Size]:
        """n for the state, m for the input, and a size named after its quantity for what is independent of them."""
        census, found = self.census, dict[sp.Dummy, N.Size]()
        taken = {
            str(symbol) for shape in self.shapes.by_name.values() for size in shape for symbol in size.free_symbols
        }
        targets = [line.target.name for line in self.lines]
        states = sorted((name for name in targets if name in census.states), key=lambda name: name != "h") or targets
        inputs = sorted(self.inputs, key=lambda name: name != "x")
        wanted = [*zip(states[:1], "n", strict=False), *zip(inputs[:1], "m", strict=False)]
        wanted += [(name, f"n_{name}") for name in targets + self.parameters]
        wanted += [(name, f"m_{name}") for name in inputs]
        for name, size in wanted:
            shape = self.shapes.by_name.get(name)
            for place, unknown in enumerate(self.shapes.sizes.unknowns(shape) if shape else ()):
                if unknown not in found:
                    found[unknown] = _fresh(f"{size}_{place}" if place and size != "n" else size, taken)
        return found

    # --- nodes ---

    def _node(self, symbol: Symbol, reading: Reading) -> Node:
        """The node of a name at a step."""
        shape = self.builder.final(self.shapes.by_name[reading.name])
        if reading.step is None:
            if reading.name in self.census.once:
                return Signal(reading.name, shape)
            line = self.census.declared.get(reading.name)
            return Parameter(reading.name, shape, "diagonal" if line and "diagonal" in line.words else "full")
        if reading.name in self.census.generic_losses():
            heard = [self._signal(name).at(reading.step) for name in self._output_names()]
            return N.Opaque(Signal(reading.name, SCALAR, reading.step), *heard)
        return Signal(reading.name, shape, reading.step)

    def _signal(self, name: str, step: sp.Expr = t) -> Signal:
        shape = self.builder.final(self.shapes.by_name[name])
        return Signal(name, shape) if name in self.census.once else Signal(name, shape, step)

    def _equation(self, line: Line) -> Equation:
        target = self._node(line.symbol, line.target)
        assert isinstance(target, Signal)
        try:
            expression = self.builder.build(line.expression, target.shape)
            return Equation(target, expression, domain=(STEPS,) if line.is_step else ())
        except SymrnnError as error:
            if error.place is None:
                error.place = self.source.place(line.symbol.start, line.expression.end)
            raise

    # --- the Program ---

    def program(self, name: str) -> Program:
        """The Program, its equations in an order in which they can be computed."""
        census = self.census
        first, steps, last = ([self._equation(line) for line in part] for part in (self.first, self.steps, self.last))
        outputs = self._output_names()
        loss = self._loss(last)
        states = [line.target.name for line in self.steps if line.target.name in census.states]
        states = sorted(states, key=lambda one: one not in outputs)
        given = [one for one in self.parameters if self._is_given(one, loss)]
        sinks = [equation.target for equation in self._sinks(last) if equation.target != loss]
        return self._checked(
            name=name,
            equations=(*first, *steps, *last),
            inputs=tuple(map(self._signal, self.inputs)),
            parameters=tuple(self._parameter(one) for one in self.parameters if one not in given),
            states=tuple(map(self._signal, states)),
            initials=tuple(
                self._signal(one, sp.Integer(1 - k)) for one in states for k in range(1, census.lags[one] + 1)
            ),
            outputs=(*map(self._signal, outputs), *(sink for sink in sinks if isinstance(sink, Signal))),
            finals=tuple(self._signal(one, T) for one in states if one not in outputs),
            given=tuple(map(self._parameter, given)),
            loss=loss,
            convention=CONVENTION,
        )

    def _parameter(self, name: str) -> Parameter:
        node = self._node(self.census.symbol_of(name), Reading(name))
        assert isinstance(node, Parameter)
        return node

    def _checked(self, **fields: object) -> Program:
        try:
            return Program(**fields)  # type: ignore[arg-type]  # the fields are spelled out in `program`
        except SymrnnError as error:
            if error.place is None:
                written = {str(self._equation(line)): line for line in self.census.lines}
                line = written.get(error.wrote.split("\n")[-1], self.census.lines[0])
                error.place = self.source.place(line.symbol.start, line.expression.end)
            raise

    # --- outputs, loss, given ---

    def _output_names(self) -> list[str]:
        census = self.census
        if self.outputs_said is not None:
            return [self._output_name(symbol) for symbol in self.outputs_said]
        lines = [line for line in census.lines if line.is_step and not _is_loss(line.target.name)]
        read = {one.reading.name for one in census.reads if one.line in lines}
        sinks = [line.target.name for line in lines if line.target.name not in read]
        if sinks:
            return sinks
        if "h" in census.states:
            return ["h"]
        names = census.states or [line.target.name for line in census.lines if line.is_step]
        return names[-1:]

    def _output_name(self, symbol: Symbol) -> str:
        name = self.census.names.read(symbol).name
        if name not in self.census.assigned | self.census.once:
            known = ", ".join(line.target.name for line in self.census.lines)
            self.source.fail(symbol, f"{name}, which no equation assigns", f"one of: {known}")
        return name

    def _sinks(self, equations: Iterable[Equation]) -> list[Equation]:
        """What is computed after the last step and read by nothing."""
        equations = tuple(equations)
        read = {name for equation in equations for name in equation.reads}
        return [equation for equation in equations if equation.target not in read]

    def _loss(self, last: Iterable[Equation]) -> Signal | None:
        said = self._listed("loss")
        if said is not None:
            return self._said_loss(said[-1])
        sinks = [equation.target for equation in self._sinks(last) if isinstance(equation.target, Signal)]
        named = [target for target in sinks if _is_loss(target.name)]
        for target in named:
            self._check_scalar(target)
        scalars = named or [target for target in sinks if target.is_scalar_shaped]
        return scalars[-1] if scalars else None

    def _said_loss(self, symbol: Symbol) -> Signal:
        name = self.census.names.read(symbol).name
        if name not in self.census.once:
            self.source.fail(symbol, f"{name}, which no equation assigns once", "an equation such as L = Σ_t L_t")
        target = self._signal(name)
        self._check_scalar(target)
        return target

    def _check_scalar(self, target: Signal) -> None:
        if target.is_scalar_shaped:
            return
        line = next(line for line in self.census.lines if line.target.name == target.name)
        raise ShapeError(
            found=f"{target.name} is ({target.shape[0]}, {target.shape[1]}), and a loss is one number",
            write="a norm, as in 1/2 ‖h_T - y‖², or another name if it is no loss",
            place=self.source.place(line.symbol.start, line.expression.end),
        )

    def _is_given(self, name: str, loss: Signal | None) -> bool:
        line = self.census.declared.get(name)
        if line and set(line.words) & {"given", "target", "constant"}:
            return True
        users = {read.line.target.name for read in self.census.reads if read.reading.name == name}
        return (
            loss is not None
            and name.partition("_")[0] in _TARGETS
            and users == {loss.name}
            and not (line and set(line.words) & {"parameter", "weight"})
        )


def _is_loss(name: str) -> bool:
    return name.partition("_")[0] in LOSSES


def _fresh(name: str, taken: set[str]) -> sp.Symbol:
    while name in taken:
        name += "_2"
    taken.add(name)
    return sp.Symbol(name, integer=True, positive=True)


# --- sizes as written -----------------------------------------------------------------------------------------------


def _said_size(source: Source, line: Declaration) -> tuple[sp.Expr, ...]:
    return tuple(_size(source, size) for size in line.sizes)


def _size(source: Source, tree: Syntax) -> sp.Expr:
    """`n`, `3`, `2 n`, `n + m`."""
    match tree:
        case Num(value=value) if value.denominator == 1 and 0 < value <= 1_000_000_000:
            return sp.Integer(value.numerator)
        case Symbol(base=base) if base not in ("t", "T") and (word := word_of(tree)) is not None:
            return sp.Symbol(word, integer=True, positive=True)
        case Group(body=body):
            return _size(source, body)
        case Terms(terms=terms) if all(sign > 0 for sign, _ in terms):
            return sp.Add(*(_size(source, term) for _, term in terms))
        case Times(factors=(Num() as count, Symbol() as size), operators=("" | "*" | "·",)):
            return _size(source, count) * _size(source, size)
    source.fail(tree, "a size that is no positive whole number", "n, 3, 2 n or n + m")
