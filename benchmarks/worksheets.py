"""How long do 100 variants of a back-propagation sheet with keys take, as HTML, and one sheet from the shell?

    python benchmarks/worksheets.py
    python benchmarks/worksheets.py --format json

Wall seconds in a fresh process, imports included. Asked for: 20 s and 1.5 s on two cores.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MODEL = """
[cell]
kind = "rnn"
[sequence]
x = [1.0, 0.5]
[parameters]
W_h = 0.5
W_x = 0.5
b = 0.1
[loss]
kind = "half_squared_error"
y = 1.0
"""


def seconds(*arguments: str) -> float:
    """How long the command takes, into a folder that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.toml"
        model.write_text(MODEL, encoding="utf-8")
        start = time.perf_counter()
        command = [sys.executable, "-m", "symrnn", "worksheet", *arguments, "-o", str(Path(folder) / "out")]
        subprocess.run([str(model) if part == "MODEL" else part for part in command], check=True, capture_output=True)
        return time.perf_counter() - start


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--format", choices=("text", "json"), default="text")
    form = parser.parse_args().format
    cases = {
        "one sheet with key": ("example:linear",),
        "100 sheets with keys, linear, 3 steps": ("example:linear", "--tasks", "bptt", "--variants", "100"),
        "100 sheets with keys, tanh, 2 steps": ("MODEL", "--tasks", "bptt", "--variants", "100"),
    }
    found = {name: seconds(*arguments) for name, arguments in cases.items()}
    if form == "json":
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:40} {value:6.2f} s")


if __name__ == "__main__":
    main()
