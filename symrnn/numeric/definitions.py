"""What a quantity is by its definition: the forward Program run in high precision, derivatives as differences of runs.

Nothing here differentiates: `∂L/∂h_t`, a Jacobian block or an immediate partial is what the forward values do when one
entry is moved by ε. It is the judge of every rule of `calculus`, of documents, and of what people write.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import cached_property, partial
from typing import Any

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Adjoint, Block, Concat, Immediate, Name, Node, Parameter, Signal, names_in, substitute
from symrnn.algebra.programs import Equation, Program, Range, family, lag_of, sizes_of
from symrnn.calculus.direct_paths import with_named_functions
from symrnn.calculus.rewriting import expose
from symrnn.numeric.interpretation import Matrix, Sizes, head, indices_of, label
from symrnn.numeric.machine import Machine
from symrnn.numeric.perturbations import Differences, Duals, is_rational
from symrnn.numeric.scalars import given

DIGITS = 50
FINER = 4
"""Where 50 digits find two sides apart, 200 digits are asked: numbers that grow fast lose digits to rounding."""
MAGNITUDES = 16

Entry = tuple[Name, int, int]
"""What is moved: a name, a row, a column."""


class Definitions:
    """A Program at numbers of our choice: small sizes, T steps, everything given drawn as exact fractions from a seed.

    `value(node, {t: 2})` evaluates an expression there, `∂L/∂h_t` and other derivatives by moving what they speak of.

    >>> from symrnn.cells import rnn
    >>> from symrnn.calculus.adjoints import adjoint
    >>> cell = rnn()
    >>> judge = Definitions(cell)
    >>> all(judge.agree(e.target, e.expression, {N.t: 2}) for e in adjoint(expose(cell)) if e.domain)
    True
    """

    def __init__(
        self,
        program: Program,
        steps: int = 3,
        sizes: Sizes | None = None,
        seed: int = 0,
        values: Mapping[Name, Any] | None = None,
        digits: int = DIGITS,
        positive: bool = False,
    ) -> None:
        forward = expose(program)
        self._losses = {head(e.target) for e in forward if isinstance(e.expression, N.Opaque)}
        self.program = _concrete(forward)
        self.steps = steps
        self.sizes = {str(size): 2 + (position % 2) for position, size in enumerate(sizes_of(self.program))}
        self.sizes |= {str(size): number for size, number in (sizes or {}).items() if str(size) in self.sizes}
        self.seed = seed
        self.positive = positive
        self.digits = digits
        self._again = partial(
            Definitions, program=program, steps=steps, sizes=sizes, seed=seed, values=values, positive=positive
        )
        self.domain: Any = Duals() if is_rational(self.program) else Differences(digits)
        self._derived: dict[Any, Matrix] = {}
        self._runs: dict[Any, Machine] = {}
        self.base = Machine([self.program], steps, self.sizes, self.domain, self._missing)
        self.base.give(values or {})
        self.base.run(self.program)

    # --- what is asked

    def value(self, node: Node, at: Mapping[sp.Symbol, int] | None = None) -> Matrix:
        """The matrix of an expression at steps: rows of mpmath numbers."""
        machine = self.base.branch(self._missing, {})
        return _within(machine, dict(at or {}), lambda: machine.value(node))

    def agree(self, left: Node, right: Node, at: Mapping[sp.Symbol, int] | None = None) -> bool:
        """Whether two expressions have one value there: exactly, or to fifteen digits of the largest entry."""
        if self.close(self.value(left, at), self.value(right, at)):
            return True
        return self.finer is not None and self.finer.agree(left, right, at)

    @cached_property
    def finer(self) -> Definitions | None:
        """The same with 200 digits, for what 50 digits find apart; None where nothing is rounded."""
        finest = self.certificate == "exact" or self.digits >= FINER * DIGITS
        return None if finest else self._again(digits=FINER * DIGITS)

    def close(self, left: Matrix, right: Matrix) -> bool:
        """Whether two matrices agree entry by entry."""
        pairs = [pair for rows in zip(left, right, strict=True) for pair in zip(*rows, strict=True)]
        scale = max((abs(entry) for pair in pairs for entry in pair), default=0)
        return all(self.domain.agree(a, b, scale) for a, b in pairs)

    def number(self, value: Any) -> Any:
        """An exact number among the judge's own."""
        return self.domain.value(given(value))

    def float(self, value: Any) -> float:
        """One of the judge's numbers in float64."""
        return float(getattr(value, "value", value))

    @property
    def certificate(self) -> str:
        """ "exact" where fractions judge, "points" where many digits do."""
        return str(self.domain.certificate)

    def places(self, domain: tuple[Range, ...]) -> Iterator[dict[sp.Symbol, int]]:
        """Every step a claim holds at."""
        if not domain:
            yield {}
            return
        first, *rest = domain
        ends = [int(bound.xreplace(self._numbers)) for bound in (first.lo, first.hi)]
        for step in range(ends[0], ends[1] + 1):
            for others in self.places(tuple(rest)):
                yield {first.index: step, **others}

    @cached_property
    def _numbers(self) -> dict[Any, Any]:
        last = self.program.steps.hi
        return {symbol: sp.Integer(self.steps) for symbol in last.free_symbols}

    # --- what is given, and what is derived

    def _missing(self, name: Name, rows: int, cols: int) -> Matrix:
        if isinstance(name, Adjoint | Block | Immediate):
            return self._derivative(name, rows, cols)
        return self._drawn(name, rows, cols)

    def _drawn(self, name: Name, rows: int, cols: int) -> Matrix:
        # From the name, so that the order in which things are asked for changes nothing.
        rng = random.Random(f"{self.seed}:{label(name)}")
        diagonal = _is_diagonal(name)
        zero = self.domain.zero

        def sign() -> int:
            return 1 if self.positive else rng.choice((-1, 1))

        def entry() -> Any:
            drawn = Fraction(sign() * rng.randint(MAGNITUDES // 4, MAGNITUDES), MAGNITUDES)
            return self.domain.value(drawn)

        if head(name) in self._distributions:
            return self._distribution(rng, rows)
        draw = [[entry() for _ in range(cols)] for _ in range(rows)]
        return tuple(
            tuple(x if i == j or not diagonal else zero for j, x in enumerate(row)) for i, row in enumerate(draw)
        )

    @cached_property
    def _distributions(self) -> frozenset[Any]:
        """The targets of cross-entropies, also where −yᵀ ln p is written out: their entries sum to one."""
        parts = [part for equation in self.program for part in N.subexpressions(equation.expression)]
        targets = [part.operands[0] for part in parts if isinstance(part, N.CrossEntropy)]
        targets += [target for part in parts if (target := _weighting_logarithms(part)) is not None]
        return frozenset(head(name) for target in targets for name in names_in(target))

    def _distribution(self, rng: random.Random, rows: int) -> Matrix:
        weights = [rng.randint(1, MAGNITUDES) for _ in range(rows)]
        return tuple((self.domain.value(Fraction(weight, sum(weights))),) for weight in weights)

    def _derivative(self, name: Adjoint | Block | Immediate, rows: int, cols: int) -> Matrix:
        if name not in self._derived:
            if isinstance(name, Adjoint):
                self._derived[name] = self._gradient(name.of, rows, cols, "total")
            elif isinstance(name, Immediate):
                self._derived[name] = self._immediate(name, rows, cols)
            else:
                self._derived[name] = self._jacobian(name)
        return self._derived[name]

    def _immediate(self, name: Immediate, rows: int, cols: int) -> Matrix:
        if self.program.loss is None:
            return self._stacked(name.wrt, lambda part: self._cotangent(part))
        # L_t of which nothing is known: its own slope in that argument, other arguments held.
        kind = "local" if head(name.of) in self._losses and indices_of(name.of) else "immediate"
        return self._gradient(name.wrt, rows, cols, kind, of=name.of)

    def _cotangent(self, part: Name) -> Matrix:
        """The gradient given to an output or a final state; nothing else is given one."""
        heads = {family(output) for output in self.program.outputs}
        rows, cols = self.base.size(part.shape)
        # By address: here sizes are numbers, there symbols.
        finals = [self.base.address(final) for final in self.program.finals]
        if family(part) in heads or self.base.address(part) in finals:
            name = Immediate(N.Signal("L", (1, 1)), part)
            return self.base.read(name) if self.base.knows(name) else self._drawn(name, rows, cols)
        return self.base.filled(part, self.domain.zero)

    def _stacked(self, node: Node, matrix: Callable[[Name], Matrix]) -> Matrix:
        return tuple(row for part in _parts(node) for row in matrix(part))

    def _gradient(self, of_what: Node, rows: int, cols: int, kind: str, of: Name | None = None) -> Matrix:
        if self._outside(of_what):
            return self.base.filled(of_what, self.domain.zero)
        grid: list[list[Any]] = []
        for part in _parts(of_what):
            height, width = self.base.size(part.shape)
            # Stacked totals are totals; what a step adds itself takes its states one at a time.
            one_by_one = kind == "immediate" and len(_parts(of_what)) > 1
            independent = "immediate independent" if one_by_one else kind
            for i in range(height):
                grid.append(
                    [
                        self._slope_of_objective((part, i, j), independent, of)
                        if _may_move(part, i, j)
                        else self.domain.zero
                        for j in range(width)
                    ]
                )
        return tuple(map(tuple, grid))

    def _outside(self, node: Node) -> bool:
        """Whether a step lies outside 1..T: what is there moves nothing."""
        return any(int(index) > self.steps for part in _parts(node) for index in indices_of(part))

    def _slope_of_objective(self, entry: Entry, kind: str, of: Name | None) -> Any:
        if entry[1] != entry[2] and _is_diagonal(entry[0]):
            # A diagonal matrix has no entries off its diagonal to move.
            return self.domain.zero
        moved = self._moved(entry, kind, of if kind == "local" else None)
        if of is not None and self.program.loss is not None and self._is_there(of):
            return self._slope(moved, of, 0, 0)
        if self.program.loss is not None:
            return self._slope(moved, self.program.loss, 0, 0)
        shares = []
        for place in self._heads():
            weights = self._cotangent(place)
            shares += [
                self.domain.mul((weight, self._slope(moved, place, i, j)))
                for i, row in enumerate(weights)
                for j, weight in enumerate(row)
            ]
        return self.domain.add(shares)

    def _is_there(self, name: Name) -> bool:
        return self.base.address(name) in self.base.store

    def _heads(self) -> Iterator[Name]:
        index = self.program.steps.index
        for output in self.program.outputs:
            for step in range(1, self.steps + 1):
                yield substitute(output, {index: sp.Integer(step)})
        for final in self.program.finals:
            yield substitute(final, self._numbers)

    @cached_property
    def _held(self) -> Definitions:
        """The same where whatever a direct path holds has a name to hold it by."""
        own = self._again.keywords["program"]
        named = with_named_functions(own)
        return self if named is own else self._again(program=named, digits=self.digits)

    def _jacobian(self, name: Block) -> Matrix:
        if name.kind == "direct" and self._held is not self:
            return self._held._jacobian(name)
        kind = {
            "step": "independent",
            "total": "total",
            "direct": "direct",
            "local": "local",
            "immediate": "immediate",
        }[name.kind]
        columns: list[list[Any]] = []
        until = self._until(name)
        for part in _parts(name.wrt):
            height, width = self.base.size(part.shape)
            # A matrix is stacked column by column.
            for j in range(width):
                for i in range(height):
                    moved = self._moved((part, i, j), kind, name.of, until)
                    columns.append([slope for target in _parts(name.of) for slope in self._slopes(moved, target)])
        return tuple(zip(*columns, strict=True))

    def _until(self, name: Block) -> int | None:
        """The last step whose states are taken as independent: that of what is moved, or of what is read with it."""
        times = [step for part in _parts(name.wrt) if (step := _time(part)) is not None]
        of = _time(_parts(name.of)[0])
        if not times or of is None:
            return None
        lag = of - times[0]
        return of - 1 if len(times) == 1 and 0 < lag <= self._deepest else max(times)

    @cached_property
    def _deepest(self) -> int:
        """How many steps back the states are read on the way to a state."""
        states = {family(state) for state in self.program.states}
        index = self.program.steps.index
        reached = set(states)
        for equation in reversed(self.program.equations):
            if family(equation.target) in reached:
                reached |= {family(name) for name in equation.reads if lag_of(name, index) == 0}
        lags = [
            lag_of(name, index)
            for equation in self.program
            if equation.time is not None and family(equation.target) in reached
            for name in equation.reads
            if family(name) in states
        ]
        return max((abs(lag) for lag in lags if lag is not None), default=1)

    def _slopes(self, moved: Machine, target: Name) -> Iterator[Any]:
        rows, cols = self.base.size(target.shape)
        return (self._slope(moved, target, i, j) for j in range(cols) for i in range(rows))

    def _slope(self, moved: Machine, target: Name, i: int, j: int) -> Any:
        return self.domain.slope(moved.read(target)[i][j], self.base.read(target)[i][j])

    # --- runs with something moved

    def _moved(self, entry: Entry, kind: str, of: Node | None = None, until: int | None = None) -> Machine:
        key = (self.base.address(entry[0]), entry[1:], kind, until, of if kind in ("local", "immediate") else None)
        if key not in self._runs:
            self._runs[key] = self._run(entry, kind, of, until)
        return self._runs[key]

    def _run(self, entry: Entry, kind: str, of: Node | None, until: int | None) -> Machine:
        name, i, j = entry
        here = self.base.address(name)
        matrix = [list(row) for row in self.base.read(name)]
        matrix[i][j] = self.domain.moved(matrix[i][j])
        machine = self.base.branch(self._missing, {})
        machine.store[here] = tuple(map(tuple, matrix))
        still, downstream = self._still(name, kind, of, until), self._downstream(here)
        moving = (address for address in self._places if address in downstream and not still(address))
        machine.again(self._places[address] for address in moving)
        return machine

    def _still(self, name: Name, kind: str, of: Node | None, until: int | None) -> Callable[[Any], bool]:
        step = _time(name)
        if step is None and of is not None:
            step = _time(_parts(of)[0])
        states = {head(state) for state in self.program.states}
        targets = {self.base.address(part) for part in _parts(of)} if of is not None else set()

        def independent(address: Any) -> bool:
            # The states of the step that is moved are moved one at a time.
            last = step if until is None else until
            return last is not None and address[0] in states and bool(address[1]) and address[1][0] <= last

        def other_steps(address: Any) -> bool:
            return step is not None and bool(address[1]) and address[1][0] != step

        rules: dict[str, Callable[[Any], bool]] = {
            "total": lambda address: False,
            "independent": independent,
            "immediate": other_steps,
            "immediate independent": lambda address: other_steps(address) or independent(address),
            "direct": lambda address: address[0] != head(name),
            "local": lambda address: address not in targets,
        }
        return rules[kind]

    def _downstream(self, start: Any) -> frozenset[Any]:
        """Every address that a moved value can reach."""
        found = {start}
        for target, reads in self._reads:
            if not found.isdisjoint(reads):
                found.add(target)
        return frozenset(found - {start})

    @cached_property
    def _reads(self) -> list[tuple[Any, tuple[Any, ...]]]:
        """Of every assignment, in the order made, what it reads."""
        return [(address, tuple(self._addresses(equation, address))) for address, (equation, _) in self._places.items()]

    @cached_property
    def _places(self) -> dict[Any, tuple[Equation, Mapping[Any, int]]]:
        """Of every assignment, in the order made, its equation and the steps it stood at."""
        equations: dict[Any, list[Equation]] = {}
        for equation in self.program:
            # L_t and L are two quantities of one name.
            equations.setdefault((head(equation.target), len(indices_of(equation.target))), []).append(equation)
        return {
            address: (self._holding(equations[address[0], len(address[1])], steps), steps)
            for address, (_, steps, _) in self.base.assigned.items()
        }

    def _holding(self, equations: list[Equation], steps: Mapping[Any, int]) -> Equation:
        """The one of several equations of a quantity whose range holds a step."""
        return next((e for e in equations if steps in list(self.places(e.domain))), equations[0])

    def _addresses(self, equation: Equation, address: Any) -> Iterator[Any]:
        index = self.program.steps.index
        time = dict(zip([r.index for r in equation.domain], address[1], strict=False))
        for name in names_in(equation.expression):
            bound = _bound_in(equation.expression)
            moving = {s for i in indices_of(name) for s in i.free_symbols} & (bound | {index}) - set(time)
            for step in range(0, self.steps + 2) if moving else (0,):
                at = {**time, **dict.fromkeys(moving, step)}
                here = substitute(name, {symbol: sp.Integer(k) for symbol, k in at.items()} | self._numbers)
                yield head(here), tuple(int(i) for i in indices_of(here))


def _weighting_logarithms(node: Node) -> Node | None:
    """The y of yᵀ ln p, where y is given and not computed; None elsewhere."""
    match node:
        case N.MatMul(operands=(N.Transpose(operands=(N.Signal() as target,)), N.Apply(activation=logarithm))):
            return target if logarithm.name == "log" else None
    return None


def _is_diagonal(name: Name) -> bool:
    return isinstance(name, Parameter) and name.structure == "diagonal"


def _within(machine: Machine, env: dict[Any, int], do: Callable[[], Matrix]) -> Matrix:
    if not env:
        return do()
    (index, step), *rest = env.items()
    with machine.bound(index, step):
        return _within(machine, dict(rest), do)


def _parts(node: Node) -> tuple[Any, ...]:
    """The states that are stacked, or the one."""
    if isinstance(node, Concat):
        return node.operands
    return (node.operands[0],) if isinstance(node, N.Vec) else (node,)


def _may_move(name: Name, i: int, j: int) -> bool:
    """A diagonal matrix stays diagonal."""
    return i == j or not (isinstance(name, Parameter) and name.structure == "diagonal")


def _time(name: Name) -> int | None:
    indices = indices_of(name)
    return int(indices[0]) if indices else None


def _bound_in(node: Node) -> set[Any]:
    return {part.range[0] for part in N.subexpressions(node) if isinstance(part, N.Sum | N.Product)}


def _concrete(program: Program) -> Program:
    """The Program with a definite function for each loss of which nothing is known: ½‖s‖² + ⟨g, s³⟩."""
    equations = tuple(
        replace(equation, expression=_known_loss(equation.expression))
        if isinstance(equation.expression, N.Opaque)
        else equation
        for equation in program
    )
    if equations == program.equations:
        return program
    values = {e.expression.value for e in program if isinstance(e.expression, N.Opaque)}
    return Program.trusted(
        **{name: getattr(program, name) for name in program.__dataclass_fields__}
        | {"equations": equations, "given": tuple(name for name in program.given if name not in values)}
    )


def _known_loss(opaque: N.Opaque) -> Node:
    terms: list[Node] = []
    for argument in opaque.operands:
        terms.append(N.scale(N.Number(sp.Rational(1, 2)), N.SquaredNorm(argument)))
        indices = argument.indices if isinstance(argument, Signal) else ()
        weight = Signal(f"weight of {argument}" if not indices else f"weight_{argument.name}", argument.shape, *indices)
        terms.append(N.inner(weight, N.power(argument, 3)))
    return N.add(*terms)
