"""Sentences in other languages: every one translated, catalogues up to date, placeholders kept."""

from __future__ import annotations

import re
from pathlib import Path

import polib
import pytest
from catalogues import LOCALE, catalogues, messages_of, source

from symrnn.errors import InputError
from symrnn.languages import check_language, known_languages, translated

each_catalogue = pytest.mark.parametrize(
    "path", list(catalogues()), ids=lambda path: "/".join(path.relative_to(LOCALE).parts)
)


@each_catalogue
def test_the_catalogue_holds_exactly_what_can_be_said(path: Path) -> None:
    """In the order of the tables: `python tests/support/catalogues.py` brings it up to date."""
    assert [entry.msgid for entry in polib.pofile(str(path))] == messages_of(path.stem)


@each_catalogue
def test_everything_is_translated(path: Path) -> None:
    """With the same placeholders."""
    for entry in polib.pofile(str(path)):
        assert entry.msgstr, entry.msgid
        assert sorted(re.findall(r"\{\w*\}", entry.msgid)) == sorted(re.findall(r"\{\w*\}", entry.msgstr)), entry.msgid


@each_catalogue
def test_the_compiled_catalogue_is_that_of_its_source(path: Path) -> None:
    """A `.po` without its `.mo` would say nothing."""
    assert path.with_suffix(".mo").read_bytes() == source(path, messages_of(path.stem)).to_binary()


def test_an_unknown_language_is_refused_with_those_there_are() -> None:
    """In three parts."""
    with pytest.raises(InputError, match="one of: en, zh"):
        check_language("tlh")


def test_a_sentence_without_translation_stays_english() -> None:
    """Nothing is lost; the header of a catalogue is never said."""
    assert translated("never said", "zh", "derivation") == "never said"
    assert translated("", "zh", "derivation") == ""
    assert known_languages()[0] == "en"
