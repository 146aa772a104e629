"""Every kind of task: made from each model it fits, marked, its mistakes named, faded, printed, asked by a teacher."""

from __future__ import annotations

from pathlib import Path

import pytest
from worksheet_models import TEXTS, class_of, model_of

import symrnn as sr
from symrnn.algebra.nodes import Node
from symrnn.algebra.printing import to_text
from symrnn.errors import InputError
from symrnn.models.files import loads
from symrnn.worksheets.building import BUILDERS, fits
from symrnn.worksheets.keys import Folder, Made, answer_text, asked, key_json, read_key
from symrnn.worksheets.kinds.comparing import below
from symrnn.worksheets.layouts import load_layout
from symrnn.worksheets.marking import Mark, Verdict, mark_sheet
from symrnn.worksheets.numbers import plain
from symrnn.worksheets.pages import Looks, blanked, key_document, sheet_document
from symrnn.worksheets.sheets import Class, Sheet, tasks_of
from symrnn.worksheets.stress import try_seeds
from symrnn.worksheets.structures import small, structure_of, structure_text
from symrnn.worksheets.submissions import Submission
from symrnn.worksheets.tasks import KINDS, load_task, read_task, shipped
from symrnn.worksheets.telling import Told, told

NEW = ("jacobian", "derive", "blanks", "compare", "step")
SEEDS = (1, 2, 3)

MATRIX = """
name = "matrix"
[cell]
kind = "rnn"
activation = "{activation}"
[sequence]
x = [[1], [1]]
h0 = [1, 1]
[parameters]
W_h = [[1, 1], [1, 1]]
W_x = [[1], [1]]
b = [0, 0]
[loss]
kind = "half_squared_error"
y = [1, 1]
"""

each_task = pytest.mark.parametrize("task", NEW)
each_model = pytest.mark.parametrize("name", ["linear", "tanh", "lstm", "gru"])


def made(name: str, task: str, seed: int = 1) -> tuple[Class, Sheet]:
    """A class with its first sheet."""
    source = class_of(name, task, seed)
    return source, source.sheet(1)


def folder_of(source: Class, sheet: Sheet, looks: Looks | None = None) -> Folder:
    """The folder as a teacher has it."""
    return read_key(key_json([Made(sheet)], source, looks or Looks()))


def marks(folder: Folder, sheet: Sheet, answers: dict[str, str]) -> dict[str, Mark]:
    """Marks by line."""
    return {mark.question.id: mark for mark in mark_sheet(folder, Submission(sheet.id, answers)).marks}


def key_of(sheet: Sheet) -> dict[str, str]:
    """The key's answers by line."""
    return {question.id: answer_text(question, sheet) for question in sheet.questions}


def typed(one: Told, sheet: Sheet) -> str:
    """A wrong answer as a student writes it."""
    if isinstance(one.answer, Node):
        return to_text(one.answer, sheet.style)
    return plain(one.answer, one.question.rounded)


