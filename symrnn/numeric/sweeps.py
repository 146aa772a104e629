"""What a recurrence must do step by step, and nothing more: rewritings of a `Draft`, each keeping the meaning.

In this order: `inlined` puts products read once into their reader; `carried` turns shares from the step walked before
into one buffer that lives on, so that guards at the ends become its initial value; `shared` names what stands in
several places; `hoisted` takes out of a loop whatever does not recur; `with_products` names the products with weights
and joins sums of them, so that layouts can put their operands one below the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import (
    Add,
    Adjoint,
    Guarded,
    Hadamard,
    MatMul,
    Name,
    Node,
    Operation,
    Parameter,
    Scale,
    add,
    hadamard,
    names_in,
    operands_of,
    rebuild,
    subexpressions,
    substitute,
    zeros,
)
from symrnn.algebra.substitution import replace_nodes
from symrnn.numeric.lines import Carry, Draft, Line, recurring
from symrnn.numeric.normal_forms import terms_of
from symrnn.numeric.places import Key, is_static, key_of, lag_of, local, moves


def swept(draft: Draft) -> Draft:
    """All rewritings, one after the other."""
    for rewriting in (inlined, carried, shared, hoisted, with_products):
        draft = rewriting(draft)
    return draft


def _loop_of(draft: Draft) -> Mapping[Key, frozenset[Key]]:
    return {key: loop for loop in recurring(draft) for key in loop}


# --- products read once ---------------------------------------------------------------------------------------------


def inlined(draft: Draft) -> Draft:
    """`ā = f' ⊙ ȳ` with `ȳ = w ⊙ h̄` read nowhere else becomes `ā = f' ⊙ w ⊙ h̄`: its factors can then be gathered."""
    reads = Counter(key_of(name) for line in draft.lines for name in _occurrences(line.expression))
    lines = {line.key: line for line in draft.lines if line.step}
    for line in list(lines.values()):
        single = reads[line.key] == 1 and line.key not in draft.keep
        reader = _reader_at_its_step(line, lines, draft) if single else None
        if reader is not None and isinstance(line.expression, Hadamard | Scale) and _is_factor(reader, line.target):
            whole = replace_nodes(reader.expression, {line.target: line.expression})
            assert isinstance(whole, Hadamard)
            merged = hadamard(*whole.operands)
            lines[reader.key] = replace(reader, expression=merged, says=(*line.says, *reader.says))
            del lines[line.key]
    return draft.with_lines(lines[line.key] if line.step else line for line in draft.lines if not line.step or line.key in lines)


def _occurrences(node: Node) -> Iterator[Name]:
    return (part for part in subexpressions(node) if isinstance(part, Name))


def _reader_at_its_step(line: Line, lines: Mapping[Key, Line], draft: Draft) -> Line | None:
    return next((other for other in lines.values() if line.target in other.reads), None)


def _is_factor(reader: Line, name: Name) -> bool:
    return isinstance(reader.expression, Hadamard) and name in reader.expression.operands


# --- what is carried from step to step ------------------------------------------------------------------------------


def carried(draft: Draft) -> Draft:
    """`h̄_t = g_t + [t+1 ≤ T] Wᵀ ā_{t+1}` becomes `h̄_t = g_t + κ_{t+1}`, `κ_t = Wᵀ ā_t` with κ_{T+1} = 0.

    A share `[t = T] y` of the first step walked becomes κ's initial value.
    """
    loops = _loop_of(draft)
    lines: list[Line] = []
    carries: list[Carry] = []
    for line in draft.lines:
        new = _carried(line, loops[line.key], draft) if line.key in loops else None
        if new is None:
            lines.append(line)
        else:
            lines += [new[0], new[1]]
            carries.append(new[2])
    return replace(draft.with_lines(lines), carries=tuple(carries))


def _carried(line: Line, loop: frozenset[Key], draft: Draft) -> tuple[Line, Line, Carry] | None:
    terms = terms_of(line.expression)
    bodies = {term: body for term in terms if (body := _from_step_before(term, line.step, loop, draft)) is not None}
    if not bodies:
        return None
    initials = {term: body for term in terms if (body := _at_start(term, line.step, loop, draft)) is not None}
    rest = [term for term in terms if term not in bodies and term not in initials]
    kappa = draft.temporary(f"{local(line.target)}_carried", line.target)
    before = kappa.at(draft.index - line.step)
    reader = replace(line, expression=add(*rest, before))
    value = Line(kappa, add(*bodies.values()), line.step, says=line.says)
    return reader, value, Carry(kappa, add(zeros(line.target.shape), *initials.values()))


def _from_step_before(term: Node, step: int, loop: frozenset[Key], draft: Draft) -> Node | None:
    """The body of a share that exists where the step walked before does, as that step sees it."""
    if not isinstance(term, Guarded):
        return None
    lo, at, hi = term.bounds
    edge = hi == draft.last and lo == -sp.oo if step < 0 else lo == draft.first and hi == sp.oo
    if not edge or sp.expand(at - draft.index) != -step:
        return None
    body = substitute(term.operands[0], {draft.index: draft.index + step})
    lags = [lag_of(name, draft.index) for name in names_in(body) if key_of(name) in loop]
    return body if all(lag is not None and lag * step <= 0 for lag in lags) else None


def _at_start(term: Node, step: int, loop: frozenset[Key], draft: Draft) -> Node | None:
    """The body of a share that only the first step walked gets, at that step."""
    start = draft.last if step < 0 else draft.first
    if not isinstance(term, Guarded) or term.bounds != (start, draft.index, start):
        return None
    body = substitute(term.operands[0], {draft.index: start})
    return None if any(key_of(name) in loop for name in names_in(body)) else body


# --- what several places share --------------------------------------------------------------------------------------


def shared(draft: Draft) -> Draft:
    """A name for every function, product or entrywise product that stands in more than one place."""
    lines = list(draft.lines)
    while (found := _most_shared(lines)) is not None:
        known = next((line.target for line in lines if line.step and line.expression == found), None)
        target = known or draft.temporary(_wish(found), found)
        lines = [
            line if line.target == target else replace(line, expression=_replaced(line.expression, found, target))
            for line in lines
        ]
        if known is None:
            position = next(i for i, line in enumerate(lines) if target in line.reads)
            first = lines[position]
            lines.insert(position, Line(target, found, first.step or 1, says=first.says))
    return draft.with_lines(lines)


def _most_shared(lines: list[Line]) -> Node | None:
    counts = Counter(part for line in lines for part in _worthy(line))
    twice = [part for part, count in counts.items() if count > 1]
    return max(twice, key=lambda part: sum(1 for _ in subexpressions(part)), default=None)


def _worthy(line: Line) -> Iterator[Node]:
    node = line.expression.operands[0] if isinstance(line.expression, N.Sum) else line.expression
    return _worthy_parts(node) if line.step or line.is_sum else iter(())


def _worthy_parts(node: Node) -> Iterator[Node]:
    # Below a guard an expression need not exist at every step.
    if isinstance(node, Name | Guarded):
        return
    if node.shape[1] == 1 and not is_static(node) and _is_work(node):
        yield node
    for part in operands_of(node):
        yield from _worthy_parts(part)


def _is_work(node: Node) -> bool:
    if isinstance(node, N.Apply | N.Softmax | MatMul | N.CrossEntropy):
        return True
    return isinstance(node, Hadamard | Add) and sum(isinstance(part, Name) for part in node.operands) > 1


def _replaced(node: Node, old: Node, new: Name) -> Node:
    if node == old:
        return new
    if not isinstance(node, Operation) or isinstance(node, Guarded):
        return node
    args = [_replaced(arg, old, new) if isinstance(arg, Node) and not isinstance(arg, Name) else arg for arg in node.args]
    return node if all(a is b for a, b in zip(args, node.args, strict=True)) else rebuild(node, args)


def _wish(node: Node) -> str:
    names = "_".join(local(name) for name in names_in(node) if not isinstance(name, Parameter))
    if isinstance(node, N.Apply):
        return f"{''.join(c if c.isalnum() else '_' for c in node.activation.name)}_{names}"
    return f"{'product' if isinstance(node, MatMul) else type(node).__name__.lower()}_{names}"


# --- what does not recur --------------------------------------------------------------------------------------------


def hoisted(draft: Draft) -> Draft:
    """`a_t = W x_t + b + U h_{t-1}` becomes `given_t = W x_t + b`, for all t at once, and `a_t = given_t + U h_{t-1}`."""
    loops = _loop_of(draft)
    hoister = _Hoister(draft)
    lines: list[Line] = []
    for line in draft.lines:
        if line.key in loops:
            line = replace(line, expression=hoister.split(line, loops[line.key]))
            lines += hoister.waiting
            hoister.waiting = []
        lines.append(line)
    return draft.with_lines(lines)


class _Hoister:
    """Replaces what does not read the loop by names; their lines wait in `waiting`."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.known: dict[Node, Name] = {line.expression: line.target for line in draft.lines if line.step}
        self.waiting: list[Line] = []

    def split(self, line: Line, loop: frozenset[Key]) -> Node:
        """The expression with every part that does not read the loop replaced."""
        return self._split(line.expression, line, loop)

    def _split(self, node: Node, line: Line, loop: frozenset[Key]) -> Node:
        if isinstance(node, Name | Guarded) or not operands_of(node):
            return node
        if self._is_free(node, loop):
            return self._named(node, line)
        if isinstance(node, Add | Hadamard):
            return self._gathered(node, line, loop)
        if isinstance(node, MatMul) and is_static(node.operands[0]):
            return MatMul(node.operands[0], self._split(node.operands[1], line, loop))
        return node.with_operands(self._split(part, line, loop) for part in node.operands)  # type: ignore[attr-defined]  # it has operands

    def _gathered(self, node: Add | Hadamard, line: Line, loop: frozenset[Key]) -> Node:
        join = add if isinstance(node, Add) else hadamard
        free = [part for part in node.operands if self._is_free(part, loop) and not isinstance(part, Guarded)]
        bound = [self._split(part, line, loop) for part in node.operands if part not in free]
        plain = all(not names_in(part) for part in free)
        if not free or plain:
            return join(*free, *bound)
        return join(self._named(join(*free), line), *bound)

    def _is_free(self, node: Node, loop: frozenset[Key]) -> bool:
        return not any(key_of(name) in loop for name in names_in(node)) and not _has_guard(node)

    def _named(self, node: Node, line: Line) -> Node:
        if isinstance(node, Name) or not names_in(node):
            return node
        if node not in self.known:
            timed = moves(node, self.draft.index)
            wish = f"{local(line.target)}_{'given' if isinstance(node, Add) else 'factor'}"
            target = self.draft.temporary(wish, node, timed)
            self.known[node] = target
            self.waiting.append(Line(target, node, line.step if timed else 0, says=line.says))
        return self.known[node]


