"""A document as one JSON object with stable keys."""

from __future__ import annotations

import json

from symrnn.documents.document import Document
from symrnn.documents.renderers.latex import equations


def to_json(document: Document) -> str:
    """`{"title", "convention", "equations": [{"lhs", "rhs", "relation", "reason"}]}`, sides in LaTeX.

    >>> from symrnn.cells import rnn
    >>> from symrnn.documents import derive
    >>> json.loads(derive(rnn(), wrt="b").to_json())["title"]
    'rnn'
    """
    content = {"title": document.title, "convention": document.convention, "equations": equations(document)}
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"
