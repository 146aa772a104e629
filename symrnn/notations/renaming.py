"""Names exchanged throughout: `U_f` for `W_hf`, and back.

Reads nodes, equations and Programs and a table of names; returns the same with the other names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from symrnn.algebra.nodes import (
    Adjoint,
    Block,
    Immediate,
    Name,
    Node,
    Opaque,
    Parameter,
    Signal,
    Tangent,
)
from symrnn.algebra.nodes import names_in as names_in_node
from symrnn.algebra.programs import Equation, Program, Reason
from symrnn.algebra.substitution import replace_nodes

Thing = TypeVar("Thing", Node, Equation, Program)


def rename(thing: Thing, names: Mapping[str, str]) -> Thing:
    """The same with other names for signals and parameters.

    >>> from symrnn.cells import rnn
    >>> print(rename(rnn(), {"W_h": "W", "W_x": "U"}))
    h_t = tanh(W h_{t-1} + U x_t + b)
    """
    return _renamed(thing, names)


def _renamed(thing: Any, names: Mapping[str, str]) -> Any:
    if isinstance(thing, Program):
        return _program(thing, names)
    if isinstance(thing, Equation):
        reason = Reason(thing.reason.key, _about(thing.reason.about, names))
        return replace(
            thing, target=_name(thing.target, names), expression=_node(thing.expression, names), reason=reason
        )
    return _node(thing, names)


def _about(about: Any, names: Mapping[str, str]) -> Any:
    """What a reason speaks of, however nested."""
    if isinstance(about, tuple):
        return tuple(_about(one, names) for one in about)
    return _renamed(about, names) if isinstance(about, Node | Equation) else about


def names_of(program: Program) -> dict[str, None]:
    """The names of all signals and parameters of a Program, in reading order.

    >>> from symrnn.cells import rnn
    >>> list(names_of(rnn()))
    ['h', 'W_h', 'W_x', 'x', 'b']
    """
    found: dict[str, None] = {}
    for equation in program:
        for name in (equation.target, *equation.reads):
            found.update(dict.fromkeys(_base_names(name)))
    for name in (*program.inputs, *program.parameters, *program.states, *program.given):
        found.update(dict.fromkeys(_base_names(name)))
    return found


def _base_names(name: Node) -> Iterable[str]:
    if isinstance(name, Signal | Parameter):
        yield name.name
    elif isinstance(name, Adjoint | Tangent):
        yield from _base_names(name.of)
    elif isinstance(name, Immediate | Block):
        for side in (name.of, name.wrt):
            for part in names_in_node(side):
                yield from _base_names(part)


def _program(program: Program, names: Mapping[str, str]) -> Program:
    def moved(found: tuple[Name, ...]) -> tuple[Name, ...]:
        return tuple(_name(name, names) for name in found)

    fields = {field: getattr(program, field) for field in program.__dataclass_fields__}
    fields |= {field: moved(getattr(program, field)) for field in _DECLARED}
    fields["equations"] = tuple(rename(equation, names) for equation in program)
    fields["loss"] = None if program.loss is None else _name(program.loss, names)
    return Program(**fields)


_DECLARED = ("inputs", "parameters", "states", "initials", "outputs", "finals", "given")


def _node(node: Node, names: Mapping[str, str]) -> Node:
    if isinstance(node, Name):
        return _name(node, names)
    changes: dict[Node, Node] = {name: _name(name, names) for name in names_in_node(node)}
    return _renamed_values(replace_nodes(node, changes), names)


def _renamed_values(node: Node, names: Mapping[str, str]) -> Node:
    """The value L_t of an opaque L_t(h_t) is an argument, no operand: it is renamed by itself."""
    opaque = (
        {one: Opaque(_name(one.value, names), *one.operands) for one in node.atoms(Opaque)} if node.has(Opaque) else {}
    )
    return replace_nodes(node, opaque)


def _name(name: Name, names: Mapping[str, str]) -> Name:
    if isinstance(name, Signal | Parameter):
        return name.func(names.get(name.name, name.name), *name.args[1:])
    if isinstance(name, Adjoint | Tangent):
        return name.func(_name(name.of, names))
    if isinstance(name, Immediate):
        return Immediate(_name(name.of, names), _name(name.wrt, names))
    if isinstance(name, Block):
        return Block(_node(name.of, names), _node(name.wrt, names), *name.args[2:])
    return name
