"""Explicit entries against SymPy's own `diff`, against products of step Jacobians, and their cost."""

from __future__ import annotations

import pickle
import random
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
from drawn_values import cotangents, drawn

from symrnn.algebra.activations import lookup
from symrnn.algebra.nodes import Parameter, Signal, T, n, t
from symrnn.algebra.programs import STEPS, Equation, Program
from symrnn.calculus.adjoints import LOSS, adjoint
from symrnn.calculus.jacobians import Jacobian, jacobian
from symrnn.calculus.rewriting import expose
from symrnn.cells import gru, lstm, rnn
from symrnn.errors import InputError, TimeError
from symrnn.models.losses import with_generic_loss, with_loss
from symrnn.numeric.entries import (
    Sigma,
    SymbolTable,
    Tanh,
    entries_of,
    evaluate_entries,
    expand_activations,
    forward_entries,
    gradient_entries,
    jacobian_entries,
    operations,
    shared_steps,
    symbols_in,
)
from symrnn.numeric.exact import evaluate_to_digits, interpret
from symrnn.numeric.opaque import function_of
from symrnn.numeric.scalars import Symbols

ONE = {"n": 1, "m": 1}
TWO = {"n": 2, "m": 2}


def assert_equal(left: sp.Matrix, right: sp.Matrix, seed: int = 0) -> None:
    """The same at a random point, entry by entry."""
    assert left.shape == right.shape
    rng = random.Random(seed)
    symbols = sorted(symbols_in(left, right), key=str)
    point = {symbol: Fraction(rng.randint(-99, 99), 100) for symbol in symbols}
    for a, b in zip(evaluate_entries(left, point, 20), evaluate_entries(right, point, 20), strict=True):
        assert abs(a - b) < 1e-17 * (1 + abs(b))


def entry_symbols(name: Any, rows: int, cols: int) -> sp.Matrix:
    return sp.Matrix(SymbolTable().matrix(name, rows, cols))


class TestGradients:
    @pytest.mark.parametrize(
        ("program", "steps", "sizes"),
        [
            (with_loss(rnn(), at="every_step"), 3, TWO),
            (with_loss(lstm()), 1, ONE),
            (with_loss(gru("pytorch")), 1, ONE),
            (with_loss(rnn("sin"), "softmax_cross_entropy", readout=True), 1, {**TWO, "p": 2}),
        ],
        ids=["rnn", "lstm", "gru", "cross-entropy"],
    )
    def test_are_sympys_own_of_the_expanded_loss(self, program: Program, steps: int, sizes: Any) -> None:
        # A target sums to one: the rule for the cross-entropy says so.
        target = {name: [Fraction(3, 10), Fraction(7, 10)] for name in program.given if "p" in sizes}
        loss = expand_activations(entries_of(program, steps, sizes, of="L", values=target)[0])
        gradients = gradient_entries(program, steps, sizes, values=target)
        for name in (*program.parameters, *program.initials, program.inputs[0].at(1)):
            found = expand_activations(gradients[name])
            assert_equal(found, entry_symbols(name, *found.shape).applyfunc(loss.diff))

    @pytest.mark.parametrize("cell", [lstm(), gru("cho2014"), rnn()], ids=lambda cell: cell.name)
    def test_are_the_derivative_of_the_opaque_loss(self, cell: Program) -> None:
        program = with_loss(cell)
        loss = entries_of(program, 2, ONE, of="L")[0]
        gradients = gradient_entries(program, 2, ONE)
        for name in (*program.parameters, *program.initials):
            (symbol,) = entry_symbols(name, 1, 1)
            assert_equal(gradients[name], sp.Matrix([loss.diff(symbol)]))

    def test_are_the_numbers_of_the_numerical_evaluation(self) -> None:
        cell = lstm()
        back = adjoint(cell)
        values = drawn(cell, 3, TWO) | cotangents(back, 3, TWO)
        exact = evaluate_to_digits((expose(cell), back), 3, TWO, values, 30).gradients
        symbolic = gradient_entries(cell, 3, TWO, values=values)
        for name in cell.parameters:
            for (i, j), entry in np.ndenumerate(np.array(symbolic[name])):
                assert abs(evaluate_entries(entry, digits=25) - sp.Float(exact[name][i][j], 25)) < 1e-20

    def test_without_a_loss_are_in_the_given_cotangents(self) -> None:
        gradients = gradient_entries(rnn(), 2, ONE, named_steps=True)
        g1, g2, h2, w = sp.symbols("g_h_1 g_h_2 h_2 W_h")
        assert gradients["h[2]"][0] == g2
        assert gradients["h[1]"][0] == w * g2 * (1 - h2**2) + g1

    def test_of_a_loss_nothing_is_known_of(self) -> None:
        program = with_generic_loss(rnn(bias=False))
        gradients = gradient_entries(program, 2, ONE, named_steps=True)
        assert str(gradients["h[1]"][0]) == "W_h*g_h_2*(1 - h_2**2) + g_h_1"

    def test_of_a_diagonal_matrix_are_diagonal(self) -> None:
        p, h = Parameter("p", (n, n), "diagonal"), Signal("h", (n, 1), t)
        step = Equation(h, (p @ h.at(t - 1)), domain=(STEPS,))
        program = Program("peephole", (step,), (), (p,), states=(h,), initials=(h.at(0),), outputs=(h,))
        gradient = gradient_entries(program, 1, {"n": 2})[p]
        assert gradient == sp.diag(*(sp.Symbol(f"g_h_1_{i}") * sp.Symbol(f"h_0_{i}") for i in (1, 2)))

    def test_of_a_function_of_ones_own(self) -> None:
        cell = rnn("f", bias=False)
        h1 = entries_of(cell, 1, ONE, of="h")[0]
        assert str(h1) == "f(W_h*h_0 + W_x*x_1)"
        slope = entries_of(cell, 1, ONE, of="h", wrt="h[0]")[0]
        assert (slope - h1.diff(sp.Symbol("h_0"))).doit().simplify() == 0

    def test_take_values(self) -> None:
        w = sp.Symbol("w", positive=True)
        cell = rnn(bias=False)
        values = {cell.parameters[0]: w, cell.parameters[1]: Fraction(1, 2), cell.initials[0]: 0}
        assert str(forward_entries(cell, 2, ONE, values=values)["h[2]"][0]) == "tanh(w*tanh(x_1/2) + x_2/2)"


