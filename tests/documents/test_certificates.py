"""Every equality of a document is held against its definition; a wrong rule is refused, not printed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sympy as sp

import symrnn as sr
from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Node
from symrnn.calculus import adjoints, jacobians, partials
from symrnn.calculus.rules import RULES
from symrnn.documents import derivations
from symrnn.documents.certificates import Judges, certify
from symrnn.documents.document import Claim, Section
from symrnn.errors import CheckFailedError, InputError

CELLS: dict[str, Any] = {
    "rnn": sr.cells.rnn(),
    "lstm": sr.cells.lstm(),
    "gru": sr.cells.gru(),
    "keras": sr.cells.gru("keras"),
    "relu": sr.cells.rnn(activation="relu"),
    "generic": sr.parse_cell("h_t = phi(A h_{t-1} + B x_t)"),
    "second order": sr.parse_cell("h_t = A h_{t-1} + C h_{t-2} + B x_t"),
    "diagonal": sr.parse_cell("A: n×n diagonal\nh_t = tanh(A h_{t-1} + B x_t)"),
    "leaky": sr.parse_cell("alpha: scalar\nh_t = (1 - alpha) h_{t-1} + alpha tanh(W h_{t-1} + U x_t)"),
    "linear model": sr.load("example:linear"),
    "readout model": sr.load("example:readout"),
    "lstm model": sr.load("example:lstm"),
}
each_cell = pytest.mark.parametrize("name", CELLS)


@each_cell
def test_every_equality_is_checked(name: str) -> None:
    """At full detail, and the tally counts what stands in the document."""
    document = sr.derive(CELLS[name], detail="full")
    tally = document.tally
    certificates = [claim.certificate for claim in document.claims()]
    assert tally is not None and tally.equalities > 5
    assert tally.unchecked == (1 if name == "second order" else 0)
    assert len(certificates) == tally.equalities + tally.definitions and all(certificates)


@pytest.mark.parametrize("name", ["relu", "linear model", "second order"])
def test_rational_cells_are_checked_exactly(name: str) -> None:
    """By fractions: nothing is left to random points."""
    tally = sr.derive(CELLS[name]).tally
    assert tally is not None and tally.points == 0 < tally.exact


def test_strict_refuses_what_could_not_be_checked() -> None:
    """And says how many lines there are of the kind."""
    with pytest.raises(CheckFailedError, match="could not be checked"):
        sr.derive(CELLS["second order"], strict=True)
    assert sr.derive(CELLS["lstm"], strict=True).tally is not None


def _planted(rows: dict[type[Node], Any]) -> dict[type[Node], Any]:
    return {**RULES, **rows}


def _forgetful(kind: type[Node]) -> dict[type[Node], Any]:
    """A rule that forgets one operand."""
    right = RULES[kind]

    def wrong(node: Any, answer: Any) -> Any:
        maps = right(node, answer)
        return (*maps[:-1], None) if len(maps) > 1 else (None,)

    return _planted({kind: wrong})


@pytest.mark.parametrize("kind", [N.MatMul, N.Hadamard, N.Apply, N.Add])
@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_a_corrupted_rule_makes_the_derivation_refuse(kind: type[Node], name: str, monkeypatch: Any) -> None:
    """`derive` raises rather than print the lines of a wrong row."""
    rules = _forgetful(kind)
    monkeypatch.setattr(derivations, "adjoint", lambda program: adjoints.adjoint(program, rules))
    with pytest.raises(CheckFailedError, match="does not hold"):
        sr.derive(CELLS[name])


def test_a_corrupted_rule_shows_in_the_jacobian_too(monkeypatch: Any) -> None:
    """The step Jacobian is judged by itself."""
    rules = _forgetful(N.Hadamard)
    monkeypatch.setattr(derivations, "jacobian", lambda program: jacobians.jacobian(program, rules))
    with pytest.raises(CheckFailedError):
        sr.derive(CELLS["gru"])


def test_a_corrupted_rule_shows_in_the_partials_too() -> None:
    """One step's share."""
    judge = Judges(sr.with_generic_loss(CELLS["gru"]))
    swapped = _planted({N.Hadamard: lambda node, answer: tuple(reversed(RULES[N.Hadamard](node, answer)))})
    wrong = list(partials.immediate_partials(sr.with_generic_loss(CELLS["gru"]), swapped))
    refused = 0
    for equation in wrong:
        try:
            judge.certificate(Claim(equation.target, equation.expression, equation.reason, domain=equation.domain))
        except CheckFailedError:
            refused += 1
    assert refused


