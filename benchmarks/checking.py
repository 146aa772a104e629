"""How long does it take to read 20,000 hostile characters, and to judge a working of 200 lines? How much memory?

    python benchmarks/checking.py
    python benchmarks/checking.py --format json

CPU milliseconds after import, the least of five; the peak of the process's memory. Demanded: 300 ms, 2 s, 500 MB.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable

import numpy as np

import symrnn as sr
from symrnn.checking.reading.workings import read_working
from symrnn.models.model import Model

SIZE = 20_000
HOSTILE = {
    "lines of equalities": "a=b\n",
    "list items": "- a=b\n",
    "headings": "# a=b\n",
    "rows of formulas": "|$a=b$|\n",
    "inline formulas": "$a=b$ ",
    "letters of mathematics": "𝑊ℎ=𝟐\n",
    "relations": "a=",
    "dollars": "$",
    "brackets": "(a=b the ",
    "unknown commands": "$\\foo=1$ ",
    "environments": "\\begin{align}\n",
    "Chinese": "梯度=",
    "blanks": " ",
    "blank lines": "\n",
}
STEPS = 25


def least(task: Callable[[], object], repeats: int = 5) -> float:
    """The least CPU time of a task, in milliseconds."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        task()
        times.append(time.process_time() - start)
    return 1000 * min(times)


def hostile() -> dict[str, str]:
    """Texts of 20,000 characters; distinct cells of a table among them."""
    rows = "".join(f"|{n}|$h_{{{n}}}$|\n" for n in range(SIZE))
    texts = {name: (piece * SIZE)[:SIZE] for name, piece in HOSTILE.items()}
    return texts | {"rows of a table": ("| t | h |\n|---|---|\n" + rows)[:SIZE]}


def working(slip: int | None = None) -> tuple[str, Model]:
    """A tanh cell over 25 steps by hand: 8 lines a step, each from the digits above it; a slip at a step, if wanted."""
    rng = np.random.default_rng(1)
    x = np.round(rng.uniform(-1, 1, STEPS), 2)
    w, u, b, y = 0.8, 0.6, 0.1, 0.5
    model = sr.loads(
        f'[cell]\nkind = "rnn"\nactivation = "tanh"\n[sequence]\nx = {x.tolist()}\n[parameters]\nW_h = {w}\nW_x = {u}\n'
        f'b = {b}\n[loss]\nkind = "half_squared_error"\ny = {y}\n'
    )
    lines: list[str] = []
    h = [0.0]
    for t in range(1, STEPS + 1):
        a = round(w * h[-1] + u * x[t - 1] + b, 4)
        h.append(round(float(np.tanh(a)), 4))
        lines += [
            f"$a_{{{t}}} = {w} \\cdot {h[-2]} + {u} \\cdot ({x[t - 1]}) + {b} = {a}$",
            f"$h_{{{t}}} = \\tanh(a_{{{t}}}) = \\tanh({a}) = {h[-1]}$",
            f"$1 - h_{{{t}}}^2 = 1 - ({h[-1]})^2 = {round(1 - h[-1] ** 2, 4)}$",
        ]
    g = round(h[-1] - y, 4)
    total = 0.0
    for t in range(STEPS, 0, -1):
        slope = round(1 - h[t] ** 2, 4)
        delta = round(g * slope, 4) + (0.01 if t == slip else 0)
        share = round(delta * h[t - 1], 4)
        total = round(total + share, 4)
        lines += [
            f"$\\delta_{{{t}}} = {g} \\times {slope} = {round(delta, 4)}$",
            f"$\\delta_{{{t}}} h_{{{t - 1}}} = {round(delta, 4)} \\times {h[t - 1]} = {share}$",
            f"Sum so far: ${round(total - share, 4)} + ({share}) = {total}$",
            f"$w \\delta_{{{t}}} = {w} \\times ({round(delta, 4)}) = {round(w * delta, 4)}$",
            f"$\\frac{{\\partial L}}{{\\partial h_{{{t - 1}}}}} = w \\delta_{{{t}}} = {round(w * delta, 4)}$",
        ]
        g = round(w * delta, 4)
    return "\n\n".join(lines), model


def all_wrong() -> tuple[str, Model]:
    """A working of an LSTM over 25 steps, 200 lines, each with a number that is wrong for its quantity."""
    rng = np.random.default_rng(2)

    def numbers(count: int) -> list[float]:
        return [float(number) for number in np.round(rng.uniform(-1, 1, count), 2)]

    values = zip((f"{letter}_{gate}" for gate in "fioc" for letter in "WUb"), numbers(12), strict=True)
    parameters = "\n".join(f"{name} = {value}" for name, value in values)
    model = sr.loads(
        f'[cell]\nkind = "lstm"\n[sequence]\nx = {numbers(STEPS)}\n[parameters]\n{parameters}\n'
        '[loss]\nkind = "half_squared_error"\ny = 0.5\n'
    )
    names = ("f_{{{0}}}", "i_{{{0}}}", "c_{{{0}}}", "h_{{{0}}}")
    gradients = (r"\frac{{\partial L}}{{\partial h_{{{0}}}}}", r"\frac{{\partial L}}{{\partial c_{{{0}}}}}")
    heads = [name.format(t) for t in range(1, STEPS + 1) for name in names]
    heads += [name.format(t) for t in range(STEPS, 0, -1) for name in gradients] * 2
    wrong = rng.uniform(-1, 1, len(heads))
    return "\n\n".join(f"${head} = {number:.4f}$" for head, number in zip(heads, wrong, strict=True)), model


def main() -> None:
    """A table of milliseconds and the peak of memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--format", choices=["text", "json"], default="text")
    arguments = parser.parse_args()
    sr.check("1 + 1 = 2")
    rows = {name: least(lambda text=text: read_working(text)) for name, text in hostile().items()}
    for name, slip in (("200 lines, all right", None), ("200 lines, a slip at step 20", 20)):
        text, model = working(slip)
        rows[f"judge {name}"] = least(lambda text=text, model=model: sr.check(text, model), 3)
        rows[f"judge {name}, no model"] = least(lambda text=text: sr.check(text), 3)
    text, model = all_wrong()
    rows["judge 200 lines of an LSTM, all wrong"] = least(lambda: sr.check(text, model), 3)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    if arguments.format == "json":
        print(json.dumps({"milliseconds": rows, "megabytes": peak}, indent=2))
        return
    for name, milliseconds in rows.items():
        print(f"{name:42} {milliseconds:8.0f} ms")
    print(f"{'peak of memory':42} {peak:8} MB")


if __name__ == "__main__":
    main()