class TestJacobians:
    @pytest.mark.parametrize("cell", [rnn(), lstm(), gru()], ids=lambda cell: cell.name)
    @pytest.mark.parametrize(("last", "first"), [(2, 0), (3, 1), (2, 2), (1, 0), (0, 0)])
    def test_are_products_of_step_jacobians(self, cell: Program, last: int, first: int) -> None:
        product = step_products(jacobian(cell), cell, last, first)
        assert_equal(jacobian_entries(cell, last, first, TWO), product)

    def test_are_sympys_jacobian(self) -> None:
        cell = lstm()
        forward = forward_entries(cell, 2, TWO)
        last = sp.Matrix.vstack(forward["h[2]"], forward["c[2]"])
        first = sp.Matrix.vstack(*(entry_symbols(name, 2, 1) for name in cell.initials))
        assert_equal(jacobian_entries(cell, 2, 0, TWO), last.jacobian(first))

    def test_of_one_step_to_itself_are_the_identity(self) -> None:
        for step in (0, 1, 3):
            assert jacobian_entries(lstm(), step, step, ONE) == sp.eye(2)

    def test_with_named_steps_are_the_lecturers_product(self) -> None:
        w, h2, h3 = sp.symbols("W_h h_2 h_3")
        found = jacobian_entries(rnn(), 3, 1, ONE, named_steps=True)
        assert found == sp.Matrix([w**2 * (1 - h2**2) * (1 - h3**2)])

    def test_of_anything_with_respect_to_anything(self) -> None:
        cell = rnn()
        h2 = forward_entries(cell, 2, TWO)["h[2]"]
        for name, rows, cols in (
            (cell.parameters[0], 2, 2),
            (cell.parameters[2], 2, 1),
            (cell.inputs[0].at(1), 2, 1),
        ):
            symbols = entry_symbols(name, rows, cols)
            columns = [symbols[i, j] for j in range(cols) for i in range(rows)]
            assert_equal(entries_of(cell, 2, TWO, of="h", wrt=name), h2.jacobian(columns))

    def test_a_state_in_the_middle_moves_what_follows_it_in_its_step(self) -> None:
        # ∂h_2/∂c_1 along every path goes through h_1 = o_1 tanh(c_1) too; the state's block does not.
        total = entries_of(lstm(), 2, ONE, of="h", wrt="c[1]", named_steps=True)[0]
        block = jacobian_entries(lstm(), 2, 1, ONE, named_steps=True)
        through = sp.Symbol("o_1") * (1 - Tanh(sp.Symbol("c_1")) ** 2)
        assert sp.expand(total - block[0, 1] - block[0, 0] * through) == 0

    def test_of_the_loss_have_the_shape_of_the_parameter(self) -> None:
        program = with_loss(rnn())
        assert entries_of(program, 2, {"n": 2, "m": 1}, of="L", wrt="W_x").shape == (2, 1)
        assert entries_of(program, 2, ONE, of=LOSS, wrt="x[1]") == gradient_entries(program, 2, ONE)["x[1]"]

    def test_with_a_readout_at_the_last_step(self) -> None:
        program = with_loss(rnn(), readout=True)
        found = entries_of(program, 2, {"n": 2, "m": 1, "p": 1}, of="y_hat", wrt=program.states[0].at(T))
        assert found == sp.Matrix([sp.symbols("W_y_11 W_y_12")])

    def test_against_time_are_refused(self) -> None:
        with pytest.raises(TimeError):
            jacobian_entries(rnn(), 1, 2, ONE)

    @pytest.mark.parametrize("wanted", ["q", "h[x]", "W_h[2]", Signal("q", (n, 1), t)])
    def test_of_unknown_quantities_are_refused(self, wanted: Any) -> None:
        with pytest.raises(InputError, match="no such quantity"):
            entries_of(rnn(), 1, ONE, of=wanted)


