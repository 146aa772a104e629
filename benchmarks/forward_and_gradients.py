"""How long do all values and all gradients of a recurrent network take, and who is fastest?

    python benchmarks/forward_and_gradients.py
    python benchmarks/forward_and_gradients.py --cell lstm --batch 1 32 --hidden 16 --steps 1000 --format json

One thread on one core, float64. Every contender is held against the textbook loop, to 1e-10; one that differs
is a failure, not a row of the table. `--with` and `--without` choose contenders; those whose package is not
installed are left out.
"""

from __future__ import annotations

import argparse
import itertools
import platform
from collections.abc import Callable
from typing import Any

import numpy as np
from peers import CONTENDERS, Contender, Problem, farthest, problem, textbook_contender
from timing import CLOCKS, Case, as_json, clocked, interleaved, one_thread, progress, table

from symrnn import cells
from symrnn.numeric.compilation import compile_gradients

TOLERANCE = 1e-10


def symrnn_contender(p: Problem) -> Contender:
    """What symrnn derives, generates and compiles from the cell's equations: that is the set-up time."""
    compile_gradients.cache_clear()
    run = compile_gradients((cells.rnn if p.cell == "rnn" else cells.lstm)())
    hidden = p.sizes[2]
    blocks = (
        {"": slice(0, hidden)}
        if p.cell == "rnn"
        else {gate: slice(k * hidden, (k + 1) * hidden) for k, gate in enumerate("ofic")}
    )
    weights = {
        (f"{own}_{gate}" if gate else plain, peer): block
        for gate, block in blocks.items()
        for own, plain, peer in (("W", "W_x", "W"), ("U", "W_h", "U"), ("b", "b", "b"))
        for block in (block,)
    }
    given = {key: p.params[peer][block] for (key, peer), block in weights.items()} | {"x": p.x, **p.states}
    given |= {f"given_{name}": value for name, value in p.cotangents.items()}

    def read(found: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        values = {"h": found["h"]} | ({"c": found.at("c", p.sizes[0])} if p.cell == "lstm" else {})
        grads: dict[str, Any] = {name: np.empty_like(value) for name, value in p.params.items()}
        for (key, peer), block in weights.items():
            grads[peer][block] = found[f"d_{key}"]
        return values, grads | {"x": found["d_x"]} | {name: found.at(f"d_{name[0]}", 0) for name in p.states}

    return Contender(lambda: run(given, layout="columns"), read)


OWN: dict[str, Callable[[Problem], Contender]] = {"symrnn": symrnn_contender}

ALL = OWN | CONTENDERS
# An MX graph multiplies matrices without BLAS, and the textbook loop is there to judge: neither by default.
USUAL = [name for name in ALL if name not in ("textbook", "casadi")]


def measure(p: Problem, names: list[str], *, seconds: float, rounds: tuple[int, int], clock: str) -> Case:
    """Makes the contenders ready, times them in turns, and holds them against the textbook."""
    steps, inputs, hidden, batch = p.sizes
    title = f"{p.cell}  B = {batch}  H = {hidden}  I = {inputs}  T = {steps}"
    progress(f"{title}: setting up")
    setups, made = {}, {}
    for name in names:
        setups[name], made[name] = timed_setup(ALL[name], p, clock)
    progress(f"{title}: timing {', '.join(names)}")
    timings = interleaved(
        {name: c.run for name, c in made.items()}, setups=setups, seconds=seconds, rounds=rounds, clock=clock
    )
    judge = textbook_contender(p)
    truth = judge.read(judge.run())
    for name, contender in made.items():
        off = farthest(truth, contender.read(contender.run()))
        if not off < TOLERANCE:
            raise SystemExit(f"{title}: {name} is {off:.1e} away from the textbook loop; {TOLERANCE:.0e} is allowed.")
    progress("")
    return Case(title, steps, timings)


def timed_setup(make: Callable[[Problem], Contender], p: Problem, clock: str) -> tuple[float, Contender]:
    """The seconds it took to make a contender ready, imports not counted, and the contender."""
    make(problem(p.cell, batch=1, hidden=2, steps=2))
    made: list[Contender] = []
    seconds, _ = clocked(lambda: made.append(make(p)), clock)
    return seconds, made[0]


def arguments() -> argparse.Namespace:
    """What to measure."""
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    parser.add_argument("--cell", nargs="+", choices=["rnn", "lstm"], default=["rnn", "lstm"])
    parser.add_argument("--batch", nargs="+", type=int, default=[1, 32])
    parser.add_argument("--hidden", nargs="+", type=int, default=[16, 64, 256])
    parser.add_argument("--steps", nargs="+", type=int, default=[100, 1000])
    parser.add_argument("--with", nargs="+", choices=ALL, default=USUAL, dest="names", metavar="NAME")
    parser.add_argument("--without", nargs="+", choices=ALL, default=[], metavar="NAME")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each case (default %(default)s)")
    parser.add_argument("--rounds", nargs=2, type=int, default=[5, 200], metavar=("LEAST", "MOST"))
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="cpu: waiting is not counted")
    parser.add_argument("--core", type=int, help="which core to run on (default: the last)")
    parser.add_argument("--format", choices=["text", "json"], default="text")
    return parser.parse_args()


def main() -> None:
    """Every case in turn; text as it comes, JSON at the end."""
    args = arguments()
    names = [name for name in args.names if name not in args.without]
    cases = []
    with one_thread(args.core):
        for cell, batch, hidden, steps in itertools.product(args.cell, args.batch, args.hidden, args.steps):
            p = problem(cell, batch=batch, hidden=hidden, steps=steps)
            cases.append(measure(p, names, seconds=args.seconds, rounds=tuple(args.rounds), clock=args.clock))
            if args.format == "text":
                print(table(cases[-1]), flush=True)
    if args.format == "json":
        print(as_json(cases, python=platform.python_version(), numpy=np.__version__, clock=args.clock))


if __name__ == "__main__":
    main()
