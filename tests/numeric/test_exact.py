"""The interpreter and exact evaluation: a worked example, differences, laws, closed forms, digits, errors."""

from __future__ import annotations

import inspect
from dataclasses import replace
from fractions import Fraction as F
from typing import Any, ClassVar

import mpmath
import numpy as np
import pytest
import sympy as sp
from drawn_values import cotangents, drawn, moved

from symrnn.algebra import nodes as N
from symrnn.algebra.activations import lookup
from symrnn.algebra.nodes import (
    Adjoint,
    Apply,
    Immediate,
    Name,
    Node,
    Number,
    Parameter,
    Signal,
    Sum,
    T,
    n,
    t,
)
from symrnn.algebra.programs import STEPS, Equation, Program, Range
from symrnn.calculus.adjoints import LOSS, adjoint
from symrnn.calculus.jacobians import jacobian
from symrnn.calculus.rewriting import expose
from symrnn.calculus.unrolling import unroll
from symrnn.cells import gru, lstm, rnn
from symrnn.errors import InputError, ShapeError, TimeError
from symrnn.models.losses import with_loss
from symrnn.numeric.exact import Evaluation, evaluate_exactly, evaluate_to_digits, interpret
from symrnn.numeric.interpretation import Interpretation, label
from symrnn.numeric.operations import OPERATIONS
from symrnn.numeric.scalars import Constants, NoClosedForm, Rationals, Reals, Symbols, closed_form, given

ONE = {"n": 1, "m": 1}
TWO = {"n": 2, "m": 2}


def both(program: Program) -> tuple[Program, Program]:
    """The forward Program with its arguments named, and its adjoint."""
    return expose(program), adjoint(program)


def example(**changes: Any) -> tuple[Program, dict[Name, Any]]:
    """h_t = ½ h_{t−1} + ½ x_t, x = 1, L = ½ (h_3 − 1)²."""
    program = with_loss(rnn("identity"))
    W_h, W_x, b = program.parameters
    h, x, y = program.initials[0], program.inputs[0], program.given[-1]
    values = {W_h: F(1, 2), W_x: F(1, 2), b: 0, h: 0, y: 1, **{x.at(k): 1 for k in (1, 2, 3)}}
    return program, values


def number(found: Any) -> Any:
    ((value,),) = found
    return value


@pytest.fixture(scope="module")
def found() -> Evaluation:
    program, values = example()
    return evaluate_exactly(both(program), 3, ONE, values)


class TestTheWorkedExample:
    """x = y = 1, three steps: every figure by hand."""

    def test_is_exact(self, found: Evaluation) -> None:
        assert found.exact and found.note == "" and found.digits is None

    @pytest.mark.parametrize(
        ("key", "value"), [("h[1]", F(1, 2)), ("h[2]", F(3, 4)), ("h[3]", F(7, 8)), ("L", F(1, 128))]
    )
    def test_values(self, found: Evaluation, key: str, value: F) -> None:
        assert number(found.values[key]) == value

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("h[3]", F(-1, 8)),
            ("h[2]", F(-1, 16)),
            ("h[1]", F(-1, 32)),
            ("h[0]", F(-1, 64)),
            ("W_h", F(-1, 8)),
            ("W_x", F(-7, 32)),
            ("b", F(-7, 32)),
        ],
    )
    def test_gradients(self, found: Evaluation, key: str, value: F) -> None:
        assert number(found.gradients[key]) == value

    @pytest.mark.parametrize("name", ["W_h", "W_x", "b"])
    def test_parameter_gradients_are_the_differences_of_the_loss(self, name: str) -> None:
        # L is a polynomial of degree 6 in one parameter: seven points determine its slope exactly.
        program, values = example()
        parameter = next(p for p in program.parameters if p.name == name)
        step = F(1, 100)
        at = range(-3, 4)
        losses = [
            number(interpret(program, 3, ONE, {**values, parameter: values[parameter] + k * step}, Rationals())["L"])
            for k in at
        ]
        weights = [F(w, 60) for w in (-1, 9, -45, 0, 45, -9, 1)]
        slope = sum(w * loss for w, loss in zip(weights, losses, strict=True)) / step
        assert slope == number(evaluate_exactly(both(program), 3, ONE, values).gradients[name])

    def test_contributions_of_each_step(self, found: Evaluation) -> None:
        shares = found.gradients.contributions[Parameter("W_h", (n, n))]
        assert {step: number(share) for step, share in shares.items()} == {1: 0, 2: F(-1, 32), 3: F(-3, 32)}

    def test_the_last_decimal_of_a_thousand_steps_is_there(self) -> None:
        program, values = example()
        x = program.inputs[0]
        values |= {x.at(k): 1 for k in range(1, 1001)}
        found = evaluate_exactly(program, 1000, ONE, values)
        assert number(found.values["h[1000]"]) == 1 - F(1, 2**1000)

    def test_a_symbol_with_assumptions_passes_through(self) -> None:
        program, values = example()
        w = sp.Symbol("w", positive=True)
        found = evaluate_exactly(both(program), 3, ONE, {**values, program.parameters[0]: w})
        assert found.exact
        assert number(found.values["h[3]"]) == w**2 / 2 + w / 2 + sp.Rational(1, 2)
        loss, slope = number(found.values["L"]), number(found.gradients["W_h"])
        assert sp.expand(loss.diff(w) - slope) == 0


