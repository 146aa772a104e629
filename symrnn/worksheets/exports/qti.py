"""QTI 2.1: an assessment item for each sheet, a text entry for each number, scored by a tolerance.

The format: IMS Question and Test Interoperability 2.1, Information Model and XML Binding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from symrnn import __version__
from symrnn.documents.document import MARK
from symrnn.worksheets.exports.items import Blank, Group, Item

SPACE = "http://www.imsglobal.org/xsd/imsqti_v2p1"
_SCHEMA = "http://www.imsglobal.org/xsd/qti/qtiv2p1/imsqti_v2p1.xsd"


def to_qti(name: str, groups: Sequence[Group]) -> str:
    """One sheet's item."""
    items = [item for group in groups for item in group.items]
    declarations = "".join(piece for item in items for piece in _declarations(item))
    body = "".join(group.intro + "".join(_shown(item) for item in group.items) for group in groups)
    scores = "".join(piece for item in items for piece in _scores(item))
    maximum = sum(item.points * max(1, len(item.blanks)) for item in items)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<!-- {MARK} {__version__} -->\n'
        f'<assessmentItem xmlns="{SPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="{SPACE} {_SCHEMA}" identifier="sheet-{name}" title={quoteattr(name)} '
        f'adaptive="false" timeDependent="false">\n{declarations}'
        '<outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float" '
        f'normalMaximum="{maximum}"><defaultValue><value>0</value></defaultValue></outcomeDeclaration>\n'
        f"<itemBody>\n{_xml(body)}</itemBody>\n<responseProcessing>\n{scores}</responseProcessing>\n</assessmentItem>\n"
    )


def _xml(text: str) -> str:
    """HTML's elements are XML here once maths stands in its own namespace and empty elements are closed."""
    text = text.replace("<math", '<math xmlns="http://www.w3.org/1998/Math/MathML"')
    return text.replace("<wbr>", "").replace("<br>", "<br/>")


def _name(id: str) -> str:
    return "R" + id.replace(".", "_")


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
    return f"<p>({item.id}) {item.prompt}{entries}</p>\n"


def _scores(item: Item) -> Iterator[str]:
    if item.options:
        yield _score(item.points, f'<match><variable identifier="{_name(item.id)}"/>{_correct(_name(item.id))}</match>')
    for blank in item.blanks:
        yield _score(item.points, _equal(blank))


def _equal(blank: Blank) -> str:
    name = _name(blank.id)
    return (
        f'<and><not><isNull><variable identifier="{name}"/></isNull></not>'
        f'<equal toleranceMode="absolute" tolerance="{blank.tolerance} {blank.tolerance}">'
        f'<variable identifier="{name}"/>{_correct(name)}</equal></and>'
    )


def _correct(name: str) -> str:
    return f'<correct identifier="{name}"/>'


def _score(points: int, condition: str) -> str:
    return (
        f"<responseCondition><responseIf>{condition}"
        '<setOutcomeValue identifier="SCORE"><sum><variable identifier="SCORE"/>'
        f'<baseValue baseType="float">{points}</baseValue></sum></setOutcomeValue></responseIf></responseCondition>\n'
    )
