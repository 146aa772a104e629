"""Chain rules of vectors in the layouts of books: gradients as rows, as columns, and denominator layout."""
# ruff: noqa: E501 (formulas stand as people write them)

from __future__ import annotations

import pytest

import symrnn as sr

CELL = r"Let $h_t = \tanh(W h_{t-1} + U x_t + b)$ with $h_t \in \mathbb{R}^n$ and let $L$ be a loss of $h_T$." + "\n\n"
ARGUMENTS = r"Let $z_t = W h_{t-1} + U x_t + b$ and $h_t = \tanh(z_t)$ with $h_t \in \mathbb{R}^n$." + "\n\n"
LOSSES = (
    r"Let $h_t = \tanh(W h_{t-1} + U x_t + b)$, $\hat y_t = V h_t + c$, $L_t = \frac12 \|\hat y_t - y_t\|^2$"
    r" and $L = \sum_{1 \le t \le T} L_t$, vectors throughout." + "\n\n"
)


def last(text: str) -> str:
    """The verdict of the last link."""
    return sr.check(text).findings[-1].verdict.value


class TestGradientsAsRows:
    """`∂L/∂h_{t-1} = ∂L/∂h_t ∂h_t/∂h_{t-1}`: the commonest form."""

    @pytest.mark.parametrize(
        ("formula", "verdict"),
        [
            (
                r"\frac{\partial L}{\partial h_{t-1}} = \frac{\partial L}{\partial h_t} \frac{\partial h_t}{\partial h_{t-1}}",
                "right",
            ),
            (
                r"\frac{\partial L}{\partial h_{t-1}} = \frac{\partial L}{\partial h_t} \frac{\partial h_{t+1}}{\partial h_t}",
                "wrong",
            ),
            (
                r"\frac{\partial L}{\partial h_{t-1}} = \frac{\partial L}{\partial h_{t+1}} \frac{\partial h_t}{\partial h_{t-1}}",
                "wrong",
            ),
            (
                r"\frac{\partial L}{\partial h_{t-1}} = \frac{\partial L}{\partial h_t} \mathrm{diag}(1 - h_t^2) W",
                "right",
            ),
            (
                r"\frac{\partial L}{\partial h_{t-1}} = \frac{\partial L}{\partial h_t} W \mathrm{diag}(1 - h_t^2)",
                "wrong",
            ),
            (r"\frac{\partial L}{\partial h_{t-1}} = \frac{\partial L}{\partial h_t} W", "wrong"),
            (
                r"\frac{\partial L}{\partial h_t} = \frac{\partial L}{\partial h_T} \prod_{k=t+1}^{T} \frac{\partial h_k}{\partial h_{k-1}}",
                "right",
            ),
            (
                r"\frac{\partial L}{\partial h_t} = \frac{\partial L}{\partial h_T} \prod_{T \ge k > t} \frac{\partial h_k}{\partial h_{k-1}}",
                "right",
            ),
            (
                r"\frac{\partial L}{\partial h_t} = \frac{\partial L}{\partial h_T} \prod_{T \ge k \ge t} \frac{\partial h_k}{\partial h_{k-1}}",
                "wrong",
            ),
            (
                r"\frac{\partial L}{\partial W} = \sum_{t=1}^{T} \frac{\partial L}{\partial h_t} \frac{\partial^+ h_t}{\partial W}",
                "right",
            ),
            (
                r"\frac{\partial L}{\partial W} = \sum_{t=2}^{T} \frac{\partial L}{\partial h_t} \frac{\partial^+ h_t}{\partial W}",
                "wrong",
            ),
            (
                r"\frac{\partial L}{\partial W} = \sum_{k=1}^{T} \frac{\partial L}{\partial h_T} \frac{\partial h_T}{\partial h_k} \frac{\partial^+ h_k}{\partial W}",
                "right",
            ),
            (
                r"\frac{\partial L}{\partial W} = \sum_{k=1}^{T} \frac{\partial L}{\partial h_T} \frac{\partial^+ h_k}{\partial W}",
                "wrong",
            ),
        ],
    )
    def test_chain_rules(self, formula: str, verdict: str) -> None:
        """Right in that layout, and no factor, step or order is free."""
        assert last(f"{CELL}$${formula}$$") == verdict

    def test_each_steps_loss(self) -> None:
        """∂L_t/∂ŷ_t is a column beside columns, a row in a chain of Jacobians."""
        column = r"$\frac{\partial L}{\partial V} = \sum_{t=1}^T \frac{\partial L_t}{\partial \hat y_t} h_t^\top$"
        chain = r"$\frac{\partial L_t}{\partial W} = \sum_{k=1}^t \frac{\partial L_t}{\partial \hat y_t} \frac{\partial \hat y_t}{\partial h_t} \frac{\partial h_t}{\partial h_k} \frac{\partial^+ h_k}{\partial W}$"
        assert last(LOSSES + column) == "right"
        assert last(LOSSES + column.replace(r"h_t^\top", r"h_{t-1}^\top")) == "wrong"
        assert last(LOSSES + chain) == "right"
        assert last(LOSSES + chain.replace("k=1", "k=3")) == "wrong"
        assert (
            last(
                CELL.replace("a loss of $h_T$", r"$\sum_t L_t$")
                + chain.replace("k=1", "k=3").replace(
                    r"\frac{\partial L_t}{\partial \hat y_t} \frac{\partial \hat y_t}{\partial h_t}",
                    r"\frac{\partial L_t}{\partial h_t}",
                )
            )
            == "wrong"
        )

    def test_order_and_transposes_have_no_mistake_of_numbers(self) -> None:
        """Right for numbers: no term is missing."""
        finding = sr.check(
            CELL + r"$\frac{\partial L}{\partial h_{t-1}} = \frac{\partial L}{\partial h_t} W \mathrm{diag}(1 - h_t^2)$"
        ).findings[-1]
        assert not finding.mistakes


