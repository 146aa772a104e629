"""The command line as a user meets it: output, formats, files, exit codes, and no traceback ever."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from symrnn.cli import main
from symrnn.cli.group import COMMANDS


def run(*arguments, text=None):
    """Run the command in this process."""
    return CliRunner().invoke(main, list(arguments), input=text)


@pytest.mark.parametrize("flag", ["--version", "--help", "-V", "-h"])
def test_version_and_help_answer_without_sympy(flag):
    """Nothing heavy is imported to say who we are."""
    code = f"import sys; sys.argv = ['symrnn', '{flag}']\nfrom symrnn.cli import main\n"
    code += "try:\n    main()\nexcept SystemExit as stop:\n    assert not stop.code\n"
    code += "assert 'sympy' not in sys.modules and 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)


def test_python_dash_m_is_the_command():
    """`python -m symrnn` is `symrnn`."""
    found = subprocess.run([sys.executable, "-m", "symrnn", "--version"], capture_output=True, text=True, timeout=60)
    assert found.stdout.startswith("symrnn ") and found.returncode == 0


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "h_t = tanh(W_h h_{t-1} + W_x x_t + b)"])
def test_derive_a_cell_has_every_part(cell):
    """Symbolic T, L = Σ L_t, all gradients, the step Jacobian."""
    found = run("derive", cell)
    assert found.exit_code == 0, found.output
    for part in ("L = Σ_{t=1}^{T} L_t".replace("L =", "L"), "∂L/∂", "The step Jacobian", "Convention"):
        assert part.split("Σ")[0] in found.output


def test_derive_names_the_convention_it_used():
    """Every output says which GRU it means."""
    assert "Cho et al. (2014)" in run("derive", "gru", "--variant", "cho2014").output
    assert "Chung et al. (2014)" in run("derive", "gru").output


def test_derive_wrt_keeps_what_was_asked_for():
    """--wrt W_h leaves the other parameters out."""
    found = run("derive", "rnn", "--wrt", "W_h").output
    assert "∂L/∂W_h" in found and "∂L/∂W_x" not in found


def test_derive_of_a_state():
    """--of h_3: the gradient of one state."""
    found = run("derive", "example:linear", "--of", "h_3", "--wrt", "W_h")
    assert found.exit_code == 0 and "∂L/∂W_h" in found.output


def test_derive_json_is_one_object_with_stable_keys():
    """lhs, rhs, relation, reason, checked."""
    found = json.loads(run("derive", "rnn", "--format", "json").output)
    assert {"lhs", "rhs", "relation", "reason", "checked"} == set(found["equations"][0])


def test_derive_reads_standard_input_and_files(tmp_path):
    """`-` is standard input; content decides whether it is a model or a cell."""
    cell = tmp_path / "cell.txt"
    cell.write_text("h_t = tanh(A h_{t-1} + B x_t)\n", encoding="utf-8")
    assert "A h_{t-1}" in run("derive", str(cell)).output
    assert "A h_{t-1}" in run("derive", "-", text=cell.read_text(encoding="utf-8")).output


def test_output_is_written_whole_and_never_over_anothers_work(tmp_path):
    """A file symrnn did not make stays as it is, without --force."""
    mine = tmp_path / "notes.tex"
    mine.write_text("my notes", encoding="utf-8")
    refused = run("derive", "rnn", "-o", str(mine))
    assert refused.exit_code == 2 and mine.read_text(encoding="utf-8") == "my notes"
    assert run("derive", "rnn", "-o", str(mine), "--force").exit_code == 0
    assert run("derive", "lstm", "-o", str(mine)).exit_code == 0, "a file of ours may be written again"
    assert mine.read_text(encoding="utf-8").rstrip().endswith("\\end{document}")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.tex"]


def test_several_files_at_once_each_by_its_suffix(tmp_path):
    """Every format; our own files may be written again."""
    starts = {
        "a.tex": b"% made with symrnn",
        "a.html": b"<!DOCTYPE html>",
        "a.md": b"<!-- made with symrnn",
        "a.ipynb": b"{",
        "a.pdf": b"%PDF",
        "a.bib": b"% made with symrnn",
        "a.json": b"{",
        "a.txt": b"Gradients of RNN",
    }
    outputs = [part for name in starts for part in ("-o", str(tmp_path / name))]
    for cell in ("rnn", "rnn", "h_t = tanh(W h_{t-1})"):
        found = run("derive", cell, "--wrt", "h", *outputs)
        assert found.exit_code == 0, found.output
    assert run("derive", "rnn", *outputs).exit_code == 0
    assert {name: (tmp_path / name).read_bytes()[: len(start)] for name, start in starts.items()} == starts


def test_of_several_files_none_is_written_where_one_may_not_be(tmp_path):
    """All or nothing."""
    (tmp_path / "mine.md").write_text("my notes", encoding="utf-8")
    found = run("derive", "rnn", "--wrt", "b", "-o", str(tmp_path / "a.tex"), "-o", str(tmp_path / "mine.md"))
    assert found.exit_code == 2 and not (tmp_path / "a.tex").exists()


def test_derive_to_standard_output_in_a_format(tmp_path):
    """`--to`, and a fragment."""
    assert run("derive", "rnn", "--wrt", "b", "--to", "html").output.startswith("<!DOCTYPE html>")
    assert "documentclass" not in run("derive", "rnn", "--wrt", "b", "--to", "latex", "--fragment").output
    assert "模型" in run("derive", "rnn", "--wrt", "b", "--lang", "zh").output


def test_an_unwritable_place_is_an_error(tmp_path):
    """A folder that does not exist: exit code 2, no traceback."""
    found = run("derive", "rnn", "-o", str(tmp_path / "no" / "where.tex"))
    assert found.exit_code == 2 and "cannot be written" in found.output


def test_evaluate_shows_the_first_example():
    """h = 1/2, 3/4, 7/8 and L = 1/128, exactly."""
    found = run("evaluate", "example:linear").output
    for number in ("1/2", "3/4", "7/8", "1/128", "-1/8", "-1/16", "-1/32", "-1/64", "-7/32"):
        assert number in found


def test_evaluate_json_keeps_the_contract():
    """Exact numbers are strings; keys are name[t]; numbers declared bare stay bare."""
    found = json.loads(run("evaluate", "example:linear", "--format", "json").output)
    assert found["exact"] is True
    assert found["values"]["h[1]"] == "1/2" and found["values"]["L"] == "1/128"
    assert found["gradients"]["h[3]"] == "-1/8" and found["gradients"]["W_h"] == "-1/8"
    assert found["contributions"]["W_h"] == {"1": "0", "2": "-1/32", "3": "-3/32"}
    assert found["jacobians"]["h[3]/h[2]"] == "1/2"


def test_evaluate_to_digits():
    """--digits gives decimals with their number of digits."""
    found = json.loads(run("evaluate", "example:readout", "--digits", "30", "--format", "json").output)
    entry = found["values"]["L"]
    assert found["exact"] is False and entry["digits"] == 30 and len(entry["decimal"].replace(".", "")) >= 29


def test_evaluate_floats_are_numbers():
    """A tanh cell in float64: JSON numbers."""
    found = json.loads(run("evaluate", "example:readout", "--format", "json").output)
    assert isinstance(found["values"]["L"], float) and found["exact"] is False


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("derive", "lstmm"), "no file, no named cell"),
        (("derive", "h_t = tanh(W h_{t+1})"), "^"),
        (("derive", "h_t = tahn(W h_{t-1})"), "tanh"),
        (("derive", "rnn", "--wrt", "V"), "no such quantity"),
        (("derive", "rnn", "--of", "q_3"), "no quantity"),
        (("derive", "rnn", "--variant", "keras"), "no such variant"),
        (("evaluate", "rnn"), "without numbers"),
        (("evaluate", "example:nothing"), "no such example"),
        (("evaluate", "example:linear", "--setting", "b"), "no such setting"),
        (("new", "example:linear"), "numbers already"),
        (("derive", "rnn", "--to", "html", "--format", "json"), "two formats"),
        (("derive", "rnn", "--fragment"), "no preamble"),
        (("regime", "rnn", "--to", "html", "--format", "json"), "two formats"),
        (("regime", "example:linear", "--example", "3"), "no batch"),
        (("worksheet", "example:linear", "--stress", "3", "--seed", "7"), "--stress with --seed"),
        (("worksheet", "example:linear", "--stress", "3", "-o", "x"), "--stress with --output"),
        (("derive",), "is missing"),
        (("derive", "rnn", "--to", "word"), "--to"),
    ],
)
def test_mistakes_end_with_exit_code_2_and_no_traceback(arguments, said):
    """What you wrote, what was found, what to write."""
    found = run(*arguments)
    assert found.exit_code == 2, found.output
    assert said in found.output and "Traceback" not in found.output


@pytest.mark.parametrize(
    ("arguments", "said", "write"),
    [
        (("worksheet", "example:linear", "--variants", "0"), "--variants: 0", "a whole number from 1 to 5000"),
        (("worksheet", "example:linear", "--blanks", "50"), "--blanks: '50'", "--blanks with one of 0, 30, 60, 100"),
        (("worksheet", "example:linear", "--seed", "-1"), "--seed: -1", "a whole number from 0"),
        (("worksheet", "example:linear", "--seed"), "requires an argument", "symrnn worksheet --help"),
        (("worksheet", "example:linear", "--varaints", "3"), "no option --varaints", "--variants"),
        (("mark", "--nope"), "no option --nope", "symrnn mark [OPTIONS] DIR ANSWERS..."),
        (("mark",), "DIR is missing", "symrnn mark [OPTIONS] DIR ANSWERS..."),
        (("mark", "a"), "ANSWERS is missing", "symrnn mark --help"),
        (("--nope",), "no option --nope", "symrnn [OPTIONS] COMMAND"),
        (("foo",), "no such command", "symrnn --help"),
    ],
)
def test_usage_errors_have_three_parts(arguments, said, write):
    """As every other error: what you wrote, what was found, what to write."""
    done = run(*arguments)
    lines = {line[:12].strip(): line[12:] for line in done.output.splitlines()}
    assert done.exit_code == 2
    assert lines["You wrote:"] == "symrnn " + " ".join(arguments)
    assert said in lines["Found:"]
    assert write in lines["Write:"]
    assert "Usage:" not in done.output


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_command_answers_a_wrong_option_so(command):
    """In one place for all."""
    done = run(command, "--no-such-option")
    assert done.exit_code == 2
    assert f"You wrote:  symrnn {command} --no-such-option" in done.output


def test_new_writes_a_model_that_evaluates(tmp_path):
    """`new` and `evaluate` meet."""
    path = tmp_path / "model.toml"
    assert run("new", "gru", "--hidden", "2", "-o", str(path)).exit_code == 0
    assert run("evaluate", str(path)).exit_code == 0


def test_cells_lists_every_cell_with_its_costs():
    """Name, equations, convention, parameters and operations."""
    found = json.loads(run("cells", "--format", "json").output)["cells"]
    assert [entry["name"] for entry in found].count("gru") == 4
    lstm = next(entry for entry in found if entry["name"] == "lstm")
    assert lstm["parameters"] == "4*n*(m + n + 1)"


def test_a_terminal_that_cannot_encode_never_ends_in_a_traceback():
    """ASCII output: signs are shown by their escapes."""
    found = subprocess.run(
        [sys.executable, "-m", "symrnn", "derive", "rnn"],
        capture_output=True, timeout=120, env={"PYTHONIOENCODING": "ascii", "PATH": ""},
    )  # fmt: skip
    assert found.returncode == 0 and b"Traceback" not in found.stderr


def test_a_diagonal_weight_has_a_diagonal_gradient():
    """Optional lines say roles; the derivation passes its own check."""
    found = run("derive", "A: n×n diagonal\nh_t = tanh(A h_{t-1} + B x_t)", "--wrt", "A")
    assert found.exit_code == 0, found.output
    assert "diag(δ_t ⊙ h_{t-1})" in found.output


@pytest.mark.parametrize(
    ("fault", "shown"),
    [(ZeroDivisionError("x"), "a fault of symrnn"), (OSError(28, "No space left on device"), "No space left")],
)
def test_what_nobody_foresaw_is_no_finding(monkeypatch, fault, shown):
    """Exit code 3: 1 would tell a program that something was judged wrong."""

    def fail(*arguments, **options):
        raise fault

    monkeypatch.setattr("symrnn.cli.derivations.write_all", fail)
    done = run("derive", "rnn")
    assert done.exit_code == 3
    assert shown in done.output
    assert ("Traceback" in done.output) == isinstance(fault, ZeroDivisionError)