class TestEveryTask:
    """What holds for each of them."""

    def test_every_kind_has_a_builder_and_ships(self) -> None:
        """The table of kinds, the table of builders and the task files say the same."""
        assert set(KINDS) == set(BUILDERS) == {load_task(name).kind for name in shipped()}

    @each_task
    @each_model
    def test_marking_the_key_gives_full_points(self, name: str, task: str) -> None:
        """Every answer is right by itself, formulas too."""
        for seed in SEEDS:
            source, sheet = made(name, task, seed)
            found = marks(folder_of(source, sheet), sheet, key_of(sheet))
            verdicts = {question.id: found[question.id].verdict for question in asked(sheet, 100)}
            expected = {q.id: Verdict.RUBRIC if q.kind == "words" else Verdict.RIGHT for q in sheet.questions}
            assert verdicts == expected, seed

    @each_task
    @each_model
    def test_every_wrong_answer_of_the_key_gets_its_names(self, name: str, task: str) -> None:
        """The mistake in one line alone: wrong, and named."""
        source, sheet = made(name, task, 2)
        folder = folder_of(source, sheet)
        right = key_of(sheet)
        tried = told(sheet.parts)
        assert tried
        for one in tried[:: 4 if len(tried) > 60 else 1]:
            mark = marks(folder, sheet, {**right, one.question.id: typed(one, sheet)})[one.question.id]
            assert mark.verdict is Verdict.WRONG, (one, mark)
            assert set(mark.mistakes) & set(one.rows), (one, mark)

    @each_task
    @pytest.mark.parametrize("language", ["en", "zh"])
    def test_every_format_prints(self, task: str, language: str) -> None:
        """Sheet and key; no word is missing."""
        _, sheet = made("tanh", task)
        looks = Looks(language=language)
        for document in (sheet_document(sheet, looks), key_document(sheet, looks)):
            pages = [document.to_html(), document.to_markdown(), document.to_latex(), document.to_notebook()]
            assert all(sheet.id in page for page in pages)
            assert not any("ws ask" in page or "rubric " in page for page in pages)

    @each_task
    def test_what_is_blank_at_30_is_blank_at_60(self, task: str) -> None:
        """And nothing at 0; all lines at 100."""
        _, sheet = made("tanh", task)
        stages = [set(blanked(sheet, percent)) for percent in (0, 30, 60, 100)]
        assert not stages[0]
        assert stages[0] < stages[1] <= stages[2] <= stages[3]
        assert stages[3] == {question.id for question in sheet.questions if question.lhs is not None}

    @each_task
    def test_a_stress_test_finds_nothing(self, task: str) -> None:
        """Small; a larger one is a command."""
        model = model_of("linear")
        assert try_seeds(model, tasks_of([task], model), 5).is_clean

    @each_task
    def test_the_same_seed_gives_the_same_bytes(self, task: str) -> None:
        """And another seed another key."""
        keys = [key_document(made("tanh", task, seed)[1], Looks()).to_markdown() for seed in (5, 5, 6, 7, 8, 9)]
        assert keys[0] == keys[1]
        assert len({key.partition("## 1.")[2] for key in keys}) > 1

    def test_nothing_that_is_asked_is_given(self, tmp_path: Path) -> None:
        """The forward pass stands in no table where a teacher's own task asks a state of it."""
        path = tmp_path / "states.toml"
        path.write_text('lines = ["h"]\n', encoding="utf-8")
        model = model_of("tanh")
        for tasks, is_given in ((["bptt"], True), (["bptt", str(path)], False), (["bptt", "forward"], False)):
            page = sheet_document(Class(model, tasks_of(tasks, model), 1).sheet(1), Looks()).to_text()
            assert ("The forward pass has given" in page) is is_given

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_teachers_own_file(self, tmp_path: Path, kind: str) -> None:
        """Each kind with another title, and its own points."""
        lines = 'lines = ["h"]\n' if kind in ("lines", "step") else ""
        path = tmp_path / "own.toml"
        path.write_text(f'kind = "{kind}"\npoints = 7\ntitle = "Our own"\n{lines}', encoding="utf-8")
        model = model_of("tanh")
        sheet = Class(model, tasks_of([str(path)], model), 1).sheet(1)
        assert {question.points for question in sheet.questions} == {7}
        assert "Our own" in sheet_document(sheet, Looks()).to_html()


