"""QTI 2.1: an assessment item for each sheet, a text entry for each number, scored by a tolerance.

A wrong number that a known mistake gives sets the outcome of its entry, which shows the mistake's modal feedback.
The format: IMS Question and Test Interoperability 2.1, Information Model and XML Binding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from symrnn import __version__
from symrnn.documents.document import MARK
from symrnn.worksheets.exports.items import Blank, Group, Item, decimal, share

SPACE = "http://www.imsglobal.org/xsd/imsqti_v2p1"
PACKAGE = "http://www.imsglobal.org/xsd/imscp_v1p1"
_SCHEMA = "http://www.imsglobal.org/xsd/qti/qtiv2p1/imsqti_v2p1.xsd"
_CORE = re.compile(r' (?:displaystyle|style)="[^"<>]*"(?=[^<>]*>)')
"""Attributes of MathML Core and HTML that MathML 2 and QTI do not have."""


def to_qti(name: str, groups: Sequence[Group], language: str = "en") -> str:
    """One sheet's item."""
    items = [item for group in groups for item in group.items]
    blanks = [blank for item in items for blank in item.blanks]
    declarations = "".join(piece for item in items for piece in _declarations(item))
    outcomes = "".join(_outcome(blank) for blank in blanks if blank.wrong)
    body = "".join(group.before + "".join(_shown(item) for item in group.items) for group in groups)
    scores = "".join(piece for item in items for piece in _scores(item))
    feedback = "".join(piece for blank in blanks for piece in _feedback(blank))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<!-- {MARK} {__version__} -->\n'
        f'<assessmentItem xmlns="{SPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="{SPACE} {_SCHEMA}" identifier="sheet-{name}" title={quoteattr(name)} '
        f'adaptive="false" timeDependent="false" xml:lang="{language}">\n{declarations}'
        '<outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float" '
        f'normalMaximum="{sum(item.points for item in items)}"><defaultValue><value>0</value></defaultValue>'
        f"</outcomeDeclaration>\n{outcomes}<itemBody>\n{_xml(body)}</itemBody>\n"
        f"<responseProcessing>\n{scores}</responseProcessing>\n{feedback}</assessmentItem>\n"
    )


def to_manifest(names: Sequence[str]) -> str:
    """The manifest of a content package: zipped with it, the items are imported in one step.

    >>> to_manifest(["1-001"]).count("1-001.xml")
    2
    """
    resources = "".join(
        f'<resource identifier="sheet-{name}" type="imsqti_item_xmlv2p1" href="{name}.xml">'
        f'<file href="{name}.xml"/></resource>\n'
        for name in names
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<!-- {MARK} {__version__} -->\n'
        f'<manifest xmlns="{PACKAGE}" identifier="worksheet">\n<metadata><schema>QTIv2.1 Package</schema>'
        "<schemaversion>1.0.0</schemaversion></metadata>\n<organizations/>\n"
        f"<resources>\n{resources}</resources>\n</manifest>\n"
    )


def _xml(text: str) -> str:
    """HTML's elements are XML here once maths stands in its own namespace and empty elements are closed."""
    text = _CORE.sub("", text).replace("<math", '<math xmlns="http://www.w3.org/1998/Math/MathML"')
    return text.replace("<wbr>", "").replace("<br>", "<br/>")


def _name(id: str, letter: str = "R") -> str:
    return letter + id.replace(".", "_")


# --- declarations -----------------------------------------------------------------------------------------------------


def _declarations(item: Item) -> Iterator[str]:
    if item.options:
        yield _declaration(_name(item.id), "identifier", f"O{item.right}")
    for blank in item.blanks:
        yield _declaration(_name(blank.id), "float", blank.number)


def _declaration(name: str, kind: str, value: str) -> str:
    return (
        f'<responseDeclaration identifier="{name}" cardinality="single" baseType="{kind}">'
        f"<correctResponse><value>{value}</value></correctResponse></responseDeclaration>\n"
    )


def _outcome(blank: Blank) -> str:
    return f'<outcomeDeclaration identifier="{_name(blank.id, "F")}" cardinality="single" baseType="identifier"/>\n'


# --- the body ---------------------------------------------------------------------------------------------------------


def _shown(item: Item) -> str:
    if item.options:
        choices = "".join(
            f'<simpleChoice identifier="O{place}">{escape(option)}</simpleChoice>'
            for place, option in enumerate(item.options)
        )
        return (
            f'<choiceInteraction responseIdentifier="{_name(item.id)}" shuffle="false" maxChoices="1">'
            f"<prompt>{item.prompt}</prompt>{choices}</choiceInteraction>\n"
        )
    entries = " ".join(
        f'<textEntryInteraction responseIdentifier="{_name(blank.id)}" expectedLength="14"/>' for blank in item.blanks
    )
    return f"<p>{item.prompt}{entries}</p>\n"


def _feedback(blank: Blank) -> Iterator[str]:
    for place, wrong in enumerate(blank.wrong, start=1):
        yield (
            f'<modalFeedback outcomeIdentifier="{_name(blank.id, "F")}" identifier="M{place}" showHide="show">'
            f"<p>({blank.id}) {escape(wrong.feedback)}</p></modalFeedback>\n"
        )


# --- scoring ----------------------------------------------------------------------------------------------------------


def _scores(item: Item) -> Iterator[str]:
    points = decimal(share(item))
    if item.options:
        name = _name(item.id)
        yield _condition([(f'<match><variable identifier="{name}"/>{_correct(name)}</match>', _add(points))])
    for blank in item.blanks:
        name = _name(blank.id)
        cases = [(_equal(blank, _correct(name)), _add(points))]
        for place, wrong in enumerate(blank.wrong, start=1):
            cases.append((_equal(blank, _constant("float", wrong.number)), _tell(blank, place)))
        yield _condition(cases)


def _equal(blank: Blank, value: str) -> str:
    return (
        f'<equal toleranceMode="absolute" tolerance="{blank.tolerance} {blank.tolerance}">'
        f'<variable identifier="{_name(blank.id)}"/>{value}</equal>'
    )


def _correct(name: str) -> str:
    return f'<correct identifier="{name}"/>'


def _constant(kind: str, value: str) -> str:
    return f'<baseValue baseType="{kind}">{value}</baseValue>'


def _add(points: str) -> str:
    total = f'<sum><variable identifier="SCORE"/>{_constant("float", points)}</sum>'
    return f'<setOutcomeValue identifier="SCORE">{total}</setOutcomeValue>'


def _tell(blank: Blank, place: int) -> str:
    return (
        f'<setOutcomeValue identifier="{_name(blank.id, "F")}">{_constant("identifier", f"M{place}")}</setOutcomeValue>'
    )


def _condition(cases: Sequence[tuple[str, str]]) -> str:
    """The first case that holds; an entry left empty is NULL, and so is every comparison with it: none holds."""
    (condition, action), *others = cases
    further = "".join(f"<responseElseIf>{when}{then}</responseElseIf>" for when, then in others)
    return f"<responseCondition><responseIf>{condition}{action}</responseIf>{further}</responseCondition>\n"