class TestOuterProducts:
    """`h_{t-1} ∂L/∂z_t` is a matrix where gradients are rows, and no matrix of W's shape beside columns."""

    OUTER = r"$\frac{\partial L}{\partial W} = \sum_{t=1}^T h_{t-1} \frac{\partial L}{\partial z_t}$"

    def test_beside_columns(self) -> None:
        """Wᵀ ∂L/∂z_t says that gradients are columns."""
        columns = r"$\frac{\partial L}{\partial h_{t-1}} = W^\top \frac{\partial L}{\partial z_t}$" + "\n\n"
        assert last(ARGUMENTS + columns + self.OUTER) == "wrong"
        assert (
            last(
                ARGUMENTS
                + columns
                + self.OUTER.replace(
                    r"h_{t-1} \frac{\partial L}{\partial z_t}", r"\frac{\partial L}{\partial z_t} h_{t-1}^\top"
                )
            )
            == "right"
        )

    def test_beside_rows(self) -> None:
        """∂L/∂z_t W says that they are rows."""
        rows = r"$\frac{\partial L}{\partial h_{t-1}} = \frac{\partial L}{\partial z_t} W$" + "\n\n"
        assert last(ARGUMENTS + rows) == "right"
        assert last(ARGUMENTS + rows + self.OUTER) == "right"
        assert last(ARGUMENTS + rows + self.OUTER.replace("h_{t-1}", "h_t")) == "wrong"

    def test_numbers_for_vectors(self) -> None:
        """Who leaves out every transpose has shown no layout."""
        plain = r"$\frac{\partial L}{\partial W} = \sum_{t=1}^T \frac{\partial L}{\partial z_t} h_{t-1}$"
        assert last(ARGUMENTS + plain) == "undecided"


