"""Step Jacobians in numerator layout: the blocks as a textbook has them, their matrix, products and totals."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
import sympy as sp
from fractions_evaluator import draw, slopes_of, times
from law_checks import Setting, check_jacobian, sized, step_matrix
from samples import D, V, W, before, cell
from two_directions import bidirectional

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Block, BlockMatrix, Eye, Product, Signal, n, t
from symrnn.algebra.programs import STEPS, Equation, Program
from symrnn.algebra.reading.roles import parse_cell
from symrnn.calculus.jacobians import distributed, jacobian
from symrnn.calculus.unrolling import written_out
from symrnn.cells import gru, lstm, rnn
from symrnn.errors import InputError, NotYetError, SymrnnError


def block(program: Program, of: str, wrt: str) -> str:
    """One block as printed."""
    return str(jacobian(program)[of, wrt])


class TestBlocks:
    """∂s_t/∂r_{t-1} with the states of the step before independent."""

    @pytest.mark.parametrize(
        ("activation", "expected"),
        [
            ("tanh", "∂h_t/∂h_{t-1} = diag(1 - h_t²) W_h"),
            ("sigmoid", "∂h_t/∂h_{t-1} = diag(h_t ⊙ (1 - h_t)) W_h"),
            ("relu", "∂h_t/∂h_{t-1} = diag(step(h_t)) W_h"),
            ("identity", "∂h_t/∂h_{t-1} = W_h"),
            ("f", "∂h_t/∂h_{t-1} = diag(f'(a_t)) W_h"),
        ],
    )
    def test_simple_cell(self, activation: str, expected: str) -> None:
        """diag(f') on the left of W_h, not on the right."""
        assert block(rnn(activation), "h", "h") == expected

    LSTM: ClassVar[dict[Any, Any]] = {
        ("c", "c"): "∂c_t/∂c_{t-1} = diag(f_t)",
        ("c", "h"): "∂c_t/∂h_{t-1} = diag(c_{t-1} ⊙ f_t ⊙ (1 - f_t)) U_f + diag(c̃_t ⊙ i_t ⊙ (1 - i_t)) U_i"
        " + diag(i_t ⊙ (1 - c̃_t²)) U_c",
        ("h", "c"): "∂h_t/∂c_{t-1} = diag(o_t ⊙ (1 - tanh²(c_t))) (∂c_t/∂c_{t-1})",
        ("h", "h"): "∂h_t/∂h_{t-1} = diag(tanh(c_t) ⊙ o_t ⊙ (1 - o_t)) U_o"
        " + diag(o_t ⊙ (1 - tanh²(c_t))) (∂c_t/∂h_{t-1})",
    }

    @pytest.mark.parametrize("pair", LSTM, ids=" by ".join)
    def test_lstm(self, pair: tuple[str, str]) -> None:
        """∂c_t/∂c_{t-1} = diag(f_t) exactly: the gates' paths stand in ∂c_t/∂h_{t-1}."""
        assert block(lstm(), *pair) == self.LSTM[pair]

    def test_lstm_cell_state_is_one_node(self) -> None:
        """Not only printed so."""
        assert jacobian(lstm())["c", "c"].expression == N.Diag(Signal("f", (n, 1), t))

    GRU: ClassVar[dict[Any, Any]] = {
        "chung2014": "diag((h̃_t - h_{t-1}) ⊙ z_t ⊙ (1 - z_t)) U_z + diag(1 - z_t)"
        " + diag(z_t ⊙ (1 - h̃_t²)) U_h diag(h_{t-1} ⊙ r_t ⊙ (1 - r_t)) U_r + diag(z_t ⊙ (1 - h̃_t²)) U_h diag(r_t)",
        "cho2014": "diag((h_{t-1} - h̃_t) ⊙ z_t ⊙ (1 - z_t)) U_z + diag(z_t)"
        " + diag((1 - z_t) ⊙ (1 - h̃_t²)) U_h diag(h_{t-1} ⊙ r_t ⊙ (1 - r_t)) U_r"
        " + diag((1 - z_t) ⊙ (1 - h̃_t²)) U_h diag(r_t)",
        "pytorch": "diag((h_{t-1} - h̃_t) ⊙ z_t ⊙ (1 - z_t)) U_z + diag(z_t)"
        " + diag((1 - z_t) ⊙ (1 - h̃_t²) ⊙ (U_h h_{t-1} + b_Uh) ⊙ r_t ⊙ (1 - r_t)) U_r"
        " + diag((1 - z_t) ⊙ (1 - h̃_t²) ⊙ r_t) U_h",
    }

    @pytest.mark.parametrize("variant", GRU)
    def test_gru(self, variant: str) -> None:
        """The direct path, the update gate's, the candidate's through the reset, and the reset gate's."""
        assert block(gru(variant), "h", "h") == f"∂h_t/∂h_{{t-1}} = {self.GRU[variant]}"

    def test_a_path_through_an_outer_product(self) -> None:
        """h_{t-1} inside a matrix: vec and the Kronecker product come and go."""
        check_jacobian(Setting(sized(cell(N.DiagonalOf(N.MatMul(W, N.Diag(before), V)))), 2))
        check_jacobian(Setting(sized(cell(N.MatMul(before, N.Transpose(before), N.MatMul(D, before)))), 2))

    def test_a_block_by_its_printed_source(self) -> None:
        """A lag is said as in `jacobian["h", "h_{t-2}"]`."""
        derived = jacobian(parse_cell("h_t = tanh(A h_{t-1} + B h_{t-2} + x_t)"))
        assert str(derived["h", "h_{t-2}"]) == "∂h_t/∂h_{t-2} = diag(1 - h_t²) B"
        assert str(derived["h", "h_{t-1}"]) == "∂h_t/∂h_{t-1} = diag(1 - h_t²) A"

    def test_an_unknown_block_lists_those_there_are(self) -> None:
        """Three parts."""
        with pytest.raises(InputError) as caught:
            jacobian(lstm())["h", "f"]
        assert caught.value.write.startswith("one of: ∂c_t/∂h_{t-1}, ")

    def test_no_state_no_step_jacobian(self) -> None:
        """A feed-forward layer has none."""
        with pytest.raises(NotYetError):
            jacobian(parse_cell("y_t = tanh(W x_t)"))

    def test_blocks_of_states_that_do_not_meet_are_left_out(self) -> None:
        """Two cells side by side: ∂h_t/∂g_{t-1} is 0 in the matrix and no block."""
        g = Signal("g", (n, 1), t)
        h = before.at(t)
        program = Program(
            "two",
            (Equation(h, W @ before, domain=(STEPS,)), Equation(g, V @ g.at(t - 1), domain=(STEPS,))),
            parameters=(W, V),
            states=(h, g),
            initials=(h.at(0), g.at(0)),
            outputs=(h, g),
        )
        derived = jacobian(program)
        assert [str(one.target) for one in derived] == ["∂h_t/∂h_{t-1}", "∂g_t/∂g_{t-1}"]
        assert str(derived.matrix) == "[[∂h_t/∂h_{t-1}, 0], [0, ∂g_t/∂g_{t-1}]]"

    def test_a_readout_is_no_state(self) -> None:
        """What reads h_t after the step adds no block."""
        g = Signal("q", (n, 1), t)
        base = cell(W @ before)
        h = before.at(t)
        program = Program(
            "read",
            (*base.equations, Equation(g, V @ h, domain=(STEPS,))),
            parameters=(W, V),
            states=(h,),
            initials=(h.at(0),),
            outputs=(g,),
        )
        assert [str(one) for one in jacobian(program)] == ["∂h_t/∂h_{t-1} = W"]


class TestMatrix:
    """The blocks side by side, states in the Program's order."""

    def test_one_state(self) -> None:
        """The block itself."""
        assert jacobian(rnn()).matrix == Block(Signal("h", (n, 1), t), Signal("h", (n, 1), t - 1))

    def test_two_states(self) -> None:
        """(h, c) by (h, c)."""
        matrix = jacobian(lstm()).matrix
        assert isinstance(matrix, BlockMatrix)
        assert str(matrix) == "[[∂h_t/∂h_{t-1}, ∂h_t/∂c_{t-1}], [∂c_t/∂h_{t-1}, ∂c_t/∂c_{t-1}]]"
        assert matrix.shape == (2 * n, 2 * n)

    def test_companion_form(self) -> None:
        """(h_t, h_{t-1}) by (h_{t-1}, h_{t-2}): an identity below."""
        derived = jacobian(parse_cell("h_t = tanh(A h_{t-1} + B h_{t-2} + x_t)"))
        assert str(derived.matrix) == "[[∂h_t/∂h_{t-1}, ∂h_t/∂h_{t-2}], [I, 0]]"
        assert [str(source) for source in derived.sources] == ["h_{t-1}", "h_{t-2}"]

    def test_companion_form_where_only_the_older_is_read(self) -> None:
        """Lag 2 alone: 0 beside B."""
        derived = jacobian(parse_cell("h_t = tanh(B h_{t-2} + x_t)"))
        assert str(derived.matrix) == "[[0, ∂h_t/∂h_{t-2}], [I, 0]]"

    def test_a_backward_recurrence_has_no_place_in_a_forward_matrix(self) -> None:
        """∂g_t/∂g_{t+1} is a block; a matrix from step t-1 to step t that leaves it out would say ∂g_t/∂g_{t+1} = 0."""
        derived = jacobian(bidirectional())
        assert str(derived["g", "g"]) == "∂g_t/∂g_{t+1} = diag(1 - g_t²) V"
        with pytest.raises(SymrnnError):
            derived.matrix  # noqa: B018  # computed when asked for

    def test_states_that_are_matrices_are_refused_in_words(self) -> None:
        """vec of a state is not there yet: said so, not an internal product that does not fit."""
        state = Signal("S", (n, n), t)
        program = Program(
            "fast weights",
            (Equation(state, W @ state.at(t - 1), domain=(STEPS,)),),
            parameters=(W,),
            states=(state,),
            initials=(state.at(0),),
            outputs=(state,),
        )
        with pytest.raises(NotYetError):
            jacobian(program)


class TestProducts:
    """Products over time are ordered: later factors to the left."""

    def test_from_t_to_the_end(self) -> None:
        """∏_{k=T}^{t+1}."""
        assert str(jacobian(rnn()).product()) == "∂h_T/∂h_t = ∏_{k=T}^{t+1} ∂h_k/∂h_{k-1}"
        assert str(jacobian(lstm()).product()) == (
            "∂(h_T, c_T)/∂(h_t, c_t) = ∏_{k=T}^{t+1} ∂(h_k, c_k)/∂(h_{k-1}, c_{k-1})"
        )

    def test_between_two_steps(self) -> None:
        """∏_{k=5}^{3} from h_2 to h_5."""
        product = jacobian(rnn()).product(5, 2)
        assert str(product) == "∂h_5/∂h_2 = ∏_{k=5}^{3} ∂h_k/∂h_{k-1}"
        assert isinstance(product.expression, Product)
        assert [int(bound) for bound in product.expression.range[1:]] == [5, 3]

    def test_written_out_later_factors_stand_left(self) -> None:
        """∂h_3/∂h_2 ∂h_2/∂h_1, and I for none."""
        derived = jacobian(rnn())
        assert str(written_out(derived.product(3, 1).expression)) == "(∂h_3/∂h_2) (∂h_2/∂h_1)"
        assert written_out(derived.product(3, 3).expression) == Eye(n)

    def test_gradients_as_a_sum_over_later_losses(self) -> None:
        """Through transposed products."""
        assert str(jacobian(rnn()).gradient_sum()) == "h̄_t = Σ_{τ=t}^{T} (∏_{k=τ}^{t+1} ∂h_k/∂h_{k-1})ᵀ (∂⁺L/∂h_τ)"

    @pytest.mark.parametrize(
        ("text", "product", "total"),
        [
            ("h_t = tanh(k h_{t-1})", "∏_{j=T}^{t+1}", "Σ_{τ=t}^{T}"),
            ("k_t = tanh(W k_{t-1} + tau x_t)", "∏_{j=T}^{t+1}", "Σ_{s=t}^{T}"),
        ],
    )
    def test_an_index_is_no_name_of_the_cell(self, text: str, product: str, total: str) -> None:
        """Σ_k k x_k would be two quantities of one name."""
        step = jacobian(parse_cell(text))
        assert product in str(step.product()) and total in str(step.gradient_sum())


class TestTotals:
    """The total across the other states of step t - 1, said to be one."""

    def test_lstm_cell_state(self) -> None:
        """c_{t-1} moves h_{t-1}, which moves the gates."""
        assert str(jacobian(lstm()).total("c", "c")) == (
            "(∂c_t/∂c_{t-1})_total = ∂c_t/∂c_{t-1} + (∂c_t/∂h_{t-1}) diag(o_{t-1} ⊙ (1 - tanh²(c_{t-1})))"
        )

    def test_the_kinds_are_never_one_name(self) -> None:
        """A total is another block than the step's."""
        derived = jacobian(lstm())
        assert derived.total("c", "c").target != derived["c", "c"].target

    def test_nothing_moves_with_h_within_its_step(self) -> None:
        """h_{t-1} is computed last."""
        assert str(jacobian(lstm()).total("h", "h")) == "(∂h_t/∂h_{t-1})_total = ∂h_t/∂h_{t-1}"

    @pytest.mark.parametrize("of", ["c", "h"])
    def test_values(self, of: str) -> None:
        """The total by c_1 is what a nudge of c_1 does to the states of step 2."""
        derived = jacobian(lstm())
        setting = Setting(sized(derived.program, m=1), 2)
        small = jacobian(setting.program)
        forward = setting.evaluator().run(small.program)
        evaluate = setting.evaluator(forward.values)
        evaluate.index[t] = sp.Integer(2)
        for one in small.blocks:
            evaluate.values[evaluate.placed(one.target)] = evaluate(one.expression)
        nudged = small.program.states[1].at(1)
        direction = draw(N.Tangent(nudged))
        moved = setting.evaluator(directions={}, nudges={nudged: direction}).run(small.program).values
        target = next(state for state in small.program.states if state.name == of).at(2)
        assert times(evaluate(small.total(of, "c").expression), direction) == slopes_of(moved[target])


def test_products_are_distributed_over_paths() -> None:
    """A (B + C) is A B + A C: each path stands by itself."""
    assert str(distributed(W, V + W)) == "W V + W W"
    assert distributed(Eye(n), W) == W


def test_a_scalar_cell() -> None:
    """Numbers for vectors: w (1 - h_t²) in some order."""
    small = rnn().with_sizes(n=1, m=1)
    assert str(jacobian(small)["h", "h"].expression) == "(1 - h_t²) W_h"
    assert jacobian(small)["h", "h"].expression.shape == (1, 1)
    setting = Setting(small, 2)
    forward = setting.evaluator().run(jacobian(small).program)
    assert len(step_matrix(jacobian(small), setting, forward.values, 2)) == 1