def step_products(step: Jacobian, cell: Program, last: int, first: int) -> sp.Matrix:
    """∏ of the step Jacobian's blocks, evaluated on the forward expressions."""
    if last == first:
        return sp.eye(2 * len(cell.states))
    forward = expose(cell)
    given = {name: SymbolTable().matrix(name, *shape) for name, shape in _given(cell, last)}
    blocks = Program.trusted(name="blocks", equations=step.blocks, steps=cell.steps)
    found = interpret((forward, blocks), last, TWO, given, Symbols())
    product = sp.eye(2 * len(cell.states))
    for k in range(first + 1, last + 1):
        grid = []
        for of in cell.states:
            row = []
            for wrt in cell.states:
                name = next((b.target for b in step.blocks if b.target == _block(of, wrt)), None)
                row.append(sp.Matrix(found[name.xreplace({t: sp.Integer(k)})]) if name else sp.zeros(2))
            grid.append(row)
        product = sp.Matrix(sp.BlockMatrix(grid)) * product
    return product


def _block(of: Signal, wrt: Signal) -> Any:
    from symrnn.algebra.nodes import Block

    return Block(of, wrt.at(t - 1))


def _given(cell: Program, last: int) -> list[tuple[Any, tuple[int, int]]]:
    names = [*cell.parameters, *cell.initials, *(cell.inputs[0].at(k) for k in range(1, last + 1))]
    return [(name, (2, 1 if name.shape[1] == 1 else 2)) for name in names]


class TestCost:
    @pytest.mark.parametrize("steps", [1, 2, 3, 10, 50])
    def test_the_gradient_of_a_scalar_rnn_takes_10_T_minus_1_operations(self, steps: int) -> None:
        program = with_loss(rnn(bias=False))
        assert operations(entries_of(program, steps, ONE, of="L", wrt="W_h")) == 10 * steps - 1

    @pytest.mark.parametrize("cell", [lstm(), gru("keras")], ids=lambda cell: cell.name)
    def test_every_gradient_together_is_linear_in_the_steps(self, cell: Program) -> None:
        counts = [operations(*gradient_entries(cell, steps, ONE).values()) for steps in (4, 5, 6)]
        assert counts[2] - counts[1] == counts[1] - counts[0]

    def test_a_hundred_steps_do_not_exhaust_the_stack(self) -> None:
        gradient = gradient_entries(rnn(), 100, ONE)["h[0]"][0]
        assert hash(gradient) == hash(gradient_entries(rnn(), 100, ONE)["h[0]"][0])
        assert {sp.Symbol("W_h"), sp.Symbol("x_1"), sp.Symbol("h_0")} <= gradient.free_symbols
        point = dict.fromkeys(gradient.free_symbols, Fraction(1, 10))
        expanded = expand_activations(gradient)
        assert evaluate_entries(gradient, point) == evaluate_entries(expanded, point) != 0

    def test_the_same_entries_are_the_same_objects(self) -> None:
        # Else comparing two runs would walk the exponentially many paths through ten steps of an LSTM.
        first, second = (gradient_entries(lstm(), 10, ONE) for _ in range(2))
        assert all(first[name][0] is second[name][0] for name in first)

    def test_ten_steps_of_an_lstm_can_be_written_step_by_step(self) -> None:
        gradients = gradient_entries(lstm(), 10, ONE)
        wanted = [gradients["U_f"][0], gradients["h[0]"][0]]
        point = dict.fromkeys(symbols_in(*wanted), Fraction(1, 10))
        values: dict[sp.Symbol, Any] = dict(point)
        assignments, results = shared_steps(*wanted)
        for symbol, expression in assignments:
            values[symbol] = evaluate_entries(expression, values, 30)
        for result, expression in zip(results, wanted, strict=True):
            difference = evaluate_entries(result, values, 30) - evaluate_entries(expression, point, 30)
            assert abs(difference) < 1e-25


