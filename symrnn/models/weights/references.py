"""`weights = "net.safetensors"` in a model file: the tables with the cell and the numbers of the weights file put in.

What the model file says itself stands before what the weights file says, so that `b_f = 3` beside `weights` changes the
forget bias alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from symrnn.errors import SymrnnError
from symrnn.models.model import Note
from symrnn.models.weights.layers import Layer
from symrnn.models.weights.loading import NOT_ANALYSED, SEED, STEPS, assumed_inputs, listed, read_weights
from symrnn.tables import Document

PLACES = ("parameters", "cell")
KEYS = ("weights", "prefix")


def with_weights(document: Document) -> tuple[Document, tuple[Note, ...]]:
    """The document as if the numbers stood in it, and what was assumed; as it is where it names no weights."""
    for place in PLACES:
        table = document.tables.get(place)
        if isinstance(table, dict) and "weights" in table:
            return _filled(document, place, table)
    return document, ()


def _filled(document: Document, place: str, table: dict[str, Any]) -> tuple[Document, tuple[Note, ...]]:
    for key in KEYS:
        if key in table and not isinstance(table[key], str):
            raise document.error((place, key), f"{table[key]!r}", 'text in quotes: "net.safetensors", "lstm."')
    path = Path(document.file).parent / table["weights"] if document.file else Path(table["weights"])
    try:
        weights = read_weights(path)
        layer = weights.layer(table.get("prefix", ""))
    except SymrnnError as error:
        error.place = error.place or document.place((place, "weights"))
        raise
    tables = dict(document.tables)
    tables["cell"] = _cell(document, layer)
    own = {key: value for key, value in tables.get("parameters", {}).items() if key not in KEYS}
    biased = tables["cell"].get("bias", True)
    tables["parameters"] = {k: v for k, v in layer.values.items() if biased or not k.startswith("b")} | own
    notes = layer.notes if "activation" not in document.tables.get("cell", {}) else ()
    if "sequence" not in tables:
        x, assumed = assumed_inputs(weights, layer, STEPS, SEED)
        tables["sequence"] = {"x": x}
        notes = assumed + notes
    left_out = weights.left_out(layer)
    notes += (Note(NOT_ANALYSED, (listed(left_out),)),) if left_out else ()
    return Document(document.text, document.file, tables), notes


def _cell(document: Document, layer: Layer) -> dict[str, Any]:
    """[cell] with the kind and the options of the layer below what it says itself."""
    said = {key: value for key, value in document.tables.get("cell", {}).items() if key not in KEYS}
    if "equations" in said:
        return said
    if layer.equations:
        if said:
            raise document.error(("cell",), f"options beside a cell of its own kind ({layer.title})", "no options")
        return {"equations": layer.equations}
    if said.get("kind", layer.kind) != layer.kind:
        raise document.error(
            ("cell", "kind"), f"{said['kind']!r}, but the weights are those of: {layer.title}", f'kind = "{layer.kind}"'
        )
    return {"kind": layer.kind, **layer.options, **said}
