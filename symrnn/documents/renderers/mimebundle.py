"""What a notebook shows of a document: the front end takes the form it sets best."""

from __future__ import annotations

from symrnn.documents.document import Document
from symrnn.documents.renderers.html import to_part
from symrnn.documents.renderers.latex import aligned
from symrnn.documents.renderers.markdown import to_markdown
from symrnn.documents.renderers.text import to_text


def to_mimebundle(document: Document) -> dict[str, str]:
    """The document as HTML with MathML, Markdown, LaTeX and plain text, by MIME type.

    >>> from symrnn.cells import rnn
    >>> from symrnn.documents import derive
    >>> list(to_mimebundle(derive(rnn(), wrt="b")))
    ['text/plain', 'text/html', 'text/markdown', 'text/latex']
    """
    return {
        "text/plain": to_text(document),
        "text/html": to_part(document),
        "text/markdown": to_markdown(document),
        "text/latex": aligned(document),
    }
