"""How long does it take to make a derivation of 200 lines, every line checked, and to print it in each format?

    python benchmarks/rendering.py
    python benchmarks/rendering.py --format json

CPU seconds, the median of five. The document is the LSTM's with five steps written out. Sizes are those of the files.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable

from symrnn import cells
from symrnn.documents import derive
from symrnn.documents.document import Document

FORMATS = ("text", "latex", "html", "markdown", "notebook", "typst", "pdf", "json")
STEPS = 5


def median(task: Callable[[], object], repeats: int = 5) -> float:
    """The median CPU time of a task, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        task()
        times.append(time.process_time() - start)
    return statistics.median(times)


def made() -> Document:
    """The derivation, checked."""
    return derive(cells.lstm(), steps=STEPS)


def size(content: str | bytes) -> int:
    """Bytes of the file."""
    return len(content.encode() if isinstance(content, str) else content)


def main() -> None:
    """A table of seconds and sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--format", choices=["text", "json"], default="text")
    arguments = parser.parse_args()
    document = made()
    rows = {"derive and check": {"seconds": median(made, 3), "bytes": 0}}
    for form in FORMATS:
        rows[form] = {
            "seconds": median(lambda form=form: document.render(form)),
            "bytes": size(document.render(form)),
        }
    lines = sum(1 for _ in document.claims())
    if arguments.format == "json":
        print(json.dumps({"lines": lines, "rows": rows}, indent=2))
        return
    print(f"{lines} lines")
    for name, row in rows.items():
        print(f"{name:18} {row['seconds']:8.3f} s {row['bytes']:>9,} bytes")


if __name__ == "__main__":
    main()
