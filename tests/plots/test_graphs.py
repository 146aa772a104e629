"""The unrolled graph: who reads whom, what flows back along each use, and the picture of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import symrnn as sr
from symrnn.cli.group import main
from symrnn.notations import notation
from symrnn.plots import saved
from symrnn.plots.graphs import number_text, unrolled_figure
from symrnn.plots.placement import Placement
from symrnn.plots.unrolled import shown_columns, unrolled_graph

CELLS = {"rnn": sr.cells.rnn(), "lstm": sr.cells.lstm(), "gru": sr.cells.gru(), "gru pytorch": sr.cells.gru("pytorch")}
EXAMPLES = ("example:linear", "example:readout", "example:lstm")


class TestStructure:
    """Dots and lines of cells without numbers."""

    @pytest.mark.parametrize("name", CELLS)
    def test_every_read_of_a_signal_is_a_line(self, name: str) -> None:
        """Counted from the equations."""
        cell = CELLS[name]
        graph = unrolled_graph(cell, 4)
        reads = sum(1 for e in cell for read in e.reads if getattr(read, "indices", ()))
        assert len(graph.lines) == 4 * reads and len(graph.dots) == 4 * (len(cell) + 1) + len(cell.initials)

    def test_levels_follow_the_reads(self) -> None:
        """Gates below c_t below h_t."""
        graph = unrolled_graph(CELLS["lstm"], 1)
        levels = {dot.place[0]: dot.level for dot in graph.dots if dot.kind != "initial"}
        assert levels == {"x": 0, "f": 1, "i": 1, "o": 1, "c_tilde": 1, "c": 2, "h": 3}

    def test_longer_lags_come_from_further_back(self) -> None:
        """h_{t-2} has two initial values."""
        graph = unrolled_graph(sr.parse_cell("h_t = tanh(A h_{t-1} + B h_{t-2} + x_t)"), 3)
        assert {dot.label for dot in graph.dots if dot.kind == "initial"} == {"h_0", "h_{-1}"}
        assert sorted(line.lag for line in graph.lines) == [0, 0, 0, 1, 1, 1, 2, 2, 2]

    def test_an_input_may_be_read_late(self) -> None:
        """x_{t-1} has an initial value of its own."""
        graph = unrolled_graph(sr.parse_cell("h_t = tanh(W h_{t-1} + U_0 x_t + U_1 x_{t-1})"), 3)
        assert {dot.label for dot in graph.dots if dot.kind == "initial"} == {"h_0", "x_0"}

    def test_many_steps_are_elided(self) -> None:
        """And nothing of those left out is drawn."""
        assert shown_columns(9) == (1, 2, 3, None, 7, 8, 9) and shown_columns(8) == tuple(range(1, 9))
        graph = unrolled_graph(CELLS["rnn"], 1000)
        assert {dot.place[1] for dot in graph.dots} == {0, 1, 2, 3, 998, 999, 1000}


class TestFlows:
    """What comes back along the lines is the gradient, split by use."""

    @pytest.mark.parametrize("source", EXAMPLES)
    def test_values_and_gradients_are_those_of_evaluate(self, source: str) -> None:
        """Every dot."""
        model = sr.load(source)
        found = sr.evaluate(model)
        graph = unrolled_graph(model)
        checked = 0
        for dot in graph.dots:
            key = f"{dot.place[0]}[{dot.place[1]}]"
            for ours, theirs in ((dot.value, found.values), (dot.gradient, found.gradients)):
                if ours is not None and key in theirs:
                    numbers = np.array(theirs[key], dtype=float).ravel()
                    expected = numbers[0] if dot.is_number else np.linalg.norm(numbers)
                    assert np.isclose(ours, expected, rtol=1e-9, atol=1e-300)
                    checked += 1
        assert checked >= 10

    def test_scalar_shares_add_up_to_the_gradient(self) -> None:
        """For one unit: what leaves h_1 along its uses is ∂L/∂h_1, up to signs within each use."""
        graph = unrolled_graph(sr.load("example:linear"))
        for dot in graph.dots:
            flows = [line.flow for line in graph.lines if line.source == dot.place]
            if dot.place[0] == "h":
                assert np.isclose(sum(flows), abs(dot.gradient))

    def test_a_model_without_a_loss_is_asked_for_its_last_state(self) -> None:
        """The gradient of Σ h_T is one at h_T."""
        text = "[cell]\nkind = 'rnn'\n[sequence]\nsteps = 3\n[parameters]\nW_h = 0.5\nb = 0.1\n"
        graph = unrolled_graph(sr.loads(text))
        assert graph.assumed_loss and graph.by_place["h", 3].gradient == 1.0

    def test_symbols_leave_the_structure(self) -> None:
        """No numbers, no flows."""
        text = "[cell]\nkind = 'rnn'\n[sequence]\nsteps = 2\n[parameters]\nW_h = 'w'\nb = 0\n"
        graph = unrolled_graph(sr.loads(text))
        assert not graph.has_numbers and graph.largest_flow == 0.0


class TestPicture:
    """Nothing overlaps, nothing stands outside, the same bytes."""

    @pytest.mark.parametrize("name", CELLS)
    def test_circles_do_not_touch(self, name: str) -> None:
        """And lie within the limits."""
        graph = unrolled_graph(CELLS[name], 4)
        placement = Placement(graph)
        points = np.array([placement.of(dot) for dot in graph.dots])
        apart = np.linalg.norm(points[:, None] - points[None], axis=2) + 9 * np.eye(len(points))
        (left, bottom), (right, top) = placement.limits()
        assert apart.min() > 0.6
        assert (points > [left + 0.3, bottom + 0.3]).all() and (points < [right - 0.3, top - 0.3]).all()

    @pytest.mark.parametrize("source", EXAMPLES)
    def test_same_bytes_and_mathematics_as_labels(self, source: str) -> None:
        """Twice the same; every label is drawn by mathtext."""
        first, second = (saved(unrolled_figure(sr.load(source))) for _ in range(2))
        assert first == second and b"made with symrnn" in first[:400]
        labels = [text.get_text() for text in unrolled_figure(sr.load(source)).axes[0].texts]
        assert "$h_1$" in labels

    @pytest.mark.parametrize("book", ["goodfellow", "double_subscript", "pytorch", "cs231n", "olah"])
    def test_every_notation_can_be_drawn(self, book: str) -> None:
        """Mathtext knows what they write."""
        for name, cell in CELLS.items():
            made = unrolled_figure(cell, 2, notation(book).style(cell))
            assert saved(made), name

    def test_numbers(self) -> None:
        """Three digits, powers of ten where they are needed."""
        assert [number_text(x) for x in (0.5, -0.0625, 12345.6, 1e-30)] == [
            "0.5",
            "-0.0625",
            "12300",
            r"1\!\cdot\!10^{-30}",
        ]
        assert number_text(float("inf")) == r"\infty"


class TestCommand:
    """`symrnn draw`."""

    @pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
    def test_files_by_suffix_and_again(self, suffix: str, tmp_path: Path) -> None:
        """Our own file may be written over."""
        name = str(tmp_path / f"out.{suffix}")
        for source in ("rnn", "gru"):
            done = CliRunner().invoke(main, ["draw", source, "-o", name, "--steps", "2"])
            assert done.exit_code == 0, done.output
        assert Path(name).stat().st_size > 1000

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [(["rnn", "-o", "out.gif"], 2), (["rnn", "--steps", "100"], 3), (["rnn", "--lang", "xx"], 2), (["nothing"], 2)],
    )
    def test_what_cannot_be_drawn(self, arguments: list[str], code: int) -> None:
        """By the contract's exit codes."""
        assert CliRunner().invoke(main, ["draw", *arguments]).exit_code == code