class TestGradientsAgainstDifferences:
    """Two independent ways."""

    @pytest.mark.parametrize("activation", ["identity", "relu", "leaky_relu", "hard_tanh", "hard_sigmoid", "abs"])
    def test_piecewise_linear_cells_exactly(self, activation: str) -> None:
        # On its piece the loss of two steps is a polynomial of degree 4 in an entry: five points are exact.
        program = with_loss(rnn(activation))
        values = drawn(program, 2, TWO, seed=7, denominator=13)
        gradients = evaluate_exactly(both(program), 2, TWO, values).gradients
        step = F(1, 10**6)
        for name in (*program.parameters, program.initials[0], program.inputs[0].at(1)):
            for i, row in enumerate(gradients[name]):
                for j, slope in enumerate(row):
                    losses = [
                        number(interpret(program, 2, TWO, moved(values, name, i, j, k * step), Rationals())["L"])
                        for k in (-2, -1, 1, 2)
                    ]
                    expected = (losses[0] - 8 * losses[1] + 8 * losses[2] - losses[3]) / (12 * step)
                    assert slope == expected, (name, i, j)

    @pytest.mark.parametrize(
        "program",
        [
            with_loss(rnn(), at="every_step"),
            with_loss(lstm()),
            with_loss(gru("pytorch"), at="every_step", reduce="mean"),
            with_loss(rnn("softsign"), "softmax_cross_entropy", readout=True),
        ],
        ids=lambda program: program.name,
    )
    def test_fifty_digits(self, program: Program) -> None:
        sizes = {**TWO, "p": 2} if any(p.name == "W_y" for p in program.parameters) else TWO
        values = drawn(program, 3, sizes, seed=3)
        values |= {name: [[F(3, 10)], [F(7, 10)]] for name in values if label(name).startswith("y")}
        gradients = evaluate_to_digits(both(program), 3, sizes, values, 50).gradients
        step = F(1, 10**25)
        for name in (*program.parameters[:3], program.initials[-1], program.inputs[0].at(2)):
            up, down = (
                number(interpret(program, 3, sizes, moved(values, name, 0, 0, by), Reals(110))["L"])
                for by in (step, -step)
            )
            expected = (up - down) / (2 * up.context.mpf(10) ** -25)
            assert abs(gradients[name][0][0] - expected) < up.context.mpf(10) ** -45

    def test_given_cotangents(self) -> None:
        # ⟨g, h_1⟩ + ⟨g, h_2⟩ + ⟨g_c, c_2⟩ as a loss has these cotangents.
        cell = lstm()
        values = drawn(cell, 2, TWO, seed=5)
        back = adjoint(cell)
        seeds = cotangents(back, 2, TWO)
        gradients = evaluate_to_digits((expose(cell), back), 2, TWO, {**values, **seeds}, 40).gradients

        def loss(by: F) -> Any:
            found = interpret(cell, 2, TWO, moved(values, cell.parameters[1], 0, 1, by), Reals(100))
            context = found["h[1]"][0][0].context
            terms = []
            for name, seed in seeds.items():
                assert isinstance(name, Immediate)
                pairs = zip(found[name.wrt], seed, strict=True)
                terms += [x * g.numerator / g.denominator for (x,), (g,) in pairs]
            return context.fsum(terms)

        expected = (loss(F(1, 10**25)) - loss(F(-1, 10**25))) * 10**25 / 2
        assert abs(gradients[cell.parameters[1]][0][1] - expected) < mpmath.mpf(10) ** -35


