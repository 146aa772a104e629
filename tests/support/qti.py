"""A processor of QTI 2.1 responses, written from the Information Model: what a delivery engine does with an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lxml import etree

SPACE = "{http://www.imsglobal.org/xsd/imsqti_v2p1}"


class Attempt:
    """One attempt at an item: the outcomes, and the feedback that is shown."""

    def __init__(self, item: etree._Element, responses: Mapping[str, str]) -> None:
        self.item = item
        self.responses = dict(responses)
        self.outcomes: dict[str, Any] = {}
        for declared in item.iterfind(f"{SPACE}outcomeDeclaration"):
            value = declared.findtext(f"{SPACE}defaultValue/{SPACE}value")
            self.outcomes[declared.get("identifier")] = self._typed(declared.get("baseType"), value)
        for rule in item.find(f"{SPACE}responseProcessing"):
            self._run(rule)

    @property
    def score(self) -> float:
        """What the attempt is worth."""
        return float(self.outcomes["SCORE"])

    @property
    def shown(self) -> list[str]:
        """The texts of modal feedback that is shown."""
        found = []
        for feedback in self.item.iterfind(f"{SPACE}modalFeedback"):
            matches = self.outcomes[feedback.get("outcomeIdentifier")] == feedback.get("identifier")
            if matches == (feedback.get("showHide") == "show"):
                found.append("".join(feedback.itertext()))
        return found

    def _run(self, rule: etree._Element) -> None:
        if rule.tag == f"{SPACE}setOutcomeValue":
            (expression,) = rule
            assert rule.get("identifier") in self.outcomes, "an outcome that is not declared"
            self.outcomes[rule.get("identifier")] = self._value(expression)
            return
        assert rule.tag == f"{SPACE}responseCondition", rule.tag
        for branch in rule:
            condition, *actions = branch if branch.tag != f"{SPACE}responseElse" else (None, *branch)
            # NULL is not true.
            if condition is None or self._value(condition) is True:
                for action in actions:
                    self._run(action)
                return

    def _value(self, node: etree._Element) -> Any:
        kind = node.tag.removeprefix(SPACE)
        if kind == "variable":
            return self._variable(node.get("identifier"))
        if kind == "correct":
            declared = self._declared(node.get("identifier"))
            return self._typed(declared.get("baseType"), declared.findtext(f"{SPACE}correctResponse/{SPACE}value"))
        if kind == "baseValue":
            return self._typed(node.get("baseType"), node.text)
        values = [self._value(child) for child in node]
        if any(value is None for value in values):
            return None
        if kind == "sum":
            return sum(values)
        first, second = values
        if kind == "match":
            return first == second
        assert kind == "equal" and node.get("toleranceMode") == "absolute", kind
        below, *above = (float(room) for room in node.get("tolerance").split())
        # The tolerance is about the first value.
        return first - below <= second <= first + (above[0] if above else below)

    def _variable(self, name: str) -> Any:
        if name in self.outcomes:
            return self.outcomes[name]
        return self._typed(self._declared(name).get("baseType"), self.responses.get(name))

    def _declared(self, name: str) -> etree._Element:
        (declared,) = self.item.findall(f"{SPACE}responseDeclaration[@identifier='{name}']")
        return declared

    @staticmethod
    def _typed(kind: str, text: str | None) -> Any:
        if text is None or text == "":
            return None
        return float(text) if kind == "float" else text