class TestJacobians:
    """One for each step, and their product."""

    @pytest.mark.parametrize("activation", ["identity", "tanh"])
    def test_of_matrices(self, activation: str) -> None:
        """2 × 2, later steps to the left; the values are those of their definition."""
        model = small(loads(MATRIX.format(activation=activation)))
        sheet = Class(model, tasks_of(["jacobian"], model), 1).sheet(1)
        assert [question.key for question in sheet.questions] == ["dh[1]/dh[0]", "dh[2]/dh[1]", "dh[2]/dh[0]"]
        first, second, product = (
            [[float(entry.value) for entry in row] for row in question.answer] for question in sheet.questions
        )
        expected = [[sum(second[i][k] * first[k][j] for k in range(2)) for j in range(2)] for i in range(2)]
        assert all(abs(product[i][j] - expected[i][j]) < 1e-12 for i in range(2) for j in range(2))
        slope = (lambda h: 1 - h * h) if activation == "tanh" else (lambda h: 1.0)
        h = [float(row[0].value) for row in sheet.values["h[1]"]]
        weight = [[float(entry.value) for entry in row] for row in sheet.values["W_h"]]
        assert all(abs(first[i][j] - slope(h[i]) * weight[i][j]) < 1e-12 for i in range(2) for j in range(2))

    def test_the_order_of_matrices_is_a_mistake_with_a_name(self) -> None:
        """W diag(f') for diag(f') W, and the product from the wrong side."""
        model = small(loads(MATRIX.format(activation="tanh")))
        source = Class(model, tasks_of(["jacobian"], model), 1)
        sheet = source.sheet(1)
        rows = {(one.question.id, row) for one in told(sheet.parts) for row in one.rows}
        assert {("1", "R30"), ("2", "R30"), ("3", "R30"), ("3", "R16"), ("1", "R27")} <= rows

    def test_of_an_lstm_the_cell_states_own_path(self) -> None:
        """∂c_t/∂c_{t-1} = f_t, and ∏ f_t, which is called the direct path."""
        source = sr.worksheet("lstm", tasks=["jacobian"], seed=1)
        (sheet,) = (one.sheet for one in source.made)
        keys = [question.key for question in sheet.questions]
        assert keys == ["dc[1]/dc[0]", "dc[2]/dc[1]", "dc[2]/dc[0]"]
        values = [question.answer[0][0].value for question in sheet.questions]
        assert values[:2] == [sheet.values[f"f[{t}]"][0][0].value for t in (1, 2)]
        assert abs(values[2] - values[0] * values[1]) < 1e-30
        assert "own path only" in sheet_document(sheet, Looks()).to_markdown()

    def test_a_task_may_name_the_blocks(self) -> None:
        """Of one step all, else those that are named; what there is not is said."""
        model = model_of("lstm")
        sheet = Class(model, tasks_of(["jacobian"], model), 1).sheet(1)
        assert len(sheet.questions) == 4
        named = Class(model, (read_task('kind = "jacobian"\nlines = ["dh/dc"]', "own"),), 1).sheet(1)
        assert [question.key for question in named.questions] == ["dc[1]/dc[0]", "dh[1]/dc[0]"]
        with pytest.raises(InputError, match="dc/dc"):
            _ = Class(model, (read_task('kind = "jacobian"\nlines = ["dz/dz"]', "own"),), 1).recipe

    def test_a_wrong_step_is_carried_into_the_product(self) -> None:
        """Full points for the product of one's own numbers."""
        source, sheet = made("linear", "jacobian")
        right = key_of(sheet)
        wrong = plain(next(one.answer for one in told(sheet.parts) if one.question.id == "1"))
        values = {line.key: sheet.values[line.key] for line in sheet.recipe.asked}
        factors = [float(values[f"dh[{t}]/dh[{t - 1}]"][0][0].value) for t in (2, 3)]
        from fractions import Fraction

        product = Fraction(wrong) * Fraction(factors[0]) * Fraction(factors[1])
        found = marks(folder_of(source, sheet), sheet, {**right, "1": wrong, "4": str(product)})
        assert [found[line].verdict for line in ("1", "4")] == [Verdict.WRONG, Verdict.FOLLOWS]


