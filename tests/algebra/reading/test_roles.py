"""Typed cells: textbooks' cells get their roles and shapes, spellings one Program, mistakes a caret and an answer."""

from __future__ import annotations

import time
import unicodedata

import pytest
import sympy as sp
from processor_time import seconds_of
from textbook_cells import CELLS, GATES

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Parameter, Signal, T, m, n, t
from symrnn.algebra.programs import STEPS, Equation, Program, Range
from symrnn.algebra.reading.explicit import declarations
from symrnn.algebra.reading.roles import parse_cell
from symrnn.errors import GrammarError, NotYetError, ShapeError, SymrnnError, TimeError, UnsafeInputError

h, x = Signal("h", (n, 1), t), Signal("x", (m, 1), t)
W_h, W_x, b = Parameter("W_h", (n, n)), Parameter("W_x", (n, m)), Parameter("b", (n, 1))


def shapes_of(program: Program) -> dict[str, str]:
    """Shapes by neutral name, as `n×m`."""
    names = [*(equation.target for equation in program), *program.parameters, *program.inputs, *program.given]
    return {name.name: "×".join(f"({size})" if size.is_Add else str(size) for size in name.shape) for name in names}  # type: ignore[attr-defined]  # signals and parameters


# --- textbooks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CELLS)
def test_textbook_cells(name: str) -> None:
    """Who is a state, an input, an output, and of what shape."""
    cell = CELLS[name]
    program = parse_cell(cell.text)
    assert [state.name for state in program.states] == cell.states.split()
    assert [signal.name for signal in program.inputs] == cell.inputs.split()
    assert [signal.name for signal in program.outputs] == cell.outputs.split()
    shapes = shapes_of(program)
    for said in filter(None, cell.shapes.split(", ")):
        of, shape = said.split(" ", 1)
        assert shapes[of] == shape, of


def test_the_whole_program() -> None:
    """Nodes as written, initials, finals, convention."""
    program = parse_cell("h_t = tanh(W_h h_{t-1} + W_x x_t + b)", "mine")
    body = N.Apply("tanh", N.Add(N.MatMul(W_h, h.at(t - 1)), N.MatMul(W_x, x), b))
    assert program == Program(
        name="mine",
        equations=(Equation(h, body, domain=(STEPS,)),),
        inputs=(x,),
        parameters=(W_h, W_x, b),
        states=(h,),
        initials=(h.at(0),),
        outputs=(h,),
        convention="typed by the user",
    )


def test_states_outputs_finals() -> None:
    """The cell state of an LSTM is a final; a lag of two has two initial values; a line overrides the outputs."""
    lstm = parse_cell(CELLS["lstm"].text)
    assert list(map(str, lstm.finals)) == ["c_T"] and list(map(str, lstm.initials)) == ["h_0", "c_0"]
    narx = parse_cell(CELLS["narx"].text)
    assert list(map(str, narx.initials)) == ["y_0", "y_{-1}", "u_0"] and narx.finals == ()
    both = parse_cell(CELLS["lstm"].text + "\noutputs: h, c")
    assert list(map(str, both.outputs)) == ["h_t", "c_t"] and both.finals == ()
    readout = parse_cell(CELLS["elman with readout"].text)
    assert list(map(str, readout.outputs)) == ["y_t"] and list(map(str, readout.finals)) == ["h_T"]


def test_order_within_the_step() -> None:
    """Equations stand in an order in which they can be computed, whatever the order written."""
    program = parse_cell("h_t = o_t ⊙ tanh(c_t)\nc_t = f_t ⊙ c_{t-1}\no_t = σ(W x_t)\nf_t = σ(U x_t)")
    assert [str(equation.target) for equation in program] == ["o_t", "f_t", "c_t", "h_t"]


def test_what_is_computed_once() -> None:
    """Before the steps what they need, after them what reads them."""
    program = parse_cell("L = ½ ‖y - V h_T‖²\nh_t = tanh(A h_{t-1} + U x_t)\nA = W - Wᵀ")
    assert [(str(equation.target), len(equation.domain)) for equation in program] == [("A", 0), ("h_t", 1), ("L", 0)]
    assert program.loss == Signal("L", (1, 1)) and program.given == (Parameter("y", program.given[0].shape),)


