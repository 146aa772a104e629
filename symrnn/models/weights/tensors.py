"""Arrays by name as a file holds them, and the limits that stand before every allocation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symrnn.errors import InputError, SymrnnError, UnsafeInputError

MOST_BYTES = 1 << 30
"""A weights file, and all arrays in it together, hold at most so many bytes."""
MOST_TENSORS = 20_000
MOST_ENTRIES = 1 << 27
"""Entries of one array that is analysed: 11,000 × 11,000."""


@dataclass(frozen=True)
class Tensors:
    """Arrays by name, in the order of the file; `format` is how the file is called in messages.

    `facts` holds what a file says beside its arrays about the layer at a prefix (the nonlinearity of a live module).
    """

    source: str
    format: str
    arrays: Mapping[str, NDArray[Any]]
    facts: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, name: str) -> NDArray[np.float64]:
        """The array of that name in float64, every entry finite.

        >>> Tensors("net", "npz", {"b": np.ones(2, dtype=np.float32)}).of("b")
        array([1., 1.])
        """
        array = self.arrays[name]
        if array.dtype.kind not in "fiu" or array.size > MOST_ENTRIES:
            raise InputError(
                f"{self.source}: {name}",
                found=f"an array of {array.size:,} entries of type {array.dtype}",
                write=f"real numbers, at most {MOST_ENTRIES:,}",
            )
        numbers = array.astype(np.float64)
        if not np.isfinite(numbers).all():
            raise InputError(
                f"{self.source}: {name}", found="entries that are not finite (NaN or infinity)", write="finite weights"
            )
        return numbers


@contextmanager
def guarded(source: str, what: str) -> Iterator[None]:
    """Whatever a library raises about a broken file is an error about that file, in three parts."""
    try:
        yield
    except SymrnnError:
        raise
    except MemoryError:
        found = f"a {what} that claims more memory than there is"
        raise UnsafeInputError(source, found=found, write="a smaller one") from None
    except ImportError:
        raise
    except Exception as error:  # a damaged file may raise anything from deep inside zipfile, NumPy, h5py or protobuf
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise InputError(
            source, found=f"no {what} that can be read: {reason}", write="an undamaged file, saved again"
        ) from None


def check_size(source: str, size: int, what: str) -> None:
    """Refuse before anything of that size is allocated."""
    if size > MOST_BYTES:
        raise UnsafeInputError(
            source,
            found=f"{what}: {size:,} bytes",
            write=f"at most {MOST_BYTES:,} bytes; keep only the recurrent layers",
        )


def bytes_of(path: Path) -> bytes:
    """A file's content, its size checked first."""
    try:
        check_size(str(path), path.stat().st_size, "a large file")
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            str(path), found=f"the file cannot be read: {error.strerror}", write="a readable weights file"
        ) from None


def needs(package: str, source: str, kind: str) -> InputError:
    """The error that says which extra a file wants."""
    return InputError(
        source, found=f"{kind} is read with {package}, which is not installed", write='pip install "symrnn[weights]"'
    )
