"""A renderer a format: each reads a `Document`, returns text or bytes. Importing this fills `document.RENDERERS`."""

from symrnn.documents.document import RENDERERS
from symrnn.documents.renderers import html, json, latex, markdown, mimebundle, notebook, pdf, text, typst

RENDERERS.update(
    {
        "text": text.to_text,
        "latex": latex.to_latex,
        "html": html.to_html,
        "markdown": markdown.to_markdown,
        "notebook": notebook.to_notebook,
        "pdf": pdf.to_pdf,
        "typst": typst.to_typst,
        "json": json.to_json,
        "mimebundle": mimebundle.to_mimebundle,
    }
)
