"""What `derive` writes, judged by `check`: derivations of drawn cells and models, and the tally of their verdicts.

`python tests/support/derived_workings.py SEEDS [START]` runs the closing law at length and prints its figures.
"""

from __future__ import annotations

import multiprocessing
import random
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import symrnn as sr
from symrnn.checking.verdicts import Report
from symrnn.models.losses import LOSSES, with_loss
from tests.support.named_cells import CELLS
from tests.support.textbook_cells import CELLS as TEXTBOOK

NOTATIONS = (None, "goodfellow", "double_subscript", "cs231n", "pytorch", "olah")
DETAILS = ("outline", "normal", "full")
FORMATS = ("to_markdown", "to_latex", "to_notebook")
ACTIVATIONS = (
    "tanh", "sigmoid", "identity", "relu", "softsign", "hard_tanh", "softplus", "elu", "leaky_relu", "silu",
)  # fmt: skip
GATED = {"lstm": "fico", "gru": "zrh"}
VARIANTS = {"lstm": ("",), "gru": ("", "pytorch", "cho2014", "keras"), "rnn": ("",)}
REFUSED = frozenset({"fast weights"})
"""What `derive` has no Jacobians for: a state that is a matrix."""
FINE = frozenset({"right", "rounded", "last_digit", "given"})


@dataclass(frozen=True)
class Case:
    """A derivation and the model it is judged by."""

    label: str
    source: Any
    options: dict[str, Any]
    format: str = "to_markdown"

    def report(self) -> Report:
        """What `check` says of what `derive` writes."""
        text = getattr(sr.derive(self.source, **self.options), self.format)()
        return sr.check(text.encode(), self.source, name=f"working{SUFFIX[self.format]}")


SUFFIX = {"to_markdown": ".md", "to_latex": ".tex", "to_notebook": ".ipynb"}


def case(seed: int) -> Case:
    """The derivation of a seed: what is derived, in which notation, language, detail and format."""
    rng = random.Random(seed)
    kinds: tuple[Callable[[random.Random], tuple[str, Any]], ...] = (named, typed, scalar_model, vector_model)
    label, source = kinds[seed % len(kinds)](rng)
    notation = rng.choice(NOTATIONS)
    options: dict[str, Any] = {"detail": rng.choice(DETAILS), "language": rng.choice(("en", "zh"))}
    if notation is not None and seed % len(kinds) != 1:
        options["notation"] = notation
    return Case(label, source, options, rng.choice(FORMATS))


def named(rng: random.Random) -> tuple[str, Any]:
    """A named cell, often with a loss."""
    label = rng.choice(list(CELLS))
    program = CELLS[label]()
    if rng.random() < 0.6:
        kind, at = rng.choice(list(LOSSES)), rng.choice(("last", "every_step"))
        reduce, readout = rng.choice(("sum", "mean")) if at == "every_step" else "sum", rng.random() < 0.5
        return f"{label}, {kind}, {at}, {reduce}, {readout}", with_loss(program, kind, at, reduce, readout=readout)
    return label, program


def typed(rng: random.Random) -> tuple[str, Any]:
    """A cell as a textbook or paper types it."""
    label = rng.choice([name for name in TEXTBOOK if name not in REFUSED])
    return label, sr.parse_cell(TEXTBOOK[label].text)


def scalar_model(rng: random.Random) -> tuple[str, Any]:
    """A model with numbers, every size 1."""
    return _model(rng, 1, 1, 1)


def vector_model(rng: random.Random) -> tuple[str, Any]:
    """A model with numbers and vectors."""
    return _model(rng, 2, rng.choice((1, 2)), rng.choice((1, 2, 3)))


