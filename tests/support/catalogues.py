"""Compile the catalogues of every language: `python tests/support/catalogues.py`.

Messages come from the tables that declare them (`sources()`), so a `.po` holds exactly what can be said; a new message
is appended with an empty translation, one that is no longer said is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path

import polib

import symrnn

LOCALE = Path(symrnn.__file__).parent / "locale"

DOMAINS: Mapping[str, tuple[str, ...]] = {
    "worksheet": ("symrnn.worksheets.words:ENGLISH", "symrnn.worksheets.words:NAMES"),
    "derivation": ("symrnn.documents.languages:ENGLISH",),
    "cells": ("symrnn.cells.catalogue:CONVENTIONS",),
    "plots": ("symrnn.plots.words:WORDS",),
    "remedies": ("symrnn.regimes.remedies:TITLES", "symrnn.regimes.remedies:WORDS"),
    "regime": ("symrnn.documents.regime_words:ENGLISH", "symrnn.documents.regime_words:NOTES"),
    "check": (
        "symrnn.checking.reports.words:MESSAGES",
        "symrnn.checking.reports.tally:WORDS",
        "symrnn.checking.reports.unread:FORMS",
        "symrnn.checking.reports.unread:PARTS",
        "symrnn.checking.misconceptions:SENTENCES",
        "symrnn.checking.misconceptions:NAMES",
        "symrnn.checking.misconceptions:WORDED",
    ),
}
"""Domain to the tables (mapping of key to English sentence) whose sentences it translates."""


def messages_of(domain: str) -> list[str]:
    """The English sentences of a domain, in the order of their tables."""
    found: dict[str, None] = {}
    for place in DOMAINS[domain]:
        module, _, name = place.partition(":")
        table = getattr(import_module(module), name)
        found |= dict.fromkeys(table.values() if isinstance(table, Mapping) else table)
    return [message for message in found if message]


def source(path: Path, messages: Iterable[str]) -> polib.POFile:
    """The catalogue with the messages in order and the translations there are."""
    known = {entry.msgid: entry.msgstr for entry in polib.pofile(str(path))} if path.exists() else {}
    made = polib.POFile(wrapwidth=0)
    made.metadata = {
        "Language": path.parent.parent.name,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
    }
    made.extend(polib.POEntry(msgid=message, msgstr=known.get(message, "")) for message in messages)
    return made


def catalogues() -> Iterator[Path]:
    """Where the `.po` of every language and domain stands."""
    for language in sorted(path.name for path in LOCALE.iterdir() if path.is_dir()):
        for domain in DOMAINS:
            yield LOCALE / language / "LC_MESSAGES" / f"{domain}.po"


def main() -> None:
    """Bring every `.po` up to date with its tables and compile it."""
    for path in catalogues():
        made = source(path, messages_of(path.stem))
        made.save(str(path))
        path.with_suffix(".mo").write_bytes(made.to_binary())
        print(f"{path.relative_to(LOCALE)}: {len(made)} messages, {len(made.untranslated_entries())} untranslated")


if __name__ == "__main__":
    main()