class TestLaws:
    def test_unrolled_and_recurrent_programs_have_the_same_values(self) -> None:
        program = with_loss(rnn("hard_tanh"), at="every_step")
        values = drawn(program, 3, TWO)
        recurrent = evaluate_exactly(both(program), 3, TWO, values).values
        written_out = evaluate_exactly((unroll(expose(program), 3), unroll(adjoint(program), 3)), 3, TWO, values).values
        assert dict(recurrent) == {name: written_out[name] for name in recurrent}

    def test_gradients_are_sums_of_their_contributions(self) -> None:
        program = with_loss(gru("cho2014", activation="hard_tanh", gate_activation="hard_sigmoid"))
        values = drawn(program, 3, TWO)
        found = evaluate_exactly(both(program), 3, TWO, values)
        assert len(found.gradients.contributions) == len(program.parameters)
        for parameter, shares in found.gradients.contributions.items():
            total = np.sum([np.array(share) for share in shares.values()], axis=0)
            assert set(shares) == {1, 2, 3}
            assert (total == np.array(found.gradients[parameter])).all()

    def test_the_loss_is_the_sum_of_its_steps(self) -> None:
        program = with_loss(rnn("relu"), at="every_step", reduce="mean")
        values = drawn(program, 4, ONE)
        found = evaluate_exactly(program, 4, ONE, values)
        shares = [number(share) for share in found.contributions[LOSS].values()]
        assert sum(shares) == number(found.values["L"])
        assert shares == [number(found.values[f"L[{k}]"]) / 4 for k in (1, 2, 3, 4)]

    def test_running_products_and_sums_give_the_adjoint(self) -> None:
        # h̄_t = Σ_{τ≥t} (∏_{k=τ}^{t+1} ∂h_k/∂h_{k−1})ᵀ ∂⁺L/∂h_τ, its bounds moving with t.
        cell = rnn("hard_tanh")
        values = drawn(cell, 4, TWO)
        forward, back, step = expose(cell), adjoint(cell), jacobian(cell)
        seeds = cotangents(back, 4, TWO)
        total = replace(step.gradient_sum(), domain=(replace(STEPS, step=-1),))
        formula = Program.trusted(name="formula", equations=(*step.blocks, total), steps=cell.steps)
        by_adjoint = interpret((forward, back), 4, TWO, {**values, **seeds}, Rationals())
        by_formula = interpret((forward, formula), 4, TWO, {**values, **seeds}, Rationals())
        for k in (1, 2, 3, 4):
            assert by_formula[Adjoint(cell.states[0].at(k))] == by_adjoint[Adjoint(cell.states[0].at(k))]

    def test_a_batch_is_one_more_index(self) -> None:
        j, size = sp.Symbol("j", integer=True), sp.Symbol("N", integer=True, positive=True)
        examples = Range(j, sp.S.One, size)
        h, x, w = Signal("h", (1, 1), t, j), Signal("x", (1, 1), t, j), Parameter("w", (1, 1))
        step = Equation(h, w * h.at(t - 1, j) + x, domain=(STEPS, examples))
        loss = Equation(LOSS, Sum(h.at(T, j) ** 2, j, 1, size))
        batch = Program.trusted(
            name="batch",
            equations=(step, loss),
            inputs=(x,),
            parameters=(w,),
            states=(h,),
            outputs=(h,),
            given=(h.at(0, j),),
            loss=LOSS,
        )
        inputs = {1: (1, 2), 2: (F(1, 2), -1), 3: (0, 3)}
        values: dict[Name, Any] = {w: F(2, 3)}
        for example_, row in inputs.items():
            values |= {h.at(0, example_): 1, x.at(1, example_): row[0], x.at(2, example_): row[1]}
        found = interpret(both(batch), 2, {"N": 3}, values, Rationals())
        slope = F(0)
        for a, b in inputs.values():
            h1 = F(2, 3) + a
            h2 = F(2, 3) * h1 + b
            slope += 2 * h2 * (h1 + F(2, 3))
        assert number(found.gradients["w"]) == slope

    def test_a_recurrence_that_runs_backward(self) -> None:
        g, x = Signal("g", (1, 1), t), Signal("x", (1, 1), t)
        step = Equation(g, g.at(t + 1) + x, domain=(replace(STEPS, step=-1),))
        program = Program("back", (step,), (x,), states=(g,), initials=(g.at(T + 1),))
        values = {g.at(4): 0, **{x.at(k): 10**k for k in (1, 2, 3)}}
        assert number(interpret(program, 3, None, values, Rationals())["g[1]"]) == 1110


