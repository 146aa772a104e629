"""The named cells with all their variants and losses, as (label, Program): what the laws are held against by name."""

from __future__ import annotations

from collections.abc import Callable

from symrnn.algebra.programs import Program
from symrnn.cells import gru, lstm, rnn
from symrnn.models.losses import LOSSES, with_generic_loss, with_loss

CELLS: dict[str, Callable[[], Program]] = {
    "rnn": rnn,
    "rnn relu": lambda: rnn("relu"),
    "rnn identity": lambda: rnn("identity"),
    "rnn softsign": lambda: rnn("softsign"),
    "rnn generic f": lambda: rnn("f"),
    "rnn without bias": lambda: rnn(bias=False),
    "lstm": lstm,
    "lstm hard": lambda: lstm("hard_tanh", "hard_sigmoid"),
    "lstm without bias": lambda: lstm(bias=False),
    "gru chung2014": gru,
    "gru cho2014": lambda: gru("cho2014"),
    "gru pytorch": lambda: gru("pytorch"),
    "gru keras": lambda: gru("keras"),
    "gru pytorch without bias": lambda: gru("pytorch", bias=False),
}
"""Every named cell and variant."""

SMOOTH = [label for label in CELLS if not any(word in label for word in ("relu", "hard"))]
"""Those whose derivative is continuous: where central differences tell."""


def _losses() -> dict[str, Callable[[Program], Program]]:
    found: dict[str, Callable[[Program], Program]] = {"generic": with_generic_loss}
    for kind in LOSSES:
        for at, reduce in (("last", "sum"), ("every_step", "sum"), ("every_step", "mean")):
            for readout in (True, False):
                label = f"{kind}, {at}, {reduce}{', readout' if readout else ''}"
                found[label] = lambda p, k=kind, a=at, r=reduce, y=readout: with_loss(p, k, a, r, readout=y)  # type: ignore[misc]  # bound early
    return found


WITH_LOSS = _losses()
"""Every kind of loss at every place."""


def all_programs() -> list[tuple[str, Callable[[], Program]]]:
    """Every cell with given cotangents, every loss on the simple cell, and one loss on each gated cell."""
    pairs = [(label, make) for label, make in CELLS.items()]
    pairs += [(f"rnn, {label}", lambda add=add: add(rnn())) for label, add in WITH_LOSS.items()]  # type: ignore[misc]  # bound early
    pairs += [
        (f"{label}, {loss}", lambda make=make, loss=loss: WITH_LOSS[loss](make()))  # type: ignore[misc]  # bound early
        for label, make in (("lstm", lstm), ("gru chung2014", gru))
        for loss in ("half_squared_error, last, sum", "softmax_cross_entropy, every_step, mean, readout")
    ]
    return pairs
