"""The grammar: every spelling gives one tree, precedence is the field's, places are exact, hostile text is refused."""

from __future__ import annotations

import json
import unicodedata
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from processor_time import seconds_of

from symrnn.algebra.reading.grammar import equations_in, is_cell_text, parse_expression
from symrnn.algebra.reading.source import Limits
from symrnn.algebra.reading.syntax import (
    Big,
    Call,
    Chain,
    Grid,
    Group,
    Num,
    Partial,
    Quotient,
    Raised,
    Symbol,
    Terms,
    Times,
    walk,
)
from symrnn.errors import GrammarError, SymrnnError, UnsafeInputError

T = Symbol("t")
LAGGED = Terms(((1, T), (-1, Num(Fraction(1)))))


def number(value: str) -> Num:
    """An exact number."""
    return Num(Fraction(value))


def timed(base: str, *accents: str) -> Symbol:
    """A name at step t."""
    return Symbol(base, accents, (T,))


# --- one tree for every spelling ------------------------------------------------------------------------------------

SPELLINGS = {
    "a lag": (
        Symbol("h", below=(LAGGED,)),
        ["h_{t-1}", "h_{t−1}", "h_{t - 1}", "h[t-1]", "hₜ₋₁", "h_{ t-1 }", r"\mathbf{h}_{t-1}", r"\boldsymbol h_{t-1}"],
    ),
    "a lag above": (
        Symbol("h", above=(Group(LAGGED),)),
        ["h^{(t-1)}", "h^(t-1)", "h⁽ᵗ⁻¹⁾", r"h^{\left(t-1\right)}"],
    ),
    "a lag in angles": (
        Symbol("h", above=(Group(LAGGED, "⟨"),)),
        ["h^{<t-1>}", "h^<t-1>", r"h^{\langle t-1\rangle}", "h^{⟨t-1⟩}"],
    ),
    "a tilde": (
        timed("c", "tilde"),
        [r"\tilde{c}_t", r"\tilde c_t", r"\widetilde{c}_t", "c̃_t", unicodedata.normalize("NFD", "c̃_t"), "c~_t",
         r"\tilde{c_t}"],
    ),
    "a hat": (timed("y", "hat"), [r"\hat{y}_t", r"\hat y_t", "ŷ_t", unicodedata.normalize("NFD", "ŷ_t"), "ŷₜ"]),
    "a bar": (Symbol("h", ("bar",)), [r"\bar h", r"\bar{h}", r"\overline{h}", "h̄"]),
    "a Greek letter": (Symbol("alpha"), ["alpha", "α", r"\alpha", "𝛼"]),
    "a double subscript": (Symbol("W", below=(Symbol("hh"),)), ["W_hh", "W_{hh}", "Wₕₕ"]),
    "a word": (timed("net"), [r"\mathrm{net}_t", r"\text{net}_t", "net_t", r"\operatorname{net}_t"]),
    "a name above": (Symbol("a", below=(T,), above=(Symbol("f"),)), ["a^f_t", "a_t^f", "a^{f}_{t}", "aᶠₜ"]),
    "a function": (
        Call(Symbol("tanh"), (timed("a"),)),
        ["tanh(a_t)", r"\tanh(a_t)", r"\tanh\left( a_t \right)", r"\operatorname{tanh}(a_t)", r"\tanh a_t", "tanh a_t",
         r"\text{tanh}(a_t)", r"\tanh\!\bigl(a_t\bigr)", "tanh（a_t）", r"\mathrm{tanh}\{a_t\}"],
    ),
    "a half": (
        Quotient(number("1"), number("2")), ["1/2", r"\frac{1}{2}", r"\frac12", r"\tfrac1{2}", r"\dfrac 1 2", "1 ÷ 2"]
    ),
    "a square": (Raised(timed("h"), number("2")), ["h_t^2", "h_t²", "h_t^{2}", "h^2_t", "h_t**2", "{h_t}^2"]),
    "a difference": (Terms(((1, T), (-1, Symbol("x")))), ["t - x", "t − x", "t–x", "t － x"]),
    "the entrywise product": (
        Times((timed("f"), timed("c")), ("⊙",)),
        ["f_t ⊙ c_t", "f_t ∘ c_t", r"f_t \odot c_t", r"f_t \circ c_t", "f_t .* c_t"],
    ),
    "a dot": (Times((Symbol("W"), timed("x")), ("·",)), ["W · x_t", r"W \cdot x_t", "W ⋅ x_t"]),
    "two letters": (Times((Symbol("W"), timed("x")), ("",)), ["W x_t", r"Wx_t\,", r"W\,x_t", r"\mathbf{W}x_t"]),
}  # fmt: skip


