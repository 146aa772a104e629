"""The folder of a worksheet, by the command line: files, ids, fading, rosters, and what is refused."""

from __future__ import annotations

import csv
import io
import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner
from worksheet_models import TEXTS, class_of, model_of

from symrnn.cli import main
from symrnn.errors import InputError
from symrnn.worksheets.keys import asked, read_key
from symrnn.worksheets.making import worksheet
from symrnn.worksheets.pages import Looks, blanked, key_document, sheet_document
from symrnn.worksheets.rosters import read_roster
from symrnn.worksheets.sheets import Class, tasks_of
from symrnn.worksheets.submissions import decoded
from symrnn.worksheets.tasks import load_task, read_task, shipped
from symrnn.worksheets.words import ENGLISH


def run(*arguments: str | Path) -> tuple[int, str]:
    """The exit code and everything printed."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    return result.exit_code, result.output


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model file."""
    path = tmp_path / "tanh.toml"
    path.write_text(TEXTS["tanh"], encoding="utf-8")
    return path


HOSTILE = {
    "archive.csv": b"PK\x03\x04" + bytes(100),
    "random.bin": bytes(range(256)) * 4,
    "nul.csv": b"sheet,line,answer\n1-001,1,\x00",
    "empty.json": b"",
    "deep.json": b"[" * 100_000,
    "deeper.json": b'{"1-001":' * 5_000,
    "digits.json": b'{"1-001":{"1":' + b"9" * 6_000 + b"}}",
    "path.json": b'{"../../etc/passwd":{"1":"1"}}',
    "page.html": b"<!doctype html><html>",
    "twice.json": b'{"1-009":{"1":"1"},"1-009":{"1":"2"}}',
    "escape.json": b'{"\\u001b[31m1-001":{"1":"1"}}',
    "number.json": b'{"1-001": 3}',
    "odd.json": b'[[[]],3,null,{"sheet":null}]',
    "half.utf16": b"\xff\xfea",
    "latin.md": "# é".encode("latin-1"),
    "formulas.md": b"# Worksheet 1-008\n" + b"$$" * 100_000,
    "unknown.md": b"# Worksheet 9-999\n\n(1) 1/2",
    "columns.csv": b"sheet,answer\n1-001,1",
    "image.md": b"\x89PNG\r\n\x1a\n",
    "document.md": b"%PDF-1.7",
}
"""Files that are no submissions, each in its own way."""


class TestWorksheet:
    """`symrnn worksheet`."""

    def test_the_files_of_a_class(self, tmp_path: Path, model: Path) -> None:
        """Sheets, keys apart, one file to print, the key for marking, answers to fill in."""
        roster = tmp_path / "class.csv"
        roster.write_text("name,id\nAda,7\nEmmy,8\n", encoding="utf-8")
        out = tmp_path / "week"
        code, _ = run("worksheet", model, "--year", "2026", "--roster", roster, "--to", "html,markdown", "-o", out)
        assert code == 0
        files = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
        names = {f"{part}/2026-00{n}.{end}" for part in ("sheets", "keys") for n in (1, 2) for end in ("html", "md")}
        assert files == names | {"all.html", "key.json", "answers.csv"}
        assert "Ada (7)" in (out / "sheets" / "2026-001.html").read_text(encoding="utf-8")
        assert "Emmy (8)" in (out / "answers.csv").read_text(encoding="utf-8")
        assert run("mark", out, out / "answers.csv")[0] == 0

    def test_nothing_is_written_over(self, tmp_path: Path, model: Path) -> None:
        """A folder with anything in it stays as it is."""
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "notes.txt").write_text("mine", encoding="utf-8")
        code, _ = run("worksheet", model, "-o", tmp_path / "mine")
        assert code == 2
        assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]

    def test_the_same_seed_gives_the_same_bytes(self, tmp_path: Path, model: Path) -> None:
        """Every file."""
        for name in ("a", "b"):
            assert run("worksheet", model, "--seed", "7", "--to", "html,moodle,notebook", "-o", tmp_path / name)[0] == 0
        for path in (tmp_path / "a").rglob("*"):
            if path.is_file():
                assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()

    @pytest.mark.parametrize(
        "arguments",
        [
            ("--to", "word"),
            ("--tasks", "nothing"),
            ("--year", "../x"),
            ("--lang", "xx"),
            ("--variants", "0"),
            ("--blanks", "50"),
        ],
    )
    def test_usage(self, tmp_path: Path, model: Path, arguments: tuple[str, str]) -> None:
        """Exit code 2, and no folder."""
        assert run("worksheet", model, *arguments, "-o", tmp_path / "out")[0] == 2
        assert not (tmp_path / "out").exists()

    def test_what_platforms_do_not_get_is_said(self, tmp_path: Path, model: Path) -> None:
        """Formulas and words by their ids; where there is nothing else, no file is written."""
        out = tmp_path / "out"
        result = CliRunner().invoke(
            main,
            [
                "worksheet",
                str(model),
                "--tasks",
                "derive,regime",
                "--to",
                "moodle,qti",
                "--format",
                "json",
                "-o",
                str(out),
            ],
        )
        left = json.loads(result.stdout)["left_out"]
        assert left["formats"] == ["moodle", "qti"] and left["formula"] and left["words"]
        for kind in ("formula", "words"):
            assert ", ".join(f"({id})" for id in left[kind]) in result.stderr
        assert run("worksheet", model, "--tasks", "derive", "--to", "moodle", "-o", tmp_path / "none")[0] == 2
        assert not (tmp_path / "none").exists()

    def test_a_table_of_answers_tells_none(self, tmp_path: Path, model: Path) -> None:
        """Every kind of question is there, and neither its name nor an option's."""
        out = tmp_path / "out"
        run("worksheet", model, "--tasks", "match,regime,error,compare", "-o", out)
        table = (out / "answers.csv").read_text(encoding="utf-8-sig")
        quantities = {row["quantity"] for row in csv.DictReader(io.StringIO(table))}
        assert "formula 1" in quantities
        told = (*(key.removeprefix("match ") for key in ENGLISH if key.startswith("match ")), "vanishes", "simple cell")
        assert not [word for word in told if any(word in quantity for quantity in quantities)]

    def test_a_stress_test(self, model: Path) -> None:
        """Writes nothing but its report."""
        code, text = run("worksheet", model, "--stress", "3")
        assert code == 0
        assert "evaluations that disagree   0" in text


