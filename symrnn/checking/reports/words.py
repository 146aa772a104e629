"""What reports say, in English; `locale/*/check.po` has the other languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from symrnn.checking.reports.obstacles import OBSTACLES, obstacle
from symrnn.checking.verdicts import Diagnosis, Reason, Report, Verdict
from symrnn.languages import translated

DOMAIN = "check"

VERDICTS: Mapping[str, str] = MappingProxyType(
    {
        "given": "given",
        "right": "right",
        "rounded": "right to the digits shown",
        "last_digit": "off in the last digit",
        "notation": "run-on equality",
        "undecided": "not decided",
        "unread": "not read",
        "follows": "follows from an earlier wrong line",
        "lucky": "right by luck",
        "undefined": "undefined",
        "wrong": "wrong",
    }
)
"""A verdict in words."""

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "model": "Model: {0}",
        "mapping": "Names: {0}",
        "should": "should be {0}",
        "follows": "follows from line {0}",
        "nothing": "nothing to judge was found",
        "unread": "{0} not read: {1}",
        "corrected": "write: {0}",
        "rule": "wrong: {0}   right: {1}",
        "maybe": "one of these:",
    }
)
"""The frame of a report."""

REASONS: tuple[str, ...] = (
    "recognised from the text's own definitions",
    "front matter",
    "What {0} is, the text does not say: formulas are checked that hold for any such function.",
    "what the function is, nobody says",
    "of numbers, not of vectors",
    "zero on both sides where the names between are held constant",
    "given",
    "a definition",
    "an update",
    "a condition",
    "a setting",
    "there is no step T + 1, so that nothing comes back from it",
    "it is not",
    "no value for {0}",
    "one number for several entries",
    "shapes that do not fit: {0}",
    "too large to compute: {0}",
    "{0} may mean {1}",
    "0 follows from a 0 that is wrong, however it was computed",
    "right in the transposed layout, but not computed so",
    "it follows from values above that could not be judged",
    "the value is right, the equality as displayed is not",
    "a run-on equality: two equalities written as one",
    "true at these numbers, false as a formula: at other numbers {0} against {1}",
    "false as a formula: at random numbers {0} against {1}",
    "right in the transposed layout",
    "at the last step, to which nothing comes back",
    "with gradients as rows",
    "in denominator layout",
    "with ∂ as the immediate partial ∂⁺",
    "what one step adds",
    "zero on both sides at every point that was drawn, beyond a kink",
    "false as a formula; of these numbers, not all are known",
    "computed with the immediate partial ∂⁺, where the total derivative belongs",
    "with a loss of the last step alone",
    "true along the direct path only, the paths through other states left out: in all {0} against {1}",
    "the vector read as its diagonal matrix",
    "what the loss is, nobody says",
    "false as a formula: not the same for every {0}",
    "an equation for {0}",
    "no root of the equation above",
    "a division by zero",
    "the logarithm of a number that is not positive",
    "the root of a negative number",
    "a broken power of a number that is not positive",
    "a division by a number that may be zero",
    "The model is too large for a hand calculation: equalities are checked as arithmetic only.",
    "Programs (code cells, blocks of a programming language) are set aside: they are not judged.",
    "No model was recognised: what the text defines is not a whole cell. Equalities are checked as arithmetic.",
    "No model was recognised: {0} is defined in two ways. Equalities are checked as arithmetic.",
    "The text's model has no value for {0}: formulas are checked, numbers as arithmetic only.",
    "The text writes vectors as rows: formulas are checked so, numbers as arithmetic only.",
    "The text's model has two values for {0}: formulas are checked, numbers as arithmetic only.",
    "{0} should be {1}",
    "{0} is missing",
    "missing in the sum: {0}",
    "{0} does not belong here",
    "{0} has the wrong sign",
    "here: {0}",
)
"""Messages of `Reason`, each its own English."""

MESSAGES: tuple[str, ...] = (*VERDICTS.values(), *SENTENCES.values(), *REASONS, *OBSTACLES)
"""Everything a catalogue translates."""


def verdict_words(verdict: Verdict, language: str = "en") -> str:
    """A verdict in words.

    >>> verdict_words(Verdict.LAST_DIGIT)
    'off in the last digit'
    """
    return translated(VERDICTS[verdict.value], language, DOMAIN)


def say(key: str, *about: object, language: str = "en") -> str:
    """A sentence of the frame."""
    return translated(SENTENCES[key], language, DOMAIN).format(*about)


def reason_words(reason: Reason | None, language: str = "en") -> str:
    """Why, in words."""
    if reason is None:
        return ""
    about = (obstacle(one, language) if isinstance(one, str) else one for one in reason.about)
    return translated(reason.message, language, DOMAIN).format(*about)


def mistake_words(mistake: Diagnosis, language: str = "en") -> tuple[str, str, str, str]:
    """A mistake's name, its sentence, the wrong and the right formula, in words."""
    said = (mistake.name, mistake.sentence, mistake.wrong, mistake.right)
    name, sentence, wrong, right = (translated(one, language, DOMAIN) for one in said)
    return name, sentence, wrong, right


def head_lines(report: Report, language: str = "en") -> Iterator[str]:
    """What stands above a report: the model and where it comes from, what names were taken for, notes."""
    if report.model:
        yield say("model", translated(report.model, language, DOMAIN), language=language)
    if report.mapping:
        names = ", ".join(f"{text} = {meaning}" for text, meaning in report.mapping)
        yield say("mapping", names, language=language)
    yield from (reason_words(note, language) for note in report.notes)
