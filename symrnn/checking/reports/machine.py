"""A report for programs: JSON, SARIF 2.1.0 and GitHub's annotations; keys and ids are stable."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from symrnn.checking.reports.tally import tally_line
from symrnn.checking.reports.unread import unread_words
from symrnn.checking.reports.words import mistake_words, reason_words, verdict_words
from symrnn.checking.verdicts import FINDINGS, Diagnosis, Finding, Piece, Report, Verdict

RULES = {verdict: f"SR5{k:02d}" for k, verdict in enumerate(Verdict)}
"""A stable id for each verdict."""
LEVELS = {Verdict.WRONG: "error", Verdict.UNDEFINED: "error", Verdict.LUCKY: "error", Verdict.FOLLOWS: "warning"}


def to_dict(report: Report, language: str = "en") -> dict[str, Any]:
    """The report as Python data; keys, verdicts and ids are the same in every language."""
    content: dict[str, Any] = {
        "links": [_link(finding, language) for finding in report.findings],
        "first_wrong": report.first_wrong,
        "unread": [
            {
                "file": unread.place.file,
                "line": unread.place.line,
                "column": unread.place.column,
                "text": unread.text,
                "reason": unread_words(unread.reason, language),
            }
            for unread in report.unread
        ],
        "tally": report.tally,
    }
    if report.model:
        content["model"] = report.model
    if report.mapping:
        content["names"] = dict(report.mapping)
    if report.notes:
        content["notes"] = [reason_words(note, language) for note in report.notes]
    return content


def _link(finding: Finding, language: str) -> dict[str, Any]:
    return {
        "file": finding.place.file,
        "line": finding.place.line,
        "column": finding.place.column,
        "text": finding.text,
        "verdict": finding.verdict.value,
        "written": finding.written,
        "expected": finding.expected,
        "follows_from": finding.follows_from,
        "mistakes": [_mistake(one, language) for one in finding.mistakes],
        "piece": _piece(finding.piece, language),
        "reason": reason_words(finding.reason, language),
    }


def _mistake(one: Diagnosis, language: str) -> dict[str, str]:
    name, sentence, wrong, right = mistake_words(one, language)
    return {
        "id": one.id,
        "name": name,
        "sentence": sentence,
        "wrong": wrong,
        "right": right,
        "corrected": one.corrected,
    }


def _piece(piece: Piece | None, language: str) -> dict[str, Any] | None:
    """The smallest part that differs."""
    if piece is None:
        return None
    place = piece.place
    return {
        "line": place.line,
        "column": place.column,
        "length": place.length,
        "text": piece.text,
        "reason": reason_words(piece.reason, language),
    }


def merged(reports: Sequence[Report], language: str = "en") -> dict[str, Any]:
    """Several reports as one object: their links in a row, indices counted on."""
    if len(reports) == 1:
        return to_dict(reports[0], language)
    content: dict[str, Any] = {"links": [], "first_wrong": None, "unread": [], "tally": {}}
    for report in reports:
        shift, part = len(content["links"]), to_dict(report, language)
        for link in part["links"]:
            if link["follows_from"] is not None:
                link["follows_from"] += shift
        content["links"] += part["links"]
        content["unread"] += part["unread"]
        if content["first_wrong"] is None and part["first_wrong"] is not None:
            content["first_wrong"] = part["first_wrong"] + shift
        for key, count in part["tally"].items():
            content["tally"][key] = content["tally"].get(key, 0) + count
    return content


def to_json(reports: Sequence[Report], language: str = "en") -> str:
    """One JSON object."""
    return json.dumps(merged(reports, language), ensure_ascii=False, indent=2) + "\n"


def to_github(reports: Sequence[Report], language: str = "en") -> str:
    """Workflow commands that GitHub shows beside the lines."""
    lines = []
    for report in reports:
        for finding in report.findings:
            if finding.verdict in FINDINGS:
                level = "error" if LEVELS[finding.verdict] == "error" else "warning"
                place = finding.place
                spot = f"file={_escaped(place.file or '', True)},line={place.line},col={place.column}"
                lines.append(f"::{level} {spot},title={RULES[finding.verdict]}::{_escaped(_said(finding, language))}")
        lines.append(_escaped(tally_line(report, language)))
    return "\n".join(lines) + "\n"


def _said(finding: Finding, language: str) -> str:
    parts = [f"{finding.text}: {verdict_words(finding.verdict, language)}"]
    if finding.expected is not None:
        parts.append(finding.expected)
    parts += [mistake_words(mistake, language)[1] for mistake in finding.mistakes]
    return "; ".join(parts)


def _escaped(text: str, is_property: bool = False) -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if is_property else text


def to_sarif(reports: Sequence[Report], version: str, language: str = "en") -> str:
    """SARIF 2.1.0: one result for each finding."""
    results = [
        _result(finding, language) for report in reports for finding in report.findings if finding.verdict in FINDINGS
    ]
    rules = [
        {"id": rule, "name": verdict.value, "shortDescription": {"text": verdict_words(verdict, language)}}
        for verdict, rule in RULES.items()
        if verdict in FINDINGS
    ]
    driver = {"name": "symrnn", "version": version, "rules": rules}
    content = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _result(finding: Finding, language: str) -> dict[str, Any]:
    place = finding.place
    region = {"startLine": place.line, "startColumn": place.column, "endColumn": place.column + place.length}
    location = {"physicalLocation": {"artifactLocation": {"uri": place.file or "stdin"}, "region": region}}
    return {
        "ruleId": RULES[finding.verdict],
        "level": LEVELS[finding.verdict],
        "message": {"text": _said(finding, language)},
        "locations": [location],
    }
