"""The judge: every line of a working in order, and what kind of claim each is.

Reads a `Working` and a `Page`; returns findings. Chains of equalities go to `chains`; lists are data, updates and
conditions are no claims, comparisons are judged where both sides have values.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

from symrnn.algebra.reading.syntax import Stack, Syntax
from symrnn.checking.arithmetic import Evaluator
from symrnn.checking.chains import ChainJudge
from symrnn.checking.claims import Claim, Kind, Line, Link, Working
from symrnn.checking.conditions import Conditions
from symrnn.checking.digits import Digits, digits_of
from symrnn.checking.ledger import Ledger
from symrnn.checking.mentions import names_of
from symrnn.checking.naming import Derivative, Name, name_of
from symrnn.checking.numbers import Number, less, same, sharp
from symrnn.checking.page import Page, Record, Scope
from symrnn.checking.reasons import NoValue
from symrnn.checking.statements import pairs_of
from symrnn.checking.truths import ModelTruths
from symrnn.checking.updates import UpdateJudge, pages_after, updated
from symrnn.checking.verdicts import Finding, Reason, Verdict


@dataclass
class Judge:
    """Judges a working from top to bottom."""

    page: Page
    ledger: Ledger = field(default_factory=Ledger)
    settings: Mapping[str, Page] = field(default_factory=dict)
    """A page for each further setting of the model, by its name: its numbers are others."""

    is_moved_on: bool = False
    """Whether the text has computed anything from updated parameters: from there on these come first."""

    def __post_init__(self) -> None:
        self.first = self.page
        self.conditions = Conditions(Working((), (), None, ""))
        self.rounds: list[re.Match[str]] = []

    def working(self, working: Working) -> list[Finding]:
        """Every link of every line."""
        self.ledger.lines = working.source.split("\n")
        self.conditions = Conditions(working)
        self.rounds = list(_ROUND.finditer(working.source))
        for line in working.lines:
            for claim in line.claims:
                self.claim(line, claim)
        return self.ledger.findings

    def claim(self, line: Line, claim: Claim) -> None:
        """Every link of one chain."""
        self.ledger.chains += 1
        self.page = self._page_of(line)
        self._settle_step(line)
        self.page.conditions = self.conditions.of(line)
        if self.conditions.is_one(claim) and self._is_supposed(claim):
            self._given(line, tuple(link for link in claim.links if link.relation == "="), Reason("a condition"))
        elif claim.kind == Kind.LIST:
            self._list(line, claim)
        elif claim.kind == Kind.COMPARISON:
            self._comparison(line, claim)
        elif any(side.text.strip() in ("True", "False", "None") or "\\_" in side.text for side in claim.sides):
            self._given(line, claim.links, Reason("a setting"))
        elif (name := updated(claim, self.page)) is not None and _is_one_chain(claim):
            UpdateJudge(self.page, self.ledger, line, claim.links).judge_update(name)
        elif claim.kind == Kind.UPDATE:
            self._given(line, claim.links, Reason("an update"))
            self._forget(claim)
        elif _is_condition(line, claim) and self._is_known(claim):
            self._given(line, claim.links, Reason("a condition"))
        else:
            self._comparison(line, claim)
            for run in _runs(claim):
                self._run(line, run)

    def _run(self, line: Line, run: tuple[Link, ...]) -> None:
        """A chain of equalities; what is wrong with the model's numbers may be right with updated parameters."""
        later = pages_after(self.page)
        if not later:
            ChainJudge(self.page, self.ledger, line, run).judge()
            return
        pages = (*later, self.page) if self.is_moved_on else (self.page, *later)
        if self.is_moved_on and isinstance(name_of(run[0].left), Derivative) and self._is_of_a_later_round(line):
            # A gradient of the second round that is the first one's is a stale value.
            pages = later
        for page in pages:
            written = [page.names, page.numbers, page.quantities]
            kept, count = [dict(one) for one in written], len(self.ledger.findings)
            ChainJudge(page, self.ledger, line, run).judge()
            if all(finding.verdict != Verdict.WRONG for finding in self.ledger.findings[count:]):
                self.is_moved_on |= page is not self.page
                return
            del self.ledger.findings[count:]
            for one, before in zip(written, kept, strict=True):
                one.clear()
                one.update(before)
        ChainJudge(pages[0], self.ledger, line, run).judge()

    def _is_of_a_later_round(self, line: Line) -> bool:
        """Whether a line stands below `Epoch 2`."""
        above = bisect_left(self.rounds, line.place.offset, key=re.Match.start)
        found = self.rounds[above - 1] if above else None
        return found is not None and (found[1] or found[2]) not in ("0", "1", "一")

    def _page_of(self, line: Line) -> Page:
        """The page of the setting that the heading names, the innermost first."""
        for heading in reversed(line.headings):
            for name, page in self.settings.items():
                if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", heading, re.IGNORECASE):
                    return page
        return self.first

    def _settle_step(self, line: Line) -> None:
        """A generic t stands for the step the section speaks of."""
        if not isinstance(self.page.truths, ModelTruths):
            return
        said = [found for text in (line.lead, *reversed(line.headings)) for found in _STEP.findall(text)[-1:]]
        step = int(next(filter(None, said[0]))) if said else None
        quantities = self.page.truths.quantities
        quantities.here = step if step is not None and 1 <= step <= quantities.steps else None

    def _given(self, line: Line, links: tuple[Link, ...], reason: Reason) -> None:
        for link in links:
            self.ledger.add(line, link, Verdict.GIVEN, reason)

    def _forget(self, claim: Claim) -> None:
        """`du += …`: what stood for the name does so no longer."""
        name = name_of(claim.links[0].left)
        if name is not None:
            self.page.names.pop(self.page.key(name), None)

    def _list(self, line: Line, claim: Claim) -> None:
        """`x = 1, 2, 3`: one value for each step, or a vector."""
        for link in claim.links:
            name = name_of(link.left)
            for each, part in pairs_of(link) or ():
                if (digits := digits_of(part)) is not None:
                    self._datum(each, digits)
            if isinstance(name, Name) and not name.steps and isinstance(link.right, Stack):
                for step, part in enumerate(link.right.parts, 1):
                    digits = digits_of(part)
                    if digits is not None:
                        self._datum(replace(name, steps=(step,)), digits)
            self.ledger.add(line, link, Verdict.GIVEN, Reason("given"))

    def _datum(self, name: Name, digits: Digits) -> None:
        record = Record(sharp(digits.value), None, given=True)
        self.page.keep_name(name, record)
        self.page.keep_number(digits.text, digits.value < 0, record)

    def _comparison(self, line: Line, claim: Claim) -> None:
        """`0.5 < 1`: judged between numbers; what is said of names may be a condition, and is left alone."""
        for link in claim.links:
            if link.relation not in ("<", ">", "≤", "≥", "≠") or names_of(link.left) or names_of(link.right):
                continue
            values = [self._plain_value(tree) for tree in (link.left, link.right)]
            if values[0] is None or values[1] is None:
                continue
            holds = _compares(values[0], link.relation, values[1])
            if holds is not None:
                self.ledger.add(
                    line, link, Verdict.RIGHT if holds else Verdict.WRONG, None if holds else Reason("it is not")
                )

    def _is_known(self, claim: Claim) -> bool:
        """Whether the name of a condition has a value without it: else it is a datum."""
        name = name_of(claim.links[0].left)
        return name is not None and (self.page.key(name) in self.page.names or self.page.truth(name) is not None)

    def _is_supposed(self, claim: Claim) -> bool:
        """Whether a condition is about what is known without it, so that it gives no datum."""
        name = name_of(claim.links[0].left)
        if not isinstance(name, Name):
            return False
        formulas = self.page.formulas
        return name.generic or self._is_known(claim) or (formulas is not None and formulas.knows(name))

    def _plain_value(self, tree: Syntax) -> Number | None:
        try:
            value = Evaluator(Scope(self.page)).value(tree)
        except NoValue:
            return None
        return value if isinstance(value, Number) else None