class TestMark:
    """`symrnn mark`."""

    def test_a_broken_submission_is_listed(self, tmp_path: Path, model: Path) -> None:
        """Exit code 1, the others are marked."""
        out = tmp_path / "week"
        run("worksheet", model, "-o", out)
        key = json.loads((out / "key.json").read_text(encoding="utf-8"))["sheets"][0]
        good = {key["id"]: {answer["line"]: answer["answer"] for answer in key["answers"]}}
        (tmp_path / "good.json").write_text(json.dumps(good), encoding="utf-8")
        (tmp_path / "bad.csv").write_bytes(b"\xff\xfe\x00")
        code, text = run("mark", out, tmp_path / "bad.csv", tmp_path / "good.json", "-o", tmp_path / "marks")
        assert code == 1
        assert "bad.csv" in text
        marks = (tmp_path / "marks" / "marks.csv").read_text(encoding="utf-8")
        assert marks.count(",right,") == sum(answer["kind"] != "words" for answer in key["answers"])
        assert (tmp_path / "marks" / "feedback" / f"{key['id']}.html").is_file()

    def test_hostile_files_stop_nothing(self, tmp_path: Path, model: Path) -> None:
        """Each is listed with its reason, none is written anywhere, the good one is marked."""
        out, hand = tmp_path / "week", tmp_path / "hand"
        run("worksheet", model, "--variants", "2", "-o", out)
        hand.mkdir()
        for name, data in HOSTILE.items():
            (hand / name).write_bytes(data)
        (hand / ".DS_Store").write_bytes(b"x")
        (hand / "good.json").write_text('{"1-001": {"1": "1/2"}}', encoding="utf-8")
        code, text = run("mark", out, hand, "-o", tmp_path / "marks")
        assert code == 1
        for name in HOSTILE:
            assert name in text
        assert "DS_Store" not in text
        files = {str(path.relative_to(tmp_path / "marks")) for path in (tmp_path / "marks").rglob("*.html")}
        assert files == {"feedback/1-001.html"}
        assert not any(sign in text for sign in "\x1b\0")

    def test_a_missing_file(self, tmp_path: Path, model: Path) -> None:
        """Is a mistake in the command: nothing is marked."""
        out = tmp_path / "week"
        run("worksheet", model, "-o", out)
        code, text = run("mark", out, out / "answers.csv", tmp_path / "nowhere.csv", "-o", tmp_path / "marks")
        assert code == 2
        assert "no such file" in text
        assert not (tmp_path / "marks").exists()

    def test_only_blank_sheets(self, tmp_path: Path, model: Path) -> None:
        """Said so, and nobody has 0 points."""
        out = tmp_path / "week"
        run("worksheet", model, "--variants", "2", "--to", "markdown", "-o", out)
        _, text = run("mark", out, out / "sheets")
        assert "Nothing was filled in." in text
        assert "Came back without any answer: 1-001, 1-002." in text

    def test_an_id_that_is_a_path(self, tmp_path: Path, model: Path) -> None:
        """A key that names files elsewhere is none."""
        out = tmp_path / "week"
        run("worksheet", model, "-o", out)
        text = (out / "key.json").read_text(encoding="utf-8").replace('"id": "1-001"', '"id": "../../1-001"')
        with pytest.raises(InputError):
            read_key(text)

    @pytest.mark.parametrize("text", ["", "{}", "[]", '{"recipe": "0"}', '{"recipe": "1"}'])
    def test_a_key_that_is_none(self, text: str) -> None:
        """An error of ours."""
        with pytest.raises(InputError):
            read_key(text)

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            (("label",), "../../x"),
            (("label",), "-x"),
            (("language",), "xx"),
            (("blanks",), float("inf")),
            (("seed",), float("inf")),
            (("tasks", 0, "kind"), "unheard of"),
            (("tasks", 0, "points"), 1e9),
            (("tasks", 0, "model"), 3),
            (("sheets", 0, "student"), "Ada"),
            (("sheets", 0, "student"), {"name": ["Ada"], "id": 7}),
            (("sheets", 0, "draws"), [10**18]),
            (("sheets", 0, "draws"), None),
            (("sheets", 0, "number"), 0),
            (("sheets", 0, "answers"), "none"),
        ],
    )
    def test_a_key_edited_by_hand(
        self, tmp_path: Path, model: Path, path: tuple[str | int, ...], value: object
    ) -> None:
        """Is none, whatever was edited: nothing is marked, and nothing is written anywhere."""
        out = tmp_path / "week"
        run("worksheet", model, "-o", out)
        key = inner = json.loads((out / "key.json").read_text(encoding="utf-8"))
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = value
        (out / "key.json").write_text(json.dumps(key), encoding="utf-8")
        (tmp_path / "good.json").write_text('{"1-001": {"1": "1/2"}}', encoding="utf-8")
        code, text = run("mark", out, tmp_path / "good.json", "-o", tmp_path / "marks")
        assert code == 2, text
        assert sorted(path.name for path in tmp_path.iterdir()) == ["good.json", "tanh.toml", "week"]

    def test_draws_that_are_missing(self, tmp_path: Path, model: Path) -> None:
        """The sheet is listed as one that cannot be drawn."""
        out = tmp_path / "week"
        run("worksheet", model, "-o", out)
        key = json.loads((out / "key.json").read_text(encoding="utf-8"))
        key["sheets"][0]["draws"] = []
        (tmp_path / "good.json").write_text('{"1-001": {"1": "1/2"}}', encoding="utf-8")
        (out / "key.json").write_text(json.dumps(key), encoding="utf-8")
        code, text = run("mark", out, tmp_path / "good.json")
        assert code == 1
        assert "does not draw" in text

    @pytest.mark.parametrize("label", ["../x", "-x", "a" * 21, "a b"])
    def test_ids_begin_with_plain_signs(self, model: Path, label: str) -> None:
        """From Python as from the command: files are named by them."""
        with pytest.raises(InputError):
            worksheet(str(model), label=label)


