"""Named rewritings of Programs and expressions: each keeps the meaning and says in its reason what it did.

`expose` gives every activation's argument a name, as textbooks do: `h_t = tanh(W h_{t-1} + …)` becomes
`a_t = W h_{t-1} + …` and `h_t = tanh(a_t)`, so that `ā_t` can be spoken of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from symrnn.algebra.nodes import (
    Apply,
    MatMul,
    Name,
    Node,
    Operation,
    Parameter,
    Signal,
    subexpressions,
)
from symrnn.algebra.programs import Equation, Program, Reason
from symrnn.algebra.substitution import replace_nodes

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
    equations: list[Equation] = []
    for equation in program:
        names = _names_for(equation.target, sites[equation.target], len(owners), taken)
        equations += [Equation(name, site.operands[0], PREACTIVATION, equation.domain) for site, name in names.items()]
        expression = replace_nodes(
            equation.expression, {site: site.with_operands((name,)) for site, name in names.items()}
        )
        equations.append(replace(equation, expression=expression))
    return replace_equations(program, tuple(equations))


def replace_equations(program: Program, equations: tuple[Equation, ...]) -> Program:
    """The Program with other equations and the same declarations, unchecked: the rewriting keeps it sound."""
    fields = {name: getattr(program, name) for name in program.__dataclass_fields__}
    return Program.trusted(**(fields | {"equations": equations}))


def _sites(node: Node) -> tuple[Apply, ...]:
    found = (part for part in subexpressions(node) if isinstance(part, Apply))
    return tuple(dict.fromkeys(site for site in found if _is_worth_a_name(site.operands[0])))


def _is_worth_a_name(argument: Node) -> bool:
    return any(isinstance(part, MatMul | Parameter) for part in subexpressions(argument)) and isinstance(
        argument, Operation
    )


def _owner(target: Name) -> str:
    return target.name if isinstance(target, Signal | Parameter) else str(target)


def _all_names(program: Program) -> set[Signal | Parameter]:
    names = [name for equation in program for name in (equation.target, *equation.reads)]
    return {name for name in names if isinstance(name, Signal | Parameter)}


def _names_for(target: Name, sites: tuple[Apply, ...], owners: int, taken: set[str]) -> dict[Apply, Signal]:
    names: dict[Apply, Signal] = {}
    for number, site in enumerate(sites, start=1):
        suffix = "" if len(sites) == 1 else str(number)
        letter = next(letter for letter in ("a", "net", "preactivation", *_endless()) if letter not in taken)
        name = letter + suffix if owners == 1 else f"{letter}_{_owner(target)}{suffix}"
        indices = target.indices if isinstance(target, Signal) else ()
        names[site] = Signal(name, site.shape, *indices)
    return names


def _endless() -> tuple[str, ...]:
    return tuple(f"pre{number}" for number in range(1, 100))


def fold_names(expression: Node, definitions: Mapping[Node, Name]) -> Node:
    """Subexpressions that have a name in the Program written by that name: `softmax(o_t)` as `p_t`."""
    return replace_nodes(expression, definitions)
