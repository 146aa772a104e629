"""Which kind of weights file some bytes are, and its arrays. Nothing in a file is ever unpickled or run.

The content decides, not the suffix. `.npz` and `.safetensors` are read here; HDF5 in a process of its own
(`hdf5.py`), ONNX in `onnx_graphs.py`.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from math import prod
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from symrnn.errors import InputError, NeverError, UnsafeInputError
from symrnn.models.weights.tensors import MOST_TENSORS, Tensors, check_size, guarded, needs

Format = Literal["npz", "safetensors", "hdf5", "onnx", "pickle"]
HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
ZIP_MAGIC = b"PK\x03\x04"
MOST_HEADER = 100_000_000

CONVERSION = (
    'python -c "import torch; from safetensors.torch import save_file; '
    "save_file({{k: v.clone() for k, v in torch.load('{name}', weights_only=True).items()}}, '{stem}.safetensors')\""
)
"""The one line that turns a state dict saved by torch.save into safetensors."""


def format_of(head: bytes, path: Path) -> Format | None:
    """The kind of weights file that begins like this; None for everything else, such as a text.

    >>> format_of(b"\\x89HDF\\r\\n\\x1a\\n", Path("net")), format_of(b"[cell]", Path("net.toml"))
    ('hdf5', None)
    """
    suffix = path.suffix.lower()
    if head.startswith(HDF5_MAGIC):
        return "hdf5"
    if head.startswith(ZIP_MAGIC):
        return "pickle" if suffix in (".pt", ".pth", ".ckpt", ".bin") else "npz"
    if (head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05") or suffix in (".pt", ".pth", ".pkl", ".ckpt"):
        return "pickle"
    if suffix == ".safetensors" or (len(head) > 8 and head[8:9] == b"{" and head[7:8] == b"\0"):
        return "safetensors"
    if suffix == ".onnx" or head[:1] == b"\x08":
        return "onnx"
    by_suffix: dict[str, Format] = {".npz": "npz", ".h5": "hdf5", ".hdf5": "hdf5"}
    return by_suffix.get(suffix)


def refuse_pickle(path: Path) -> NeverError:
    """A `.pt` is a program in disguise: unpickling runs what it says."""
    return NeverError(
        str(path),
        found="a pickle (torch.save): reading it can run any code that is in it",
        write="the same state dict as safetensors, made where you trust the file:\n"
        + CONVERSION.format(name=path.name, stem=path.stem),
    )


# --- npz --------------------------------------------------------------------------------------------------------------


def read_npz(data: bytes, source: str) -> Tensors:
    """The arrays of a `.npz`: sizes are checked against the zip's own list and each header before allocation."""
    with guarded(source, "npz file"), zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        if any(member.filename.endswith("data.pkl") for member in members):
            raise refuse_pickle(Path(source))
        if any(member.filename == "model.weights.h5" for member in members):
            raise InputError(
                source, found="a .keras archive", write=f"its weights: unzip {Path(source).name} model.weights.h5"
            )
        if len(members) > MOST_TENSORS:
            raise UnsafeInputError(source, found=f"{len(members):,} arrays", write=f"at most {MOST_TENSORS:,}")
        check_size(source, sum(member.file_size for member in members), "the arrays unpacked")
        arrays = {m.filename.removesuffix(".npy"): _npy(archive.read(m), m.filename, source) for m in members}
    return Tensors(source, "npz", arrays)


def _npy(data: bytes, name: str, source: str) -> NDArray[Any]:
    """One array; the header's claim is held against the bytes there are."""
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    reader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = reader(stream)
    if dtype.hasobject:
        raise UnsafeInputError(f"{source}: {name}", found="an array of Python objects", write="an array of numbers")
    if any(size < 0 for size in shape) or prod(shape) * dtype.itemsize != len(data) - stream.tell():
        raise InputError(
            f"{source}: {name}",
            found=f"a header that claims {shape} of {dtype} over {len(data) - stream.tell():,} bytes",
            write="an undamaged file, saved again",
        )
    stream.seek(0)
    return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))


# --- safetensors ------------------------------------------------------------------------------------------------------

DTYPES: Mapping[str, str] = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
"""Those NumPy has; bfloat16 is the upper half of a float32."""


def read_safetensors(data: bytes, source: str) -> Tensors:
    """The arrays of a `.safetensors`, bfloat16 included; 8-bit floats are refused by name."""
    try:
        from safetensors import deserialize
    except ImportError:
        raise needs("safetensors", source, ".safetensors") from None
    with guarded(source, "safetensors file"):
        found = deserialize(data)  # type: ignore[no-untyped-call]  # the package has no types
        _refuse_duplicates(data, source)
        if len(found) > MOST_TENSORS:
            raise UnsafeInputError(source, found=f"{len(found):,} arrays", write=f"at most {MOST_TENSORS:,}")
        arrays = {name: _tensor(entry, f"{source}: {name}") for name, entry in sorted(found)}
    return Tensors(source, "safetensors", {name: array for name, array in arrays.items() if array is not None})


def _tensor(entry: Mapping[str, Any], where: str) -> NDArray[Any] | None:
    kind, shape, raw = entry["dtype"], entry["shape"], bytes(entry["data"])
    if kind == "BF16":
        upper = np.frombuffer(raw, dtype="<u2").astype(np.uint32) << np.uint32(16)
        return upper.view(np.float32).reshape(shape)
    if kind not in DTYPES:
        # A quantised or 8-bit tensor is kept as what it is: one that no layer can be made of.
        return np.empty(0, dtype="S1")
    return np.frombuffer(raw, dtype=DTYPES[kind]).reshape(shape)


def _refuse_duplicates(data: bytes, source: str) -> None:
    """JSON readers let the last of two equal names win; which one a trainer meant, nobody can say."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        twice = sorted(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        if twice:
            raise InputError(source, found=f"two tensors named {twice[0]}", write="one tensor for each name")
        return dict(pairs)

    size = int.from_bytes(data[:8], "little")
    json.loads(data[8 : 8 + min(size, MOST_HEADER)], object_pairs_hook=unique)


# --- all --------------------------------------------------------------------------------------------------------------

READERS: Mapping[str, Callable[[bytes, str], Tensors]] = {"npz": read_npz, "safetensors": read_safetensors}
"""The kinds whose arrays have nothing but names."""