@pytest.mark.parametrize("meaning", SPELLINGS)
def test_every_spelling_is_one_tree(meaning: str) -> None:
    """Plain, Unicode and LaTeX spellings of one thing are equal."""
    tree, spellings = SPELLINGS[meaning]
    for spelling in spellings:
        assert parse_expression(spelling) == tree, spelling


def test_letters_stand_alone_in_latex() -> None:
    """`W_hh_{t-1}` is W_h h_{t-1} in LaTeX, as TeX sets it, and one name in plain text."""
    product = Times((Symbol("W", below=(Symbol("h"),)), Symbol("h", below=(LAGGED,))), ("",))
    assert parse_expression("W_hh_{t-1}", latex=True) == product
    assert parse_expression("$W_hh_{t-1}$") == product
    assert parse_expression("W_hh_{t-1}") == Symbol("W", below=(Symbol("hh"), LAGGED))
    assert parse_expression("W_hh h", latex=False) == Times((Symbol("W", below=(Symbol("hh"),)), Symbol("h")), ("",))


@pytest.mark.parametrize(
    "ways",
    [
        ["a + b c", "a + (b c)"],
        ["r ⊙ W h", "r ⊙ (W h)"],
        ["r ⊙ W · h", "r ⊙ (W · h)"],
        ["1/2 a", "(1/2) a"],
        ["a / b c", "(a / b) c"],
        ["a b / c", "(a b) / c"],
        ["-a ⊙ b", "-(a ⊙ b)"],
        ["-a^2", "-(a^2)"],
        ["a - b + c", "(a) - (b) + (c)"],
        ["2^3^2", "2^{3^2}"],
        ["W h^2", "W (h^2)"],
        ["Σ_t a_t b_t + c", "(Σ_t (a_t b_t)) + c"],
        ["a * -b", "a * (-b)"],
        ["tanh a b", "tanh(a) b"],
    ],
)
def test_precedence(ways: list[str]) -> None:
    """Brackets that only say what precedence says change nothing but the brackets."""
    first, *others = [_without_groups(parse_expression(way)) for way in ways]
    assert all(other == first for other in others)


def _without_groups(tree: object) -> object:
    if isinstance(tree, Group):
        return _without_groups(tree.body)
    if isinstance(tree, tuple):
        return tuple(map(_without_groups, tree))
    if isinstance(tree, Terms | Times | Quotient | Raised | Call | Big):
        values = {name: _without_groups(getattr(tree, name)) for name in tree.__match_args__ if name != "certain"}
        return (type(tree).__name__, *values.values())
    return tree


def test_numbers_are_exact() -> None:
    """Decimals are rationals from the token on, and keep the text they were written with."""
    assert parse_expression("0.1").value == Fraction(1, 10)  # type: ignore[attr-defined]  # a Num
    assert parse_expression("7.44e-05").value == Fraction(744, 10**7)  # type: ignore[attr-defined]  # a Num
    assert parse_expression(r"32{,}768").value == 32768  # type: ignore[attr-defined]  # a Num
    assert parse_expression("0.50").text == "0.50"  # type: ignore[attr-defined]  # a Num


def test_students_lines() -> None:
    """Chains, roundings, derivatives and matrices have trees, though no cell has them."""
    chain = parse_expression(r"h_2 = \tanh(0.5 \cdot 0.762) \approx 0.364")
    assert isinstance(chain, Chain) and chain.relations == ("=", "≈")
    slope = parse_expression(r"\frac{\partial L}{\partial W_{hh}}")
    assert slope == Quotient(Partial(Symbol("L")), Partial(Symbol("W", below=(Times((Symbol("h"),) * 2, ("",)),))))
    assert parse_expression("∂⁺L").mark == "+"  # type: ignore[attr-defined]  # a Partial
    grid = parse_expression(r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}")
    assert grid == Grid(((number("1"), number("2")), (number("3"), number("4"))))
    assert not parse_expression("f(1-f)").certain  # type: ignore[attr-defined]  # a Call


TRUTH = Path(__file__).parents[3] / "shared" / "truth" / "format_examples.json"


@pytest.mark.skipif(not TRUTH.exists(), reason="the facts stand beside the working copy")
def test_lines_of_real_documents() -> None:
    """What real documents write between dollars is read, save a line that begins with = or hangs on a bar."""
    unread = []
    for example in json.loads(TRUTH.read_text())["lines"]:
        for formula in example["line"].replace("$$", "$").split("$")[1::2]:
            try:
                parse_expression(formula, latex=True)
            except GrammarError as error:
                unread.append((formula, error.found))
    assert len(unread) <= 6, unread


