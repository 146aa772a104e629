"""The formats of the one tree: every sign in each, MathML that is XML, typst that compiles, dollars that survive."""

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import fields

import pytest
from documents import NAMED, SOURCES, document

from symrnn.algebra import nodes as N
from symrnn.algebra.breaking import Breaker
from symrnn.algebra.dollars import DOLLARS
from symrnn.algebra.layout import NEUTRAL, Printer, Style
from symrnn.algebra.mathml import MATHML, bold_letter
from symrnn.algebra.nodes import Node
from symrnn.algebra.spelling import LATEX, TEXT, Format
from symrnn.algebra.typst import TYPST
from symrnn.algebra.widths import WIDTHS

FORMATS = (TEXT, LATEX, MATHML, TYPST, DOLLARS, WIDTHS)
STYLES = (
    NEUTRAL,
    Style(adjoint="partial", bold=True, bold_ones=True),
    Style(time="superscript", product="*"),
    Style(time="angle", product="∘", adjoint="nabla"),
    Style(time="bracket"),
)
each_style = pytest.mark.parametrize("style", STYLES, ids=range(len(STYLES)))


def sides() -> list[Node]:
    """Every side of every claim of the documents."""
    return [
        side
        for name in SOURCES
        for claim in document(name).claims()
        for side in (claim.lhs, claim.rhs, *(value for _, value in claim.more))
        if isinstance(side, Node)
    ]


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_every_format_sets_every_sign(form: Format) -> None:
    """A rule may use any of them in any format; and nothing is left undone."""
    assert set(form.signs) == set(LATEX.signs)
    assert all(getattr(form, each.name) is not None for each in fields(form) if each.name != "open_fence")


@each_style
def test_mathml_is_xml_in_which_scripts_have_their_parts(style: Style) -> None:
    """msub has two children, msubsup three; nothing stands between elements but text in tokens."""
    printer = Printer(MATHML, style)
    for node in sides():
        tree = ET.fromstring(f"<math>{printer.of(node).text}</math>")
        for element in tree.iter():
            wanted = {"msub": 2, "msup": 2, "mfrac": 2, "mover": 2, "msubsup": 3, "munderover": 3}.get(element.tag)
            assert wanted in (None, len(element))
            token = element.tag in {"mi", "mn", "mo", "mtext"}
            assert token == bool((element.text or "").strip()) or element.tag == "mspace" or token


@each_style
def test_dollars_open_no_emphasis(style: Style) -> None:
    """No underscore after punctuation without a space, no backslash before punctuation."""
    printer = Printer(DOLLARS, style)
    for node in sides():
        assert not re.search(r"(?<=[^\w\s])_(?=\S)|\\[^A-Za-z]|[*|<>`]", printer.of(node).text)


@each_style
def test_typst_reads_all_of_it(style: Style) -> None:
    """One document with every side of every claim."""
    typst = pytest.importorskip("typst", reason="needs symrnn[pdf]")
    printer = Printer(TYPST, style)
    source = "\n".join(f"$ {printer.of(node).text} $" for node in dict.fromkeys(sides()))
    made, told = typst.compile_with_warnings(source.encode(), format="pdf", ignore_system_fonts=True)
    assert made.startswith(b"%PDF") and not told


@each_style
@pytest.mark.parametrize("form", [TEXT, MATHML, DOLLARS], ids=lambda form: form.name)
def test_runs_side_by_side_are_the_whole(form: Format, style: Style) -> None:
    """Where a formula breaks, nothing is lost or added but the size of parentheses."""
    breaker, printer = Breaker((form, WIDTHS), style), Printer(form, style)

    def bare(text: str) -> str:
        return re.sub(r'\\left|\\right|\\big[lr]|\s|</?mrow>|<mo(?: stretchy="false")?(?= form|>[()\[\]‖])', "", text)

    for node in sides():
        runs = breaker.runs(node)
        assert bare("".join(run.texts[0] for run in runs)) == bare(printer.of(node).text)


def test_long_lines_break_inside_parentheses() -> None:
    """a ⊙ (b + c + …) has a break before every sign."""
    names = [N.Signal(name, (N.n, 1), N.t) for name in "abcdef"]
    runs = Breaker((LATEX,), NEUTRAL).runs(names[0] * N.Add(*names[1:]))
    assert [run.texts[0].strip() for run in runs][-2:] == ["+ e_t", "+ f_t)"]


@pytest.mark.parametrize("name", NAMED)
def test_widths_are_near_what_latin_modern_sets(name: str) -> None:
    """No formula of the named cells is wider than its estimate by a fifth, by typst's own measure."""
    typst = pytest.importorskip("typst", reason="needs symrnn[pdf]")
    claims = [claim for claim in document(name).claims() if isinstance(claim.rhs, Node)]
    set_, guessed = Printer(TYPST, document(name).style), Printer(WIDTHS, document(name).style)
    measured = "".join(
        f"#context [#metadata(measure($display({set_.of(claim.rhs).text})$).width / 1pt) <w>]\n" for claim in claims
    )
    source = f'#set text(font: "New Computer Modern", size: 10pt)\n{measured}'
    widths = json.loads(typst.query(source.encode(), "<w>", field="value"))
    for claim, width in zip(claims, widths, strict=True):
        assert width <= 1.2 * len(guessed.of(claim.rhs).text) + 5, str(claim.rhs)


def test_bold_letters_stay_letters() -> None:
    """Each goes to one sign, and none to another's."""
    letters = "ABCXYZabchxyz019αβδω"
    assert len({bold_letter(sign) for sign in letters}) == len(letters)
    assert bold_letter("+") == "+"
