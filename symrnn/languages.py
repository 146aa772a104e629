"""Which language a sentence is said in: English in the source, others by gettext catalogues.

A further language is a folder `locale/CODE/LC_MESSAGES` with a catalogue for each domain, no code.
"""

from __future__ import annotations

import gettext
from functools import cache
from pathlib import Path

from symrnn.errors import InputError

ENGLISH = "en"
LOCALE = Path(__file__).parent / "locale"


@cache
def known_languages() -> tuple[str, ...]:
    """The codes there are words for, English first.

    >>> known_languages()
    ('en', 'zh')
    """
    return (ENGLISH, *sorted(path.parent.name for path in LOCALE.glob("*/LC_MESSAGES") if any(path.glob("*.mo"))))


def check_language(language: str) -> str:
    """The code itself, or an error that lists the languages there are."""
    if language not in known_languages():
        raise InputError(language, found="no such language", write="one of: " + ", ".join(known_languages()))
    return language


def translated(english: str, language: str, domain: str) -> str:
    """A sentence in a language; a sentence without a translation stays English.

    >>> translated("The model", "zh", "derivation")
    '模型'
    >>> translated("The model", "en", "derivation")
    'The model'
    """
    # gettext answers an empty msgid with the catalogue's header.
    if language == ENGLISH or not english:
        return english
    return _catalogue(check_language(language), domain).gettext(english)


@cache
def _catalogue(language: str, domain: str) -> gettext.NullTranslations:
    return gettext.translation(domain, LOCALE, [language], fallback=True)