class TestOpaqueFunctions:
    x = sp.Symbol("x")

    def test_print_as_what_they_are(self) -> None:
        assert str(Tanh(self.x)) == "tanh(x)" and str(Sigma(self.x)) == "σ(x)"
        assert sp.latex(Tanh(self.x) ** 2) == r"\tanh^{2}{\left(x \right)}"
        assert sp.pretty(Sigma(self.x)) == "σ(x)"

    def test_are_not_evaluated_by_themselves(self) -> None:
        assert str(Tanh(0)) == "tanh(0)" and str(Tanh(-self.x)) == "tanh(-x)"

    @pytest.mark.parametrize(
        "name",
        [
            "tanh",
            "sigmoid",
            "relu",
            "softplus",
            "elu",
            "gelu",
            "silu",
            "leaky_relu(alpha=1/5)",
            "hard_sigmoid",
        ],
    )
    def test_differentiate_as_sympys_own(self, name: str) -> None:
        opaque = function_of(name)(2 * self.x)
        real = sp.Symbol("x", real=True)
        expected = expand_activations(opaque).subs(self.x, real).diff(real)
        for point in (sp.Rational(-7, 10), sp.Rational(1, 3)):
            found = opaque.diff(self.x).subs(self.x, point)
            assert abs(sp.N(expand_activations(found)) - sp.N(expected.subs(real, point))) < 1e-12

    def test_evaluate_to_many_digits(self) -> None:
        value = Tanh(Sigma(sp.Rational(1, 3)) + 1).evalf(40)
        with mpmath.workdps(60):
            expected = mpmath.tanh(1 / (1 + mpmath.exp(-mpmath.mpf(1) / 3)) + 1)
        assert abs(value - sp.Float(expected, 50)) < sp.Float(10) ** -38
        assert Tanh(self.x).evalf() == Tanh(self.x)
        assert Tanh(self.x).evalf(20, subs={self.x: 0}) == 0

    def test_become_array_code(self) -> None:
        function = sp.lambdify(self.x, Tanh(self.x) * Sigma(self.x))
        x = np.array([-1.0, 0.5])
        np.testing.assert_allclose(function(x), np.tanh(x) / (1 + np.exp(-x)))
        assert sp.pycode(Sigma(self.x) ** 2) == "(1/(1 + math.exp(-x)))**2"

    def test_travel(self) -> None:
        for expression in (Tanh(self.x) + 1, function_of("leaky_relu(alpha=1/5)")(self.x)):
            assert pickle.loads(pickle.dumps(expression)) == expression

    def test_substitute_and_expand(self) -> None:
        expression = Tanh(self.x) ** 2 + Sigma(self.x)
        assert expression.subs(self.x, 0) == Tanh(0) ** 2 + Sigma(0)
        assert expand_activations(expression).subs(self.x, 0) == sp.Rational(1, 2)
        assert Tanh(self.x).doit() == sp.tanh(self.x)
        assert expand_activations(sp.Matrix([Tanh(self.x)])) == sp.Matrix([sp.tanh(self.x)])
        assert expand_activations(function_of("relu")(self.x)) == sp.Max(0, self.x)

    def test_are_named_after_their_rows(self) -> None:
        assert function_of(lookup("hard_tanh")).__name__ == "HardTanh"
        assert function_of("tanh") is Tanh and function_of("sigmoid") is Sigma


class TestSymbolTable:
    def test_names_entries(self) -> None:
        table = SymbolTable()
        x3 = Signal("x", (2, 1), 3)
        assert str(table.matrix(x3, 2, 1)) == "((x_3_1,), (x_3_2,))"
        assert str(table.matrix(Parameter("W_h", (2, 2)), 2, 2)) == "((W_h_11, W_h_12), (W_h_21, W_h_22))"
        assert str(table.matrix(Parameter("w", (1, 1)), 1, 1)) == "((w,),)"
        assert str(table.matrix(Parameter("V", (1, 10)), 1, 10)[0][9]) == "V_1_10"

    def test_keeps_names_that_read_alike_apart(self) -> None:
        table = SymbolTable()
        first = table.matrix(Parameter("x_3", (1, 1)), 1, 1)
        second = table.matrix(Signal("x", (1, 1), 3), 1, 1)
        assert first != second == table.matrix(Signal("x", (1, 1), 3), 1, 1)
