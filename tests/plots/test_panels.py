"""Every panel is drawn, in both languages, with the same bytes each time; what it shows is what was given."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import matplotlib
import numpy as np
import pytest

from symrnn.errors import InputError, ShapeError
from symrnn.plots import Panel, figure, saved
from symrnn.plots.phases import phase_diagram, phase_lines
from symrnn.plots.series import (
    before_and_after,
    gate_saturation,
    gradient_norms,
    lyapunov_convergence,
    lyapunov_spectrum,
)
from symrnn.plots.spectra import (
    eigenvalues,
    field_of_values,
    pseudospectra,
    singular_values,
    smallest_singular_values,
)
from symrnn.plots.style import DASHES, MARKERS, SERIES, cjk_font
from symrnn.plots.words import WORDS, word

DRAW = np.random.default_rng(0)
W = DRAW.normal(size=(8, 8)) / np.sqrt(8)

PANELS: dict[str, Callable[[str], Panel]] = {
    "eigenvalues": lambda language: eigenvalues(W, "$W_h$", language),
    "singular values": lambda language: singular_values(W, "$W_h$", language),
    "singular values over decades": lambda language: singular_values(np.diag([1.0, 1e-6, 0.0]), "", language),
    "pseudospectra": lambda language: pseudospectra(W, "$W_h$", language),
    "one norm": lambda language: gradient_norms(np.linspace(0, -9, 10), [(2.0, 0.5)], language),
    "norms of runs": lambda language: gradient_norms(np.add.outer(np.arange(5.0), -np.arange(9.0)), (), language),
    "several norms": lambda language: gradient_norms({"a": [0.0, -1.0], "b": [0.0, -300.0]}, (), language),
    "a norm that is exactly zero": lambda language: gradient_norms([0.0, -np.inf], (), language),
    "exponents": lambda language: lyapunov_spectrum([0.5, -0.5, -np.inf], [0.1, 0.1, np.nan], language),
    "convergence": lambda language: lyapunov_convergence([1, 2], [[0.5, 0.1], [0.4, 0.2]], [0.1, 0.1], language),
    "gates": lambda language: gate_saturation({"$f_t$": [[0.99, 0.5]], "$i_t$": [[0.01, 0.5]]}, language),
    "phase diagram": lambda language: phase_diagram(
        [1, 2, 3], [0, 1], [[-1, 0, 1], [np.nan, -0.5, 0.5]], ("$g$", "$b$"), ([1, 2], [0, 1]), language
    ),
    "phase lines": lambda language: phase_lines([1, 2], {"tanh": [[-1, -2], [0, 1]]}, "$g$", language),
    "remedies": lambda language: before_and_after({"forget bias 3": (0.64, 0.95), "none": (0.6, 0.6)}, language),
}


class TestDrawing:
    """Each panel by itself and all together."""

    @pytest.mark.parametrize("language", ["en", "zh"])
    @pytest.mark.parametrize("name", PANELS)
    def test_every_panel_is_drawn(self, name: str, language: str) -> None:
        """Without a warning (those are errors here), with axes that are labelled and a sentence beside it."""
        panel = PANELS[name](language)
        made = figure(panel)
        data = saved(made, "svg")
        axes = made.axes[0]
        assert data.startswith(b"<?xml") and axes.get_xlabel() and panel.alt.endswith(".")
        assert axes.get_ylabel() or name == "remedies"
        assert panel.alt.split(":")[0].encode()[:20] in data

    @pytest.mark.parametrize("form", ["svg", "pdf", "png"])
    def test_same_bytes(self, form: str) -> None:
        """No date, no random ids."""
        first, second = (saved(figure([make("en") for make in PANELS.values()], 3), form) for _ in range(2))
        assert first == second

    def test_same_bytes_in_another_process(self) -> None:
        """Whatever the hash seed."""
        code = (
            "from symrnn.plots import figure, saved\nfrom symrnn.plots.series import gradient_norms\nimport hashlib\n"
            "print(hashlib.sha256(saved(figure(gradient_norms([0.0, -1.0])))).hexdigest())"
        )
        found = {
            subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed,
                "PYTHONPATH": ":".join(sys.path)}, timeout=100,
            ).stdout
            for seed in ("1", "2")
        }  # fmt: skip
        assert len(found) == 1

    def test_a_users_settings_change_nothing_and_are_not_changed(self) -> None:
        """rcParams before and after; the same bytes under another style."""
        plain = saved(figure(PANELS["one norm"]("en")))
        with matplotlib.rc_context({"font.size": 30, "lines.linewidth": 9, "svg.hashsalt": "other"}):
            before = dict(matplotlib.rcParams)
            assert saved(figure(PANELS["one norm"]("en"))) == plain
            assert dict(matplotlib.rcParams) == before

    def test_pyplot_is_not_imported(self) -> None:
        """No global state, no window."""
        code = (
            "import sys\nfrom symrnn.plots import figure, saved\nfrom symrnn.plots.series import gradient_norms\n"
            "saved(figure(gradient_norms([0.0, -1.0])))\nassert 'matplotlib.pyplot' not in sys.modules"
        )
        env = {"PYTHONPATH": ":".join(sys.path)}
        subprocess.run([sys.executable, "-c", code], check=True, timeout=100, env=env)

    def test_an_unknown_format_is_refused(self) -> None:
        """With the ones there are."""
        with pytest.raises(InputError, match="svg, pdf, png"):
            saved(figure(PANELS["one norm"]("en")), "gif")

    def test_panels_fill_rows(self) -> None:
        """Two by two, a wide one across."""
        wide = Panel(lambda axes: None, columns=2)
        made = figure([wide, PANELS["one norm"]("en"), PANELS["exponents"]("en")])
        tops = [axes.get_position().y0 for axes in made.axes]
        assert len(tops) == 3 and tops[1] == tops[2] < tops[0]


class TestWords:
    """Chinese where a font has it."""

    def test_every_word_has_a_translation(self) -> None:
        """Placeholders and mathematics kept."""
        if cjk_font() is None:
            pytest.skip("no font with Chinese characters here: labels stay English")
        for key, english in WORDS.items():
            chinese = word(key, "zh")
            assert chinese.count("$") == english.count("$") and chinese.count("{0}") == english.count("{0}")
        assert word("eigenvalues", "zh") == "特征值"

    def test_without_a_font_labels_stay_english(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Better than boxes."""
        monkeypatch.setattr("symrnn.plots.style.cjk_font", lambda: None)
        assert word("eigenvalues", "zh") == "Eigenvalues"


