"""A document as one JSON object with stable keys."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from symrnn import __version__
from symrnn.documents.document import MARK, Document
from symrnn.documents.renderers.latex import equations


def to_json(document: Document) -> str:
    """Title, convention, tally, and equations: lhs and rhs in LaTeX, relation, reason, how it was checked.

    >>> from symrnn.cells import rnn
    >>> from symrnn.documents import derive
    >>> json.loads(derive(rnn(), wrt="b").to_json())["title"]
    'RNN'
    """
    content: dict[str, Any] = {
        "generator": f"{MARK} {__version__}",
        "title": document.title,
        "convention": document.convention,
        "equations": equations(document),
    }
    if document.tally is not None:
        content["tally"] = asdict(document.tally)
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"
