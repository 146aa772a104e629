"""A renderer a format: each reads a `Document` and returns text. Importing this fills `document.RENDERERS`."""

from symrnn.documents.document import RENDERERS
from symrnn.documents.renderers import json, latex, text

RENDERERS.update({"text": text.to_text, "latex": latex.to_latex, "json": json.to_json, "jupyter": latex.aligned})
