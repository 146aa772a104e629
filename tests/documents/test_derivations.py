"""Derivations: what they hold. How they are printed is in `test_renderers`."""

import json

import pytest

import symrnn as sr
from symrnn.algebra.nodes import Adjoint, Parameter
from symrnn.calculus.rewriting import expose
from symrnn.documents import derive
from symrnn.documents.languages import ENGLISH
from symrnn.errors import InputError
from symrnn.notations import listing

NOTATIONS = listing()

SOURCES = {
    "rnn": lambda: sr.cells.rnn(),
    "lstm": lambda: sr.cells.lstm(),
    "gru": lambda: sr.cells.gru(),
    "gru_pytorch": lambda: sr.cells.gru("pytorch"),
    "linear": lambda: sr.load("example:linear"),
    "readout": lambda: sr.load("example:readout"),
    "typed": lambda: sr.parse_cell("h_t = (1 - alpha) h_{t-1} + alpha tanh(W h_{t-1} + U x_t)"),
}


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


def test_the_unrolled_lines_of_a_model_carry_their_numbers():
    """h_1 = W_h h_0 + W_x x_1 + b = (1/2)·0 + (1/2)·1 + 0 = 1/2."""
    text = derive(sr.load("example:linear")).to_text()
    for line in ("h_1 = W_h h_0 + W_x x_1 + b = (1/2)·0 + (1/2)·1 + 0 = 1/2", "∂L/∂h_3 = h_3 - y = 7/8 - 1 = -1/8"):
        assert line in text


def test_parameters_are_named_as_the_author_named_them():
    """The author's own symbols are printed back."""
    program = sr.parse_cell("s_t = tanh(V s_{t-1} + G u_t + c)")
    names = {name.name for claim in derive(program).claims() for name in [claim.lhs] if isinstance(name, Parameter)}
    assert not names and "∂L/∂V" in derive(program).to_text()


class TestOptions:
    """What `derive` is asked for beside the cell."""

    def test_detail_filters_claims_and_changes_none(self):
        """Outline ⊂ normal ⊂ full."""
        counts = []
        seen: list[set[str]] = []
        for detail in ("outline", "normal", "full"):
            document = derive(sr.cells.lstm(), detail=detail)
            seen.append({f"{claim.lhs} = {claim.rhs}" for claim in document.claims()})
            counts.append(len(seen[-1]))
        assert seen[0] < seen[1] < seen[2]
        with pytest.raises(InputError, match="outline, normal, full"):
            derive(sr.cells.rnn(), detail="more")

    def test_full_detail_keeps_the_immediate_partial_apart(self):
        """∂⁺ of the state, and the total as the sum of its shares."""
        text = derive(sr.cells.rnn(), detail="full").to_text()
        assert "∂⁺h_t/∂vec(W_h) = diag(1 - h_t²) (h_{t-1}ᵀ ⊗ I)" in text
        assert "vec(∂L/∂W_h)" in text and "∂⁺h_t/∂vec(W_h))ᵀ" in text

    def test_steps_writes_the_recurrences_out(self):
        """Three steps, forward and backward; many steps are elided, and that is said."""
        text = derive(sr.cells.rnn(), steps=3).to_text()
        assert "a_3 = W_h h_2 + W_x x_3 + b" in text.replace("a_3     =", "a_3 =")
        assert "δ_3 h_2ᵀ" in text
        long = derive(sr.cells.rnn(), steps=1000)
        assert "steps between are left out" in long.to_text() and len(long.to_text().splitlines()) < 400
        for bad in (0, -1):
            with pytest.raises(InputError):
                derive(sr.cells.rnn(), steps=bad)
        with pytest.raises(InputError, match="a model of 3 steps"):
            derive(sr.load("example:linear"), steps=3)

    def test_digits_put_decimals_beside_fractions(self):
        """= where the decimal is the number, ≈ where it is rounded."""
        text = derive(sr.load("example:linear"), digits=4).to_text()
        assert "= 7/8 = 0.875" in text and "= 1/128 ≈ 0.007813" in text

    @pytest.mark.parametrize("language", ["en", "zh"])
    @pytest.mark.parametrize("name", SOURCES)
    def test_golden_in_both_languages(self, name, language, golden):
        """Every word of a Chinese document is translated."""
        document = derive(SOURCES[name](), language=language)
        if language == "zh":
            golden(f"{name}.zh.md", document.to_markdown())
            assert "随时间反向传播" in document.to_markdown() and "chain rule" not in document.to_markdown()

    @pytest.mark.parametrize("notation", NOTATIONS)
    @pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
    def test_golden_in_every_notation(self, name, notation, golden):
        """The same mathematics as a book writes it."""
        golden(f"{name}.{notation}.txt", derive(SOURCES[name](), notation=notation).to_text())

    def test_rows_transpose_the_mathematics(self):
        """cs231n: h W, gradients x_tᵀ δ_t, and the numbers turned with their names."""
        text = derive(sr.load("example:readout"), notation="cs231n").to_text()
        assert "h_{t-1} W_h + x_t W_x + b" in text and "h_{t-1}ᵀ δ_t" in text
        assert "Denominator layout" in text

    @pytest.mark.parametrize("source", ["example:linear", "lstm"])
    def test_a_graph_on_request(self, source):
        """In HTML, Markdown, typst and the notebook as SVG; LaTeX includes a file beside it."""
        document = derive(sr.load(source) if ":" in source else sr.cells.lstm(), graph=True)
        (figure,) = document.figures()
        assert figure.svg.count("<svg") == 1 and figure.alt
        assert "<svg" in document.to_html() and "data:image/svg+xml" in document.to_markdown()
        assert "includegraphics" not in document.to_latex()
        assert r"\includegraphics[width=\linewidth]{g.pdf}" in document.to_latex(graph="g.pdf")
        assert figure.alt in document.to_text() and list(derive(sr.cells.rnn()).figures()) == []