def _model(rng: random.Random, n: int, m: int, p: int) -> tuple[str, Any]:
    kind = rng.choice(("rnn", "rnn", "lstm", "gru"))
    variant, steps = rng.choice(VARIANTS[kind]), rng.choice((1, 2, 3, 4))

    def number() -> str:
        # So small that nothing saturates: a gradient of 1e-17 is noise of float64.
        return str(rng.choice((-1, 1)) * rng.randint(1, 9) / 10)

    def array(rows: int, cols: int = 1) -> str:
        if rows == cols == 1:
            return number()
        if cols == 1:
            return f"[{', '.join(number() for _ in range(rows))}]"
        return f"[{', '.join(array(cols) if cols > 1 else f'[{number()}]' for _ in range(rows))}]"

    def matrix(rows: int, cols: int) -> str:
        if rows == cols == 1:
            return number()
        return f"[{', '.join('[' + ', '.join(number() for _ in range(cols)) + ']' for _ in range(rows))}]"

    gates = GATED.get(kind, "")
    shapes = [(f"{letter}_{gate}", cols) for letter, cols in (("W", m), ("U", n), ("b", 0)) for gate in gates]
    shapes = shapes or [("W_h", n), ("W_x", m), ("b", 0)]
    shapes += [("b_Uh", 0)] if variant in ("pytorch", "keras") else []
    lines = ["[cell]", f'kind = "{kind}"', *([f'variant = "{variant}"'] if variant else [])]
    activation = rng.choice(ACTIVATIONS) if kind == "rnn" else ""
    lines += [f'activation = "{activation}"'] if activation else []
    lines += ["[sequence]", f"steps = {steps}", f"x = [{', '.join(array(m) for _ in range(steps))}]"]
    lines += [f"h0 = {array(n)}"] if rng.random() < 0.7 else []
    lines += [f"c0 = {array(n)}"] if kind == "lstm" and rng.random() < 0.7 else []
    lines += ["[parameters]", *(f"{name} = {matrix(n, cols) if cols else array(n)}" for name, cols in shapes)]
    loss = rng.choice([*LOSSES, "half_squared_error"])
    logits = loss == "softmax_cross_entropy"
    readout = logits or p != n or rng.random() < 0.4
    if logits and p == 1:
        p = 2
    lines += [f"W_y = {matrix(p, n)}", f"b_y = {array(p)}"] if readout else []
    every = rng.random() < 0.5
    lines += ["[loss]", f'kind = "{loss}"', f'at = "{"every_step" if every else "last"}"']
    lines += [f'reduce = "{rng.choice(("sum", "mean"))}"'] if every else []
    target = (lambda: str(rng.randrange(p))) if logits else (lambda: array(p))
    lines += [f"y = [{', '.join(target() for _ in range(steps))}]" if every else f"y = {target()}"]
    label = f"{kind} {variant} {activation} n={n} m={m} p={p} T={steps} {loss} {'every' if every else 'last'}"
    return label, sr.loads("\n".join(lines) + "\n")


def judged(seed: int) -> tuple[Counter[str], list[str]]:
    """The links of a seed's derivation by verdict, and what is said of each that is not fine."""
    chosen = case(seed)
    report = chosen.report()
    tally = Counter({"derivations": 1, "links": len(report.findings), "unread": len(report.unread)})
    tally.update(finding.verdict.value for finding in report.findings)
    open_ = [finding for finding in report.findings if finding.verdict.value not in FINE]
    told = [f"{finding.verdict.value}: {finding.text[:300]}\n   {finding.reason}" for finding in open_]
    told += [f"unread: {unread.text[:300]}\n   {unread.reason}" for unread in report.unread]
    return tally, [f"{seed} {chosen.label} {chosen.options} {chosen.format}\n   {one}" for one in told]


def figures(seeds: range, processes: int = 2) -> Counter[str]:
    """The closing law, counted: links by verdict, and what was not read; what is not fine is printed as it is found."""
    tally: Counter[str] = Counter()
    # Afresh every twenty derivations: SymPy's caches grow with every cell.
    with multiprocessing.get_context("spawn").Pool(processes, maxtasksperchild=20) as pool:
        for counted, told in pool.imap_unordered(judged, seeds):
            tally.update(counted)
            print(*told, sep="\n", end="\n" if told else "", flush=True)
            if tally["derivations"] % 50 == 0:
                print(dict(tally), flush=True)
    return tally


if __name__ == "__main__":
    start = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    print(dict(figures(range(start, start + int(sys.argv[1])))))