class TestDenominatorLayout:
    """`∂L/∂h_{t-1} = ∂h_t/∂h_{t-1} ∂L/∂h_t`, in a text that keeps to it."""

    JACOBIAN = r"$\frac{\partial h_t}{\partial h_{t-1}} = W^\top \mathrm{diag}(1 - h_t^2)$" + "\n\n"
    CHAIN = (
        r"$\frac{\partial L}{\partial h_{t-1}} = \frac{\partial h_t}{\partial h_{t-1}} \frac{\partial L}{\partial h_t}$"
    )

    def test_throughout(self) -> None:
        """Two formulas show the layout; in it the weight is not turned twice."""
        assert last(ARGUMENTS + self.JACOBIAN + self.CHAIN) == "right"
        steps = (
            r"$\frac{\partial L}{\partial h_{t-1}} = W^\top \mathrm{diag}(1 - h_t^2) \frac{\partial L}{\partial h_t}$"
        )
        assert last(ARGUMENTS + self.JACOBIAN + self.CHAIN + "\n\n" + steps) == "right"
        assert last(ARGUMENTS + self.JACOBIAN + self.CHAIN + "\n\n" + steps.replace(r"W^\top", "W")) == "wrong"

    def test_alone(self) -> None:
        """One formula says nothing of the layout."""
        assert last(ARGUMENTS + self.CHAIN) == "undecided"

    def test_against_numerator_layout(self) -> None:
        """Beside a chain rule with rows the other order is wrong."""
        rows = (
            r"$\frac{\partial L}{\partial h_{t-1}} = \frac{\partial L}{\partial h_t} \frac{\partial h_t}{\partial h_{t-1}}$"
            + "\n\n"
        )
        assert last(ARGUMENTS + rows + self.CHAIN) == "wrong"

    def test_against_a_jacobian(self) -> None:
        """Beside diag(…) W the turned Jacobian is wrong."""
        jacobian = r"$\frac{\partial h_t}{\partial h_{t-1}} = \mathrm{diag}(1 - h_t^2) W$" + "\n\n"
        assert (
            last(
                ARGUMENTS
                + jacobian
                + r"$\frac{\partial h_t}{\partial h_k} = \prod_{t \ge i > k} \mathrm{diag}(1 - h_i^2) W$"
            )
            == "right"
        )
        assert (
            last(
                ARGUMENTS
                + jacobian
                + r"$\frac{\partial h_t}{\partial h_k} = \prod_{t \ge i > k} W^\top \mathrm{diag}(1 - h_i^2)$"
            )
            == "wrong"
        )


class TestNumbers:
    """The same with numbers behind."""

    TEXT = (
        r"$h_t = W h_{t-1} + x_t$, $W = \begin{pmatrix} 0.5 & 0.2 \\ -0.1 & 0.8 \end{pmatrix}$, $h_0 = \begin{pmatrix} 1 \\ -1 \end{pmatrix}$, $x_1 = x_2 = \begin{pmatrix} 0 \\ 0 \end{pmatrix}$, $L = \frac12 \|h_2\|^2$."
        "\n\n"
        r"$\frac{\partial L}{\partial h_1} = %s = \begin{pmatrix} 0.06 \\ -0.606 \end{pmatrix}$"
    )

    @pytest.mark.parametrize(
        ("formula", "verdict"),
        [
            (r"\frac{\partial L}{\partial h_2} \frac{\partial h_2}{\partial h_1}", "right"),
            (r"\frac{\partial L}{\partial h_2} W", "right"),
            (r"\frac{\partial L}{\partial h_2} W^\top", "wrong"),
            (r"W \frac{\partial L}{\partial h_2}", "wrong"),
            (r"\frac{\partial h_2}{\partial h_1} \frac{\partial L}{\partial h_2}", "undecided"),
        ],
    )
    def test_first_links(self, formula: str, verdict: str) -> None:
        """The formula is judged in its layout; of one alone in denominator layout nothing is decided."""
        assert sr.check(self.TEXT % formula).findings[-2].verdict.value == verdict


