"""What a derivation, a working and a worksheet are made of: sections of claims with reasons.

Mathematics stays an expression tree here; words stay keys of `languages`. A renderer turns both into a format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from symrnn.algebra.layout import NEUTRAL, Style
from symrnn.algebra.nodes import Node
from symrnn.algebra.programs import Range, Reason
from symrnn.errors import InputError

MARK = "made with symrnn"
"""What every file of ours says near its beginning, so that it may be written over."""

Relation = Literal["=", "≈", "≤", "<", "⇒"]


RENDERERS: dict[str, Callable[..., Any]] = {}
"""How a document is printed, by format; `renderers` fills it."""


@dataclass(frozen=True)
class Formula:
    """`left relation right` inside a sentence."""

    left: Node
    relation: str = ""
    right: Node | None = None


@dataclass(frozen=True)
class Norm:
    """‖x‖ as the head of a column."""

    of: Node


@dataclass(frozen=True)
class Blank:
    """Room for an answer, about so many letters wide."""

    width: int = 12


@dataclass(frozen=True)
class Claim:
    """`lhs relation rhs`, where it holds, why, and what it assumes. Further links of a chain stand in `more`.

    A side that is not a node is a number, or a list of numbers (a column) or of rows (a matrix). `boundary` marks a
    value outside the steps, `numeric` a line that ends in numbers.
    """

    lhs: Node
    rhs: Any
    reason: Reason
    relation: Relation = "="
    domain: tuple[Range, ...] = ()
    assumptions: tuple[Reason, ...] = ()
    more: tuple[tuple[Relation, Any], ...] = ()
    boundary: bool = False
    numeric: bool = False
    conditions: tuple[Formula, ...] = ()
    room: int = 0
    """Lines left free below it on paper, for working."""
    certificate: str = ""
    """How it was checked: "exact", "points" (three draws, many digits), "definition", "unchecked"; "" not yet."""


@dataclass(frozen=True)
class Words:
    """A sentence of `languages`, by key, with what it speaks of."""

    key: str
    about: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Table:
    """Columns under their heads; cells are nodes, numbers or text."""

    heads: tuple[Any, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Figure:
    """A picture, as SVG and as PDF, and what it shows in words."""

    svg: str
    pdf: bytes
    alt: str


@dataclass(frozen=True)
class Section:
    """A heading (a key of `languages`) and what stands under it."""

    title: str
    blocks: tuple[Claim | Words | Table | Figure, ...]


@dataclass(frozen=True)
class Tally:
    """How many equalities were checked exactly, at random points, or not; and how many only say what a name means."""

    exact: int = 0
    points: int = 0
    definitions: int = 0
    unchecked: int = 0

    @property
    def equalities(self) -> int:
        """Those there was something to check in."""
        return self.exact + self.points + self.unchecked


@dataclass(frozen=True)
class Document:
    """A title, the convention it follows, and sections. `to_latex()`, `to_text()` and `to_json()` print it."""

    title: str
    convention: str
    sections: tuple[Section, ...]
    style: Style = NEUTRAL
    citations: tuple[str, ...] = field(default=())
    language: str = "en"
    tally: Tally | None = None
    code: str = ""
    """Python that makes the document anew, for a notebook."""
    heading: str = "derivation"
    """The key of the sentence that makes a heading of the title."""
    subject: str = ""
    """What stands behind the title in the heading."""
    above: tuple[Words, ...] = ()
    """Sentences between the heading and the first section."""
    running: str = ""
    """What stands at the foot of every printed page."""

    def claims(self) -> Iterator[Claim]:
        """Every claim, in order."""
        return (block for section in self.sections for block in section.blocks if isinstance(block, Claim))

    def figures(self) -> Iterator[Figure]:
        """Every picture, in order."""
        return (block for section in self.sections for block in section.blocks if isinstance(block, Figure))

    def render(self, format: str, **options: Any) -> Any:
        """The document in a format there is a renderer for."""
        if format not in RENDERERS:
            raise InputError(format, found="no such format", write="one of: " + ", ".join(sorted(RENDERERS)))
        return RENDERERS[format](self, **options)

    def to_text(self) -> str:
        """The document for a terminal."""
        return str(self.render("text"))

    def to_latex(self, fragment: bool = False, graph: str = "") -> str:
        """The document in LaTeX; as a fragment for `\\input` it leaves the preamble out.

        LaTeX holds no pictures: `graph` names the PDF file beside it in which that of `derive(…, graph=True)` stands.
        """
        return str(self.render("latex", fragment=fragment, graph=graph))

    def to_html(self) -> str:
        """The document as one self-contained page: MathML, CSS and a font; no script, no request."""
        return str(self.render("html"))

    def to_markdown(self) -> str:
        """The document in Markdown as GitHub shows it, equations between `$$`."""
        return str(self.render("markdown"))

    def to_notebook(self) -> str:
        """The document as a Jupyter notebook, with cells that compute it anew."""
        return str(self.render("notebook"))

    def to_pdf(self) -> bytes:
        """The document as PDF, by typst (`pip install symrnn[pdf]`), else by an installed LaTeX."""
        return bytes(self.render("pdf"))

    def to_json(self) -> str:
        """The equations as one JSON object: `lhs` and `rhs` in LaTeX, `reason` in words."""
        return str(self.render("json"))

    def __str__(self) -> str:
        return self.to_text()

    __repr__ = __str__

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return dict(self.render("mimebundle"))
