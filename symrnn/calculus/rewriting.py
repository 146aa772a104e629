"""Named rewritings of Programs and expressions: each keeps the meaning and says in its reason what it did.

`expose` gives every activation's argument a name, as textbooks do: `h_t = tanh(W h_{t-1} + …)` becomes
`a_t = W h_{t-1} + …` and `h_t = tanh(a_t)`, so that `ā_t` can be spoken of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from symrnn.algebra.nodes import (
    Add,
    Apply,
    MatMul,
    Name,
    Node,
    Operation,
    Parameter,
    Signal,
    operands_of,
    subexpressions,
)
from symrnn.algebra.programs import Equation, Program, Reason
from symrnn.algebra.substitution import replace_nodes
from symrnn.errors import CheckFailedError

PREACTIVATION = Reason("preactivation")


def expose(program: Program) -> Program:
    """The same Program with a name for every activation's argument that is more than a name.

    >>> from symrnn.cells import rnn
    >>> [str(equation.target) for equation in expose(rnn())]
    ['a_t', 'h_t']
    """
    sites = {equation.target: _sites(equation.expression) for equation in program}
    owners = {_owner(target) for target, found in sites.items() if found}
    taken = {name.name for name in _all_names(program)}
    owned: dict[tuple[str, str], str] = {}
    equations: list[Equation] = []
    for equation in program:
        changes: dict[Node, Node] = {}
        found = sites[equation.target]
        for number, site in enumerate(found, start=1):
            suffix = "" if len(found) == 1 else str(number)
            key = (_owner(equation.target), suffix)
            if key not in owned:
                # An unrolled signal's argument has one name at all its steps.
                owned[key] = _free_name(key[0] if len(owners) > 1 else "", suffix, taken)
            signal = _argument(owned[key], site, equation.target)
            equations.append(Equation(signal, replace_nodes(site.operands[0], changes), PREACTIVATION, equation.domain))
            changes[site] = site.with_operands((signal,))
        equations.append(replace(equation, expression=replace_nodes(equation.expression, changes)))
    return replace_equations(program, tuple(equations))


def without_argument_names(node: Node, program: Program) -> Node:
    """An expression in the names of `expose(program)` without those that it gave to arguments."""
    for equation in reversed(expose(program).equations):
        if equation.reason == PREACTIVATION:
            node = replace_nodes(node, {equation.target: equation.expression})
    return node


def replace_equations(program: Program, equations: tuple[Equation, ...]) -> Program:
    """The Program with other equations and the same declarations, unchecked: the rewriting keeps it sound."""
    fields = {name: getattr(program, name) for name in program.__dataclass_fields__}
    return Program.trusted(**(fields | {"equations": equations}))


def _sites(node: Node) -> tuple[Apply, ...]:
    """Activations of arguments worth a name, from the inside out."""
    return tuple(dict.fromkeys(site for site in _inside_out(node) if _is_worth_a_name(site.operands[0])))


def _inside_out(node: Node) -> Iterator[Apply]:
    for part in operands_of(node):
        yield from _inside_out(part)
    if isinstance(node, Apply):
        yield node


def _is_worth_a_name(argument: Node) -> bool:
    """Whether it holds a weight, or is a sum whose weights are numbers."""
    weighted = any(isinstance(part, MatMul | Parameter) for part in subexpressions(argument))
    return isinstance(argument, Add) or (weighted and isinstance(argument, Operation))


def _owner(target: Name) -> str:
    return target.name if isinstance(target, Signal | Parameter) else str(target)


def _all_names(program: Program) -> set[Signal | Parameter]:
    names = [name for equation in program for name in (equation.target, *equation.reads)]
    return {name for name in names if isinstance(name, Signal | Parameter)}


def _free_name(owner: str, suffix: str, taken: set[str]) -> str:
    """`a`, or `a_f` where several quantities have arguments; the next letter where that is taken."""
    for letter in ("a", "net", "preactivation", *_endless()):
        name = f"{letter}_{owner}{suffix}" if owner else f"{letter}{suffix}"
        if name not in taken and letter not in taken:
            taken.add(name)
            return name
    raise CheckFailedError(found="no name left for an argument", write="other names in the cell")


def _argument(name: str, site: Apply, target: Name) -> Signal:
    indices = target.indices if isinstance(target, Signal) else ()
    return Signal(name, site.shape, *indices)


def _endless() -> tuple[str, ...]:
    return tuple(f"pre{number}" for number in range(1, 100))


def fold_names(expression: Node, definitions: Mapping[Node, Name]) -> Node:
    """Subexpressions that have a name in the Program written by that name: `softmax(o_t)` as `p_t`."""
    return replace_nodes(expression, definitions)
