"""QTI 2.1: held against a schema written from the specification, and answered through a processor of responses."""

from __future__ import annotations

from pathlib import Path

import pytest
from exported_sheets import Exported
from lxml import etree
from qti import SPACE, Attempt

from symrnn.worksheets.exports.qti import to_manifest, to_qti

SCHEMA = etree.RelaxNG(etree.parse(Path(__file__).parent / "schemas" / "qti.rng"))


@pytest.fixture(scope="module")
def item(exported: Exported) -> etree._Element:
    """The item of a sheet."""
    return etree.fromstring(to_qti(exported.sheet.id, exported.parts, exported.looks.language).encode())


def responses(exported: Exported) -> dict[str, str]:
    """Everything right, by response."""
    found = {f"R{blank.id.replace('.', '_')}": blank.number for blank in exported.blanks}
    return found | {f"R{item.id}": f"O{item.right}" for item in exported.items if item.options}


class TestSchema:
    """The order, names and attributes of the specification."""

    def test_it_is_valid(self, item: etree._Element) -> None:
        """Everything in its place."""
        assert SCHEMA.validate(item), SCHEMA.error_log

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("<itemBody>", "<itemBody><wbr/>"),
            (' adaptive="false"', ""),
            ('showHide="show"', 'showHide="perhaps"'),
            ("<mfrac>", '<mfrac displaystyle="false">'),
            ('baseType="float"', 'baseType="number"'),
        ],
    )
    def test_the_schema_refuses(self, exported: Exported, old: str, new: str) -> None:
        """What the specification does not have."""
        text = to_qti(exported.sheet.id, exported.parts, exported.looks.language)
        assert old in text
        assert not SCHEMA.validate(etree.fromstring(text.replace(old, new, 1).encode()))

    def test_identifiers(self, item: etree._Element) -> None:
        """Every response is declared, shown and scored; every outcome that is shown can be set."""
        declared = [d.get("identifier") for d in item.iterfind(f"{SPACE}responseDeclaration")]
        kinds = ("textEntryInteraction", "choiceInteraction")
        shown = [each.get("responseIdentifier") for kind in kinds for each in item.iter(f"{SPACE}{kind}")]
        scored = [each.get("identifier") for each in item.iter(f"{SPACE}correct")]
        assert len(set(declared)) == len(declared)
        assert sorted(declared) == sorted(shown) == sorted(scored)
        outcomes = {d.get("identifier") for d in item.iterfind(f"{SPACE}outcomeDeclaration")}
        assert {f.get("outcomeIdentifier") for f in item.iter(f"{SPACE}modalFeedback")} == outcomes - {"SCORE"}
        pairs = [(f.get("outcomeIdentifier"), f.get("identifier")) for f in item.iter(f"{SPACE}modalFeedback")]
        assert len(set(pairs)) == len(pairs)


class TestPackage:
    """The manifest."""

    def test_every_item_is_a_resource_with_its_file(self) -> None:
        """As content packages have it: metadata, organizations, resources."""
        manifest = etree.fromstring(to_manifest(["1-001", "1-002"]).encode())
        assert [etree.QName(part).localname for part in manifest] == ["metadata", "organizations", "resources"]
        for resource, name in zip(manifest[2], ("1-001", "1-002"), strict=True):
            assert resource.get("type") == "imsqti_item_xmlv2p1"
            assert resource.get("href") == resource[0].get("href") == f"{name}.xml"


class TestScoring:
    """What a student gets."""

    def test_all_right(self, exported: Exported, item: etree._Element) -> None:
        """All points of what is asked, and no feedback; the maximum that is declared."""
        attempt = Attempt(item, responses(exported))
        points = sum(each.points for each in exported.items)
        assert attempt.score == pytest.approx(points)
        assert not attempt.shown
        (declared,) = item.findall(f"{SPACE}outcomeDeclaration[@identifier='SCORE']")
        assert float(declared.get("normalMaximum")) == points

    def test_nothing(self, item: etree._Element) -> None:
        """No points, no feedback, no error."""
        attempt = Attempt(item, {})
        assert attempt.score == 0 and not attempt.shown

    def test_every_known_mistake_is_told(self, exported: Exported, item: etree._Element) -> None:
        """Each wrong number in its blank, everything else right: less points and its own sentence."""
        right = responses(exported)
        full = Attempt(item, right).score
        told = 0
        for blank in exported.blanks:
            for wrong in blank.wrong:
                attempt = Attempt(item, right | {f"R{blank.id.replace('.', '_')}": wrong.number})
                assert attempt.score < full
                assert attempt.shown == [f"({blank.id}) {wrong.feedback}"]
                told += 1
        assert told > 10

    def test_within_the_tolerance(self, exported: Exported, item: etree._Element) -> None:
        """Half the tolerance away is right, twice is not."""
        blank = exported.blanks[0]
        name, room = f"R{blank.id.replace('.', '_')}", float(blank.tolerance)
        assert Attempt(item, {name: str(float(blank.number) + room / 2)}).score > 0
        assert Attempt(item, {name: str(float(blank.number) + room * 2)}).score == 0
