"""One self-contained HTML page: MathML for browsers and screen readers, CSS, an embedded font; no script, no request.

A line's right-hand side is several `<math>` elements, between which the browser may break it at any width of the
window; within `<math>` it never would.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from itertools import groupby
from typing import Any

from symrnn import __version__
from symrnn.algebra.mathml import MATHML, escaped
from symrnn.documents.document import MARK, Claim, Document, Figure, Section, Table, Words
from symrnn.documents.languages import sentence
from symrnn.documents.references import cited
from symrnn.documents.renderers.setting import SIGNS, Setter, title

LONGEST = 420
"""Tenths of an em that may stand unbroken: parentheses that hold a break cannot grow with what they hold."""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:"
_LANGUAGES = {"zh": "zh-Hans"}


def to_html(document: Document) -> str:
    """The document as one page: an HTML file that needs nothing else.

    >>> from symrnn.cells import rnn
    >>> from symrnn.documents import derive
    >>> derive(rnn(), wrt="b").to_html().splitlines()[0]
    '<!DOCTYPE html>'
    """
    main = f"<main{_sheet_of(document, 1)}>\n{_body(document)}</main>\n"
    return _page(escaped(title(document)), document.language, main, _feet([document]))


def to_book(documents: Sequence[Document]) -> str:
    """Several documents in one page, each from the top of a sheet of paper: for printing."""
    mains = []
    for place, document in enumerate(documents, start=1):
        body = re.sub(r'(id="|href="#|aria-labelledby=")(eq|s)(\d+)"', rf'\g<1>d{place}\2\3"', _body(document))
        mains.append(f'<main class="new"{_sheet_of(document, place)}>\n{body}</main>\n')
    first, last = title(documents[0]), title(documents[-1])
    return _page(escaped(f"{first} – {last}"), documents[0].language, "".join(mains), _feet(documents))


def _sheet_of(document: Document, place: int) -> str:
    """The kind of page a document is printed on: one with its own foot."""
    return f' style="page: p{place}"' if document.running else ""


def _feet(documents: Sequence[Document]) -> str:
    """What is printed at the foot of the pages of each document."""
    feet = ((place, document.running) for place, document in enumerate(documents, start=1) if document.running)
    # Browsers count the pages of a book through.
    number = ' "\\2003" counter(page)' if len(documents) == 1 else ""
    return "".join(
        f'@page p{place} {{ @bottom-center {{ content: "{_in_css(text)}"{number}; }} }}\n' for place, text in feet
    )


def _in_css(text: str) -> str:
    """Text within a string of CSS: everything but letters, digits and - by its code."""
    return "".join(sign if sign.isalnum() or sign == "-" else f"\\{ord(sign):06x}" for sign in text)


def _page(heading: str, code: str, mains: str, feet: str = "") -> str:
    language = _LANGUAGES.get(code, code)
    return (
        f'<!DOCTYPE html>\n<!-- {MARK} {__version__} -->\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{heading}</title>\n<style>\n{_font_face()}{_sheet()}{_PAGE}{feet}</style>\n</head>\n"
        f'<body class="symrnn">\n{mains}</body>\n</html>\n'
    )


_PAGE = (
    "body { margin: 0; } main { max-width: 68em; margin: 0 auto; padding: 2.5em 1.5em 4em; }\n"
    "@page { margin: 18mm; } @media print { main { padding: 0; max-width: none; } }\n"
    "@media print { .new + .new { break-before: page; } }\n"
)


def to_part(document: Document) -> str:
    """The document as a part of a page, for a notebook's output: the reader's own maths font, no page around."""
    language = _LANGUAGES.get(document.language, document.language)
    return f'<div class="symrnn" lang="{language}"><style>\n{_sheet()}</style>\n{_body(document)}</div>\n'


@cache
def _sheet() -> str:
    return (resources.files("symrnn.documents.renderers") / "page.css").read_text(encoding="utf-8")


@cache
def _font_face() -> str:
    font = (resources.files("symrnn.documents") / "fonts" / "symrnn-math.woff2").read_bytes()
    return (
        "/* The letters and signs of Latin Modern Math used here, (c) 2012-2014 B. Jackowski, P. Strzelczyk and\n"
        "   P. Pianowski (on behalf of TeX users groups), under the GUST Font License 1.0. */\n"
        '@font-face { font-family: "Symrnn Math"; src: url(data:font/woff2;base64,'
        f"{b64encode(font).decode('ascii')}) format('woff2'); }}\n"
    )


def setter_of(document: Document) -> Setter:
    """What sets a document's mathematics and words in HTML."""
    return Setter(document, MATHML, _inline, _words, _reference)


def block_html(setter: Setter, block: Words | Table) -> str:
    """A paragraph or a table by itself, for the text of a question in a learning platform."""
    return _other(setter, block)


