"""A renderer a format: each reads a `Document` and returns text. Importing this fills `document.RENDERERS`."""

from symrnn.documents.document import RENDERERS
from symrnn.documents.renderers import html, json, latex, text

RENDERERS.update({"text": text.to_text, "latex": latex.to_latex, "html": html.to_html, "json": json.to_json, "jupyter": latex.aligned})