class TestDerivations:
    """Formulas, judged where everything is drawn."""

    def test_the_lines_lead_to_the_gradient(self) -> None:
        """Each gradient a line reads stands above it; the last is what was asked."""
        for name in TEXTS:
            _, sheet = made(name, "derive")
            keys = [question.line.key for question in sheet.questions if question.line]
            assert keys[-1].startswith("dL/dW") or keys[-1].startswith("dL/dU")
            assert keys[0].startswith(("dL/dh[", "dL/dy_hat[", "dL/do[", "dL/ds["))

    def test_reasons_stand_in_the_key_only(self) -> None:
        """By the chain rule through what reads the quantity at that step."""
        _, sheet = made("tanh", "derive")
        key, page = (document(sheet, Looks()).to_markdown() for document in (key_document, sheet_document))
        assert "chain rule through $L$" in key and "chain rule through $a_2$" in key
        assert "chain rule through" not in page
        assert "the given gradient" not in key

    @pytest.mark.parametrize(
        ("text", "verdict"),
        [
            ("delta_2*h_1 + delta_1*h_0", Verdict.RIGHT),
            (r"\delta_1 h_0 + \delta_2 h_1", Verdict.RIGHT),
            ("$\\delta_1 h_0 + \\delta_2 h_1$", Verdict.RIGHT),
            ("dL/dW_h = δ_1 h_0 + δ_2 h_1", Verdict.RIGHT),
            ("(h_2 - y)(1 - h_2^2) h_1 + W_h (h_2 - y)(1 - h_2^2)(1 - h_1^2) h_0", Verdict.RIGHT),
            ("dL/da_2*h_1 + dL/da_1*h_0", Verdict.RIGHT),
            ("delta_2*h_2 + delta_1*h_1", Verdict.WRONG),
            ("0.5", Verdict.WRONG),
            ("dL/dW_h", Verdict.UNREAD),
            ("q_7", Verdict.UNREAD),
            ("delta_2*", Verdict.UNREAD),
            ("(" * 400, Verdict.UNREAD),
            ("h_1^(10^9)", Verdict.UNREAD),
            ("__import__('os').system('x')", Verdict.UNREAD),
            ("h_1" * 400, Verdict.UNREAD),
        ],
    )
    def test_what_is_typed(self, text: str, verdict: Verdict) -> None:
        """Any form of the right formula is right; what is none is not read, and nothing is evaluated."""
        model = model_of("tanh")
        source = Class(model, (read_task('kind = "derive"\nlines = ["dL/dW_h"]', "own"),), 1)
        sheet = source.sheet(1)
        last = next(question for question in sheet.questions if question.key == "formula dL/dW_h")
        assert marks(folder_of(source, sheet), sheet, {last.id: text})[last.id].verdict is verdict

    def test_ambiguous_names_are_read_as_they_fit(self) -> None:
        """δ^z of a GRU is the gradient of the gate's argument here, elsewhere the gate's own."""
        model = model_of("gru")
        source = Class(model, (read_task('kind = "derive"\nlines = ["dL/dU_z"]', "own"),), 1)
        sheet = source.sheet(1)
        last = next(question for question in sheet.questions if question.key == "formula dL/dU_z")
        for text in ("delta_z_1*h_0", "dL/da_z_1*h_0", "dL/dz_1*z_1*(1-z_1)*h_0"):
            assert marks(folder_of(source, sheet), sheet, {last.id: text})[last.id].verdict is Verdict.RIGHT, text

    def test_delta_means_the_same_of_every_gate(self) -> None:
        """As the key has it: four δ in a line, each the gradient of an argument."""
        model = model_of("lstm_rounded")
        source = Class(model, (read_task('kind = "derive"\nlines = ["dL/dW_f"]', "own"),), 1)
        sheet = source.sheet(1)
        last = next(question for question in sheet.questions if question.key == "formula dL/dh[1]")
        for text, verdict in (
            ("U_f δ^f_2 + U_i δ^i_2 + U_o δ^o_2 + U_c δ^{c̃}_2", Verdict.RIGHT),
            ("U_f δ^f_2 + U_i δ^i_2 + U_o δ^o_2 + W_c δ^{c̃}_2", Verdict.WRONG),
        ):
            assert marks(folder_of(source, sheet), sheet, {last.id: text})[last.id].verdict is verdict, text

    def test_a_wrong_formula_is_carried_on(self) -> None:
        """δ_2 without the derivative, put into the next line: that follows."""
        model = model_of("tanh")
        source = Class(model, (read_task('kind = "derive"\nlines = ["dL/dW_h"]', "own"),), 1)
        sheet = source.sheet(1)
        ids = {question.key: question.id for question in sheet.questions}
        answers = {**key_of(sheet), ids["formula dL/da[2]"]: "h_2 - y", ids["formula dL/dh[1]"]: "W_h*(h_2 - y)"}
        found = marks(folder_of(source, sheet), sheet, answers)
        assert found[ids["formula dL/da[2]"]].mistakes == ("R23",)
        assert found[ids["formula dL/dh[1]"]].verdict is Verdict.FOLLOWS
        assert found[ids["formula dL/dW_h"]].verdict is Verdict.RIGHT

    def test_gradients_that_are_not_there(self) -> None:
        """The error lists those that are; a model without a loss has none."""
        model = model_of("tanh")
        with pytest.raises(InputError, match="dL/dW_h"):
            Class(model, (read_task('kind = "derive"\nlines = ["dL/dU_f"]', "own"),), 1).sheet(1)
        bare = loads(TEXTS["tanh"].partition("[loss]")[0])
        with pytest.raises(InputError, match="loss"):
            Class(bare, (load_task("derive"),), 1).sheet(1)

    def test_only_equations_are_given(self) -> None:
        """No numbers, where no task uses them."""
        page = sheet_document(made("tanh", "derive")[1], Looks()).to_markdown()
        assert "The cell:" in page and "| $W_h$" not in page