class TestNodes:
    """Every node, against what it says it is."""

    def test_every_node_has_a_row(self) -> None:
        classes = {c for _, c in inspect.getmembers(N, inspect.isclass) if issubclass(c, Node)}
        abstract = {Node, N.Name, N.Operation, N.Constant}
        names = {c for c in classes if issubclass(c, Name)}
        assert classes - abstract - names == set(OPERATIONS)

    @staticmethod
    def value(node: Node, values: dict[Name, Any] | None = None) -> list[list[Any]]:
        target = Signal("out", node.shape)
        program = Program.trusted(name="one", equations=(Equation(target, node),), steps=STEPS)
        return [list(row) for row in interpret(program, 1, None, values or {}, Rationals())[target]]

    A = Parameter("A", (2, 3))
    X = Parameter("X", (3, 2))
    B = Parameter("B", (2, 4))
    v = Parameter("v", (3, 1))
    VALUES: ClassVar[dict[Name, Any]] = {
        A: [[1, 2, 3], [4, 5, 6]],
        X: [[1, -1], [0, 2], [5, 7]],
        B: [[1, 0, 2, 3], [-1, 1, 0, 4]],
        v: [7, 8, 9],
    }

    def of(self, node: Node) -> list[list[Any]]:
        return self.value(node, self.VALUES)

    def test_vec_of_a_sandwich_is_a_kronecker_product(self) -> None:
        left = self.of(N.Vec(N.MatMul(self.A, self.X, self.B)))
        right = self.of(N.MatMul(N.Kronecker(N.Transpose(self.B), self.A), N.Vec(self.X)))
        assert left == right

    def test_commutation(self) -> None:
        assert self.of(N.MatMul(N.Commutation(3, 2), N.Vec(self.X))) == self.of(N.Vec(N.Transpose(self.X)))

    def test_embedding_and_diagonal(self) -> None:
        assert self.of(N.Vec(N.Diag(self.v))) == self.of(N.MatMul(N.Embedding(3), self.v))
        assert self.of(N.DiagonalOf(N.Diag(self.v))) == self.of(self.v)

    def test_selector_and_concat(self) -> None:
        both_ = N.Concat(self.X, N.Transpose(self.A))
        assert self.of(N.MatMul(N.Selector(3, 3, 6), both_)) == self.of(N.Transpose(self.A))

    def test_block_matrix(self) -> None:
        grid = N.BlockMatrix(2, self.A, N.Zeros(2, 1), N.Ones(1, 3), Number(5))
        assert self.of(grid) == [[1, 2, 3, 0], [4, 5, 6, 0], [1, 1, 1, 5]]

    def test_entrywise_and_scalar_operations(self) -> None:
        XT = N.Transpose(self.X)
        assert self.of(N.Add(self.A, XT)) == [[2, 2, 8], [3, 7, 13]]
        assert self.of(N.Hadamard(self.A, XT, XT)) == [[1, 0, 75], [4, 20, 294]]
        assert self.of(N.Scale(Number(sp.Rational(1, 2)), self.v)) == [[F(7, 2)], [4], [F(9, 2)]]
        assert self.of(N.Power(self.v, -1)) == [[F(1, 7)], [F(1, 8)], [F(1, 9)]]
        assert self.of(N.Power(N.Hadamard(self.v, self.v), sp.Rational(1, 2))) == [[7], [8], [9]]
        assert self.of(N.Inner(self.A, XT)) == [[1 + 15 - 4 + 10 + 42]]
        assert self.of(N.SquaredNorm(self.v)) == [[49 + 64 + 81]]
        assert self.of(N.MatMul(N.Eye(2), self.A)) == self.of(self.A)
        assert self.of(N.Guarded(N.Power(N.Zeros(2, 1), -1), 2, 1, 3)) == [[0], [0]]

    def test_products_are_ordered_and_may_be_empty(self) -> None:
        k = sp.Symbol("k", integer=True)
        J = Signal("J", (2, 2), k)
        values: dict[Name, Any] = {J.at(1): [[0, 1], [0, 0]], J.at(2): [[1, 2], [3, 4]]}
        assert self.value(N.Product(J, k, 2, 1), values) == [[0, 1], [0, 3]]
        assert self.value(N.Product(J, k, 1, 2), values) == [[1, 0], [0, 1]]
        assert self.value(N.Sum(J, k, 1, 2), values) == [[1, 3], [3, 4]]
        assert self.value(N.Sum(J, k, 1, 0), values) == [[0, 0], [0, 0]]

    def test_matrix_powers(self) -> None:
        square = N.MatMul(self.A, self.X)
        assert self.of(N.MatPower(square, 3)) == self.of(N.MatMul(square, square, square))
        assert self.of(N.MatPower(square, 0)) == [[1, 0], [0, 1]]
        with pytest.raises(InputError, match="the exponent -1"):
            self.of(N.MatPower(square, -1))

    def test_softmax_and_cross_entropy(self) -> None:
        o, y = Parameter("o", (3, 1)), Parameter("y", (3, 1))
        assert self.value(N.Softmax(o), {o: [2, 2, 2]}) == [[F(1, 3)]] * 3
        program = Program.trusted(name="ce", equations=(Equation(LOSS, N.CrossEntropy(y, o)),), steps=STEPS)
        values: dict[Name, Any] = {o: [0, sp.log(2), sp.log(5)], y: [0, 1, 0]}
        assert number(evaluate_exactly(program, 1, None, values).values["L"]) == 2 * sp.log(2)

    def test_an_unknown_loss_is_given(self) -> None:
        h = Signal("h", (2, 1), 1)
        L1 = Signal("L", (1, 1), 1)
        assert self.value(N.Opaque(L1, h), {L1: F(3, 4)}) == [[F(3, 4)]]

    def test_a_generic_function_has_no_numbers(self) -> None:
        with pytest.raises(InputError, match="stands for any function"):
            self.of(Apply("f", self.v))