def line_html(setter: Setter, claim: Claim, number: int) -> str:
    """A numbered line by itself, for the text of a question in a learning platform."""
    whole = [setter.values(claim.lhs), *(run.texts for run in setter.runs(claim, 1))]
    return f"<p>({number}) {' '.join(_math(texts[0], texts[2]) for texts in whole)}</p>\n"


def _body(document: Document) -> str:
    setter = setter_of(document)
    counter = iter(range(1, 1 + sum(1 for _ in document.claims())))
    parts = [f"<h1>{escaped(title(document))}</h1>\n", *(_other(setter, words) for words in document.above)]
    for number, section in enumerate(document.sections, start=1):
        parts += _section(setter, number, section, counter)
    cited_lines = "<br>".join(escaped(cited(key)) for key in document.citations)
    if cited_lines:
        parts.append(f'<p class="cited">{cited_lines}</p>\n')
    return "".join(parts)


def _math(content: str, text: str, display: bool = False) -> str:
    style = ' displaystyle="true"' if display else ""
    return f'<math{style} alttext="{escaped(text.strip())}">{content}</math>'


def _inline(content: str, text: str) -> str:
    return _math(content, text)


_SPELLED = {
    "∂⁺L/∂": '<math alttext="∂⁺L/∂"><msup><mi>∂</mi><mo>+</mo></msup><mi>L</mi><mo>/</mo><mi>∂</mi></math>',
    "∂L/∂": '<math alttext="∂L/∂"><mi>∂</mi><mi>L</mi><mo>/</mo><mi>∂</mi></math>',
    "∂⁺": '<math alttext="∂⁺"><msup><mi>∂</mi><mo>+</mo></msup></math>',
    "∂": '<math alttext="∂"><mi>∂</mi></math>',
    "δ": '<math alttext="δ"><mi>δ</mi></math>',
}
"""Signs in a sentence that text fonts set badly."""


def _words(text: str) -> str:
    return "".join(_SPELLED.get(part) or escaped(part) for part in SIGNS.split(text))


def _reference(number: int) -> str:
    return f' <a href="#eq{number}">({number})</a>'


def _section(setter: Setter, number: int, section: Section, counter: Iterator[int]) -> Iterator[str]:
    heading = escaped(sentence(section.title, setter.document.language))
    yield f'<section aria-labelledby="s{number}">\n<h2 id="s{number}">{number}. {heading}</h2>\n'
    for kind, blocks in groupby(section.blocks, type):
        if kind is Claim:
            yield '<div class="claims">\n'
            yield from (_claim(setter, block, next(counter)) for block in blocks if isinstance(block, Claim))
            yield "</div>\n"
        else:
            yield from (_other(setter, block) for block in blocks)
    yield "</section>\n"


def _other(setter: Setter, block: Any) -> str:
    if isinstance(block, Words):
        return f"<p>{setter.sentence(block.key, block.about)}</p>\n"
    if isinstance(block, Figure):
        return f'<figure role="img" aria-label="{escaped(block.alt)}">{block.svg[block.svg.index("<svg") :]}</figure>\n'
    assert isinstance(block, Table)
    return "".join(_table(setter, table) for table in setter.tables(block))


def _claim(setter: Setter, claim: Claim, number: int) -> str:
    left, _, spoken = setter.values(claim.lhs)
    runs = setter.runs(claim, 1)
    if any(len(run.texts[1]) > LONGEST for run in runs):
        runs = setter.runs(claim)
    right = "<wbr>".join(_math(run.texts[0], run.texts[2], True) for run in runs)
    notes = setter.notes(claim)
    setter.defines(claim, number)
    why = f'<span class="why">{notes}</span>' if notes else ""
    return (
        f'<div class="claim" id="eq{number}"{_free(claim)}><span class="left">{_math(left, spoken, True)}</span>'
        f'<span class="right">{right}</span>{why}<a class="number" href="#eq{number}">({number})</a></div>\n'
    )


def _free(claim: Claim) -> str:
    """Room below a claim, which is left on paper only."""
    return f' style="--free: {claim.room * 1.6:.1f}em"' if claim.room else ""


def _table(setter: Setter, table: Table) -> str:
    head = "".join(f'<th scope="col">{_cell(setter, cell, True)}</th>' for cell in table.heads)
    rows = "".join(
        f"<tr{_kind(row)}>{''.join(f'<td>{_cell(setter, cell)}</td>' for cell in row)}</tr>\n" for row in table.rows
    )
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n"


def _kind(row: Sequence[Any]) -> str:
    return ' class="total"' if row and row[0] == "Σ" else ""


def _cell(setter: Setter, value: Any, display: bool = False) -> str:
    if value == "":
        return ""
    content, _, text = setter.values(value)
    return _math(content, text, display)
