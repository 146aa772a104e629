"""Written names: through the grammar, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symrnn.algebra.layout import Style
from symrnn.algebra.nodes import Parameter, n
from symrnn.algebra.printing import to_latex, to_text
from symrnn.errors import InputError, SymrnnError
from symrnn.notations.naming import check_distinct, kind_of, with_base, written_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("W", "W"),
        ("W_hf", "W_hf"),
        ("W_{hf}", "W_hf"),
        ("\\tilde{C}", "C_tilde"),
        ("C̃", "C_tilde"),
        ("\\hat{y}", "y_hat"),
        ("b^f", "b^f"),
        ("U^{f}_h", "U_h^f"),
        ("\\delta", "delta"),
        ("δ_f", "delta_f"),
        ("h'", "h_prime"),
        ("\\delta_{z_o}", "delta_{z_o}"),
        ("δ^{a_{C̃}}", "delta^{a_C_tilde}"),
        ("Γ_u", "Gamma_u"),
    ],
)
def test_names_become_plain(text: str, name: str) -> None:
    """However they are typed."""
    assert written_name(text) == name


NO_NAMES = ["", "W h", "h_t", "h_{t-1}", "2", "W + U", "\\input{x}", "\\write18{x}", "a%b", "tanh(x)", "W_{a+b}", "#"]


@pytest.mark.parametrize("text", NO_NAMES)
def test_what_is_no_name(text: str) -> None:
    """Steps, formulas, commands."""
    with pytest.raises(InputError):
        written_name(text)


@given(st.text(max_size=30))
def test_nothing_dangerous_comes_through(text: str) -> None:
    """Whatever is accepted prints as letters, digits, accents and scripts; a backslash only before a known word."""
    try:
        name = written_name(text)
    except SymrnnError:
        return
    assert not set(name) & set("\\%$#&{}~ \n")
    style = Style(names={"W": name})
    printed = to_latex(Parameter("W", (n, n)), style)
    assert "\\input" not in printed
    assert "\\write" not in printed
    assert to_text(Parameter("W", (n, n)), style)


def test_kinds_are_known_by_their_names() -> None:
    """Whatever was added or taken away."""
    assert kind_of(["f", "i", "o", "c_tilde", "c", "h", "W_y"]) == "lstm"
    assert kind_of(["z", "r", "h_tilde", "h"]) == "gru"
    assert kind_of(["h", "W_hx", "b"]) == "rnn"
    assert kind_of(["h", "A"]) is None


def test_other_bases() -> None:
    """Accents and scripts stay."""
    assert with_base("a_{c_tilde}", "delta") == "delta_{c_tilde}"
    assert with_base("net_h", "delta") == "delta_h"


def test_distinct_names() -> None:
    """One written name means one thing."""
    with pytest.raises(InputError, match="written alike"):
        check_distinct({"U_f": "W^f", "W_f": "W_f"})