class TestClosedForms:
    @pytest.mark.parametrize(
        ("name", "x", "value"),
        [
            ("tanh", sp.log(2), sp.Rational(3, 5)),
            ("sigmoid", sp.log(3), sp.Rational(3, 4)),
            ("tanh", sp.log(2) / 2, sp.Rational(1, 3)),
            ("sigmoid", sp.log(6) - sp.log(2), sp.Rational(3, 4)),
            ("softplus", sp.log(7), 3 * sp.log(2)),
            ("elu", -sp.log(2), sp.Rational(-1, 2)),
            ("silu", sp.log(3), 3 * sp.log(3) / 4),
            ("sin", sp.pi / 3, sp.sqrt(3) / 2),
            ("hard_tanh", sp.pi, sp.S.One),
        ],
    )
    def test_are_recognised(self, name: str, x: sp.Expr, value: sp.Expr) -> None:
        assert closed_form(lookup(name), x) == value

    @pytest.mark.parametrize("name", ["tanh", "sigmoid", "exp", "gelu", "erf"])
    def test_and_their_absence(self, name: str) -> None:
        assert closed_form(lookup(name), sp.S.One) is None

    def test_carry_through_a_cell(self) -> None:
        cell = rnn()
        W_h, W_x, b = cell.parameters
        h, x = cell.initials[0], cell.inputs[0]
        values = {W_h: 0, W_x: sp.log(2), b: 0, h: 0, x.at(1): 1, x.at(2): F(1, 2), x.at(3): -2}
        found = evaluate_exactly(cell, 3, ONE, values)
        assert found.exact
        assert [number(found.values[f"h[{k}]"]) for k in (1, 2, 3)] == [F(3, 5), F(1, 3), F(-15, 17)]

    def test_zero_arguments_stay_rational(self) -> None:
        cell = lstm()
        values = {name: [[0]] for name in drawn(cell, 2, ONE)}
        values[cell.initials[1]] = [[0]]
        found = evaluate_exactly(cell, 2, ONE, values)
        assert found.exact and number(found.values["f[1]"]) == F(1, 2)

    def test_roots_are_tidied(self) -> None:
        program, values = example()
        found = evaluate_exactly(program, 3, ONE, {**values, program.parameters[0]: sp.sqrt(2)})
        assert found.exact and number(found.values["h[3]"]) == sp.Rational(3, 2) + sp.sqrt(2) / 2


