"""The figures other engines and texts published, carried in `data/` so that a clone alone tests them.

Run as a script (`python tests/conformance/truth.py`) it writes `data/` anew from the collection that may stand beside
the checkout; `test_carried_data.py` holds the two against each other where it does.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
DATA = HERE / "data"
SHARED = HERE.parents[2] / "shared" / "truth"
FOLDERS = ("engines", "onnx", "symbolic")
NEWER = "pb122_"
"""The prefix of the ONNX node cases of a later version: the same inputs, most outputs the same."""
FIGURES = (
    "op", "attributes", "inputs", "outputs", "published", "published_each_unit", "recomputed", "recomputed_float64",
    "autograd_float64", "input", "dims", "seed", "rng_order", "verdict", "params", "x", "h0", "c0", "output", "final",
    "loss_weights_output", "loss_weights_final", "loss", "grads", "text", "value", "right_value",
    "rel_diff_vs_autograd",
)  # fmt: skip
"""What is carried of a case: figures and formulas, no remarks."""


@cache
def cases(folder: str) -> dict[str, dict[str, Any]]:
    """The carried cases of a folder, by `file` or `file: name`."""
    return json.loads((DATA / f"{folder}.json").read_text(encoding="utf-8"))


def collected(folder: str) -> dict[str, dict[str, Any]]:
    """The cases of the collection beside the checkout, condensed to what is carried."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((SHARED / folder).glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        if folder == "onnx":
            found[path.stem] = _figures(content)
            continue
        for entry in content.get("cases", content.get("claims")):
            found[f"{path.stem}: {entry.get('name', entry.get('line'))}"] = _figures(entry)
    return {name: _without_repetition(name, case, found) for name, case in found.items()}


def _figures(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: _packed(value) for key, value in entry.items() if key in FIGURES and value not in (None, "")}


def _packed(value: Any) -> Any:
    """An array of one number, as that number."""
    if not isinstance(value, dict):
        return value
    if set(value) >= {"shape", "data"}:
        first, *rest = value["data"]
        same = all(number == first for number in rest)
        return {"shape": value["shape"], "fill": first} if same else {"shape": value["shape"], "data": value["data"]}
    return {key: _packed(part) for key, part in value.items()}


def _without_repetition(name: str, case: dict[str, Any], every: dict[str, dict[str, Any]]) -> dict[str, Any]:
    older = every.get(name.removeprefix(NEWER))
    if not name.startswith(NEWER) or older is None:
        return case
    return {"like": name.removeprefix(NEWER)} | {k: v for k, v in case.items() if v != older.get(k)}


def array(packed: dict[str, Any]) -> np.ndarray:
    """A carried array.

    >>> array({"shape": [1, 2], "fill": 0.5})
    array([[0.5, 0.5]])
    """
    data = packed["data"] if "data" in packed else np.full(np.prod(packed["shape"]), packed["fill"])
    return np.array(data, dtype=float).reshape(packed["shape"])


def _write() -> None:
    for folder in FOLDERS:
        lines = [
            f"{json.dumps(name)}: {json.dumps(case, separators=(',', ':'), ensure_ascii=False)}"
            for name, case in collected(folder).items()
        ]
        (DATA / f"{folder}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    _write()
