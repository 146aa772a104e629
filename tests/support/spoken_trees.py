"""A syntax tree as one line of fully bracketed text, so that a reading can be written down and compared."""

from __future__ import annotations

from symrnn.algebra.reading.syntax import (
    Call,
    Cases,
    Dots,
    Evaluated,
    Group,
    Label,
    Num,
    Partial,
    Quotient,
    Raised,
    Symbol,
    Syntax,
    Terms,
    Times,
    Transposed,
)
from symrnn.checking.claims import Claim, Working


def spoken(tree: Syntax) -> str:
    """The tree, every grouping shown: `(+ a, - b)`, `[a * b]`, `a / b` as `{a | b}`, `h_<t>`."""
    match tree:
        case Num(text=text):
            return text
        case Symbol(base=base, accents=accents, below=below, above=above):
            low = f"_<{', '.join(map(spoken, below))}>" if below else ""
            high = f"^<{', '.join(map(spoken, above))}>" if above else ""
            return "~".join([base, *accents]) + low + high
        case Group(body=body):
            return f"({spoken(body)})"
        case Terms(terms=terms):
            return "(" + ", ".join(("+ " if sign > 0 else "- ") + spoken(term) for sign, term in terms) + ")"
        case Times(factors=factors, operators=operators):
            rest = (f" {operator or '&'} {spoken(part)}" for operator, part in zip(operators, factors[1:], strict=True))
            return f"[{spoken(factors[0])}{''.join(rest)}]"
        case Quotient(over=over, under=under):
            return f"{{{spoken(over)} | {spoken(under)}}}"
        case Raised(base=base, exponent=exponent):
            return f"{spoken(base)}**{spoken(exponent)}"
        case Transposed(body=body):
            return f"{spoken(body)}.T"
        case Call(function=function, arguments=arguments):
            return f"{spoken(function)}({', '.join(map(spoken, arguments))})"
        case Partial(body=body, mark=mark):
            return f"{mark or '∂'}:{spoken(body)}"
        case Label(words=words):
            return f"«{words}»"
        case Dots():
            return "…"
        case Evaluated(body=body, where=where):
            return f"{spoken(body)} at {spoken(where)}"
        case Cases(cases=cases):
            parts = (f"{spoken(value)} if {spoken(when) if when else 'else'}" for value, when in cases)
            return f"cases({'; '.join(parts)})"
    return f"{type(tree).__name__}({', '.join(map(spoken, tree.children))})"


def spoken_claim(claim: Claim) -> str:
    """A chain: its sides and relations; … where a side before it belongs to another claim."""
    parts = [spoken(claim.links[0].before.tree)]
    for link in claim.links:
        parts += [link.relation, spoken(link.after.tree)]
    return " ".join(parts)


def spoken_working(working: Working) -> list[str]:
    """Every claim, every row and everything unread, in order."""
    claims = [spoken_claim(claim) for line in working.lines for claim in line.claims]
    rows = [f"row {' | '.join(spoken(cell.tree) if cell.tree else '–' for cell in row.cells)}" for row in working.rows]
    return [*claims, *rows, *(f"unread: {one.reason}" for one in working.unread)]