@given(st.text(alphabet="htxWUab_^{}()[]+-*/= \\⊙12.,;:|'~ᵀₜ₋₁", max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text raises anything but our errors, and each of them points somewhere."""
    try:
        tree = parse_expression(text)
    except SymrnnError as error:
        assert error.place is not None and str(error)
    else:
        assert all(0 <= piece.start <= piece.end <= len(text) for piece in walk(tree))


def test_places() -> None:
    """Every piece knows where it stands, also within a longer text."""
    text = "see h_t = W_h h_{t-1} there"
    tree = parse_expression(text, span=(4, 21))
    assert isinstance(tree, Chain)
    left, right = tree.sides
    assert text[left.start : left.end] == "h_t"
    assert [text[part.start : part.end] for part in right.children] == ["W_h", "h_{t-1}"]


# --- mistakes -------------------------------------------------------------------------------------------------------

MISTAKES = [
    ("tanh(W h", 5, "a bracket ( that is never closed", ") where it ends"),
    ("W h)", 4, "a bracket ) that was never opened", "the formula without it"),
    ("tanh(W h]", 9, "a bracket ( closed by ]", ")"),
    ("W h +", 5, "nothing after +", "a term behind it"),
    ("* W", 1, "nothing before *", "a factor on both sides"),
    ("a ⊙ ⊙ b", 3, "nothing after ⊙", "a factor on both sides"),
    ("a / / b", 5, "nothing behind /", "a factor on both sides"),
    ("= x_t", 1, "nothing before =", "a formula on both sides"),
    ("h_t =", 5, "nothing after =", "a formula on both sides"),
    ("tanh()", 6, ") where a formula should stand", "a name, a number or a bracket"),
    ("tanh", 1, "the function tanh without an argument", "tanh(a_t)"),
    ("a, b", 2, ", where the formula should end", "one formula on a line"),
    ("h_", 3, "the end of the line where a script or argument should stand", "braces around it: h_{t-1}"),
    ("(a + b)_t", 8, "a subscript on something that is no name", "a name with its subscript: h_{t-1}"),
    ("h_t-1", 1, "h_t-1, which may mean the step t-1 or a difference",
     "h_{t-1} for the step, h_t - 1 for the difference"),
    (r"\tanhh(x)", 1, r"the unknown command \tanhh", r"\tanh"),
    (r"\odto", 1, r"the unknown command \odto", r"\odot"),
    (r"a \frobnicate b", 3, r"the unknown command \frobnicate",
     r"a command this reader knows, such as \odot, \tanh, \sigma or \frac"),
    ("а_t", 1, "a letter that no name here is made of: cyrillic small letter a", "Latin or Greek letters"),
    ("x ? y", 3, "a character that is no sign of mathematics here: question mark", "the formula without it"),
    ("|x", 1, "a bar | that is never closed", "| where it ends"),
    ("h^{<t-1}", 4, "a bracket < that is never closed", "h^{<t-1>}"),
    (r"\tilde{a+b}", 8, "an accent tilde over more than a name", r"\tilde{c}"),
    (r"\text{} x", 1, "a text command whose braces hold no word", r"\mathrm{net}"),
    ("1^{1/0}", 6, "a division by zero", "a divisor that is not 0"),
    ("Σ_t", 1, "a sum with nothing behind it", "the summand behind it"),
    (r"\sqrt[3]{x}", 6, "a root of higher order", "x^{1/3}"),
    ("", 1, "no formula", "a formula such as W_h h_{t-1}"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "column", "found", "write"), MISTAKES)
def test_mistakes(text: str, column: int, found: str, write: str) -> None:
    """A mistake gets a caret, the reason, and what to write."""
    with pytest.raises(GrammarError) as caught:
        parse_expression(text)
    assert (caught.value.place.column, caught.value.found, caught.value.write) == (column, found, write)  # type: ignore[union-attr]  # it has a place


# --- hostile text ---------------------------------------------------------------------------------------------------

HOSTILE = {
    "code": "__import__('os').system('x')",
    "attribute": "x.__class__.__mro__",
    "lambda": "(lambda: 0)()",
    "quotes": 'eval("1")',
    "tower": "9^9^9",
    "tower of stars": "9**9**9",
    "power of power": "x^{(10^900)^900}",
    "huge exponent": "x^1000000",
    "huge decimal": "1e999999999",
    "long number": "9" * 19_000,
    "parentheses": "(" * 10_000 + "x" + ")" * 10_000,
    "fewer parentheses": "(" * 2_000 + "x" + ")" * 2_000,
    "open": "(" * 5_000,
    "braces": "x_{" * 1_000 + "a" + "}" * 1_000,
    "accents": r"\hat{" * 1_000 + "x" + "}" * 1_000,
    "accents in a row": r"\hat " * 3_000 + "x",
    "marks": "x" + "\u0303" * 10_000,
    "fractions": r"\frac" * 3_000 + "1",
    "functions": "tanh " * 3_000 + "x",
    "derivatives": "∂" * 4_000 + "x",
    "divisions": "x" + "/2" * 2_000,
    "powers": "x" + "^1" * 2_000,
    "bars": "|" * 10_000,
    "a megabyte": "x" * 1_000_000,
    "a megabyte of terms": "x + " * 250_000 + "x",
    "many signs": "x + " * 4_900 + "x",
    "a zero byte": "x\x00",
    "an escape": "x\x1b[31m",
    "right to left": "x\u202ey",
    "an isolate": "x\u2066y",
    "a zero-width space": "x\u200by",
    "a surrogate": "x\ud800",
    "a long name": "x" * 5_000,
    "a long subscript": "x_" + "h" * 5_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_refused_at_once(name: str) -> None:
    """Refused within 300 ms, without evaluation and without a recursion error."""

    def refused() -> None:
        with pytest.raises(SymrnnError) as caught:
            parse_expression(HOSTILE[name])
        assert str(caught.value)

    assert seconds_of(refused) < 0.3


def test_limits_are_unsafe_input() -> None:
    """What is over a limit is not called a mistake of grammar."""
    for name in ("tower", "parentheses", "long number", "a megabyte", "right to left", "a zero byte", "fractions"):
        with pytest.raises(UnsafeInputError):
            parse_expression(HOSTILE[name])
    with pytest.raises(UnsafeInputError, match="at most 10 are read"):
        parse_expression("W x + b + c", limits=Limits(characters=10))


def test_a_deep_formula_in_a_deep_stack() -> None:
    """A formula within the limits is read, or refused, wherever the caller stands: never a recursion error."""

    def below(depth: int) -> object:
        return parse_expression("tanh(" * 95 + "x" + ")" * 95) if depth == 0 else below(depth - 1)

    assert below(0)
    with pytest.raises(UnsafeInputError, match="nested too deep"):
        below(800)


# --- equations and declarations -------------------------------------------------------------------------------------


def test_equations_apart() -> None:
    """Line ends, semicolons, `\\\\` and commas part equations; brackets and operators keep them together."""
    texts = [
        "a_t = x_t\nh_t = a_t",
        "a_t = x_t; h_t = a_t",
        r"a_t &= x_t, \\ h_t &= a_t.",
        r"a_t = x_t,\quad h_t = a_t",
        "\\begin{aligned}\na_t &= x_t \\\\\nh_t &= a_t\n\\end{aligned}",
        "# the cell\na_t = x_t   # first\n\nh_t = a_t % second",
        "a_t ＝ x_t；h_t ＝ a_t。",
        "$a_t = x_t$ $$ $$\n\\[ h_t = a_t \\]",
    ]
    for text in texts:
        assert [str(equation.sides[0].base) for equation in equations_in(text).equations] == ["a", "h"], text  # type: ignore[attr-defined]  # a Symbol
    for text in ["h_t = tanh(W x_t\n + b)", "h_t = W x_t\n  + b", "h_t = W x_t +\n b", "h_t\n = W x_t + b"]:
        assert len(equations_in(text).equations) == 1, text


def test_declarations_apart() -> None:
    """A line with a colon, or with ∈, says what a name is."""
    sheet = equations_in("h_t = a * x_t\na, b: scalar\nA: n×n diagonal\nx_t: input m\nW ∈ ℝ^{n×m}\noutputs: h, y")
    said = [(tuple(name.base for name in line.names), line.words, len(line.sizes)) for line in sheet.declarations]
    assert said == [
        (("a", "b"), ("scalar",), 0),
        (("A",), ("diagonal",), 2),
        (("x",), ("input",), 1),
        (("W",), (), 2),
        (("h", "y"), ("output", "list"), 0),
    ]


def test_what_is_a_cell() -> None:
    """An argument with an equals sign is a cell, not a name."""
    assert is_cell_text("h_t = x_t") and is_cell_text("h_t ＝ x_t")
    assert not is_cell_text("lstm")
