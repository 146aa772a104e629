"""A cell is its equations: `Program`, an ordered tuple of `Equation(target, expression, reason, domain)`.

Reads nodes; promises that every Program it lets through assigns each quantity once, reads only what was assigned
before (judged along each recurrence's own direction), declares everything else it reads, and has fitting shapes.
Cells, adjoints, tangents, unrolled graphs and losses are all Programs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import sympy as sp

from symrnn.algebra.equations import GIVEN as GIVEN
from symrnn.algebra.equations import STEPS as STEPS
from symrnn.algebra.equations import Equation as Equation
from symrnn.algebra.equations import Range as Range
from symrnn.algebra.equations import Reason as Reason
from symrnn.algebra.equations import blocks_of as blocks_of
from symrnn.algebra.equations import family as family
from symrnn.algebra.equations import lag_of as lag_of
from symrnn.algebra.equations import ordered as ordered
from symrnn.algebra.equations import shifted as shifted
from symrnn.algebra.equations import signal_of as signal_of
from symrnn.algebra.nodes import (
    PRINTERS,
    Guarded,
    Name,
    Node,
    Opaque,
    Parameter,
    Product,
    Signal,
    Sum,
    operands_of,
    shape_text,
    substitute,
)
from symrnn.errors import InputError, ShapeError, TimeError


@dataclass(frozen=True)
class Program:
    """Equations in order, and what they declare.

    `inputs`, `states` and `outputs` are signals at the symbolic step (`x[t]`); `initials` are the states' values
    before the first step (`h[0]`); `finals` are states at the last step that receive a cotangent of their own because
    they are no output (`c[T]`); `given` is what another Program or the user supplies beside inputs and parameters
    (the forward values an adjoint reads, cotangents). `loss` is the scalar differentiated, if there is one.
    """

    name: str
    equations: tuple[Equation, ...]
    inputs: tuple[Signal, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    states: tuple[Signal, ...] = ()
    initials: tuple[Signal, ...] = ()
    outputs: tuple[Signal, ...] = ()
    finals: tuple[Signal, ...] = ()
    given: tuple[Name, ...] = ()
    loss: Name | None = None
    steps: Range = STEPS
    convention: str = ""
    citation: str = ""
    notes: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        check(self)

    @classmethod
    def trusted(cls, **fields: Any) -> Program:
        """A Program without the checks: for one that a sound Program turned into by substitution alone."""
        program = object.__new__(cls)
        defaults = {name: spec.default for name, spec in cls.__dataclass_fields__.items() if name not in fields}
        for name, value in (defaults | fields).items():
            object.__setattr__(program, name, value)
        return program

    def __iter__(self) -> Iterator[Equation]:
        return iter(self.equations)

    def __len__(self) -> int:
        return len(self.equations)

    @cached_property
    def definitions(self) -> Mapping[Name, Equation]:
        """Target to equation."""
        return {equation.target: equation for equation in self.equations}

    def __getitem__(self, target: Name | str) -> Equation:
        """The equation of a target, by name or by its printed form: `program["h_t"]`."""
        for equation in self.equations:
            if equation.target == target or str(equation.target) == target:
                return equation
        names = ", ".join(str(equation.target) for equation in self.equations[:12])
        raise InputError(str(target), found=f"no such equation in {self.name}", write=f"one of: {names}")

    def with_sizes(self, **sizes: int) -> Program:
        """The same Program with numbers for its size symbols: `lstm.with_sizes(n=2, m=1)`."""
        symbols = {symbol.name: symbol for symbol in sizes_of(self)}
        unknown = set(sizes) - set(symbols)
        if unknown:
            raise InputError(
                ", ".join(sorted(unknown)), found=f"no such size in {self.name}", write=f"one of: {', '.join(symbols)}"
            )
        return substitute_program(self, {symbols[name]: sp.Integer(size) for name, size in sizes.items()})

    def __str__(self) -> str:
        return PRINTERS["program text"](self)

    __repr__ = __str__

    def _repr_latex_(self) -> str:
        return f"$$\n{PRINTERS['program latex'](self)}\n$$"


def sizes_of(program: Program) -> tuple[sp.Symbol, ...]:
    """The size symbols of a Program, in the order they are met (n, m …)."""
    names: Iterable[Name] = [name for equation in program for name in (equation.target, *equation.reads)]
    shapes = [size for name in (*program.parameters, *program.inputs, *names) for size in name.shape]
    return tuple(dict.fromkeys(symbol for size in shapes for symbol in sorted(size.free_symbols, key=str)))


def substitute_program(program: Program, values: Mapping[Any, Any]) -> Program:
    """Symbols or names replaced throughout, declarations included."""
    changes = dict(values)

    def moved(nodes: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(substitute(node, changes) for node in nodes)

    def placed(ranges: tuple[Range, ...]) -> tuple[Range, ...]:
        return tuple(Range(r.index, r.lo.xreplace(changes), r.hi.xreplace(changes), r.step) for r in ranges)

    equations = tuple(
        Equation(
            substitute(equation.target, changes),
            substitute(equation.expression, changes),
            equation.reason,
            placed(equation.domain),
        )
        for equation in program
    )
    return replace(
        program,
        equations=equations,
        inputs=moved(program.inputs),
        parameters=moved(program.parameters),
        states=moved(program.states),
        initials=moved(program.initials),
        outputs=moved(program.outputs),
        finals=moved(program.finals),
        given=moved(program.given),
        loss=program.loss and substitute(program.loss, changes),
        steps=placed((program.steps,))[0],
    )


# --- the checks -----------------------------------------------------------------------------------------------------


def check(program: Program) -> None:
    """Single assignment, causality, declarations that are complete and mean one thing: raises, or all is sound."""
    _check_single_assignment(program)
    _check_declarations(program)
    blocks = tuple(blocks_of(program))
    written: dict[Any, int] = {}
    for position, block in enumerate(blocks):
        for equation in block:
            written[equation.target] = position
            written.setdefault(family(equation.target), position)
    declared = _declared(program)
    for position, block in enumerate(blocks):
        _check_block(program, block, position, written, declared)
    _check_steps(program)


def _check_declarations(program: Program) -> None:
    """Outputs, final states and the loss are assigned, inputs are not; one name has one shape."""
    assigned = {family(equation.target) for equation in program}
    for name in (*program.outputs, *program.finals):
        if family(name) not in assigned:
            raise InputError(str(name), found="an output without an equation", write=f"an equation for {name}")
    targets = {equation.target for equation in program}
    for name in (*program.inputs, *program.given):
        taken = family(name) in assigned if name in program.inputs else name in targets
        if taken and not _is_value(program, name):
            raise InputError(str(name), found="an input that is assigned too", write="an input, or an equation for it")
    if program.loss is not None:
        if program.loss not in assigned:
            raise InputError(
                str(program.loss), found="a loss without an equation", write=f"an equation for {program.loss}"
            )
        if not program.loss.is_scalar_shaped:
            raise ShapeError(
                str(program.loss), found=f"a loss that is {shape_text(program.loss.shape)}", write="a single number"
            )
    _check_shapes(program)


def _is_value(program: Program, name: Name) -> bool:
    """Whether a given name is the value of a function nothing is known of, as L_t of `L_t(h_t)`."""
    return any(isinstance(e.expression, Opaque) and e.expression.value == name for e in program)


def _check_shapes(program: Program) -> None:
    shapes: dict[Any, Name] = {}
    for name in (name for equation in program for name in (equation.target, *equation.reads)):
        other = shapes.setdefault(_nameless(name), name)
        if other.shape != name.shape:
            raise ShapeError(
                f"{other} and {name}",
                found=f"one name with two shapes, {shape_text(other.shape)} and {shape_text(name.shape)}",
                write="two names, or one shape",
            )


def _nameless(name: Name) -> Any:
    """What must have one shape: a parameter by its name, a signal by its family."""
    return ("Parameter", name.name) if isinstance(name, Parameter) else family(name)


def _check_steps(program: Program) -> None:
    """Every read stands at a step that exists: assigned, declared, or guarded."""
    index, last = program.steps.index, program.steps.hi
    ranges = {family(e.target): e.time for e in program if e.time is not None}
    fixed = {e.target for e in program} | set(program.initials) | set(program.given)
    for equation in program:
        own = {place.index for place in equation.domain}
        for name, bound in _unguarded_reads(equation.expression, frozenset()):
            signal = signal_of(name)
            if signal is None or not signal.indices:
                continue
            free = signal.time.free_symbols & ({index} - own - bound)
            if free:
                raise TimeError(
                    str(equation),
                    found=f"{name} at a step {index} that nothing runs over",
                    write=f"a sum over {index}, or a step",
                )
            time = ranges.get(family(name))
            if time is not None and isinstance(name, Signal):
                _check_inside(equation, name, time, fixed, last, index)


def _unguarded_reads(node: Node, bound: frozenset[Any]) -> Iterator[tuple[Name, frozenset[Any]]]:
    if isinstance(node, Name):
        yield node, bound
    elif not isinstance(node, Guarded):
        inner = bound | {node.range[0]} if isinstance(node, Sum | Product) else bound
        for part in operands_of(node):
            yield from _unguarded_reads(part, inner)


def _check_inside(
    equation: Equation, name: Signal, time: Range, fixed: set[Any], last: sp.Expr, index: sp.Symbol
) -> None:
    """`h_{t-1}` at the first step is h_0: it must be given. `h_{T+1}` is no step at all."""
    beyond = sp.expand(name.time - last)
    if beyond.is_positive and not name.time.has(index):
        raise TimeError(str(equation), found=f"{name}, which no step assigns", write=f"{name.at(last)}")
    lag = lag_of(name, index)
    if lag is None or equation.time is None or lag * equation.time.step >= 0:
        return
    edge = time.lo if equation.time.step > 0 else time.hi
    for back in range(1, abs(lag) + 1):
        before = name.at(edge - back * equation.time.step, *name.indices[1:])
        if before not in fixed:
            raise InputError(
                str(equation),
                found=f"{name} is {before} at the first step, which is not given",
                write=f"{before} as initial value",
            )


def _check_single_assignment(program: Program) -> None:
    seen: dict[Name, Equation] = {}
    for equation in program:
        if equation.target in seen:
            raise InputError(
                f"{seen[equation.target]}\n{equation}",
                found=f"{equation.target} is assigned twice",
                write="one equation for each quantity; give the second another name",
            )
        seen[equation.target] = equation


def _declared(program: Program) -> set[Any]:
    names = (*program.inputs, *program.initials, *program.given)
    return {family(name) for name in names} | set(names) | set(program.parameters)


def _check_block(
    program: Program,
    block: tuple[Equation, ...],
    position: int,
    written: Mapping[Any, int],
    declared: set[Any],
) -> None:
    time = block[0].time
    done: set[Any] = set()
    for equation in block:
        for name in equation.reads:
            if isinstance(name, Parameter) and name in declared:
                continue
            key = name if name in written else family(name)
            if key in written and written[key] == position and time is not None:
                _check_causal(program, equation, name, time, key in done)
            elif key in written and written[key] > position and not _is_declared_initial(name, declared):
                raise _not_yet_known(program, equation, name)
            elif key not in written and key not in declared and name not in declared:
                raise _unknown(program, equation, name)
        done |= {equation.target, family(equation.target)}


def _is_declared_initial(name: Name, declared: set[Any]) -> bool:
    return name in declared


def _check_causal(program: Program, equation: Equation, name: Name, time: Range, assigned: bool) -> None:
    lag = lag_of(name, time.index)
    if lag is None:
        return
    if lag * time.step > 0:
        raise TimeError(
            str(equation),
            found=f"{name} is not known yet at step {time.index}: the recurrence runs "
            + ("forward" if time.step > 0 else "backward"),
            write=f"{shifted(name, time.index - time.step)}, or the value of this step, {shifted(name, time.index)}",
        )
    if lag == 0 and not assigned:
        raise TimeError(
            str(equation),
            found=f"{name} is needed in the step that computes it, before it is computed (a cycle within the step)",
            write=f"the value of the step before, {shifted(name, time.index - time.step)}, or put its equation first",
        )


def _not_yet_known(program: Program, equation: Equation, name: Name) -> TimeError:
    return TimeError(
        str(equation), found=f"{name} is computed only later in {program.name}", write="its equation before this one"
    )


def _unknown(program: Program, equation: Equation, name: Name) -> InputError:
    return InputError(
        str(equation),
        found=f"{name} is neither assigned nor declared in {program.name}",
        write=f"an equation for {name}, or declare it as input, parameter or initial value",
    )


def roles_of(program: Program) -> dict[str, tuple[Name, ...]]:
    """What every name of a Program was read as: states, inputs, parameters, given values, and what a step computes.

    >>> from symrnn.algebra.reading.roles import parse_cell
    >>> roles_of(parse_cell("h_t = tanh(a h_{t-1} + W x_t)"))
    {'states': (h_t,), 'inputs': (x_t,), 'parameters': (a, W)}
    """
    states = {family(state) for state in program.states}
    steps = [e for e in program if e.time is not None and e.reason.key != "loss"]
    computed = [e.target for e in steps if family(e.target) not in states]
    assigned = {family(e.target) for e in program}
    roles: dict[str, tuple[Name, ...]] = {
        "states": program.states,
        "inputs": program.inputs,
        "parameters": program.parameters,
        "given": tuple(name for name in program.given if family(name) not in assigned),
        "computed": tuple(name for name in dict.fromkeys(computed) if isinstance(name, Signal)),
    }
    return {role: names for role, names in roles.items() if names}


def with_lagged_inputs(program: Program) -> Program:
    """The Program with `x_0` among its initial values where it reads `x_{t-1}` of an input."""
    index, first = program.steps.index, program.steps.lo
    inputs = {family(name): name for name in program.inputs}
    deepest: dict[Any, int] = {}
    for name in (name for equation in program for name in equation.reads):
        lag = lag_of(name, index)
        if family(name) in inputs and lag is not None and lag < 0:
            deepest[family(name)] = max(deepest.get(family(name), 0), -lag)
    extra = [inputs[key].at(first - back) for key, most in deepest.items() for back in range(1, most + 1)]
    missing = tuple(name for name in extra if name not in program.initials)
    return replace(program, initials=(*program.initials, *missing)) if missing else program