def test_losses() -> None:
    """A sum over steps is one node; a loss nothing is known of hears the outputs; a constant step is a step."""
    some = parse_cell("h_t = f(W h_{t-1} + U x_t); L = Σ_t L_t")
    assert some["L"].expression == N.Sum(N.Opaque(Signal("L", (1, 1), t), h), t, 1, T)
    assert parse_cell("h_t = f(W h_{t-1} + U x_t); L = Σ_t L_t(h_t)") == some
    k = sp.Symbol("k", integer=True)
    squares = parse_cell("h_t = W h_{t-1}; L = Σ_{k=1}^{T} ‖h_k - y_k‖²")
    assert squares["L"].expression.range == (k, 1, T)  # type: ignore[attr-defined]  # a Sum
    first = parse_cell("h_t = w h_{t-1} + x_t; L = h_1")
    assert first["L"] == Equation(Signal("L", (1, 1)), Signal("h", (1, 1), 1))
    mean = parse_cell("h_t = W h_{t-1}; L = 1/(2 n T) Σ_t ‖h_t‖²")
    assert mean["L"].expression.operands[0] == N.Number(1 / (2 * n * T))  # type: ignore[attr-defined]  # a Scale
    last = parse_cell("h_t = W h_{t-1}; L = L_T")
    assert last["L"].expression == N.Opaque(Signal("L", (1, 1), T), h.at(T))


def test_form_as_written() -> None:
    """Subtraction, quotients, numbers beside vectors: raw nodes, nothing moved but numbers."""
    z, one = Signal("z", (n, 1), t), N.Ones(n, 1)
    minus = N.Number(-1)
    cases = {
        "W_h h_{t-1} - z_t": N.Add(N.MatMul(W_h, h.at(t - 1)), N.Scale(minus, z)),
        "(1 - z_t) ⊙ W_h h_{t-1}": N.Hadamard(N.Add(one, N.Scale(minus, z)), N.MatMul(W_h, h.at(t - 1))),
        "z_t/2 + W_h z_t": N.Add(N.Scale(N.Number(sp.Rational(1, 2)), z), N.MatMul(W_h, z)),
        "W_h z_t + 0.5": N.Add(N.MatMul(W_h, z), N.Scale(N.Number(sp.Rational(1, 2)), one)),
        "W_h W_h z_t": N.MatMul(W_h, W_h, z),
        "W_h (W_h z_t)": N.MatMul(W_h, N.MatMul(W_h, z)),
        "(W_h z_t + z_t) + z_t": N.Add(N.Add(N.MatMul(W_h, z), z), z),
        "2 z_t ⊙ W_h z_t": N.Scale(N.Number(2), N.Hadamard(z, N.MatMul(W_h, z))),
        "W_h z_t / (1 + e^{-z_t})": N.Hadamard(
            N.MatMul(W_h, z), N.Power(N.Add(one, N.Apply("exp", N.Scale(minus, z))), -1)
        ),
        "max(0, W_h z_t)": N.Apply("relu", N.MatMul(W_h, z)),
        "-3 W_h z_t": N.Scale(N.Number(-3), N.MatMul(W_h, z)),
    }
    for text, node in cases.items():
        assert parse_cell(f"h_t = {text}\nh_t: n\nz_t: n")["h_t"].expression == node, text


# --- spellings ------------------------------------------------------------------------------------------------------

