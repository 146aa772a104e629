"""How long does it take to derive, to write out and to print, whatever the number of steps?

    python benchmarks/deriving.py
    python benchmarks/deriving.py --steps 250 500 1000 --format json

Derivation happens at a symbolic t, so its time has no T in it. Unrolling is linear in T: forward Program and adjoint,
beside CasADi's graph and gradient at the same T (numbers for sizes, n = 1) where CasADi is installed. LaTeX is that of
an unrolled derivation.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from importlib.util import find_spec

from symrnn import cells
from symrnn.algebra.layout import NEUTRAL, Printer
from symrnn.algebra.programs import Program
from symrnn.algebra.spelling import LATEX
from symrnn.calculus.adjoints import adjoint
from symrnn.calculus.jacobians import jacobian
from symrnn.calculus.rewriting import expose
from symrnn.calculus.unrolling import unroll


def median(task: Callable[[], object], repeats: int) -> float:
    """The median CPU time of a task, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        task()
        times.append(time.process_time() - start)
    return statistics.median(times)


def derived(program: Program) -> None:
    """Adjoint and step Jacobian at symbolic t."""
    adjoint(program)
    jacobian(program)


def unrolled(program: Program, steps: int) -> None:
    """Forward Program and adjoint, every step written out."""
    unroll(expose(program), steps)
    unroll(adjoint(program), steps)


def printed(program: Program, steps: int) -> int:
    """LaTeX of every line of the unrolled forward Program and adjoint; how many lines."""
    printer = Printer(LATEX, NEUTRAL)
    lines = [*unroll(expose(program), steps), *unroll(adjoint(program), steps)]
    for equation in lines:
        printer.of(equation.target)
        printer.of(equation.expression)
    return len(lines)


def casadi_build(cell: str, steps: int) -> None:
    """CasADi's unrolled graph and the function of its gradients."""
    from peers import casadi_graph

    casadi_graph(cell, steps, 1, 1)


def rows(steps: list[int], repeats: int) -> list[dict[str, object]]:
    """Every measurement."""
    found: list[dict[str, object]] = []
    for name in ("rnn", "lstm"):
        program = cells.named(name)
        found.append({"what": f"derive {name}", "seconds": median(lambda p=program: derived(p), repeats)})
        for count in steps:
            own = median(lambda p=program, c=count: unrolled(p, c), repeats)
            row: dict[str, object] = {"what": f"unroll {name}", "T": count, "seconds": own}
            if find_spec("casadi"):
                row["casadi"] = median(lambda n=name, c=count: casadi_build(n, c), max(repeats // 2, 1))
                row["ratio"] = own / float(row["casadi"])  # type: ignore[arg-type]  # a float just stored
            found.append(row)
        lines = printed(program, 100)
        seconds = median(lambda p=program: printed(p, 100), repeats)
        found.append({"what": f"LaTeX {name}, {lines} lines", "T": 100, "seconds": seconds})
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", nargs="+", type=int, default=[100, 1000])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--format", choices=["text", "json"], default="text")
    args = parser.parse_args()
    found = rows(args.steps, args.repeats)
    if args.format == "json":
        print(json.dumps(found, indent=2))
        return
    print(f"{'':28} {'T':>6} {'seconds':>9} {'CasADi':>9} {'ratio':>6}")
    for row in found:
        shown = [f"{row[key]:.4g}" if key in row else "" for key in ("T", "seconds", "casadi", "ratio")]
        print(f"{row['what']:28} {shown[0]:>6} {shown[1]:>9} {shown[2]:>9} {shown[3]:>6}")


if __name__ == "__main__":
    main()