def test_a_wrong_number_is_refused() -> None:
    """The value at the end of a line is held against the model run by itself."""
    model = CELLS["linear model"]
    document = sr.derive(model)
    line = next(claim for claim in document.claims() if claim.numeric)
    wrong = replace(line, more=(*line.more[:-1], ("=", sp.Rational(3, 4))), certificate="")
    changed = replace(document, sections=(Section("model", (wrong,)),))
    with pytest.raises(CheckFailedError, match="h_1"):
        certify(changed, model.sized, model)


def test_the_words_say_how_many() -> None:
    """The tally stands in the document."""
    text = sr.derive(CELLS["linear model"]).to_text()
    tally = sr.derive(CELLS["linear model"]).tally
    assert tally is not None
    assert f"{tally.equalities} equalities, all checked against the definition: {tally.exact} exactly" in text


def test_targets_of_a_cross_entropy_are_drawn_as_distributions() -> None:
    """p − y is the gradient where the entries of y sum to one; other targets are refused by the model file."""
    text = (
        '[cell]\nkind = "rnn"\nhidden = 2\ninput = 1\n[sequence]\nsteps = 2\nx = [[1.0], [0.5]]\n'
        "[parameters]\nW_h = [[0.5, 0], [0, 0.5]]\nW_x = [[1.0], [0.5]]\nb = [0.0, 0.1]\n"
        '[loss]\nkind = "softmax_cross_entropy"\ny = [{}, 1.0]\n'
    )
    tally = sr.derive(sr.loads(text.format("0.0"))).tally
    assert tally is not None and tally.unchecked == 0
    with pytest.raises(InputError, match="sum to 2, not to 1"):
        sr.loads(text.format("1.0"))


@pytest.mark.parametrize(
    "typed",
    [
        "h_t = log(h_{t-1} + x_t)",
        "h_t = h_{t-1} / (1 + h_{t-1}^2)",
        "h_t = [W, U] [h_{t-1}; x_t]",
        "h_t = softplus(W h_{t-1}) ⊙ x_t",
        "h_t = h_{t-1} + W tanh(U h_{t-1} + x_t)",
    ],
)
def test_typed_cells_of_every_kind_are_checked(typed: str) -> None:
    """Domains, divisions, concatenations, products of signals, residual cells."""
    tally = sr.derive(sr.parse_cell(typed)).tally
    assert tally is not None and tally.equalities >= 8 and tally.unchecked <= 1


def test_symbols_in_a_model_stay_exact() -> None:
    """W_h = "w": the lines hold for the symbol, checked at a fraction."""
    model = sr.loads(
        '[cell]\nkind = "rnn"\nactivation = "identity"\n[sequence]\nx = [1.0, 1.0]\n'
        '[parameters]\nW_h = "w"\nW_x = 0.5\nb = 0\n[loss]\nkind = "half_squared_error"\ny = 1.0\n'
    )
    document = sr.derive(model)
    assert document.tally is not None and document.tally.unchecked == 0 and document.tally.points == 0
    assert "w²/8 - w/4 + 1/8" in document.to_text()


def test_a_false_line_beside_the_derivation_is_withheld_and_said(monkeypatch: Any) -> None:
    """A closed form that fails its check: the derivation stands without it; with `strict` it is refused."""
    from symrnn.documents import sections

    monkeypatch.setattr(sections, "_tried", lambda twin, number: "false")
    document = sr.derive(CELLS["linear model"])
    assert "is withheld: it failed its check" in document.to_text()
    assert not any(claim.reason.key == "closed form" for claim in document.claims())
    with pytest.raises(CheckFailedError):
        sr.derive(CELLS["linear model"], strict=True)


def test_at_a_kink_the_convention_holds() -> None:
    """ReLU'(0) = 0, whichever way a state that is exactly 0 is moved."""
    tally = sr.derive(sr.parse_cell("h_t = relu(W relu(h_{t-1}))")).tally
    assert tally is not None and tally.unchecked == 0


ODD = {
    "a user's g beside a direct path": """h_t = (W h_{t-1}) ⊙ relu(D h_{t-1} + b)
        c_t = W^T tanh(h_t)
        g_t = c_{t-1}^T (D h_{t-2})
        D: diagonal""",
    "a state that stays at a kink": "h_t = relu(softsign(h_{t-1}) + 0 x_t)",
    "a kink after a kink": "h_t = relu(relu(softsign(h_{t-1})) - tanh(0 x_t))",
    "numbers that grow": """q_t = 1 - 2 h_{t-1}
        h_t = W (q_t ⊙ q_t) + U x_t
        g_t = tanh(g_{t-1}) + ‖h_t‖²
        outputs: g""",
}


@pytest.mark.parametrize("name", ODD)
def test_odd_cells_are_checked_to_the_last_line(name: str) -> None:
    """None is unchecked, none called false: at kinks by convention, with more digits where some are lost."""
    tally = sr.derive(sr.parse_cell(ODD[name]), detail="full").tally
    assert tally is not None and tally.equalities > 5 and tally.unchecked == 0
