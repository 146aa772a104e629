"""Run as a script, not imported: reads one HDF5 file and writes its datasets to standard output as `.npz`.

Walks one link at a time and refuses what leads out of the file or claims more than it holds: soft and external links,
external storage, virtual datasets, fill values over missing data.
"""

import contextlib
import io
import sys
from typing import Any

NOT_INSTALLED = 4
REFUSED = 5
SLACK = 1 << 20


class Refused(Exception):
    """Something in the file that no weights file needs."""


def limit_memory(most: int) -> None:
    """Where the system can: beyond this an allocation fails instead of the machine."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (4 * most, 4 * most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def walk(group: Any, path: str, found: dict[str, Any], most: int, tensors: int, depth: int = 0) -> None:
    """Every dataset below a group, by hard links only."""
    import h5py

    if depth > 40:
        raise Refused("groups nested more than 40 deep")
    for name in group:
        link = group.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            raise Refused(f"{path}{name} is a link that leads elsewhere")
        entry = group[name]
        if isinstance(entry, h5py.Group):
            walk(entry, f"{path}{name}/", found, most, tensors, depth + 1)
        elif isinstance(entry, h5py.Dataset):
            if entry.external or entry.is_virtual:
                raise Refused(f"{path}{name} keeps its data outside the file")
            if entry.dtype.kind not in "fiu":
                continue
            if entry.nbytes > 2_000 * entry.id.get_storage_size() + SLACK:
                raise Refused(f"{path}{name} claims {entry.nbytes:,} bytes and stores {entry.id.get_storage_size():,}")
            total = entry.nbytes + sum(array.nbytes for array in found.values())
            if total > most or len(found) >= tensors:
                raise Refused("more data than a weights file may hold")
            found[f"{path}{name}"] = entry[()]


def main() -> int:
    """Exit code 0 and the arrays, or the reason on standard error."""
    try:
        import h5py
        import numpy as np
    except ImportError:
        return NOT_INSTALLED
    source, most, tensors = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    limit_memory(most)
    found: dict[str, Any] = {}
    try:
        with h5py.File(source, "r", locking=False) as file:
            walk(file, "", found, most, tensors)
        stream = io.BytesIO()
        np.savez(stream, allow_pickle=False, **found)
    except Exception as error:  # whatever the library says about a broken file is handed on as one line
        sys.stderr.write(" ".join(str(error).split())[:200])
        return REFUSED
    sys.stdout.buffer.write(stream.getvalue())
    return 0


if __name__ == "__main__":
    sys.exit(main())