RNN_SPELLINGS = [
    r"h_t = \tanh(W_h h_{t-1} + W_x x_t + b)",
    r"h_t = \tanh(W_hh_{t-1} + W_xx_t + b)",
    "$h_t = tanh(W_hh_{t-1} + W_xx_t + b)$",
    "h_t=tanh(W_h h_{t−1}+W_x x_t+b)",
    "h[t] = tanh(W_h h[t-1] + W_x x[t] + b)",
    "h_t = tanh(W_h @ h_{t - 1} + W_x @ x_t + b)",
    "h^{(t)} = tanh(W_h h^{(t-1)} + W_x x^{(t)} + b)",
    "h^{<t>} = tanh(W_h h^{<t-1>} + W_x x^{<t>} + b)",
    r"h^{\langle t\rangle} = \tanh\left(W_h h^{\langle t-1\rangle} + W_x x^{\langle t \rangle} + b\right)",
    "hₜ = tanh(Wₕ hₜ₋₁ + Wₓ xₜ + b)",
    r"\mathbf{h}_t = \operatorname{tanh}(\mathbf{W}_h \mathbf{h}_{t-1} + \mathbf W_x \boldsymbol{x}_t + \mathbf{b})",
    "h_t ＝ tanh（W_h h_{t-1} ＋ W_x x_t ＋ b）",
    "h_t = tanh(W_h * h_{t-1} + W_x * x_t + b)",
    "h_t = tanh(W_h · h_{t-1} + W_x·x_t + b)  # a comment",
    r"h_t &= \tanh(W_h \cdot h_{t-1} + W_x \times x_t + b) \\",
    "\n  h_t = tanh(W_h h_{t-1} +\n W_x x_t + b);",
    r"\[ h_t = \text{tanh}\bigl( W_{h} h_{t-1} + W_{x} x_{t} + b \bigr). \]",
    r"\begin{aligned} h_{t} &= \tanh [ W_h h_{t-1} + W_x x_t + b ] \\ \end{aligned}",
    "𝐡_t = tanh(𝐖_h 𝐡_{t-1} + 𝐖_x 𝐱_t + 𝐛)",
    "h_t := tanh(W_h h_{t-1} + W_x x_t + b)",
    "h^t = tanh(W_h h^{t-1} + W_x x^t + b)",
    "W_x ∈ ℝ^{n×m}\nb: n\nh_t: state n\nh_{t} = tanh(W_{h} h_{t-1} % old\n + W_x x_t + b)",
]


@pytest.mark.parametrize("text", RNN_SPELLINGS)
def test_every_spelling_is_one_program(text: str) -> None:
    """However it is typed, it is the same cell."""
    assert parse_cell(text) == parse_cell("h_t = tanh(W_h h_{t-1} + W_x x_t + b)")


CANDIDATES = [
    "c̃_t = tanh(W_c x_t + U_c h_{t-1} + b_c)\nc_t = f_t * c_{t-1} + i_t ∘ c̃_t\nh_t = o_t ⊙ tanh(c_t)",
    unicodedata.normalize(
        "NFD", "c̃_t = tanh(W_c x_t + U_c h_{t-1} + b_c); c_t = f_t c_{t-1} + i_t c̃_t; h_t = o_t tanh(c_t)"
    ),
    "c~_t = tanh(W_c x_t + U_c h_{t-1} + b_c)\nc_t = f_t c_{t-1} + i_t c~_t\nh_t = o_t × tanh(c_t)",
    "c_tilde_t = tanh(W_c x_t + U_c h_{t-1} + b_c)\nc_t = f_t c_{t-1} + i_t c_tilde_t\nh_t = o_t * tanh(c_t)",
    r"\tilde{c}_t = tanh(W_c x_t + U_c h_{t-1} + b_c), \quad c_t = f_t \odot c_{t-1} + i_t \circ \tilde c_t, \quad "
    r"h_t = o_t \odot \tanh c_t",
]  # fmt: skip


@pytest.mark.parametrize("text", CANDIDATES)
def test_every_spelling_of_the_candidate(text: str) -> None:
    """The LSTM's candidate by combining mark, ASCII tilde, word or command."""
    assert parse_cell(GATES + text) == parse_cell(CELLS["lstm"].text)


def test_declarations() -> None:
    """Lines on roles are heard, and given back where they are needed."""
    starred = "h_t = (1 - a) * h_{t-1} + a * tanh(W h_{t-1} + x_t)\n"
    assert parse_cell(starred + "a: scalar").parameters[0].shape == (1, 1)
    assert parse_cell(starred + "a: n").parameters[0].shape == (n, 1)
    sized = parse_cell("h_t = A h_{t-1} + B x_t\nA: 3×3 diagonal\nx_t: input 2")
    assert sized.parameters == (Parameter("A", (3, 3), "diagonal"), Parameter("B", (3, 2)))
    assert declarations(sized) == "A: 3×3 diagonal\nx_t: input 2" or declarations(sized) == "A: 3×3 diagonal\nB: 3×2"
    assert declarations(parse_cell(CELLS["gru, reset after"].text)) == ""


def test_names_are_identifiers() -> None:
    """Whatever is typed, a name is made of ASCII letters, digits and underscores."""
    texts = [cell.text for cell in CELLS.values()]
    texts.append(
        r"\hat{\beta}^{(2)}_t = \Theta^*_{x\tilde{C}} \boldsymbol{\psi}'_t + \dot{γ}_{true,t} ⊙ h^{<t-1>}_{\text{in}}"
    )
    for text in texts:
        program = parse_cell(text)
        for name in shapes_of(program):
            assert name.isidentifier() and name.isascii(), name


