"""Regimes printed: plain text, LaTeX, one HTML page, and the JSON object other programs rely on."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from types import MappingProxyType
from typing import Any

from symrnn.documents.regime_words import ENGLISH
from symrnn.documents.spelled import padded, width
from symrnn.documents.verdicts import Formula, Line, judged, page_of, relation_of, say, verdict_line
from symrnn.documents.verdicts import regime as regime  # with its printers
from symrnn.regimes.conditions import Condition
from symrnn.regimes.evidence import PRINTERS, Evidence, Regime
from symrnn.regimes.statements import Statement

GREEK = {"φ": r"\varphi"}
SPECIAL = str.maketrans(
    {"&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}"}
    | {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "$": r"\$", "κ": r"$\kappa$", "δ": r"$\delta$"}
    | {"σ": r"$\sigma$", "₁": r"$_1$", "≥": r"$\ge$", "λ": r"$\lambda$", "ρ": r"$\rho$", "→": r"$\to$", "‖": r"$\|$"}
    | {"α": r"$\alpha$", "φ": r"$\varphi$", "−": "$-$", "∞": r"$\infty$", "∂": r"$\partial$", "|": r"$|$"}
    | {"ᵏ": "$^k$", "ᵖ": "$^p$", "⁻": "$^-$", "¹": "$^1$", "≤": r"$\le$"}
)


def to_text(found: Regime, language: str = "en") -> str:
    """For a terminal: sentences, then the table of evidence.

    >>> from symrnn.models.files import load
    >>> from symrnn.regimes.verdicts import regime
    >>> print(to_text(regime(load("example:linear"))).splitlines()[2])
    The gradient vanishes. Proof: |W_h| = 1/2 < 1, for every input and every state.
    """
    page = page_of(found, language)
    title = _text(page.title)
    lines = [title, "=" * width(title), *map(_text, page.sentences)]
    if page.rows:
        lines += ["", page.table_title, *_table([page.heads[:3], *([_text(c) for c in row[:3]] for row in page.rows)])]
    for name, body in page.sections:
        lines += ["", name, *("  " + _text(line) for line in body)]
    return "\n".join(lines) + "\n"


def _text(line: Line) -> str:
    return "".join(part.text if isinstance(part, Formula) else part for part in line)


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(width(row[k]) for row in rows) for k in range(len(rows[0]))]
    shown = ["  " + "  ".join(padded(cell, w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [shown[0], "  " + "  ".join("─" * w for w in widths), *shown[1:]]


def to_latex(found: Regime, language: str = "en") -> str:
    """A LaTeX document of its own; Chinese needs a Unicode engine and ctex."""
    page = page_of(found, language)
    chinese = [r"\usepackage{ctex}"] if language == "zh" else []
    lines = [
        r"\documentclass{article}",
        r"\usepackage{amsmath,amssymb,longtable}",
        *chinese,
        r"\begin{document}",
        rf"\section*{{{_latex(page.title)}}}",
        *(_latex(line) + "\n" for line in page.sentences),
    ]
    if page.rows:
        lines += [rf"\subsection*{{{page.table_title}}}", r"\begin{longtable}{lp{.42\linewidth}p{.42\linewidth}}"]
        lines += [" & ".join(page.heads[:3]) + r" \\ \hline"]
        lines += [" & ".join(_latex(cell) for cell in row[:3]) + r" \\" for row in page.rows]
        lines += [r"\end{longtable}"]
    for name, body in page.sections:
        lines += [rf"\subsection*{{{name}}}", *(_latex(line) + "\n" for line in body)]
    return "\n".join([*lines, r"\end{document}"]) + "\n"


def _latex(line: Line) -> str:
    return "".join(f"${part.latex}$" if isinstance(part, Formula) else _words(part) for part in line)


def _words(text: str) -> str:
    """Words for LaTeX: its own signs escaped, a letter with a bar over it as mathematics."""
    pieces = re.split("(.\u0304)", text)
    return "".join(
        rf"$\bar {GREEK.get(piece[0], piece[0])}$" if number % 2 else piece.translate(SPECIAL)
        for number, piece in enumerate(pieces)
    )


STYLE = (
    "body{font:16px/1.5 serif;max-width:52em;margin:2em auto;padding:0 1em}table{border-collapse:collapse}"
    "td,th{border-bottom:1px solid #999;padding:.2em .6em;text-align:left;vertical-align:top}i{font-style:normal}"
)


def to_html(found: Regime, language: str = "en") -> str:
    """One page without script or request; formulas in Unicode."""
    page = page_of(found, language)
    body = [f"<h1>{_html(page.title)}</h1>", *(f"<p>{_html(line)}</p>" for line in page.sentences)]
    if page.rows:
        head = "".join(f"<th>{escape(each)}</th>" for each in page.heads)
        rows = "".join("<tr>" + "".join(f"<td>{_html(cell)}</td>" for cell in row) + "</tr>\n" for row in page.rows)
        body += [f"<h2>{escape(page.table_title)}</h2>", f"<table><tr>{head}</tr>\n{rows}</table>"]
    for name, lines in page.sections:
        body += [f"<h2>{escape(name)}</h2>", *(f"<p>{_html(line)}</p>" for line in lines)]
    title = escape(_text(page.title))
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head>\n<body>\n" + "\n".join(body) + "\n</body></html>\n"
    )


def _html(line: Line) -> str:
    return "".join(f"<i>{escape(p.text)}</i>" if isinstance(p, Formula) else escape(p) for p in line)


# --- JSON -------------------------------------------------------------------------------------------------------------


def to_dict(found: Regime) -> dict[str, Any]:
    """The JSON object as Python data: verdict, kind, rate, half_life, reasons, measured."""
    content: dict[str, Any] = {
        "name": found.name,
        "verdict": found.verdict,
        "kind": found.kind,
        "rate": _finite(found.rate),
        "half_life": _finite(found.half_life),
        "sentence": _text(verdict_line(found)),
        "reasons": [_reason(each) for each in found.evidence],
        "measured": {key: _finite(value) for key, value in found.measured.items()},
    }
    if found.conditions:
        content["conditions"] = [_condition(each) for each in found.conditions]
    if found.notes:
        content["notes"] = [str(note) for note in found.notes]
    if found.rate is None:
        content["rate_reason"] = "no rate: the verdict is undecided"
    if found.half_life is None:
        content["half_life_reason"] = "no half-life: the gradient neither vanishes nor explodes, or is undecided"
    if found.growth is not None:
        content["growth"] = found.growth
    return content


def _reason(evidence: Evidence) -> dict[str, Any]:
    content = {
        "name": evidence.theorem.name,
        "statement": evidence.statement.spelled(),
        "holds": evidence.holds,
        "value": str(evidence.exact) if evidence.exact is not None else _finite(evidence.value),
        "source": evidence.theorem.source,
        "kind": evidence.kind,
        "implies": evidence.implies or None,
        "scope": evidence.scope.key,
        "assumptions": [ENGLISH[key] for key in evidence.theorem.assumptions],
        "latex": evidence.statement.spelled("latex"),
    }
    if evidence.error is not None:
        content["standard_error"] = _finite(evidence.error)
    if evidence.bound is not None:
        content["bound"] = {
            "relation": ">=" if evidence.bound.below else "<=",
            "C": _finite(evidence.bound.constant),
            "r": _finite(evidence.bound.rate),
        }
    if content["value"] is None:
        content["value_reason"] = "not finite"
    return content


def _condition(condition: Condition) -> dict[str, Any]:
    content = {
        "name": condition.theorem.name,
        "inequalities": [
            each.spelled() if isinstance(each, Statement) else str(each) for each in condition.inequalities
        ],
        "latex": [
            each.spelled("latex") if isinstance(each, Statement) else relation_of(each).latex
            for each in condition.inequalities
        ],
        "implies": condition.implies or None,
        "scope": condition.scope.key,
        "source": condition.theorem.source,
    }
    if condition.symbol is not None:
        content["solved_for"] = str(condition.symbol)
        content["solution"] = None if condition.solved is None else str(condition.solved)
        content["boundaries"] = [str(each) for each in condition.boundaries]
    return content


def _finite(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def to_json(found: Regime, language: str = "en") -> str:
    """One JSON object, keys in a fixed order."""
    return json.dumps(to_dict(found), ensure_ascii=False, indent=2) + "\n"


def several(regimes: Sequence[Regime]) -> str:
    """Several as one JSON object."""
    return json.dumps({"regimes": [to_dict(each) for each in regimes]}, ensure_ascii=False, indent=2) + "\n"


# --- several ----------------------------------------------------------------------------------------------------------


def table_of(regimes: Sequence[Regime], language: str = "en") -> str:
    """Several models in one table: model, verdict, rate, half-life, reason."""
    keys = ("model", "verdict", "rate", "half-life", "reason")
    rows = [["".join(map(str, say(key, language))) for key in keys]]
    for found in regimes:
        kind = "".join(map(str, say("proved" if found.kind == "proved" else "is measured", language)))
        verdict = "".join(map(str, say(found.verdict, language)))
        reason = judged(found.reason).text if found.reason else ""
        rows.append([found.name, f"{verdict} ({kind})", _short(found.rate), _short(found.half_life), reason])
    return "\n".join(_table(rows)) + "\n"


def _short(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


FORMATS: Mapping[str, Callable[..., str]] = MappingProxyType(
    {"text": to_text, "latex": to_latex, "html": to_html, "json": to_json}
)
PRINTERS.update(FORMATS)