class TestBlanks:
    """A piece of every line."""

    def test_each_line_has_one_gap(self) -> None:
        """The rest of it stands there."""
        for seed in SEEDS:
            _, sheet = made("tanh", "blanks", seed)
            page = sheet_document(sheet, Looks()).to_markdown()
            assert page.count(r"\text{......}") == len(sheet.questions)
            assert r"\text{......}" not in key_document(sheet, Looks()).to_markdown()

    def test_seeds_choose_other_pieces(self) -> None:
        """And other gradients."""
        pages = {
            tuple(answer_text(q, sheet) for q in sheet.questions)
            for sheet in (made("lstm", "blanks", s)[1] for s in range(1, 7))
        }
        assert len(pages) > 3

    def test_the_whole_right_side_is_none_of_the_pieces(self) -> None:
        """What is asked is the piece: the whole line in its place is wrong."""
        source, sheet = made("tanh", "blanks", 3)
        question = next(q for q in sheet.questions if q.gapped is not None and q.key == "piece of dL/da[2]")
        whole = to_text(question.formula, sheet.style)
        assert marks(folder_of(source, sheet), sheet, {question.id: whole})[question.id].verdict is Verdict.WRONG


class TestComparisons:
    """A simple cell against the cell state."""

    def test_its_numbers_are_powers(self) -> None:
        """Of the factor of a step; the counts are where they first fall below 1/1000."""
        for seed in range(1, 9):
            _, sheet = made("tanh", "compare", seed)
            found = {question.key: question for question in sheet.questions}
            r, f = found["r"].answer[0][0].value, sheet.parts[0].values["f"][0][0].value
            assert found["R[10]"].answer[0][0].value == r**10
            assert found["C[20]"].answer[0][0].value == f**20
            for key, factor in (("N_R", r), ("N_C", f)):
                count = int(found[key].answer[0][0].value)
                assert factor**count < 1e-3 <= factor ** (count - 1)
                assert count == below(factor)
            assert found["faster"].answer == ("simple cell" if r < f else "cell state")

    def test_a_wrong_factor_is_carried_on(self) -> None:
        """Into its powers and into the count."""
        source, sheet = made("tanh", "compare", 1)
        ids = {question.key: question.id for question in sheet.questions}
        answers = {**key_of(sheet), ids["r"]: "0.25", ids["R[5]"]: "0.0009766", ids["N_R"]: "5"}
        found = marks(folder_of(source, sheet), sheet, answers)
        assert found[ids["r"]].verdict is Verdict.WRONG
        assert found[ids["R[5]"]].verdict is Verdict.FOLLOWS
        assert found[ids["N_R"]].verdict is Verdict.FOLLOWS
        assert found[ids["C[5]"]].verdict is Verdict.RIGHT

    @pytest.mark.parametrize("factor", ["1", "2", "-1", "0", "0.99999", "10^40"])
    def test_a_factor_that_never_vanishes(self, factor: str) -> None:
        """Nothing follows from it, and nothing runs for ever."""
        source, sheet = made("tanh", "compare", 1)
        ids = {question.key: question.id for question in sheet.questions}
        found = marks(folder_of(source, sheet), sheet, {ids["r"]: factor, ids["N_R"]: "4"})
        assert found[ids["N_R"]].verdict is Verdict.WRONG

    def test_which_is_faster_is_read_in_both_languages(self) -> None:
        """By its words."""
        source, sheet = made("tanh", "compare", 1)
        question = next(question for question in sheet.questions if question.key == "faster")
        words = {"simple cell": ("the simple cell", "简单单元"), "cell state": ("in the cell state", "细胞状态")}
        for text in words[question.answer]:
            assert marks(folder_of(source, sheet), sheet, {question.id: text})[question.id].verdict is Verdict.RIGHT


class TestSteps:
    """One step of a cell, forward and backward."""

    def test_of_a_longer_model_its_first(self) -> None:
        """Beside tasks of all its steps, with numbers of its own."""
        model = model_of("tanh")
        sheet = Class(model, tasks_of(["forward", "step"], model), 1).sheet(1)
        assert [drawn.model.steps for drawn in sheet.drawn] == [2, 1]
        assert [q.key for q in sheet.parts[1].questions][:3] == ["a[1]", "h[1]", "L"]
        assert sheet.drawn[0].model.values != sheet.drawn[1].model.values

    @pytest.mark.parametrize(("name", "gates"), [("lstm", "fio"), ("gru", "zr")])
    def test_of_a_gated_cell_every_gate(self, name: str, gates: str) -> None:
        """With its gradient and those of its three parameters."""
        keys = {question.key for question in made(name, "step")[1].questions}
        for gate in gates:
            assert {f"{gate}[1]", f"dL/d{gate}[1]", f"dL/da_{gate}[1]", f"dL/dW_{gate}", f"dL/dU_{gate}"} <= keys


