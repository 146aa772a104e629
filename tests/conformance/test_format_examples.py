"""Lines as real documents write them: every one is read, and read as what it says."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from spoken_trees import spoken_claim, spoken_working

from symrnn.algebra.reading.syntax import Call, Group, Num, Quotient, Raised, Symbol, Syntax, Terms, Times
from symrnn.checking.claims import Link
from symrnn.checking.reading.workings import read_working

from .truth import SHARED

DATA = Path(__file__).parent / "data" / "readings.json"


@cache
def data() -> dict[str, Any]:
    """The carried lines."""
    return json.loads(DATA.read_text(encoding="utf-8"))


class TestFormatExamples:
    """The target: 95 of 100 lines read, none misread."""

    def test_share_of_lines_read(self) -> None:
        """The figures are printed (pytest -s)."""
        lines = data()["format_examples"]
        readings = [spoken_working(read_working(line["line"])) for line in lines]
        read = [bool(reading) and not any(part.startswith("unread") for part in reading) for reading in readings]
        misread = [line for line, reading in zip(lines, readings, strict=True) if reading != line["reading"]]
        print(f"\nformat examples: {sum(read)} of {len(lines)} lines read, {len(misread)} misread")
        assert sum(read) >= 0.95 * len(lines)
        assert misread == []


class TestTexts:
    """The equalities of five texts, two of them with their formulas in plain Unicode."""

    @pytest.mark.parametrize("case", data()["texts"], ids=lambda case: f"{case['seed']}-{case['line']}")
    def test_each_equality(self, case: dict[str, Any]) -> None:
        """Standing alone, it is read as within its text."""
        text = f"$${case['text']}$$" if case["latex"] else case["text"].replace("**", "")
        claims = [claim for line in read_working(text).lines for claim in line.claims]
        assert [spoken_claim(claim) for claim in claims] == [case["reading"]]

    def test_the_texts_themselves(self) -> None:
        """Where they are at hand: every equality at its line, nothing unread."""
        folder = SHARED.parent / "seeds"
        if not folder.is_dir():
            pytest.skip("the texts are not beside this checkout")
        found = []
        for path in sorted(folder.glob("*.txt")):
            working = read_working(path.read_bytes(), path.name)
            assert working.unread == ()
            found += [
                (path.name[:3], claim.place.line, claim.kind.value, spoken_claim(claim))
                for line in working.lines
                for claim in line.claims
            ]
        print(f"\ntexts: {len(found)} of {len(data()['texts'])} chains read")
        assert found == [(case["seed"], case["line"], case["kind"], case["reading"]) for case in data()["texts"]]


FUNCTIONS = {
    "tanh": math.tanh,
    "sigma": lambda x: 1 / (1 + math.exp(-x)),
    "ReLU": lambda x: max(0.0, x),
}


def value_of(tree: Syntax) -> float | None:
    """The number a tree without names stands for: an evaluation that shares nothing with the reader."""
    match tree:
        case Num(value=value):
            return float(value)
        case Symbol(base="e", below=(), above=(), accents=()):
            return math.e
        case Group(body=body):
            return value_of(body)
        case Terms(terms=terms):
            values = [value_of(term) for _, term in terms]
            return None if None in values else math.fsum(s * v for (s, _), v in zip(terms, values, strict=True))
        case Times(factors=factors):
            values = [value_of(factor) for factor in factors]
            return None if None in values else math.prod(values)
        case Quotient(over=over, under=under):
            top, bottom = value_of(over), value_of(under)
            return None if top is None or bottom is None else top / bottom
        case Raised(base=base, exponent=exponent):
            low, high = value_of(base), value_of(exponent)
            return None if low is None or high is None else low**high
        case Call(function=Symbol(base=name, accents=()), arguments=(argument,)) if name in FUNCTIONS:
            inside = value_of(argument)
            return None if inside is None else FUNCTIONS[name](inside)
    return None


def error_in_units(link: Link) -> float | None:
    """How far the two sides of a numeric link are apart, in units of the last digit shown."""
    before, after = value_of(link.left), value_of(link.right)
    figure = link.after.figure or link.before.figure
    if before is None or after is None or figure is None:
        return None
    return max(0.0, abs(before - after) - 1e-5) / float(figure.unit)


def as_markdown(text: str) -> str:
    """A published line in an item of a list, its mathematics between dollars."""
    return f"- ${text}$" if "\\" in text else f"- {text}"


class TestPublishedClaims:
    """274 claims of published documents, written out as Markdown."""

    def test_share_of_claims_read(self) -> None:
        """Those without a relation hold nothing to be read."""
        claims = [
            claim
            for claim in data()["claims"]
            if any(sign in claim["text"] for sign in "=<>≈") or "approx" in claim["text"]
        ]
        workings = [read_working(as_markdown(claim["text"])) for claim in claims]
        read = sum(bool(working.lines) and not working.unread for working in workings)
        print(f"\npublished claims: {read} of {len(claims)} read")
        assert read >= 0.98 * len(claims)

    @pytest.mark.parametrize("verdict", ["right", "rounded", "last_digit", "propagated"])
    def test_what_holds_for_the_author_holds_for_the_reading(self, verdict: str) -> None:
        """A misread sign, product or digit would make a true equality false; carried rounding is a few units.

        One document shows an operand with four digits and the result with six: 1e-5 is left to it.
        """
        links = [
            (claim["text"], link, error)
            for claim in data()["claims"]
            if claim["verdict"] == verdict
            for link in read_working(as_markdown(claim["text"])).links
            if link.relation in ("=", "≈") and (error := error_in_units(link)) is not None
        ]
        wrong = [(text, error) for text, link, error in links if error > 5.5]
        print(f"\n{verdict}: {len(links)} numeric links, {len(wrong)} off")
        assert len(links) > 4
        assert wrong == []

    def test_exact_decimals(self) -> None:
        """Digits are fractions from the token on."""
        (link,) = read_working("0.1 + 0.2 = 0.3").links
        assert link.right == Num(Fraction(3, 10))