def _has_guard(node: Node) -> bool:
    return any(isinstance(part, Guarded) for part in subexpressions(node))


# --- products with weights ------------------------------------------------------------------------------------------


def with_products(draft: Draft) -> Draft:
    """Every product of a weight with what recurs gets a line; `Σ_g U_gᵀ ā_g` becomes one product of stacked columns."""
    loops = _loop_of(draft)
    ranks = Ranks(draft)
    lines: list[Line] = []
    for line in draft.lines:
        if not line.step:
            lines.append(line)
            continue
        joined = _joined(line.expression, ranks, draft)
        products = dict.fromkeys(_products(joined)) if line.key in loops and not isinstance(joined, MatMul) else {}
        names = {part: draft.temporary(f"{local(line.target)}_product", part) for part in products}
        lines += [Line(name, part, line.step, says=line.says) for part, name in names.items()]
        lines.append(replace(line, expression=replace_nodes(joined, names)))
    return draft.with_lines(lines)


def _products(node: Node) -> Iterator[Node]:
    if isinstance(node, Name | Guarded) or is_static(node):
        return
    for part in operands_of(node):
        yield from _products(part)
    if isinstance(node, MatMul) and is_static(node.operands[0]) and node.shape[1] == 1:
        yield node


def _joined(node: Node, ranks: Ranks, draft: Draft) -> Node:
    """A sum with its products `P_g v_g` of plain columns joined into one."""
    if not isinstance(node, Add):
        return node
    products = [term for term in node.operands if is_joinable(term, draft)]
    if len(products) < 2 or len({key_of(operands_of(p)[1]) for p in products}) < len(products):  # type: ignore[arg-type]  # names
        return node
    products.sort(key=lambda term: ranks[operands_of(term)[1]])  # type: ignore[index]  # names
    row = N.BlockMatrix(len(products), *(operands_of(term)[0] for term in products))
    whole = MatMul(row, N.Concat(*(operands_of(term)[1] for term in products)))
    return add(*(term for term in node.operands if term not in products), whole)


