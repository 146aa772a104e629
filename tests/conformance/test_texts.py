"""Texts of many hands, judged without a model of their own file: what each defines is recognised, each slip is found.

The figures were computed apart from this project (NumPy, by hand); a slip stands in the line said here, no other is
wrong, and what stays open or unread is said as well.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import symrnn as sr

TEXTS = Path(__file__).parent / "data" / "texts"
WRONG: dict[str, set[int]] = {
    "bptt_formulas.tex": {11},
    "goodfellow.md": set(),
    "gru_bars.md": set(),
    "gru_deltas_wrong_sign_zh.md": {21},
    "gru_formulas.md": {4, 7},
    "gru_step.tex": set(),
    "linear.txt": set(),
    "lstm_bias_forgotten_zh.md": {20},
    "lstm_deltas_zh.md": {12},
    "lstm_gate_deltas.md": set(),
    "lstm_gate_deltas_slip.md": {18, 22},
    "lstm_step_code.txt": set(),
    "lstm_step_code_wrong_slope.txt": {40},
    "lstm_two_steps_zh.md": set(),
    "peephole.md": set(),
    "readout_mean_term_dropped.md": {11},
    "relu_marks.txt": set(),
    "relu_matrix_wrong_state_zh.tex": {15},
    "small_sums.md": {5, 6},
    "softmax_step_zh.md": set(),
    "states_in_primes.md": set(),
    "sum_of_products_zh.md": set(),
    "three_cases.md": set(),
    "three_steps_zh.md": set(),
    "two_epochs_zh.txt": set(),
    "two_steps.md": set(),
    "two_steps_square_forgotten.md": {17, 20},
    "two_updates.md": set(),
    "vectors.md": set(),
    "vectors_transpose_forgotten.md": {28},
}
OPEN = {"goodfellow.md": 1, "sum_of_products_zh.md": 3}
"""Links nothing decides: an indicator function, shapes of a text that mixes numbers and vectors."""
UNREAD = {"small_sums.md": 1}
"""A factorial."""


def test_every_text_is_listed() -> None:
    """A text that is added gets its lines."""
    assert {path.name for path in TEXTS.iterdir()} == set(WRONG)


@pytest.mark.parametrize("name", sorted(WRONG))
def test_the_slips_are_found_and_nothing_else(name: str) -> None:
    """Wrong or lucky at the lines said, and what hangs on them follows."""
    report = sr.check(TEXTS / name)
    found = {finding.place.line for finding in report.findings if finding.verdict.value in ("wrong", "lucky")}
    assert found == WRONG[name]
    assert report.tally.get("undecided", 0) <= OPEN.get(name, 0)
    assert len(report.unread) <= UNREAD.get(name, 0)
    assert ("follows" in report.tally) <= bool(WRONG[name])
