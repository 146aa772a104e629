"""The chain rule backwards, once, at a symbolic step t: back-propagation through time as a Program.

Reads a Program and the table of rules; returns a Program whose targets are `∂L/∂` of every signal, input, initial
value and parameter. Every equation y = f(…, s_{t+k}, …) sends `(∂f/∂s)ᵀ ȳ` to s; the share a signal at step t gets
from a use k steps later stands at step t+k and exists only where that step does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

import sympy as sp

from symrnn.algebra.nodes import (
    Add,
    Adjoint,
    Apply,
    Immediate,
    Name,
    Node,
    Number,
    Parameter,
    Signal,
    Softmax,
    Sum,
    add,
    diag,
    gathered,
    guard,
    is_zero,
    names_in,
    operands_of,
    substitute,
    total,
    zeros,
)
from symrnn.algebra.programs import Equation, Program, Range, Reason, family
from symrnn.calculus.maps import diagonal_of
from symrnn.calculus.rewriting import expose, fold_names
from symrnn.calculus.rules import RULES, Rules
from symrnn.errors import InputError, NotYetError

LOSS = Signal("L", (1, 1))
"""The loss; without one, what the given cotangents belong to."""


@dataclass(frozen=True)
class Use:
    """One read of a name: what flows back, the ranges its indices run over, by which target, and where it is read.

    A given cotangent is a use without a target.
    """

    read: Name
    share: Node
    ranges: tuple[Range, ...]
    target: Name | None
    rank: tuple[int, ...]


@dataclass(frozen=True)
class Receiver:
    """A quantity that collects shares; `ranges` is empty for one that stands at fixed indices."""

    name: Name
    ranges: tuple[Range, ...]


def adjoint(program: Program, rules: Rules = RULES) -> Program:
    """ȳ = ∂L/∂y for every quantity y: `s̄_t = Σ over uses (∂f/∂s)ᵀ ȳ_{t+k}`, and `∂L/∂W = Σ_t` over the uses of W.

    Activation arguments get names first (`rewriting.expose`). Without a loss every output and final state receives
    the given cotangent `∂⁺L/∂h_t`.

    >>> from symrnn.cells import rnn
    >>> print(adjoint(rnn())["h̄_t"])
    h̄_t = ∂⁺L/∂h_t + W_hᵀ ā_{t+1}

    Reference: P. Werbos, "Backpropagation through time", Proc. IEEE 78 (1990).
    """
    if program.loss is None:
        refuse_loss_name(program)
    forward = expose(program)
    shares = _Shares(forward, rules)
    targets = [Receiver(equation.target, equation.domain) for equation in reversed(forward.equations)]
    sweep = [equation for receiver in targets for equation in shares.equation_of(receiver)]
    initials = (Receiver(name, _other_ranges(forward, name)) for name in forward.initials)
    rest = [*_input_receivers(forward), *initials, *(Receiver(name, ()) for name in forward.parameters)]
    sweep += [equation for receiver in rest for equation in shares.equation_of(receiver)]
    return _as_program(forward, tuple(sweep))


def refuse_loss_name(program: Program) -> None:
    """Raise where a quantity of the Program is called L: ∂L/∂… could then mean either."""
    declared: tuple[Name, ...] = (*program.inputs, *program.parameters, *program.initials)
    names = (*declared, *(equation.target for equation in program))
    taken = next((name for name in names if isinstance(name, Signal | Parameter) and name.name == LOSS.name), None)
    if taken is not None:
        raise InputError(
            str(taken),
            found=f"{taken} beside the loss, which is called L",
            write=f"another name for {taken}; or L = Σ_t L_t, where it is the loss",
        )


def _input_receivers(program: Program) -> list[Receiver]:
    return [
        Receiver(name, (program.steps, *_other_ranges(program, name)) if name.indices and _moves(name) else ())
        for name in program.inputs
    ]


def _moves(name: Signal) -> bool:
    return bool(name.time.free_symbols)


def _other_ranges(program: Program, name: Signal) -> tuple[Range, ...]:
    known = {r.index: r for equation in program for r in equation.domain}
    return tuple(known[index] for index in name.indices[1:] if index in known)


def _as_program(forward: Program, sweep: tuple[Equation, ...]) -> Program:
    assigned = {family(equation.target) for equation in sweep}
    reads = dict.fromkeys(name for equation in sweep for name in equation.reads)
    given = tuple(name for name in reads if family(name) not in assigned and name not in forward.parameters)
    return Program(
        name=f"adjoint of {forward.name}",
        equations=sweep,
        parameters=forward.parameters,
        given=given,
        steps=replace(forward.steps, step=-forward.steps.step),
        convention=forward.convention,
        citation=forward.citation,
        notes=forward.notes,
    )


class _Shares:
    """Collects the shares of every receiver. Equations are asked for their uses latest first."""

    def __init__(self, program: Program, rules: Rules) -> None:
        self.program = program
        self.rules = rules
        self.constants: dict[Name, Node] = {}
        self.definitions = _foldable(program)
        self.uses: dict[object, list[Use]] = defaultdict(list)
        self.reads: dict[object, set[Name]] = defaultdict(set)
        for name in (name for equation in program for name in equation.reads):
            self.reads[family(name)].add(name)
        for use in _cotangents(program):
            self.uses[family(use.read)].append(use)
        for position in range(len(program.equations) - 1, -1, -1):
            self._read(position)

    def _read(self, position: int) -> None:
        """Send what flows back through one equation to the names it reads."""
        equation = self.program.equations[position]
        cotangent = self._cotangent(equation)
        if is_zero(cotangent):
            return
        for order, (read, share, binders) in enumerate(
            pull(equation.expression, cotangent, equation.target, self.rules)
        ):
            share = fold_names(share, self.definitions.get(equation.domain, {}))
            rank = (_distance(equation.target, read), position, order)
            ranges = equation.domain + binders
            self.uses[family(read)].append(Use(read, share, ranges, equation.target, rank))

    def _cotangent(self, equation: Equation) -> Node:
        if equation.target == self.program.loss:
            return Number(1)
        if not self._is_read_ahead(equation.target):
            value = self._collect(Receiver(equation.target, equation.domain))
            if isinstance(value, Number) or is_zero(value):
                self.constants[equation.target] = value
                return value
        return Adjoint(equation.target)

    def _is_read_ahead(self, target: Name) -> bool:
        # A signal read at another step gets shares from equations not asked yet: not known to be constant.
        # Of an unrolled signal every reader stands later in the list, so those were asked.
        reads = self.reads[family(target)]
        return any(name != target for name in reads if not (_is_fixed(name) and _is_fixed(target)))

    def equation_of(self, receiver: Receiver) -> Iterator[Equation]:
        """The adjoint equation of a receiver; none for the loss and for adjoints that are a number or 0 throughout."""
        if receiver.name == self.program.loss or receiver.name in self.constants:
            return
        value = self._collect(receiver)
        if isinstance(receiver.name, Parameter) and receiver.name.structure == "diagonal":
            value = _projected(value)
        ranges = tuple(replace(r, step=-r.step) for r in receiver.ranges)
        reason = Reason("adjoint", (receiver.name, self._users(receiver)))
        yield Equation(Adjoint(receiver.name), value, reason, ranges)

    def _users(self, receiver: Receiver) -> tuple[Name, ...]:
        """The quantities a share comes from, at the steps where they stand."""
        found = (_user_at(use, receiver) for use in self._uses_of(receiver))
        return tuple(dict.fromkeys(name for name in found if name is not None))

    def _uses_of(self, receiver: Receiver) -> list[Use]:
        return sorted(self.uses[family(receiver.name)], key=lambda use: use.rank)

    def _collect(self, receiver: Receiver) -> Node:
        uses = self._uses_of(receiver)
        if isinstance(receiver.name, Signal) and receiver.name.indices:
            shares = [gathered(group) for group in _by_equation(uses, receiver)]
            return add(zeros(receiver.name.shape), *shares)
        return _summed(receiver.name, [use for use in uses if use.read == receiver.name])


def _is_fixed(name: Name) -> bool:
    return isinstance(name, Signal) and not any(index.free_symbols for index in name.indices)


def _by_equation(uses: list[Use], receiver: Receiver) -> Iterator[list[Node]]:
    """The shares of a receiver, those of one read in one equation together: they have a cotangent in common."""
    for _, group in groupby(uses, key=lambda use: (use.target, use.read)):
        shares = [share for use in group if not is_zero(share := _at_receiver(use, receiver))]
        if shares:
            yield shares


def _foldable(program: Program) -> dict[tuple[Range, ...], dict[Node, Name]]:
    folded: dict[tuple[Range, ...], dict[Node, Name]] = defaultdict(dict)
    for equation in program:
        if isinstance(equation.expression, Softmax | Apply):
            folded[equation.domain][equation.expression] = equation.target
    return folded


def _cotangents(program: Program) -> Iterator[Use]:
    """Without a loss: the given ∂⁺L/∂ of every output and final state."""
    if program.loss is not None:
        return
    for order, name in enumerate((*program.outputs, *program.finals)):
        defined = program.definitions.get(name)
        yield Use(name, Immediate(LOSS, name), defined.domain if defined else (), None, (-1, 0, order))


def _distance(target: Name, read: Name) -> int:
    """How many steps lie between a read and the equation that makes it: the order in which shares are written."""
    if not (isinstance(target, Signal) and isinstance(read, Signal) and target.indices and read.indices):
        return -1 if not (isinstance(target, Signal) and target.indices) else 0
    lag = sp.expand(target.time - read.time)
    return abs(int(lag)) if lag.is_Integer else 0


def pull(
    node: Node, cotangent: Node, answer: Node, rules: Rules, binders: tuple[Range, ...] = ()
) -> Iterator[tuple[Name, Node, tuple[Range, ...]]]:
    """Carry a cotangent from an expression to each name it reads: (name, share, ranges of the sums passed).

    >>> from symrnn.algebra.nodes import Signal, n, t
    >>> h, f = Signal("h", (n, 1), t), Signal("f", (n, 1), t)
    >>> [(read, share) for read, share, _ in pull(f * h, Adjoint(h), h, RULES)]
    [(f_t, h_t ⊙ h̄_t), (h_t, f_t ⊙ h̄_t)]
    """
    if isinstance(node, Name):
        yield node, cotangent, binders
        return
    operands = operands_of(node)
    if not operands or not names_in(node):
        return
    if isinstance(node, Sum):
        binders = (*binders, Range(*node.range))
    for operand, local in zip(operands, rules[type(node)](node, answer), strict=True):
        if local is not None and names_in(operand):
            # The transpose of a sum is the broadcast: the share keeps the index, the receiver resolves it.
            yield from pull(operand, local.transpose().apply(cotangent), operand, rules, binders)


def _at_receiver(use: Use, receiver: Receiver) -> Node:
    """The share of one use at the receiver's own indices, guarded where the using step need not exist."""
    assert isinstance(use.read, Signal) and isinstance(receiver.name, Signal)
    share, open_ranges = use.share, {r.index: r for r in use.ranges}
    changes: dict[sp.Symbol, sp.Expr] = {}
    guards: list[tuple[sp.Expr, sp.Expr, sp.Expr]] = []
    own = {r.index: r for r in receiver.ranges}
    for read_at, here in zip(use.read.indices, receiver.name.indices, strict=True):
        used = next((open_ranges[s] for s in sorted(read_at.free_symbols, key=str) if s in open_ranges), None)
        if used is None:
            if is_zero(_guarded_within(share, read_at, here, read_at, own)):
                return zeros(share.shape)
            guards.append((read_at, here, read_at))
        else:
            at = sp.expand(here - (read_at - used.index))
            changes[used.index] = at
            del open_ranges[used.index]
            guards.append((used.lo, at, used.hi))
    share = substitute(share, changes) if any(key != value for key, value in changes.items()) else share
    for remaining in open_ranges.values():
        if remaining.index in own:
            raise _read_at_every_step(use)
        share = total(share, remaining.index, remaining.lo, remaining.hi)
    for lo, at, hi in guards:
        share = _guarded_within(share, lo, at, hi, own)
    return share


