"""Moodle XML: held against a schema of what its import accepts, and answered as its cloze questions are."""

from __future__ import annotations

import html
from html.parser import HTMLParser
from pathlib import Path

import pytest
from exported_sheets import Exported, close
from lxml import etree
from moodle import Subquestion, read_cloze

from symrnn.worksheets.exports.moodle import to_moodle

SCHEMA = etree.RelaxNG(etree.parse(Path(__file__).parent / "schemas" / "moodle.rng"))


@pytest.fixture(scope="module")
def quiz(exported: Exported) -> etree._Element:
    """The quiz of a sheet."""
    return etree.fromstring(to_moodle([(exported.sheet.id, exported.parts)]).encode())


def cloze_of(quiz: etree._Element) -> list[Subquestion]:
    """The blanks of the question that holds the whole sheet."""
    return read_cloze(quiz.findtext("question[@type='cloze']/questiontext/text"))


class TestSchema:
    """What the import accepts."""

    def test_it_is_valid(self, quiz: etree._Element) -> None:
        """Formats, fractions, one text in each."""
        assert SCHEMA.validate(quiz), SCHEMA.error_log

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('fraction="0"', 'fraction="33"'),
            ('format="html"', ""),
            ("<tolerance>", "<tolerance>x"),
            ("<quiz>", "<quiz><x/>"),
        ],
    )
    def test_the_schema_refuses(self, exported: Exported, old: str, new: str) -> None:
        """What the import would warn about or drop."""
        text = to_moodle([(exported.sheet.id, exported.parts)])
        assert old in text
        assert not SCHEMA.validate(etree.fromstring(text.replace(old, new, 1).encode()))

    def test_names_differ(self, quiz: etree._Element) -> None:
        """A teacher finds each in the question bank."""
        names = [question.findtext("name/text") for question in quiz if question.find("name") is not None]
        assert len(set(names)) == len(names)

    def test_the_text_is_html(self, quiz: etree._Element) -> None:
        """Every element that is opened is closed, what a teacher writes is text."""
        for question in quiz.iterfind("question[questiontext]"):
            balance = Balance()
            balance.feed(question.findtext("questiontext/text"))
            assert not balance.open
        assert "the &lt;signs&gt; &amp; " in quiz.findtext("question[@type='cloze']/questiontext/text")


class Balance(HTMLParser):
    """Which elements are open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """One more."""
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        """None more."""

    def handle_endtag(self, tag: str) -> None:
        """The last one, or a fault."""
        assert self.open.pop() == tag


class TestCloze:
    """The whole sheet as one question."""

    def test_every_number_scores(self, exported: Exported, quiz: etree._Element) -> None:
        """The right number of each blank in order takes all, and the points are in the sheet's ratio."""
        blanks = [each for each in cloze_of(quiz) if each.kind == "NUMERICAL"]
        found = {
            blank.id: float(each.alternatives[0].text) for blank, each in zip(exported.blanks, blanks, strict=True)
        }
        assert close(found, exported.numbers)
        for number, each in zip(exported.numbers.values(), blanks, strict=True):
            taken = each.answered(number)
            assert taken is not None and taken.share == 1
        weights = sum(each.weight for each in cloze_of(quiz))
        scale = weights / sum(item.points for item in exported.items)
        for item in exported.items:
            if len(item.blanks) == 1:
                (at,) = [place for place, blank in enumerate(exported.blanks) if blank is item.blanks[0]]
                assert blanks[at].weight == pytest.approx(item.points * scale)

    def test_every_known_mistake_is_told(self, exported: Exported, quiz: etree._Element) -> None:
        """No points, and its own sentence, letter for letter."""
        blanks = [each for each in cloze_of(quiz) if each.kind == "NUMERICAL"]
        for blank, each in zip(exported.blanks, blanks, strict=True):
            for wrong in blank.wrong:
                taken = each.answered(float(wrong.number))
                assert taken is not None and taken.share == 0
                assert taken.feedback == wrong.feedback

    def test_choices(self, exported: Exported, quiz: etree._Element) -> None:
        """One right option each."""
        choices = [each for each in cloze_of(quiz) if each.kind == "MULTICHOICE"]
        asked = [item for item in exported.items if item.options]
        for item, each in zip(asked, choices, strict=True):
            assert [a.text for a in each.alternatives] == list(item.options)
            assert [a.share for a in each.alternatives] == [float(at == item.right) for at in range(len(item.options))]


class TestSingle:
    """Each number as a question of its own."""

    def test_numerical(self, exported: Exported, quiz: etree._Element) -> None:
        """The right one takes all; a wrong one lies outside every other's tolerance and says its sentence."""
        questions = quiz.findall("question[@type='numerical']")
        asked = [item for item in exported.items if len(item.blanks) == 1]
        for item, question in zip(asked, questions, strict=True):
            (blank,) = item.blanks
            answers = question.findall("answer")
            assert [a.findtext("text") for a in answers] == [blank.number, *(w.number for w in blank.wrong)]
            assert [a.get("fraction") for a in answers] == ["100", *["0"] * len(blank.wrong)]
            for answer, wrong in zip(answers[1:], blank.wrong, strict=True):
                told = etree.fromstring(f"<p>{answer.findtext('feedback/text')}</p>").text
                assert told == wrong.feedback
            values = [float(a.findtext("text")) for a in answers]
            room = float(answers[0].findtext("tolerance"))
            assert all(abs(a - b) > room for at, a in enumerate(values) for b in values[:at])

    def test_choices(self, exported: Exported, quiz: etree._Element) -> None:
        """One right option each, in their order."""
        asked = [item for item in exported.items if item.options]
        questions = quiz.findall("question[@type='multichoice']")
        for item, question in zip(asked, questions, strict=True):
            found = [(a.findtext("text"), a.get("fraction")) for a in question.findall("answer")]
            assert [html.unescape(text) for text, _ in found] == list(item.options)
            assert [share for _, share in found].index("100") == item.right
            assert item.prompt in question.findtext("questiontext/text")

    def test_vectors(self, exported: Exported, quiz: etree._Element) -> None:
        """A cloze question with a blank for each entry."""
        several = [item for item in exported.items if len(item.blanks) > 1]
        _, *questions = quiz.findall("question[@type='cloze']")
        found = [len(read_cloze(question.findtext("questiontext/text"))) for question in questions]
        assert found == [len(item.blanks) for item in several]