class TestModelsOfTasks:
    """A sheet file with a model for each task; cells by name; structures whose numbers are drawn."""

    @pytest.fixture
    def sheet_file(self, tmp_path: Path) -> Path:
        """Three tasks, three structures."""
        (tmp_path / "other.toml").write_text(TEXTS["tanh"], encoding="utf-8")
        path = tmp_path / "week.toml"
        path.write_text(
            'title = "Week 3"\n[[task]]\nname = "forward"\n'
            '[[task]]\nname = "forward"\nmodel = "other.toml"\npoints = 5\n'
            '[[task]]\nname = "jacobian"\nmodel = "gru"\n',
            encoding="utf-8",
        )
        return path

    def test_each_part_has_its_own_numbers(self, sheet_file: Path) -> None:
        """Given where they are used; answers of one model say nothing of another's."""
        layout = load_layout(str(sheet_file))
        source = Class(model_of("linear"), layout.tasks, 1)
        sheet = source.sheet(1)
        assert [drawn.model.name for drawn in sheet.drawn] == ["identity", "tanh", "gru"]
        page = sheet_document(sheet, Looks()).to_markdown()
        assert page.count("The cell:") == 3
        folder = folder_of(source, sheet)
        assert all(
            mark.verdict in (Verdict.RIGHT, Verdict.RUBRIC) for mark in marks(folder, sheet, key_of(sheet)).values()
        )
        # A wrong h_1 of the first model carries nothing into the second.
        second = next(question for question in sheet.parts[1].questions if question.key == "h[1]")
        first = next(question for question in sheet.parts[0].questions if question.key == "h[1]")
        found = marks(folder, sheet, {**key_of(sheet), first.id: "7", second.id: key_of(sheet)[second.id]})
        assert found[second.id].verdict is Verdict.RIGHT
        assert {question.points for question in sheet.parts[1].questions} == {5}

    def test_what_a_task_may_not_say(self, tmp_path: Path) -> None:
        """A model that is none, or no text."""
        path = tmp_path / "week.toml"
        for model in ('"nothing.toml"', "3"):
            path.write_text(f'[[task]]\nname = "forward"\nmodel = {model}\n', encoding="utf-8")
            with pytest.raises(InputError):
                load_layout(str(path))

    @pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "s_t = tanh(W s_{t-1} + U x_t)"])
    def test_a_cell_by_name(self, cell: str) -> None:
        """One unit, two steps, numbers drawn; read back from the folder's key."""
        made = sr.worksheet(cell, tasks=["forward"], seed=3)
        sheet = made.made[0].sheet
        assert sheet.model.steps == 2 and set(sheet.model.sizes.values()) == {1}
        assert folder_of(made.source, sheet).sheet(sheet.id).model.values.keys() == sheet.model.values.keys()

    @pytest.mark.parametrize(
        ("name", "value"),
        [("symbol", '"w"'), ("drawn", "{normal = [0, 1], seed = 1}"), ("logarithm", '"ln(2)"')],
    )
    def test_numbers_that_are_none_are_drawn_anew(self, name: str, value: str) -> None:
        """The structure is what a sheet keeps."""
        model = loads(TEXTS["linear"].replace("W_h = 0.5", f"W_h = {value}"))
        sheet = Class(model, tasks_of([], model), 1).sheet(1)
        assert all(getattr(entry, "is_Rational", False) for v in sheet.model.values.values() for entry in v.flat)

    def test_zeros_stay(self) -> None:
        """A bias that is 0 is none."""
        model = loads(TEXTS["linear"].replace("b = 0.1", "b = 0"))
        assert Class(model, tasks_of([], model), 1).sheet(1).model.value("b").flat[0] == 0

    def test_what_is_too_large_says_so(self) -> None:
        """With the name that is small enough."""
        with pytest.raises(InputError, match="100 steps, n = 20") as error:
            small(sr.load("example:lstm"))
        assert "lstm" in str(error.value)

    def test_a_structure_is_read_once(self) -> None:
        """The same text is the same model."""
        text = structure_text("lstm")
        assert structure_of(text) is structure_of(text)

    def test_a_task_that_does_not_fit_says_so(self) -> None:
        """The regime of a gated cell."""
        assert not fits(load_task("regime"), model_of("lstm"))