class TestFading:
    """The same sheet with less and less blank."""

    def test_what_is_blank_stays_blank(self) -> None:
        """From a worked example to an empty sheet."""
        sheet = class_of("tanh").sheet(1)
        order = ("result", "numbers", "formula")
        stages = [blanked(sheet, percent) for percent in (0, 30, 60, 100)]
        assert not stages[0]
        for few, many in pairwise(stages):
            assert all(order.index(many[line]) >= order.index(stage) for line, stage in few.items())
        assert set(stages[-1].values()) == {"formula"}

    def test_no_answer_is_told(self) -> None:
        """On an empty sheet no result of a line can be read; the key has all."""
        sheet = class_of("linear").sheet(1)
        pages = [document(sheet, Looks()).to_markdown() for document in (sheet_document, key_document)]
        assert [page.count(".....") > 0 for page in pages] == [True, False]

    @pytest.mark.parametrize("percent", [30, 100])
    @pytest.mark.parametrize("task", sorted(shipped()))
    def test_every_answer_that_is_asked_is_blank(self, task: str, percent: int) -> None:
        """Of every task by itself: as many blanks as answers."""
        sheet = class_of("tanh", task).sheet(1)
        page = sheet_document(sheet, Looks(blanks=percent, name_line=False)).to_markdown()
        assert len(re.findall(r"\.{6,}", page.partition("## ")[2])) >= len(asked(sheet, percent))

    def test_a_worked_example_is_the_key_without_its_tables(self) -> None:
        """0 % blank."""
        sheet = class_of("linear").sheet(1)
        worked = sheet_document(sheet, Looks(blanks=0))
        key = key_document(sheet, Looks(blanks=0))
        assert list(worked.claims()) == list(key.claims())