class TestJacobiansOfArguments:
    """`∂z_t/∂z_{t-1}` runs through the state between."""

    def test_total(self) -> None:
        """W diag(…) of the state before."""
        formula = r"$\frac{\partial z_t}{\partial z_{t-1}} = W \mathrm{diag}(1 - h_{t-1}^2)$"
        assert last(ARGUMENTS + formula) == "right"
        assert last(ARGUMENTS + formula.replace("h_{t-1}^2", "h_t^2")) == "wrong"


class TestRanges:
    """Sums over inequalities, and the loss they make."""

    @pytest.mark.parametrize(
        ("bounds", "verdict"),
        [
            (r"1 \le t \le T", "right"),
            (r"0 < t \leq T", "right"),
            (r"t \le T", "right"),
            (r"T \geq t \geq 1", "right"),
            (r"2 \le t \le T", "wrong"),
            (r"1 \le t < T", "wrong"),
            (r"t < T", "wrong"),
        ],
    )
    def test_as_written(self, bounds: str, verdict: str) -> None:
        """The first and the last step."""
        formula = rf"$\frac{{\partial L}}{{\partial V}} = \sum_{{{bounds}}} (\hat y_t - y_t) h_t^\top$"
        assert last(LOSSES + formula) == verdict

    def test_targets_beside_predictions(self) -> None:
        """Beside ŷ the y of a counter-example is the target."""
        finding = sr.check(LOSSES + r"$\frac{\partial L_t}{\partial \hat y_t} = y_t - \hat y_t$").findings[-1]
        assert finding.verdict.value == "wrong"
        assert finding.reason is not None
        assert "0.0" not in finding.reason.about[1].split(", ")[0]


NUMBERS = """[cell]
kind = "rnn"
[sequence]
x = [[1.0], [0.5]]
[parameters]
W_h = [[0.5, -0.2], [0.3, 0.4]]
W_x = [[1.0], [-0.5]]
b = [0.1, 0.2]
[loss]
kind = "half_squared_error"
y = [0.2, -0.1]
"""
TURNED = (
    r"$$\frac{\partial L}{\partial h_1} = \frac{\partial h_2}{\partial h_1} \frac{\partial L}{\partial h_2}"
    r" %s = \begin{pmatrix} %s \\ %s \end{pmatrix}$$"
)


class TestNumbersBehindOneFormula:
    """`∂L/∂h_1 = ∂h_2/∂h_1 ∂L/∂h_2 = (…)`: which layout is meant, and whether it was kept."""

    JACOBIAN = r"= \begin{pmatrix} 0.1918 & -0.0767 \\ 0.2984 & 0.3978 \end{pmatrix} \begin{pmatrix} 0.5851 \\ 0.1735 \end{pmatrix}"
    TRANSPOSED = r"= \begin{pmatrix} 0.1918 & 0.2984 \\ -0.0767 & 0.3978 \end{pmatrix} \begin{pmatrix} 0.5851 \\ 0.1735 \end{pmatrix}"

    @pytest.mark.parametrize("factors", ["", TRANSPOSED])
    def test_the_right_number_is_no_luck(self, factors: str) -> None:
        """It may be denominator layout, with or without the factors: undecided, and no luck."""
        found = sr.check(TURNED % (factors, "0.1640", "0.0241"), sr.loads(NUMBERS)).findings
        assert [one.verdict.value for one in found] == ["undecided", *["rounded"] * (len(found) - 1)]

    def test_the_other_jacobian_is_a_mistake(self) -> None:
        """Computed as it stands, which is the gradient in no layout."""
        found = sr.check(TURNED % (self.JACOBIAN, "0.0989", "0.2436"), sr.loads(NUMBERS)).findings
        assert [one.verdict.value for one in found] == ["wrong", "follows", "follows"]

    def test_another_number_leaves_it_open(self) -> None:
        """A slip of the pen behind it is its own mistake."""
        found = sr.check(TURNED % (self.TRANSPOSED, "0.1640", "0.0421"), sr.loads(NUMBERS)).findings
        assert found[0].verdict.value == "undecided"
        assert found[-1].verdict.value == "wrong"
