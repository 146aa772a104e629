"""HDF5 (`.weights.h5` of Keras), read in a process of its own: its library is C, not made for hostile files.

The child (`hdf5_child.py`) sends what it read as `.npz`, which is read with the same distrust as any other. If it
crashes, loops, or asks for too much memory, that is an error about the file.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from symrnn.errors import InputError
from symrnn.models.weights.containers import read_npz
from symrnn.models.weights.hdf5_child import NOT_INSTALLED, REFUSED
from symrnn.models.weights.tensors import MOST_BYTES, MOST_TENSORS, Tensors, needs

MOST_SECONDS = 120


def read_hdf5(path: Path) -> Tensors:
    """Every dataset by its path in the file, `layers/lstm/cell/vars/0`."""
    child = str(Path(__file__).with_name("hdf5_child.py"))
    try:
        done = subprocess.run(
            [sys.executable, "-P", child, str(path.resolve()), str(MOST_BYTES), str(MOST_TENSORS)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=MOST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InputError(
            str(path), found=f"HDF5 that is not read within {MOST_SECONDS} s", write="another file"
        ) from None
    if done.returncode == NOT_INSTALLED:
        raise needs("h5py", str(path), "HDF5")
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()[-200:] if done.returncode == REFUSED else ""
        found = said or "the HDF5 library gave up on it"
        raise InputError(str(path), found=f"no HDF5 file that can be read: {found}", write="an undamaged .weights.h5")
    tensors = read_npz(done.stdout, str(path))
    return Tensors(str(path), "Keras weights", tensors.arrays)
