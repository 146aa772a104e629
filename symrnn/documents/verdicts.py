"""A regime in words: the plain sentence first, then C and r, then all evidence and what was measured.

Reads a `Regime`; returns a `Page` of sentences whose mathematics stays apart from its words, for a renderer to set.
English here, other languages by the catalogue `regime`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from symrnn.documents.regime_words import ENGLISH
from symrnn.languages import translated
from symrnn.regimes.conditions import Condition
from symrnn.regimes.evidence import Evidence, Regime, Scope
from symrnn.regimes.statements import Statement
from symrnn.regimes.verdicts import regime as regime

PLACE = re.compile(r"\{(\d+)\}")


@dataclass(frozen=True)
class Formula:
    """A piece of mathematics in both spellings."""

    text: str
    latex: str


Part = str | Formula
Line = tuple[Part, ...]


@dataclass(frozen=True)
class Page:
    """Title, sentences, a table of evidence and sentences about figures, each a line of words and formulas."""

    title: Line
    sentences: tuple[Line, ...]
    sections: tuple[tuple[str, tuple[Line, ...]], ...] = ()
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[Line, ...], ...] = ()
    table_title: str = ""


def say(key: str, language: str, *about: Any) -> Line:
    """The sentence of a key as words and formulas.

    >>> say("entered", "en", 3)
    ('The bound holds from step ', '3', ' on, where the orbit is near.')
    """
    parts: list[Part] = []
    for number, piece in enumerate(PLACE.split(translated(ENGLISH[key], language, "regime"))):
        if number % 2 == 0:
            parts += [piece] if piece else []
            continue
        value = about[int(piece)]
        parts += list(value) if isinstance(value, tuple) else [value if isinstance(value, Formula) else _number(value)]
    return tuple(parts)


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def formula_of(statement: Statement, shown: str | None = None) -> Formula:
    """A statement, with its figure in between where there is one."""
    if shown is None:
        return Formula(statement.spelled("text"), statement.spelled("latex"))
    return Formula(statement.with_value(shown, "text"), statement.with_value(_latex_number(shown), "latex"))


def _latex_number(shown: str) -> str:
    return re.sub(r"e([+-]\d+)$", lambda found: rf" \cdot 10^{{{int(found[1])}}}", shown)


def judged(evidence: Evidence) -> Formula:
    """A piece of evidence as a true sentence: the relation turned round where the condition fails."""
    statement = evidence.statement
    if evidence.kind == "measured" and evidence.error is not None and math.isfinite(evidence.value):
        shown = f"{evidence.value:.4f} ± {evidence.error:.4f}"
        end = "" if statement.relation == "=" else f" {statement.relation} {statement.right}"
        text, latex = statement.product("text"), statement.product("latex")
        return Formula(f"{text} = {shown}{end}", f"{latex} = {shown}{end}".replace("±", r"\pm"))
    if evidence.holds is False:
        turned = {"<": "≥", ">": "≤", "≤": ">", "≥": "<", "=": "≠"}[statement.relation]
        statement = Statement(statement.factors, turned, statement.right)
    return formula_of(statement, evidence.shown)


def scope_words(scope: Scope, language: str) -> Line:
    """For whom: "every input and every state"."""
    if scope.key == "undriven":
        return say("undriven orbits", language)
    if scope.key == "orbit":
        return say("orbit point" if scope.about[0] == 1 else "orbit cycle", language, *scope.about)
    return say(scope.key, language, *scope.about)


def verdict_line(found: Regime, language: str = "en") -> Line:
    """The verdict in a plain sentence."""
    carrier = found.reason
    if found.conditions:
        return _condition(found.conditions[0], language)[0]
    if found.verdict == "undecided" or carrier is None:
        value, error = (found.measured.get(key, [math.nan])[0] for key in ("lyapunov", "errors"))
        shown = f"{value:.4f} ± {error:.4f}"
        figure = Formula(f"λ₁ = {shown}", rf"\lambda_1 = {value:.4f} \pm {error:.4f}")
        return say(f"undecided {found.kind}", language, figure)
    peak = found.measured.get("largest_norm", math.nan)
    return say(f"{found.verdict} {carrier.kind}", language, judged(carrier), scope_words(carrier.scope, language), peak)


def page_of(found: Regime, language: str = "en") -> Page:
    """The whole regime: verdict, rate, bound, evidence, figures.

    >>> from symrnn.models.files import load
    >>> page_of(regime(load("example:linear"))).sentences[0][0]
    'The gradient vanishes. Proof: '
    """
    head = say("title", language, found.name)
    lines: list[Line] = [(_note(each, language),) for each in found.notes]
    if found.conditions:
        return Page(head, (*lines, *(line for each in found.conditions for line in _condition(each, language))))
    lines += [verdict_line(found, language), *_rate(found, language), *_bound(found.reason, language)]
    sections = [("measured", tuple(_figures(found, language)))]
    heads = tuple("".join(map(str, say(key, language))) for key in ("holds", "condition", "says", "source"))
    rows = tuple(_row(each, language) for each in found.evidence)
    return Page(
        head,
        tuple(lines),
        tuple((_plain(title, language), body) for title, body in sections if body),
        heads if rows else (),
        rows,
        _plain("evidence", language),
    )


def _note(note: Any, language: str) -> str:
    return translated(note.message, language, "regime").format(*note.values)


def _condition(condition: Condition, language: str) -> Sequence[Line]:
    """One condition: what it implies, for whom, where."""
    shown: list[Part] = []
    for each in condition.inequalities:
        shown += [", "] if shown else []
        shown.append(formula_of(each) if isinstance(each, Statement) else relation_of(each))
    name = say(condition.theorem.name, language)
    premises = [key for key in condition.theorem.assumptions if key == "gate suprema"]
    about = tuple(shown), scope_words(condition.scope, language), name
    lines = [say(f"where {condition.implies}" if condition.implies else "where", language, *about)]
    lines += [say("assumes", language, (_plain(key, language),)) for key in premises]
    if condition.solved is not None:
        lines.append(say("set", language, relation_of(condition.symbol), relation_of(condition.solved)))
    elif condition.boundaries:
        ends: list[Part] = []
        for end in condition.boundaries:
            ends += [", "] if ends else []
            ends.append(relation_of(end))
        lines.append(say("boundaries", language, relation_of(condition.symbol), tuple(ends)))
    return lines


def relation_of(expression: Any) -> Formula:
    """A relation, set or expression of SymPy's in both spellings.

    >>> import sympy as sp
    >>> relation_of(sp.Abs(sp.Symbol("w")) < 1).text
    '|w| < 1'
    """
    import sympy as sp

    if isinstance(expression, sp.core.relational.Relational):
        signs = {"<": ("<", "<"), ">": (">", ">"), "<=": ("≤", r"\le"), ">=": ("≥", r"\ge"), "==": ("=", "=")}
        text, latex = signs[expression.rel_op]
        left, right = relation_of(expression.lhs), relation_of(expression.rhs)
        return Formula(f"{left.text} {text} {right.text}", f"{left.latex} {latex} {right.latex}")
    if isinstance(expression, sp.Or):
        parts = [relation_of(each) for each in expression.args]
        return Formula(" ∨ ".join(p.text for p in parts), r" \lor ".join(p.latex for p in parts))
    return Formula(_expression_text(expression), sp.latex(expression))


def _expression_text(expression: Any) -> str:
    import sympy as sp

    if isinstance(expression, sp.Set):
        return sp.pretty(expression, use_unicode=True, wrap_line=False).replace("\n", " ")
    text = str(expression)
    text = re.sub(r"Abs\(([^()]*)\)", r"|\1|", text)
    return text.replace("**2", "²").replace("**3", "³").replace("*", "·")


def _plain(key: str, language: str) -> str:
    return "".join(str(part) for part in say(key, language))


def _row(evidence: Evidence, language: str) -> tuple[Line, ...]:
    mark = {True: "yes", False: "no", None: "not checked"}[evidence.holds]
    name = say(evidence.theorem.name, language)
    return say(mark, language), (judged(evidence),), name, (evidence.theorem.source,)


def _rate(found: Regime, language: str) -> Sequence[Line]:
    if found.verdict == "marginal" and found.kind == "proved":
        return [say("growth", language, found.growth) if found.growth else say("growth none", language)] * (
            found.growth is not None
        )
    if found.rate is None or found.half_life is None:
        return []
    if found.rate == 0.0:
        return [say("gone", language)]
    return [say("doubles" if found.rate > 1 else "halves", language, found.rate, found.half_life)]


def _bound(evidence: Evidence | None, language: str) -> Sequence[Line]:
    if evidence is None:
        return []
    lines = [say(key, language, *about) for key, about in evidence.notes if key in ("within rounding", "entered")]
    lines += _assumptions(evidence, language)
    if evidence.bound is None or evidence.kind != "proved":
        return lines
    c, r, sign = evidence.bound.constant, evidence.bound.rate, "≥" if evidence.bound.below else "≤"
    text = f"‖∂s_{{t+k}}/∂s_t‖ {sign} {c:.4g} · {r:.6g}^k"
    relation = r"\ge" if evidence.bound.below else r"\le"
    latex = (
        rf"\lVert \partial s_{{t+k}}/\partial s_t \rVert {relation} {_latex_number(f'{c:.4g}')} \cdot "
        rf"({_latex_number(f'{r:.6g}')})^k"
    )
    key = "bounded below" if evidence.bound.below else "bounded above"
    return [say(key, language, Formula(text, latex)), *lines]


def _spectrum(name: str, figures: Mapping[str, float], language: str) -> Line:
    """ρ, σ₁, numerical abscissa and radius of one matrix."""
    rows = (
        ("radius", "ρ", r"\rho"),
        ("norm", "σ₁", r"\sigma_1"),
        ("numerical_radius", "w", "w"),
        ("numerical_abscissa", "ω", r"\omega"),
        ("kreiss", "K", "K"),
    )
    kept = [(text, latex, f"{figures[key]:.4g}") for key, text, latex in rows if key in figures]
    values = Formula(
        ", ".join(f"{text} = {value}" for text, _, value in kept),
        r",\ ".join(f"{latex} = {_latex_number(value)}" for _, latex, value in kept),
    )
    shown = Formula(name, name if "_" not in name else "{}_{{{}}}".format(*name.split("_", 1)))
    return say("spectrum", language, shown, values, f"{100 * figures['henrici_relative']:.0f} %")


def _assumptions(evidence: Evidence, language: str) -> Sequence[Line]:
    keys = [key for key in evidence.theorem.assumptions if not (evidence.scope.key == "every" and "box" in key)]
    if not keys:
        return []
    joined = "；" if language == "zh" else "; "
    return [say("assumes", language, (joined.join(_plain(key, language) for key in keys),))]


def _figures(found: Regime, language: str) -> Sequence[Line]:
    figures = found.measured
    lines = []
    if figures.get("lyapunov"):
        shown = ", ".join(
            f"{value:.4f} ± {error:.4f}" if math.isfinite(value) and math.isfinite(error) else f"{value:.4g}"
            for value, error in zip(figures["lyapunov"][:4], figures["errors"][:4], strict=True)
        )
        lines.append(say("exponents", language, Formula(shown, shown.replace("±", r"\pm")), figures["steps"]))
    if "largest_norm" in figures:
        norms = (float(figures[key]) for key in ("largest_norm", "last_norm"))
        lines.append(say("largest norm", language, *norms, figures["lags"]))
    if "memory_length" in figures:
        length = figures["memory_length"]
        lines.append(say("memory none", language) if length is None else say("memory", language, length))
    if figures.get("open"):
        shares = ", ".join(f"{name} {share:.2f}" for name, share in figures["open"].items())
        lines.append(say("open", language, Formula(shares, rf"\text{{{shares}}}".replace("_", r"\_"))))
    lines += [_spectrum(name, each, language) for name, each in figures.get("spectra", {}).items()]
    checks = figures.get("checks", {})
    if "sum_rule" in checks:
        lines.append(say("sum rule", language, float(checks["sum_rule"])))
    if "transposed" in checks:
        lines.append(say("transposed", language, checks["transposed"], checks["transposed_allowed"]))
    if "cell_path_rate" in figures:
        path = float(figures["cell_path_rate"]), float(figures["cell_path_memory_time"])
        lines.append(say("cell path figure", language, *path))
    return lines