def test_a_typed_cell_says_how_it_was_read() -> None:
    """Roles and shapes; a named cell has its own convention."""
    text = derive(sr.parse_cell("h_t = a h_{t-1} + W x_t")).to_text()
    assert "Read as: states h_t (n), inputs x_t (m), parameters a (a number), W (n × m)." in text
    assert "Read as" not in derive(sr.cells.rnn()).to_text()
    assert "读作：状态 h_t" in derive(sr.parse_cell("h_t = W h_{t-1}"), language="zh").to_text()


def test_a_loss_that_hears_of_earlier_steps_beside_the_states() -> None:
    """The sum over later losses would leave ways out, so it is not claimed; a recurrence of adjoints has them all."""
    cell = sr.parse_cell("c_t = f_t ⊙ c_{t-1} + x_t\nf_t = σ(u ⊙ c_{t-1})\nh_t = σ(v ⊙ c_{t-1}) ⊙ c_t\nu, v: n")
    document = derive(cell, strict=True)
    assert "h_t hears of earlier steps" in document.to_text()
    assert "sum over later losses" not in {claim.reason.key for claim in document.claims()}


def test_closed_forms_are_in_the_names_of_the_cell() -> None:
    """Not in those given to arguments of activations: exp(-Δ ⊙ a), where Δ_t = Δ."""
    cell = sr.parse_cell("Δ_t = softplus(W x_t)\nh_t = exp(-Δ_t ⊙ a) ⊙ h_{t-1} + x_t\na: n")
    text = derive(cell).to_text()
    assert "∂h_T/∂h_t = diag(exp(-Δ ⊙ a)^{T-t})" in text and "withheld" not in text


def test_numbers_stand_in_front_of_jacobians() -> None:
    """dt diag(…) W, not (dt I) diag(…) W; and a direct path holds the other states."""
    cell = sr.parse_cell("z_t = z_{t-1} + dt (tanh(S z_{t-1}) - γ y_{t-1})\ny_t = y_{t-1} + dt z_t")
    text = derive(cell).to_text()
    assert "I + dt diag(1 - tanh²(a_t)) S" in text and "(dt I)" not in text and "withheld" not in text