_STEP = re.compile(
    r"(?:time\s*-?step|step|\bt\s*=|时间步|时刻)\s*\$?\\?\(?\s*(?:t\s*=\s*)?(\d{1,3})|第\s*(\d{1,3})\s*(?:个)?(?:时间)?步",
    re.IGNORECASE,
)
_ROUND = re.compile(
    r"^[ \t>#*_\-\\{}]*+(?:(?:sub)*section\*?\{)?(?:training\s+)?(?:epoch|iteration|round)\s*#?(\d{1,3})\b"
    r"|^[ \t>#*_\-]*+第\s*(\d{1,3}|[一二三四五六七八九十])\s*(?:轮|次(?:迭代|更新|训练)|个?epoch)",
    re.IGNORECASE | re.MULTILINE,
)
"""Where a round of a training begins."""
EQUALITIES = frozenset({"=", "≈", "≡"})
_CONDITION = re.compile(
    r"(\b(where|if|when|whenever|suppose|unless|case)|若|当|如果|假如)\s*[（(,，:：]?\s*$",
    re.IGNORECASE,
)


def _is_condition(line: Line, claim: Claim) -> bool:
    """`where W_h = 1`, `若 W = 2`: what is supposed for a sentence is no claim."""
    if len(claim.links) > 1 or claim is not line.claims[0] or not _CONDITION.search(line.lead.rstrip("$\\([ ")):
        return False
    return name_of(claim.links[0].left) is not None and digits_of(claim.links[0].right) is not None


def _is_one_chain(claim: Claim) -> bool:
    """Whether every link goes on from the one before, by an equality."""
    links = claim.links
    joined = all(one.after is two.before for one, two in pairwise(links))
    return joined and all(link.relation in EQUALITIES for link in links[1:])


def _compares(a: Number, relation: str, b: Number) -> bool | None:
    """Whether a comparison holds; None where rounding leaves it open."""
    if less(a.high, b.low):
        return relation in ("<", "≤", "≠")
    if less(b.high, a.low):
        return relation in (">", "≥", "≠")
    if a.sharp and b.sharp and same(a.value, b.value):
        return relation in ("≤", "≥")
    return None


def _runs(claim: Claim) -> Iterator[tuple[Link, ...]]:
    """Neighbouring links that share a side; a chain is broken where a side could not be read."""
    run: list[Link] = []
    for link in claim.links:
        is_equality = link.relation in EQUALITIES
        if run and (run[-1].after is not link.before or not is_equality):
            yield tuple(run)
            run = []
        if is_equality:
            run.append(link)
    if run:
        yield tuple(run)