# --- mistakes -------------------------------------------------------------------------------------------------------

MISTAKES: list[tuple[str, type[SymrnnError], int, int, str, str]] = [
    ("h_t = tahn(W h_{t-1})", GrammarError, 1, 7, "tahn, which is no function known here", "tanh(…)"),
    ("h_t = σ_g(W x_t)", GrammarError, 1, 7, "σ_g, which may be any function",
     "the function itself: sigma(…) or tanh(…)"),
    ("h_t = tanh(W h_{t+1} + x_t)", TimeError, 1, 14, "h_{t+1} is not known yet at step t",
     "h_{t-1} for the step before, h_t for this step"),
    ("h_{t+1} = tanh(W h_t + U x_t)", TimeError, 1, 1,
     "an equation for step t + 1: a cell's equations are those of step t",
     "h_t on the left, and every other step moved along"),
    ("h_t = W h_t + U x_t", TimeError, 1, 9, "a cycle within the step: h_t needs itself",
     "h_{t-1}, the value of the step before"),
    ("a_t = b_t + x_t\nb_t = a_t + x_t", TimeError, 1, 7, "a cycle within the step: a_t and b_t need each other",
     "b_{t-1}, the value of the step before"),
    ("h_t = W h_{t-1}\ns_t = h_T", TimeError, 2, 7, "h_T is not known yet at step t",
     "h_{t-1} for the step before, h_t for this step"),
    ("h_t = w h_{t-1}; L = h_{T+1}", TimeError, 1, 22, "h_{T+1}, a step that does not exist: steps run from 1 to T",
     "h_T for the last step, h_1 for the first"),
    ("h_t = a * h_{t-1} + W x_t", GrammarError, 1, 7, "a, which may be a scalar or a vector here",
     "a line that says which: a: scalar, or a: n"),
    ("h_t = (1 - a) * h_{t-1} + W x_t", GrammarError, 1, 12, "a, which may be a scalar or a vector here",
     "a line that says which: a: scalar, or a: n"),
    ("h_t = W h_{t-1} + ‖p‖ x_t", GrammarError, 1, 20, "p, which may be a scalar or a vector here",
     "a line that says which: p: scalar, or p: n"),
    ("h_t", GrammarError, 1, 1, "a line without =", "an equation such as h_t = tanh(W_h h_{t-1} + W_x x_t + b)"),
    ("h_t = x_t = y_t", GrammarError, 1, 13, "a second = in one equation", "one equation a line"),
    ("h_t ≈ x_t", GrammarError, 1, 1, "≈ where a cell's equation has =", "="),
    ("h_t + 1 = x_t", GrammarError, 1, 1, "a left side that is no name", "what is computed on the left: h_t = …"),
    ("t = x_t", GrammarError, 1, 1, "t, which is the step", "another name"),
    ("T = 3\nh_t = x_t", GrammarError, 1, 1, "T, which is the last step", "another name"),
    ("h_t = t x_t", GrammarError, 1, 7, "t, which is the step and no quantity", "a name with an index: x_t"),
    ("h_n = tanh(W h_{n-1} + x_n)", GrammarError, 1, 17, "n where a step should stand: the step is t",
     "an index such as t, t-1 or T"),
    ("h_t = 5 h_{t-1.5}", GrammarError, 1, 14, "an index that is no whole number", "h_1, or W_1"),
    ("h_t = h_{t-1}_{t-2}", GrammarError, 1, 7, "a name with two steps", "one step: h_{t-1}"),
    ("h_t = tanh(Wx_t + Uh_{t-1})", GrammarError, 1, 12, "Wx_t, which may be a product or one name",
     "W x_t, or a line Wx_t: input"),
    ("h_t = tanh(W_hh_{t-1} + W_xx_t)", GrammarError, 1, 12, "W_hh_{t-1}, which may be a product or one name",
     "W_h h_{t-1}, or W_{hh} with a space before what follows"),
    (r"h_t = \tanh(W_hh h_{t-1})", GrammarError, 1, 16, "h without a step, where it has one elsewhere",
     "h_t; in LaTeX braces hold a longer subscript: W_{hh}"),
    ("h_t = x_t ⊗ h_{t-1}", GrammarError, 1, 7, "⊗, which is the Kronecker product", "⊙ for the entrywise product"),
    ("h_t = r_t · h_{t-1} + W x_t", GrammarError, 1, 7,
     "· between two vectors, which may mean the entrywise or the inner product",
     "r_t ⊙ h_{t-1} for the entrywise product, r_tᵀ h_{t-1} for the inner product"),
    ("h_t = W^2 h_{t-1}", GrammarError, 1, 7,
     "a power of a matrix, which may mean the matrix product or entry by entry",
     "W W for the product, W ⊙ W entry by entry"),
    ("h_t = W^{-1} h_{t-1}", NotYetError, 1, 7, "the inverse of W", "a parameter of its own for it"),
    ("h_t = ∂L/∂h_t", NotYetError, 1, 7, "a derivative in a cell",
     "names for its parts; derivatives are derived from the equations"),
    ("h_t = σ'(x_t)", GrammarError, 1, 7, "the derivative sigma'",
     "the cell's equations: derivatives are derived from them"),
    ("h_0 = 0\nh_t = W h_{t-1}", NotYetError, 1, 1, "the initial value of h inside the cell's equations",
     "the initial value in the model file ([sequence] h0 = …); it is zero unless given"),
    ("h_t = W h_{t-1}\nh_t = x_t", GrammarError, 2, 1, "a second equation for h_t", "one equation for each quantity"),
    ("L = 1", GrammarError, 1, 1, "a cell without an equation for step t",
     "an equation of step t: h_t = tanh(W_h h_{t-1} + W_x x_t + b)"),
    ("h_t = W h_{t-1}; L = h_t", GrammarError, 1, 22, "the index t, which nothing here runs over",
     "h_T for the last step, or Σ_t in front"),
    ("h_t = W h_{t-1}; L = h_T", ShapeError, 1, 18, "L is (n, 1), and a loss is one number",
     "a norm, as in 1/2 ‖h_T - y‖², or another name if it is no loss"),
    ("h_t = W h_{t-1} + U x_t\nU: 3×2\nx_t: input 4", ShapeError, 1, 19,
     "U is (3, 2) and x_t is (4, 1): inner sizes differ", "sizes that fit"),
    ("h_t = f_t W h_{t-1}", ShapeError, 1, 7, "f_t is a vector and W is a matrix: inner sizes differ",
     "f_t ⊙ (W …), if it multiplies entry by entry"),
    ("h_t = h_{t-1} + x_t\nh_t: 2\nx_t: 3", ShapeError, 1, 17, "h_{t-1} is (2, 1) and x_t is (3, 1)",
     "operands of one shape"),
    ("S_t = λ S_{t-1} + v_t k_tᵀ", ShapeError, 1, 23, "k_t comes out as a scalar, transposed",
     "a line on sizes, such as k_t: n"),
    ("h_t = U x_t / W", ShapeError, 1, 15, "a division by W, which is a matrix",
     "a divisor that is a scalar or a vector of one shape"),
    ("h_t = x_t^{h_t}", GrammarError, 1, 12, "h_t where a step should stand: the step is t",
     "an index such as t, t-1 or T"),
    ("h_t = [h_{t-1}; 1]", GrammarError, 1, 17, "a number in a stack of vectors", "vectors: [h_{t-1}; x_t]"),
    ("h_t = sigma(W h_{t-1}, x_t)", GrammarError, 1, 7, "2 arguments", "sigma with one argument"),
    ("h_t = 1/0 x_t", GrammarError, 1, 9, "a division by zero", "a divisor that is not 0"),
    ("h_t = W h_{t-1}\nalpah: scalar", GrammarError, 2, 1, "alpah, which no equation has", "a name of the cell"),
    ("h_t = a h_{t-1} + W x_t\na: scaler", GrammarError, 2, 4, "scaler, which is no role", "scalar"),
    ("h_t = a h_{t-1}\na: scalar 3", GrammarError, 2, 1, "a scalar with the size of something else",
     "scalar, or a size"),
    ("h_t = W h_{t-1}\noutputs: y", GrammarError, 2, 10, "y, which no equation assigns", "one of: h"),
    ("h_t = W h_{t-1} + x_t; h_t: input", GrammarError, 1, 24, "h_t: input, where the equations make it a state",
     "an index for an input, as in x_t; a read at t-1 for a state; no index for a parameter"),
    ("h_t = h_{t-200} w", UnsafeInputError, 1, 7, "a step 200 before", "a lag of at most 100"),
    ("", GrammarError, 1, 1, "no equation", "h_t = tanh(W_h h_{t-1} + W_x x_t + b)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "line", "column", "found", "write"), MISTAKES)
def test_mistakes(text: str, kind: type[SymrnnError], line: int, column: int, found: str, write: str) -> None:
    """A mistake gets the place, the reason and what to write."""
    with pytest.raises(kind) as caught:
        parse_cell(text, file="cell.txt")
    place = caught.value.place
    assert place is not None and (place.line, place.column, place.file) == (line, column, "cell.txt")
    assert (caught.value.found, caught.value.write) == (found, write)


def test_a_mistake_in_full() -> None:
    """What the reader sees."""
    with pytest.raises(GrammarError) as caught:
        parse_cell("h_t = tahn(W h_{t-1})", file="cell.txt")
    assert str(caught.value) == (
        "At cell.txt:1:7\n"
        "You wrote:  h_t = tahn(W h_{t-1})\n"
        "                  ^^^^\n"
        "Found:      tahn, which is no function known here\n"
        "Write:      tanh(…)"
    )


# --- hostile cells --------------------------------------------------------------------------------------------------

HOSTILE = {
    "code": "h_t = __import__('os').system('x')",
    "tower": "h_t = 9^9^9 x_t",
    "parentheses": "h_t = " + "(" * 10_000 + "x_t" + ")" * 10_000,
    "a megabyte": "h_t = " + "x" * 1_000_000,
    "right to left": "h_t = \u202ex_t",
    "a control character": "h_t = x_t\x07",
    "too many equations": "\n".join(f"a{i}_t = x_t" for i in range(700)),
    "a huge size": "h_t = x_t\nx_t: input 9^9^9",
    "a huge product": "h_t = " + "(10^900) " * 100 + "x_t",
    "a long lag": "h_t = h_{t-99999999}",
    "many names": "h_t: n\n" + ", ".join("a" * k for k in range(1, 190)) + ": n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_cells_are_refused_at_once(name: str) -> None:
    """Refused within 300 ms."""

    def refused() -> None:
        with pytest.raises(SymrnnError):
            parse_cell(HOSTILE[name])

    assert seconds_of(refused) < 0.3


def test_the_largest_cells_are_bearable() -> None:
    """A cell at the limits is read in seconds, not minutes."""
    begun = time.process_time()
    backwards = "\n".join(f"a{i}_t = a{i + 1}_t" for i in range(150)) + "\na150_t = x_t"
    assert len(parse_cell(backwards)) == 151
    assert parse_cell("h_t = " + "(" * 90 + "x_t" + ")" * 90)["h_t"].expression == Signal("x", (1, 1), t)
    assert time.process_time() - begun < 5


def test_a_range_of_its_own() -> None:
    """Steps run from 1 to T."""
    assert parse_cell("h_t = x_t")["h_t"].domain == (Range(t, sp.S.One, T),)


STACKED = r"h_t = \tanh\left(W \begin{bmatrix} h_{t-1} \\ x_t \end{bmatrix} + b\right)"


def test_a_matrix_of_one_column_stacks_vectors() -> None:
    """As papers write [h; x]."""
    assert str(parse_cell(STACKED)) == str(parse_cell("h_t = tanh(W [h_{t-1}; x_t] + b)"))


@pytest.mark.parametrize("other", ["𝒲", r"\mathcal{W}", r"\mathbb{W}"])
def test_two_styles_of_one_letter_are_refused(other: str) -> None:
    """They would be one name, and the cell another one; a bold letter is the letter."""
    with pytest.raises(SymrnnError, match="two styles"):
        parse_cell(f"z_t = tanh(W y_{{t-1}} + {other} z_{{t-1}})\ny_t = y_{{t-1}} + z_t")
    assert len(parse_cell(r"\mathbf{h}_t = \mathbf{W} h_{t-1} + x_t").parameters) == 1


@pytest.mark.parametrize(
    ("text", "write"),
    [
        ("h_t = min(1, W h_{t-1})", "relu"),
        ("h_t = W h_{t-1} - mean(h_{t-1})", "u: n"),
        ("h_t = W h_{t-1} - (1^T h_{t-1})", "u: n"),
        ("c_t = f_t . c_{t-1}", "⊙"),
    ],
)
def test_what_is_not_known_is_said_in_what_is(text: str, write: str) -> None:
    """The third part of an error is something that can be typed."""
    with pytest.raises(SymrnnError) as caught:
        parse_cell(text)
    assert write in caught.value.write