def _read_at_every_step(use: Use) -> NotYetError:
    """One step of a signal read by all others: its gradient is a sum inside a recurrence."""
    return NotYetError(
        str(use.target),
        found=f"{use.read} is read at every step, and the gradient of a signal is derived from reads at a fixed lag",
        write="a state that carries it, such as s_t = s_{t-1} + h_t for a running sum; a parameter for a fixed input",
    )


def _user_at(use: Use, receiver: Receiver) -> Name | None:
    """The quantity that reads the receiver, at its own step; None where no share arrives."""
    target, name = use.target, receiver.name
    if not (isinstance(name, Signal) and name.indices):
        return target if use.read == name else None
    if is_zero(_at_receiver(use, receiver)):
        return None
    if isinstance(target, Signal) and target.indices and isinstance(use.read, Signal) and not _is_fixed(use.read):
        return target.at(
            *(sp.expand(a - r + h) for a, r, h in zip(target.indices, use.read.indices, name.indices, strict=True))
        )
    return target


def _guarded_within(share: Node, lo: sp.Expr, at: sp.Expr, hi: sp.Expr, own: dict[sp.Symbol, Range]) -> Node:
    """Guard a share, leaving out what the receiver's own range already tells."""
    ends = [at.xreplace({r.index: end}) for r in own.values() for end in (r.lo, r.hi) if r.index in at.free_symbols]
    ends = ends or [at]
    low, high = ends[0], ends[-1]
    if (high - lo).is_negative or (hi - low).is_negative:
        return zeros(share.shape)
    if lo == hi and low != high:
        return guard(share, lo, at, hi)
    lo = -sp.oo if sp.expand(low - lo).is_nonnegative else lo
    hi = sp.oo if sp.expand(hi - high).is_nonnegative else hi
    return guard(share, lo, at, hi)


