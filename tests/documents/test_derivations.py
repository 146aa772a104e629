"""Derivations: what they hold, in both formats, and the golden files of the named cells."""

import json
import re
import shutil
import subprocess

import pytest

import symrnn as sr
from symrnn.algebra.nodes import Adjoint, Parameter
from symrnn.calculus.rewriting import expose
from symrnn.documents import derive
from symrnn.documents.languages import ENGLISH
from symrnn.errors import InputError

SOURCES = {
    "rnn": lambda: sr.cells.rnn(),
    "lstm": lambda: sr.cells.lstm(),
    "gru": lambda: sr.cells.gru(),
    "gru_pytorch": lambda: sr.cells.gru("pytorch"),
    "linear": lambda: sr.load("example:linear"),
    "readout": lambda: sr.load("example:readout"),
    "typed": lambda: sr.parse_cell("h_t = (1 - alpha) h_{t-1} + alpha tanh(W h_{t-1} + U x_t)"),
}


@pytest.mark.parametrize("name", SOURCES)
def test_golden_text_and_latex(name, golden):
    """The whole document, letter for letter; `--rewrite-golden` writes the files anew."""
    document = derive(SOURCES[name]())
    golden(f"{name}.txt", document.to_text())
    golden(f"{name}.tex", document.to_latex())


@pytest.mark.parametrize("name", SOURCES)
def test_the_same_input_gives_the_same_bytes(name):
    """Twice the same."""
    assert derive(SOURCES[name]()).to_latex() == derive(SOURCES[name]()).to_latex()


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru", "typed"])
def test_every_quantity_has_its_gradient(name):
    """Parameters, inputs, initial values: nothing is left out."""
    program = SOURCES[name]()
    left = {claim.lhs for claim in derive(program).claims()}
    wanted = [*expose(program).parameters, *program.inputs, *program.initials]
    assert {Adjoint(each) for each in wanted} <= left


def test_wrt_keeps_what_is_needed_and_no_more():
    """∂L/∂W_h needs δ and ∂L/∂h; ∂L/∂x is not asked for."""
    left = {str(claim.lhs) for claim in derive(sr.cells.rnn(), wrt="W_h").claims()}
    assert {"∂L/∂W_h", "ā_t", "h̄_t"} <= left
    assert not left & {"∂L/∂W_x", "∂L/∂b", "x̄_t", "h̄_0"}


def test_of_a_state_has_that_states_gradient_given():
    """`of="h_3"`: no loss, ∂⁺ at step 3 only."""
    document = derive(sr.load("example:linear"), of="h_3")
    assert "[t = 3]" in document.to_text()


@pytest.mark.parametrize(("of", "wrt"), [("q_3", ""), ("L_", ""), ("L", "V"), ("h_x", "")])
def test_what_is_not_there_is_refused(of, wrt):
    """With the names there are."""
    with pytest.raises(InputError) as caught:
        derive(sr.cells.rnn(), of=of, wrt=wrt)
    assert caught.value.write


def test_generic_functions_and_losses_stay_generic():
    """f with f'(a_t), and L_t of which nothing is known."""
    text = derive(sr.parse_cell("h_t = f(W_h h_{t-1} + W_x x_t + b)")).to_text()
    assert "f'(a_t)" in text and "∂⁺L_t/∂h_t" in text


def test_json_has_lhs_rhs_relation_and_reason():
    """Stable keys, sides in LaTeX."""
    content = json.loads(derive(sr.cells.lstm()).to_json())
    assert all(set(e) == {"lhs", "rhs", "relation", "reason", "checked"} for e in content["equations"])
    assert any(e["lhs"] == r"\frac{\partial L}{\partial U_f}" for e in content["equations"])


def test_every_reason_has_words():
    """A message key without a sentence would show."""
    for make in SOURCES.values():
        assert {claim.reason.key for claim in derive(make()).claims()} <= set(ENGLISH)


def test_text_from_the_user_is_escaped_in_latex():
    """A name with commands in it prints as it is written."""
    model = sr.loads(
        'name = "\\\\input{x} 50% & _"\n'
        '[cell]\nkind = "rnn"\n[sequence]\nx = [1]\n[parameters]\nW_h = 1\nW_x = 1\nb = 0\n'
    )
    text = derive(model).to_latex()
    assert "\\input" not in text and r"50\%" in text


@pytest.mark.parametrize("name", SOURCES)
def test_braces_and_environments_balance(name):
    """What opens closes."""
    text = derive(SOURCES[name]()).to_latex()
    plain = re.sub(r"\\[{}]", "", text)
    assert plain.count("{") == plain.count("}")
    begun = set(re.findall(r"\\begin{(\w+\*?)}", text))
    assert "document" in begun and "align*" in begun
    for begin in begun:
        assert text.count(f"\\begin{{{begin}}}") == text.count(f"\\end{{{begin}}}")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex, which a bare machine has not")
@pytest.mark.parametrize("name", SOURCES)
def test_latex_compiles_without_a_warning(name, tmp_path):
    """No error, no overfull box, amsmath only."""
    text = derive(SOURCES[name]()).to_latex()
    assert re.findall(r"\\usepackage(?:\[[^]]*\])?{([^}]*)}", text) == ["geometry", "amsmath"]
    (tmp_path / "document.tex").write_text(text, encoding="utf-8")
    command = ["pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "document.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=120)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout


def test_the_unrolled_lines_of_a_model_carry_their_numbers():
    """h_1 = W_h h_0 + W_x x_1 + b = 1/2."""
    text = derive(sr.load("example:linear")).to_text()
    for line in ("h_1 = W_h h_0 + W_x x_1 + b = 1/2", "∂L/∂h_3 = h_3 - y = -1/8"):
        assert line in text


def test_parameters_are_named_as_the_author_named_them():
    """The author's own symbols are printed back."""
    program = sr.parse_cell("s_t = tanh(V s_{t-1} + G u_t + c)")
    names = {name.name for claim in derive(program).claims() for name in [claim.lhs] if isinstance(name, Parameter)}
    assert not names and "∂L/∂V" in derive(program).to_text()
