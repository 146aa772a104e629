"""One tree, several spellings: nodes, equations and Programs as text and as LaTeX.

Reads nodes, equations or Programs and a `Style`; returns strings. What stands where is decided in `layout`,
how it looks in `spelling`. Text is what a user would type: the grammar reads it back. Importing this module
is what lets nodes and Programs show themselves.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import replace

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.layout import NEUTRAL, Printer, Style, is_boundary
from symrnn.algebra.nodes import Name, Node
from symrnn.algebra.programs import STEPS, Equation, Program, Range, shifted, signal_of
from symrnn.algebra.spelling import LATEX, TEXT

__all__ = [
    "NEUTRAL",
    "Style",
    "equation_to_latex",
    "equation_to_text",
    "program_to_latex",
    "program_to_text",
    "to_latex",
    "to_text",
]


def to_text(node: Node, style: Style = NEUTRAL) -> str:
    """A node as Unicode text, in the spelling a user would type.

    >>> h, a = N.Signal("h", (N.n, 1), N.t), N.Signal("a", (N.n, 1), N.t)
    >>> to_text((1 - h**2) * N.Adjoint(h))
    '(1 - h_t²) ⊙ h̄_t'
    """
    return Printer(TEXT, style).of(node).text


def to_latex(node: Node, style: Style = NEUTRAL) -> str:
    """A node as LaTeX, for mathematics mode with amsmath.

    >>> print(to_latex(N.Parameter("W_hf", (N.n, N.n)) @ N.Signal("h", (N.n, 1), N.t - 1)))
    W_{hf} h_{t-1}
    """
    return Printer(LATEX, style).of(node).text


def equation_to_text(equation: Equation, style: Style = NEUTRAL) -> str:
    """target = expression, as text.

    >>> a = N.Signal("a", (N.n, 1), N.t)
    >>> equation_to_text(Equation(N.Signal("h", (N.n, 1), N.t), N.Apply("tanh", a)))
    'h_t = tanh(a_t)'
    """
    return " = ".join(_sides(Printer(TEXT, style), equation))


def equation_to_latex(equation: Equation, style: Style = NEUTRAL) -> str:
    """target = expression, as LaTeX.

    >>> a = N.Signal("a", (N.n, 1), N.t)
    >>> print(equation_to_latex(Equation(N.Signal("h", (N.n, 1), N.t), N.Apply("sigmoid", a))))
    h_t = \\sigma(a_t)
    """
    return " = ".join(_sides(Printer(LATEX, style), equation))


def _sides(p: Printer, equation: Equation) -> tuple[str, str]:
    return p.of(equation.target).text, p.of(equation.expression).text


# --- Programs -----------------------------------------------------------------------------------------------


def program_to_text(program: Program, style: Style = NEUTRAL) -> str:
    """One equation a line, aligned at `=`, its domain where that is not t = 1..T; then the boundary values.

    >>> h, a = N.Signal("h", (N.n, 1), N.t), N.Signal("a", (N.n, 1), N.t)
    >>> cell = Program("cell", (Equation(h, N.Apply("tanh", a), domain=(STEPS,)),), inputs=(a,))
    >>> print(program_to_text(cell))
    h_t = tanh(a_t)
    """
    p = Printer(TEXT, _style_for(program, style))
    lines = _lines(p, program)
    left = max((_width(line[0]) for line in lines), default=0)
    right = max((_width(line[1]) for line in lines if line[2] and _width(line[1]) <= _FAR), default=0)
    return "\n".join(
        f"{_padded(target, left)} = {_padded(expression, right) + '    ' + domain if domain else expression}"
        for target, expression, domain in lines
    )


_FAR = 72


def _width(text: str) -> int:
    """How many columns a terminal gives the text: accents none, wide characters two."""
    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in text)
    return len(text) + wide - sum(bool(unicodedata.combining(sign)) for sign in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def program_to_latex(program: Program, style: Style = NEUTRAL) -> str:
    """The Program as one `aligned` environment, for display mathematics.

    >>> h, a = N.Signal("h", (N.n, 1), N.t), N.Signal("a", (N.n, 1), N.t)
    >>> cell = Program("cell", (Equation(h, N.Apply("tanh", a), domain=(STEPS,)),), inputs=(a,))
    >>> print(program_to_latex(cell))
    \\begin{aligned}
    h_t &= \\tanh(a_t)
    \\end{aligned}
    """
    p = Printer(LATEX, _style_for(program, style))
    lines = [
        f"{target} &= {expression}" + (f" && {domain}" if domain else "")
        for target, expression, domain in _lines(p, program)
    ]
    return "\n".join((r"\begin{aligned}", " \\\\\n".join(lines), r"\end{aligned}"))


def _style_for(program: Program, style: Style) -> Style:
    loss = program.loss
    return replace(style, loss=loss.name) if isinstance(loss, N.Signal) and not loss.indices else style


def _lines(p: Printer, program: Program) -> list[tuple[str, str, str]]:
    """(target, expression, domain where it is not t = 1..T) of every line."""
    lines = [(*_sides(p, equation), _domain(p, equation)) for equation in program]
    first, *rest = [*_boundary(p, program), p.signs["zero"]]
    return [*lines, (first, p.joined("equals", rest), "")] if rest else lines


def _domain(p: Printer, equation: Equation) -> str:
    return p.joined("comma", [_range(p, place) for place in equation.domain if place != STEPS])


def _range(p: Printer, place: Range) -> str:
    first, last = (place.lo, place.hi) if place.step > 0 else (place.hi, place.lo)
    ends = [p.scalar(end).text for end in ((first, last) if first != last else (first,))]
    return p.joined("equals", [p.scalar(place.index).text, p.joined("dots", ends)])


def _boundary(p: Printer, program: Program) -> list[str]:
    """What the guards of a Program take to be nothing: `ā_{T+1}`."""
    found: dict[Name, None] = {}
    for equation in program:
        for node in N.subexpressions(equation.expression):
            if isinstance(node, N.Guarded) and is_boundary(node):
                found.update(dict.fromkeys(_outside(node)))
    return [p.of(name).text for name in found]


def _outside(node: N.Guarded) -> Iterator[Name]:
    """The names a boundary guard drops, at the steps where it drops them."""
    lo, index, hi = node.bounds
    bound, step = (hi, 1) if hi != sp.oo else (lo, -1)
    lag = index - sp.Add(*index.free_symbols)
    reach = abs(int(lag)) if lag.is_Integer and lag != 0 else 1
    for name in N.names_in(node.operands[0]):
        signal = signal_of(name)
        if isinstance(name, N.Adjoint | N.Tangent) and signal and signal.indices and signal.time == index:
            for k in range(1, reach + 1):
                yield shifted(name, sp.expand(bound + step * k), *signal.indices[1:])


N.PRINTERS["text"] = to_text
N.PRINTERS["latex"] = to_latex
N.PRINTERS["program text"] = program_to_text
N.PRINTERS["program latex"] = program_to_latex