class TestTasks:
    """Tasks are small files."""

    @pytest.mark.parametrize("name", shipped())
    def test_each_makes_a_part(self, name: str) -> None:
        """Of a model it fits, with questions and answers."""
        (part,) = class_of("tanh", name).sheet(1).parts
        assert part.questions
        assert all(question.points > 0 for question in part.questions)

    def test_a_teachers_own(self, tmp_path: Path) -> None:
        """With lines by name and a text."""
        path = tmp_path / "mine.toml"
        text = 'title = "Our own"\npoints = 3\nlines = ["h", "dL/dW_h"]\ntext = "Mind the <signs>."\n'
        path.write_text(text, encoding="utf-8")
        model = model_of("tanh")
        sheet = Class(model, tasks_of([str(path)], model), 1).sheet(1)
        assert [question.key for question in sheet.questions] == ["h[1]", "h[2]", "dL/dW_h"]
        page = sheet_document(sheet, Looks()).to_html()
        assert "Mind the &lt;signs&gt;." in page and "Our own" in page

    @pytest.mark.parametrize(
        "text", ["", "kind = 1", 'kind = "lines"', "points = -1", "extra = 1", 'lines = "h"', "lines = [1]", "["]
    )
    def test_files_that_are_none(self, text: str) -> None:
        """Named with file and key."""
        with pytest.raises(InputError):
            read_task(text, "mine")

    def test_a_line_the_model_does_not_have(self) -> None:
        """The error lists those it has."""
        task = read_task('lines = ["dL/dU_f"]', "mine")
        with pytest.raises(InputError, match="dL/dW_h"):
            _ = Class(model_of("tanh"), (task,), 1).recipe

    def test_the_regime_is_asked_of_scalar_cells_only(self) -> None:
        """A gated cell gets the others."""
        assert [task.name for task in tasks_of((), model_of("lstm"))] == ["forward", "bptt"]
        with pytest.raises(InputError):
            Class(model_of("lstm"), (load_task("regime"),), 1).sheet(1)


class TestRosters:
    """Class lists."""

    @pytest.mark.parametrize(
        "text",
        ["姓名,学号\n李伟,7\n", "学号\t姓名\r\n7\t李伟", "Name;ID\n李伟;7", "李伟,7", "id,name\n7,\u202e李伟\x1b"],
    )
    @pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
    def test_lists_of_spreadsheets(self, text: str, codec: str) -> None:
        """In the encodings and with the columns they have; signs that steer are taken out."""
        assert [str(student) for student in read_roster(decoded(text.encode(codec), "x"))] == ["李伟 (7)"]

    @pytest.mark.parametrize(
        ("text", "student"),
        [
            ("First name,Surname,Student number\nAda,Lovelace,7", "Ada Lovelace (7)"),
            ("Surname,Matrikelnummer\nLovelace,7", "Lovelace (7)"),
            ("Nachname;Vorname;E-Mail\nLovelace;Ada;a@b.c", "Ada Lovelace"),
            ("Vorname\tName\nAda\tLovelace", "Ada Lovelace"),
            ("student_id,full_name,group\n7,Ada Lovelace,B", "Ada Lovelace (7)"),
            ("姓,名,学号\n李,伟,7", "李伟 (7)"),
        ],
    )
    def test_headings(self, text: str, student: str) -> None:
        """First name and surname are joined; what says nothing is left out."""
        assert [str(each) for each in read_roster(text)] == [student]

    @pytest.mark.parametrize(
        "text",
        [
            "Teilnehmer,Kennung\nAda,7\nEmmy,8", "Ada,Lovelace\nEmmy,Noether", "Ada,Lovelace,7", "student number\n7",
            "name,id\n",
        ],
    )  # fmt: skip
    def test_columns_that_may_be_anything(self, text: str) -> None:
        """Refused with what to write: no heading becomes a student."""
        with pytest.raises(InputError) as found:
            read_roster(text)
        assert found.value.write.startswith("a first line such as name,id")

    @pytest.mark.parametrize("text", ["", "name,id\n,7", "Ada\nAda", "x" * 300, '"' + "x" * 200_000])
    def test_lists_that_are_none(self, text: str) -> None:
        """Empty, nameless, twice, too long."""
        with pytest.raises(InputError):
            read_roster(text)
