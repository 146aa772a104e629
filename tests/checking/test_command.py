"""`symrnn check`: exit codes, several files, folders, standard input."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from symrnn.cli import main


def run(*arguments: str, data: str | None = None) -> Result:
    """The command with its output."""
    return CliRunner().invoke(main, ["check", *arguments], input=data)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two workings and a picture."""
    (tmp_path / "good.md").write_text("0.5 × 0.5 = 0.25\n", encoding="utf-8")
    (tmp_path / "bad.md").write_text("0.5 × 0.5 = 0.30\n", encoding="utf-8")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    return tmp_path


class TestExitCodes:
    """0 fine, 1 findings, 2 nothing to read."""

    def test_fine(self, folder: Path) -> None:
        """Nothing wrong."""
        assert run(str(folder / "good.md")).exit_code == 0

    def test_findings(self, folder: Path) -> None:
        """Something wrong."""
        result = run(str(folder / "bad.md"))
        assert result.exit_code == 1
        assert "1 link: 1 wrong" in result.output

    def test_nothing_read(self, tmp_path: Path) -> None:
        """No equality at all."""
        empty = tmp_path / "empty.md"
        empty.write_text("No formula here.\n", encoding="utf-8")
        assert run(str(empty)).exit_code == 2

    def test_no_such_file(self) -> None:
        """Said, in three parts."""
        result = run("nowhere.md")
        assert result.exit_code == 2
        assert "no such file" in result.output

    def test_fail_on(self, folder: Path) -> None:
        """What counts is the user's choice."""
        assert run(str(folder / "bad.md"), "--fail-on", "none").exit_code == 0
        assert run(str(folder / "good.md"), "--fail-on", "right").exit_code == 1
        assert run(str(folder / "good.md"), "--fail-on", "bogus").exit_code == 2


class TestSources:
    """Files, folders, standard input."""

    def test_a_folder(self, folder: Path) -> None:
        """Every working in it, in order."""
        result = run(str(folder), "--format", "json")
        links = json.loads(result.output)["links"]
        assert [Path(link["file"]).name for link in links] == ["bad.md", "good.md"]

    def test_a_file_that_cannot_be_read(self, folder: Path) -> None:
        """The others are judged; the exit code says that one was not, whatever is wrong in them."""
        (folder / "large.md").write_bytes(bytes(2_000_001))
        result = run(str(folder))
        assert result.exit_code == 2
        assert "2 MB" in result.output
        assert "bad.md:1:11: wrong" in result.output
        assert run(str(folder / "good.md"), str(folder / "large.md")).exit_code == 2

    def test_a_model_that_is_none(self, folder: Path) -> None:
        """One error, however many files."""
        result = run(str(folder), "--model", "nowhere.toml")
        assert result.exit_code == 2
        assert result.output.count("You wrote") == 1

    def test_no_name(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """An empty name, as of a variable that is not set, is not the folder here."""
        (tmp_path / "bad.md").write_text("0.5 × 0.5 = 0.30\n", encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        result = run("")
        assert result.exit_code == 2
        assert "no such file" in result.output

    def test_links(self, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
        """What leads out of the folder was not named."""
        other = tmp_path_factory.mktemp("other") / "secret.md"
        other.write_text("1 + 1 = 3\n", encoding="utf-8")
        (folder / "out.md").symlink_to(other)
        (folder / "around").symlink_to(folder, target_is_directory=True)
        links = json.loads(run(str(folder), "--format", "json").output)["links"]
        assert [Path(link["file"]).name for link in links] == ["bad.md", "good.md"]

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
    def test_a_pipe(self, tmp_path: Path) -> None:
        """`symrnn check <(pandoc …)`: no file with a size, and yet a text."""
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        writer = threading.Thread(target=pipe.write_text, args=("0.5 × 0.5 = 0.30\n",), kwargs={"encoding": "utf-8"})
        writer.start()
        result = run(str(pipe))
        writer.join(timeout=10)
        assert result.exit_code == 1
        assert "pipe:1:11: wrong" in result.output

    def test_standard_input(self) -> None:
        """`-`."""
        result = run("-", data="0.5 × 0.5 = 0.30\n")
        assert result.exit_code == 1
        assert "<stdin>:1:11" in result.output

    def test_front_matter(self) -> None:
        """The text declares its model."""
        model = '[cell]\nkind = "rnn"\n[sequence]\nx = [1.0]\n[parameters]\nW_h = 0.5\nW_x = 1.0\nb = 0'
        text = f"---\n{model}\n---\n\n$h_1 = 0.76$\n"
        assert run("-", data=text).exit_code == 0
        assert run("-", data=text.replace("0.76", "0.86")).exit_code == 1

    def test_a_model_file(self, folder: Path) -> None:
        """`--model`."""
        (folder / "w.md").write_text("$h_3 = 0.875$\n", encoding="utf-8")
        assert run(str(folder / "w.md"), "--model", "example:linear").exit_code == 0

    def test_two_formats(self, folder: Path) -> None:
        """None is passed over in silence."""
        result = run(str(folder / "bad.md"), "--to", "html", "--format", "json")
        assert result.exit_code == 2
        assert "two formats" in result.output

    @pytest.mark.parametrize(("name", "mark"), [("marked.html", "<mark>="), ("marked.txt", "wrong: should be")])
    def test_the_suffix_tells_the_document(self, folder: Path, name: str, mark: str) -> None:
        """As in `derive`; a format that is asked for goes before it."""
        out = folder / name
        assert run(str(folder / "bad.md"), "-o", str(out)).exit_code == 1
        assert mark in out.read_text(encoding="utf-8")
        assert run(str(folder / "bad.md"), "--format", "json", "-o", str(out), "--force").exit_code == 1
        assert out.read_text(encoding="utf-8").startswith("{")

    def test_an_annotated_document(self, folder: Path) -> None:
        """Written whole."""
        out = folder / "marked.html"
        assert run(str(folder / "bad.md"), "--to", "html", "-o", str(out)).exit_code == 1
        assert "<mark>=</mark>" in out.read_text(encoding="utf-8")
