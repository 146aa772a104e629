"""Real input sequences for a model: a file of numbers in place of what the model was given or what was assumed.

`.npy`, `.npz` (one array, or the one called like the input), `.csv` and `.json`; rows are steps. Nothing is unpickled.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symrnn.algebra.nodes import Name, Parameter
from symrnn.errors import InputError, ShapeError
from symrnn.models.model import Model
from symrnn.texts import read_text

Array = NDArray[np.float64]
MOST_BYTES = 200_000_000


def read_sequence(path: str, name: str = "x") -> Array:
    """The numbers of a file as an array of steps: (T, m), or with a batch (T, B, m)."""
    file = Path(path)
    try:
        if file.stat().st_size > MOST_BYTES:
            raise InputError(path, found="a file of more than 200 MB", write="a shorter sequence")
        values = _read(file, name)
    except OSError as error:
        raise InputError(
            path, found=f"the file cannot be read: {error.strerror or error}", write="a readable file"
        ) from None
    except (ValueError, KeyError, EOFError) as error:
        raise InputError(
            path, found=f"no array of numbers: {str(error)[:120]}", write="rows of numbers, a step each (.npy, .csv)"
        ) from None
    if values.ndim not in (1, 2, 3) or not values.size or not np.isfinite(values).all():
        raise InputError(
            path, found=f"an array of shape {values.shape}, or numbers that are not finite", write="shape (T, m)"
        )
    return values[:, None] if values.ndim == 1 else values


def _read(file: Path, name: str) -> Array:
    with file.open("rb") as stream:
        head = stream.read(6)
    if head.startswith(b"\x93NUMPY"):
        return np.asarray(np.load(file, allow_pickle=False, mmap_mode="r"), dtype=np.float64)
    if head.startswith(b"PK"):
        return _from_npz(file, name)
    text = read_text(file, MOST_BYTES)
    if text.lstrip().startswith(("[", "{")):
        found: Any = json.loads(text)
        return np.asarray(found[name] if isinstance(found, dict) else found, dtype=np.float64)
    rows = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if rows and not _is_numbers(rows[0]):
        rows = rows[1:]
    return np.array([[float(cell) for cell in row.replace(";", ",").split(",")] for row in rows], dtype=np.float64)


def _is_numbers(row: str) -> bool:
    try:
        [float(cell) for cell in row.replace(";", ",").split(",")]
    except ValueError:
        return False
    return True


def _from_npz(file: Path, name: str) -> Array:
    from zipfile import BadZipFile, ZipFile

    try:
        with ZipFile(file) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES:
                raise ValueError("more than 200 MB when unpacked")
        with np.load(file, allow_pickle=False) as arrays:
            key = name if name in arrays.files else arrays.files[0]
            return np.asarray(arrays[key], dtype=np.float64)
    except (BadZipFile, IndexError) as error:
        raise ValueError(str(error)) from None


def with_input(model: Model, values: Array) -> Model:
    """The model driven by other inputs, over as many steps as they have.

    >>> from symrnn.models.files import load
    >>> with_input(load("example:linear"), np.zeros((7, 1))).steps
    7
    """
    if len(model.program.inputs) != 1:
        raise InputError(
            f"{len(model.program.inputs)} inputs", found="a file gives one", write="a model file with every input"
        )
    (signal,) = model.program.inputs
    width = np.asarray(model.values[signal]).shape[-1] if np.asarray(model.values[signal]).ndim > 1 else 1
    if values.shape[-1] != width:
        raise ShapeError(
            f"an input of shape {values.shape}",
            found=f"{values.shape[-1]} columns",
            write=f"{width} columns, a step a row",
        )
    steps = len(values)
    timed = {
        name
        for name in model.values
        if not isinstance(name, Parameter) and name.has(model.program.steps.index) and name != signal
    }
    if timed and steps > model.steps:
        raise InputError(
            f"{steps} steps", found=f"the model's other sequences have {model.steps}", write="a shorter input"
        )
    plain = {name: value for name, value in model.values.items() if name != signal and name not in timed}
    rest: dict[Name, Any] = {name: model.values[name][:steps] for name in timed}
    batch = values.shape[1] if values.ndim == 3 else None
    return replace(model, steps=steps, batch=batch, values={**plain, **rest, signal: values})