def _summed(name: Name, uses: list[Use]) -> Node:
    """∂L/∂W = Σ over the steps of the shares of its uses there, one sum for each range."""
    groups: dict[tuple[tuple[sp.Symbol, sp.Expr, sp.Expr], ...], list[Node]] = defaultdict(list)
    for use in _by_step(sorted(uses, key=lambda use: use.rank[1:])):
        groups[tuple((r.index, r.lo, r.hi) for r in use.ranges)].append(use.share)
    terms = []
    for ranges, shares in groups.items():
        body = add(*shares)
        for index, lo, hi in reversed(ranges):
            body = total(body, index, lo, hi)
        terms.append(body)
    return add(zeros(name.shape), *terms)


def _by_step(uses: list[Use]) -> Iterator[Use]:
    """Uses at fixed steps in the order of a sum, 1 to T, whichever way their recurrence walks; others stay in place."""
    steps = [_step_of(use.target) for use in uses]
    placed = [(step, use) for step, use in zip(steps, uses, strict=True) if step is not None]
    earliest = iter(sorted(placed, key=lambda pair: pair[0]))
    return (use if step is None else next(earliest)[1] for step, use in zip(steps, uses, strict=True))


def _step_of(target: Name | None) -> int | None:
    """The step of a quantity that stands at a fixed one."""
    if isinstance(target, Signal) and target.indices and target.time.is_Integer:
        return int(target.time)
    return None


def _projected(value: Node) -> Node:
    """The gradient of a diagonal matrix is diagonal."""
    if isinstance(value, Sum):
        return value.with_operands((_projected(value.operands[0]),))
    if isinstance(value, Add):
        return add(*(_projected(term) for term in value.operands))
    return diag(diagonal_of(value))


def gradient(back: Program, of: Name) -> Equation:
    """The equation of ∂L/∂(that name) in an adjoint Program."""
    found = back.definitions.get(Adjoint(of))
    if found is None:
        raise InputError(str(of), found="no gradient of it here", write=", ".join(str(e.target) for e in back))
    return found