class TestDigits:
    def test_are_right_to_the_last(self) -> None:
        cell = lstm()
        values = drawn(cell, 6, TWO, seed=2)
        few, many = (evaluate_to_digits(cell, 6, TWO, values, digits) for digits in (25, 60))
        for name in few:
            for (a,), (b,) in zip(few[name], many[name], strict=True):
                assert mpmath.nstr(a, 25) == mpmath.nstr(b, 25)

    def test_are_right_where_rounding_grows(self) -> None:
        # x ↦ 4x − 4x²: a rounding error doubles at every step, 100 steps take 30 digits.
        h = Signal("h", (1, 1), t)
        step = Equation(h, 4 * h.at(t - 1) - 4 * h.at(t - 1) ** 2, domain=(STEPS,))
        program = Program("logistic", (step,), states=(h,), initials=(h.at(0),))
        found = evaluate_to_digits(program, 100, None, {h.at(0): F(1, 3)}, 20)
        with mpmath.workdps(120):
            angle = mpmath.asin(mpmath.sqrt(mpmath.mpf(1) / 3)) * mpmath.mpf(2) ** 100
            expected = mpmath.sin(angle) ** 2
        assert mpmath.nstr(number(found["h[100]"]), 20) == mpmath.nstr(expected, 20)

    def test_vanishing_numbers_keep_their_digits_and_zero_is_zero(self) -> None:
        s = Signal("s", (1, 1))
        w = Parameter("w", (1, 1))
        difference = Apply("sigmoid", w) + Apply("sigmoid", -w) - 1
        small = Apply("exp", -1000 * w)
        for node, expected in ((difference, 0), (small, mpmath.exp(-3000))):
            program = Program("s", (Equation(s, node),), parameters=(w,))
            value = number(evaluate_to_digits(program, 1, None, {w: 3}, 15)[s])
            assert mpmath.nstr(value, 15) == mpmath.nstr(mpmath.mpf(expected), 15)

    def test_leave_the_global_context_alone(self) -> None:
        before = mpmath.mp.dps
        cell = rnn()
        evaluate_to_digits(cell, 2, ONE, drawn(cell, 2, ONE), 80)
        assert mpmath.mp.dps == before

    def test_are_given_with_the_reason_where_nothing_is_exact(self) -> None:
        cell = rnn()
        found = evaluate_exactly(cell, 2, ONE, drawn(cell, 2, ONE), digits=30)
        assert not found.exact and found.digits == 30
        assert found.reason is not None and found.reason.key == "no closed form"
        assert found.note.startswith("tanh(") and "in h[1] has no closed form: given to 30 digits" in found.note


class TestBudget:
    CELL = gru(activation="hard_tanh", gate_activation="hard_sigmoid")

    def test_short_fractions_are_exact(self) -> None:
        values = drawn(self.CELL, 4, ONE)
        assert evaluate_exactly(self.CELL, 4, ONE, values).exact

    def test_long_ones_are_refused_and_said(self) -> None:
        values = drawn(self.CELL, 9, ONE)
        found = evaluate_exactly(self.CELL, 9, ONE, values, budget=500)
        assert not found.exact and found.reason is not None
        assert found.reason.key == "too many digits" and found.reason.about[0] == 500
        assert "beyond the budget of 500" in found.note
        exact = evaluate_exactly(self.CELL, 6, ONE, values, budget=None)
        assert exact.exact
        context = number(found.values["h[6]"]).context
        value = number(exact.values["h[6]"])
        assert abs(number(found.values["h[6]"]) - context.mpf(value.numerator) / value.denominator) < 1e-49

    def test_powers_are_refused_before_they_are_taken(self) -> None:
        s, w = Signal("s", (1, 1)), Parameter("w", (1, 1))
        program = Program("s", (Equation(s, N.Power(w, 10**12)),), parameters=(w,))
        assert not evaluate_exactly(program, 1, None, {w: 3}).exact