def is_joinable(term: Node, draft: Draft) -> bool:
    """Whether a term is a weight times a computed column of this very step."""
    if not (isinstance(term, MatMul) and is_static(term.operands[0]) and isinstance(term.operands[1], Name)):
        return False
    return lag_of(term.operands[1], draft.index) == 0 and key_of(term.operands[1]) in draft.timed


class Ranks:
    """The order in which quantities of one kind are laid side by side: by the activation they go through.

    So that equal activations act on neighbours; an adjoint stands where its quantity does.
    """

    def __init__(self, draft: Draft) -> None:
        self.index = draft.index
        self.lines = {line.key: (position, line) for position, line in enumerate(draft.lines) if line.step}
        self.readers: dict[Key, list[Line]] = {}
        for _, line in self.lines.values():
            for name in line.reads:
                if lag_of(name, draft.index) == 0:
                    self.readers.setdefault(key_of(name), []).append(line)
        activations = [line.expression.activation.name for _, line in self.lines.values() if isinstance(line.expression, N.Apply)]
        self.activations = {name: place for place, name in enumerate(dict.fromkeys(activations))}

    def __getitem__(self, name: Name) -> tuple[int, int]:
        found = self._of(name, 8)
        position = self.lines[key_of(name)][0] if key_of(name) in self.lines else 0
        return found or (len(self.activations), position)

    def _of(self, name: Name, patience: int) -> tuple[int, int] | None:
        if patience == 0:
            return None
        if isinstance(name, Adjoint):
            return self._of(name.of, patience - 1)
        for line in self.readers.get(key_of(name), []):
            if isinstance(line.expression, N.Apply) and line.expression.operands == (name,):
                return self.activations[line.expression.activation.name], self.lines[line.key][0]
        for line in self.readers.get(key_of(name), []):
            if name in terms_of(line.expression) and (found := self._of(line.target, patience - 1)):
                return found
        own = self.lines.get(key_of(name))
        inner = [part for part in own[1].reads if isinstance(part, Adjoint)] if own else []
        return self._of(inner[0], patience - 1) if inner else None


__all__ = ["Ranks", "carried", "hoisted", "inlined", "is_joinable", "shared", "swept", "with_products"]