class TestColours:
    """Told apart by colour in the common kinds of colour vision, by dash and marker in all, and in grey."""

    @pytest.mark.parametrize("kind", ["protan", "deutan"])
    def test_the_first_four_series(self, kind: str) -> None:
        """Distances in linear light after the simulation of Machado et al. (2009), severity 1."""
        from matplotlib.colors import to_rgb

        matrices = {
            "protan": [
                [0.152286, 1.052583, -0.204868],
                [0.114503, 0.786281, 0.099216],
                [-0.003882, -0.048116, 1.051998],
            ],
            "deutan": [
                [0.367322, 0.860646, -0.227968],
                [0.280085, 0.672501, 0.047413],
                [-0.011820, 0.042940, 0.968881],
            ],
        }
        seen = [np.array(matrices[kind]) @ np.array(to_rgb(color)) for color in SERIES[:4]]
        for i, one in enumerate(seen):
            assert all(np.linalg.norm(one - other) > 0.15 for other in seen[:i])

    def test_dashes_and_markers_differ(self) -> None:
        """One for each colour."""
        assert len(set(map(str, DASHES))) == len(set(MARKERS)) == len(SERIES)


class TestMathematics:
    """What the panels compute themselves."""

    def test_field_of_values_of_a_normal_matrix_is_the_hull_of_its_eigenvalues(self) -> None:
        """For diag(1, −1) a segment."""
        boundary = field_of_values(np.diag([1.0, -1.0]))
        assert np.abs(boundary.imag).max() < 1e-12 and np.isclose(boundary.real.max(), 1)

    @pytest.mark.parametrize("size", [5, 220])
    def test_field_of_values_holds_every_quotient(self, size: int) -> None:
        """x*Ax of random unit vectors never passes the support in any direction."""
        a = DRAW.normal(size=(size, size)) / np.sqrt(size)
        boundary = field_of_values(a, 24)
        for angle in np.linspace(0, np.pi, 13):
            x = DRAW.normal(size=size) + 1j * DRAW.normal(size=size)
            value = x.conj() @ a @ x / (x.conj() @ x)
            assert (np.exp(-1j * angle) * value).real <= (np.exp(-1j * angle) * boundary).real.max() + 1e-6

    @pytest.mark.parametrize("share", [0.0, 1.0])
    def test_fields_of_values_that_are_a_point(self, share: float) -> None:
        """Large multiples of I, of which every vector is an eigenvector."""
        assert np.allclose(field_of_values(share * np.eye(220), 8), share)

    def test_pseudospectra_of_a_large_matrix_agree_with_singular_values(self) -> None:
        """Inverse iteration to half a percent."""
        a = DRAW.normal(size=(40, 40)) / np.sqrt(40)
        z = (DRAW.normal(size=30) + 1j * DRAW.normal(size=30)) * 0.8
        exact = np.array([np.linalg.svd(one * np.eye(40) - a, compute_uv=False)[-1] for one in z])
        assert np.abs(smallest_singular_values(a, z) / exact - 1).max() < 0.005

    def test_no_matrix_is_refused(self) -> None:
        """In three parts."""
        with pytest.raises(ShapeError, match="square"):
            eigenvalues(np.ones((2, 3)))
        with pytest.raises(ShapeError, match="finite"):
            eigenvalues([[np.nan]])