class TestValues:
    def test_may_be_arrays_floats_decimals_and_flat_lists(self) -> None:
        cell = rnn("identity")
        W_h, W_x, b = cell.parameters
        h, x = cell.initials[0], cell.inputs[0]
        values = {
            W_h: np.array([[0.5, 0], [0, 0.25]]),
            W_x: [[1, 0], [0, 1]],
            b: np.array([F(1, 3), sp.Rational(1, 7)], dtype=object),
            h: [0, sp.Float("0.5", 30)],
            x.at(1): (1, 2),
        }
        assert interpret(cell, 1, TWO, values, Rationals())["h[1]"] == ((F(4, 3),), (F(1, 8) + F(1, 7) + 2,))

    def test_of_a_diagonal_matrix_may_be_its_diagonal(self) -> None:
        p, s = Parameter("p", (2, 2), "diagonal"), Signal("s", (2, 2))
        program = Program("s", (Equation(s, 1 * p),), parameters=(p,))
        assert interpret(program, 1, None, {p: [3, 4]}, Rationals())["s"] == ((3, 0), (0, 4))

    def test_a_float_is_the_fraction_it_stands_for(self) -> None:
        assert given(0.1) == F(3602879701896397, 36028797018963968)

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), True, "1/2", None, sp.oo, 1j])
    def test_that_are_no_numbers_are_refused(self, value: Any) -> None:
        with pytest.raises(InputError, match="no finite number"):
            given(value)

    def test_that_are_missing_are_named(self) -> None:
        cell = rnn()
        values = drawn(cell, 2, TWO)
        del values[cell.inputs[0].at(2)]
        with pytest.raises(InputError) as caught:
            interpret(cell, 2, TWO, values, Reals(20))
        assert str(caught.value) == (
            "You wrote:  x_2\nFound:      no value for x[2] (2×1)\nWrite:      a value for x[2]"
        )

    def test_of_another_shape_are_refused(self) -> None:
        cell = rnn()
        values: dict[Name, Any] = drawn(cell, 1, TWO)
        values[cell.parameters[0]] = [[1, 2, 3]]
        with pytest.raises(ShapeError, match="1×3 numbers"):
            interpret(cell, 1, TWO, values, Reals(20))

    def test_at_a_symbolic_step_are_refused(self) -> None:
        cell = rnn()
        with pytest.raises(InputError, match=r"x\[1\] and so on"):
            interpret(cell, 1, TWO, {cell.inputs[0]: 1}, Reals(20))

    def test_sizes_and_steps_are_checked(self) -> None:
        cell = rnn()
        with pytest.raises(InputError, match="no such size"):
            interpret(cell, 1, {"q": 2}, {}, Reals(20))
        with pytest.raises(InputError, match="no positive whole number"):
            interpret(cell, 1, {"n": 0}, {}, Reals(20))
        with pytest.raises(InputError, match="no number for the size"):
            interpret(cell, 1, {"n": 1}, drawn(cell, 1, ONE), Reals(20))
        with pytest.raises(TimeError):
            interpret(cell, 0, ONE, {}, Reals(20))

    def test_a_division_by_zero_is_the_readers(self) -> None:
        s, w = Signal("s", (1, 1)), Parameter("w", (1, 1))
        program = Program("s", (Equation(s, w**-1),), parameters=(w,))
        for domain in (Rationals(), Constants(), Reals(20)):
            with pytest.raises(InputError, match="division by zero"):
                interpret(program, 1, None, {w: 0}, domain)


class TestInterpretations:
    def test_find_names_by_label_printed_form_and_any_sizes(self) -> None:
        program, values = example()
        found = interpret(both(program), 3, ONE, values, Rationals())
        assert found["h[3]"] == found["h_3"] == found[Signal("h", (1, 1), 3)] == found[Signal("h", (n, 1), 3)]
        assert found["∂L/∂W_h"] == found[Adjoint(Parameter("W_h", (n, n)))] == found.gradients["W_h"]
        assert "h[4]" not in found and Signal("h", (n, 1), t) not in found
        assert len(found) == len(list(found)) and label(next(iter(found))) == "h[1]"

    def test_of_another_domain_are_in_the_same_order(self) -> None:
        program, values = example()
        exact, decimal = (interpret(both(program), 3, ONE, values, d) for d in (Rationals(), Reals(30)))
        assert isinstance(exact, Interpretation) and list(exact) == list(decimal)
        assert all(abs(F(str(b)) - a) < 1e-28 for a, b in zip(exact.scalars(), decimal.scalars(), strict=True))

    def test_rationals_say_what_leaves_them(self) -> None:
        cell = rnn()
        with pytest.raises(NoClosedForm) as caught:
            interpret(cell, 2, ONE, drawn(cell, 2, ONE), Rationals())
        assert caught.value.where == "h[1]" and caught.value.what.startswith("tanh(")

    def test_symbolic_values_are_multiplied_out_while_short(self) -> None:
        x = sp.Symbol("x")
        domain = Symbols("expanded")
        assert domain.settle(x * (x + 1)) == x**2 + x
        long = sp.Mul(*(x + sp.Symbol(f"y_{k}") for k in range(10)))
        assert domain.settle(long) == long
