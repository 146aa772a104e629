"""Determinants, traces, eigenvalues and norms of given matrices, as students write them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import symrnn as sr
from symrnn.checking.matrices import Matrix
from symrnn.checking.numbers import sharp
from symrnn.checking.spectra import determinant, norm, radius, trace

GIVEN = (
    r"$W = \begin{bmatrix} 0.5 & 0.2 \\ 0.1 & 0.6 \end{bmatrix}$, $v = \begin{bmatrix} 3 \\ -4 \end{bmatrix}$" + "\n\n"
)


def verdicts(text: str) -> list[str]:
    """Of what stands behind the given matrices."""
    report = sr.check(GIVEN + text)
    assert not report.unread
    return [finding.verdict.value for finding in report.findings[2:]]


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_against_numpy(size: int) -> None:
    """Drawn matrices of hundredths."""
    rng = np.random.default_rng(size)
    for _ in range(5):
        drawn = rng.integers(-200, 200, (size, size))
        matrix = Matrix(tuple(tuple(sharp(Fraction(int(entry), 100)) for entry in row) for row in drawn))
        plain = drawn / 100
        assert float(determinant(matrix).value) == pytest.approx(np.linalg.det(plain))
        assert float(trace(matrix).value) == pytest.approx(np.trace(plain))
        assert float(radius(matrix).value) == pytest.approx(max(abs(np.linalg.eigvals(plain))))
        for kind, order in (("2", 2), ("F", "fro"), ("1", 1), ("infty", np.inf)):
            if size > 1:
                assert float(norm(matrix, kind).value) == pytest.approx(np.linalg.norm(plain, order))  # type: ignore[arg-type]  # numpy's own words


@pytest.mark.parametrize(
    ("claim", "right", "wrong"),
    [
        (r"$\det(W) = %s$", "0.28", "0.32"),
        (r"$\det W = 0.5 \cdot 0.6 - 0.2 \cdot 0.1 = %s$", "0.28", "0.32"),
        ("det(W) = %s", "0.28", "0.32"),
        (r"$|W| = %s$", "0.28", "0.32"),
        (r"$\begin{vmatrix} 0.5 & 0.2 \\ 0.1 & 0.6 \end{vmatrix} = %s$", "0.28", "0.32"),
        (r"$\operatorname{tr}(W) = %s$", "1.1", "1.4"),
        ("trace(W) = %s", "1.1", "1.4"),
        (r"$\rho(W) = %s$", "0.7", "0.9"),
        ("ρ(W) = %s", "0.7", "0.9"),
        (r"$\rho(W) = \max\{0.7, 0.4\} = %s$", "0.7", "0.4"),
        (r"$\|W\|_2 = %s$", "0.7104", "0.8124"),
        (r"$\|W\|_F = %s$", "0.8124", "0.7104"),
        (r"$\sigma_{\max}(W) = %s$", "0.7104", "0.8124"),
        (r"$\|v\| = %s$", "5", "7"),
        (r"$\|v\|_1 = %s$", "7", "5"),
        (r"$\|v\|_\infty = %s$", "4", "5"),
        (r"$\log_{10} 1000 = %s$", "3", "4"),
        (r"$\det(W - 0.7 I) = %s$", "0", "0.02"),
        (r"$\frac{1.1 + 0.3}{2} \pm 0.25 = 0.7 \pm %s$", "0.25", "0.75"),
    ],
)
def test_numbers_of_a_matrix(claim: str, right: str, wrong: str) -> None:
    """Right is right, and another number is wrong."""
    assert set(verdicts(claim % right)) <= {"right", "rounded"}
    assert "wrong" in verdicts(claim % wrong)


def test_a_norm_that_does_not_say_which() -> None:
    """‖W‖ of a matrix may be the spectral or the Frobenius norm: nobody decides."""
    assert verdicts(r"$\|W\| = 0.8124$") == ["undecided"]


def test_the_largest_of_a_family() -> None:
    """`max_i |λ_i|` runs over the names there are."""
    values = r"$\lambda_1 = 0.7$, $\lambda_2 = 0.4$, $\rho(W) = \max_i |\lambda_i| = "
    assert verdicts(values + "0.7$")[2:] == ["right", "right"]
    assert "wrong" in verdicts(values + "0.4$")


class TestRoots:
    """Polynomials in λ."""

    @pytest.mark.parametrize(
        ("polynomial", "expected"),
        [
            (r"(0.5 - \lambda)(0.6 - \lambda) - 0.02", "right"),
            (r"\lambda^2 - 1.1\lambda + 0.28", "right"),
            (r"\lambda^2 - 1.1\lambda + 0.32", "wrong"),
            (r"\lambda^2 + 1.1\lambda + 0.28", "wrong"),
        ],
    )
    def test_the_characteristic_polynomial(self, polynomial: str, expected: str) -> None:
        """At every λ."""
        assert verdicts(rf"$\det(W - \lambda I) = {polynomial} = 0$") == [expected, "given"]

    @pytest.mark.parametrize(
        ("root", "expected"), [("0.7", "given"), ("0.4", "given"), ("1.5", "wrong"), ("-0.7", "wrong")]
    )
    def test_what_is_given_as_a_root(self, root: str, expected: str) -> None:
        """It solves the equation above."""
        equation = r"$\lambda^2 - 1.1\lambda + 0.28 = 0$, "
        assert verdicts(rf"{equation}$\lambda_1 = {root}$") == ["given", expected]

    def test_an_equation_is_no_identity(self) -> None:
        """`λ² = 1.1 λ - 0.28` holds for the roots alone, and is not judged."""
        assert verdicts(r"$\lambda^2 = 1.1\lambda - 0.28$") == ["undecided"]

    def test_rounded_roots(self) -> None:
        """A root to the digits shown."""
        text = r"$\lambda^2 - 1.2\lambda + 0.19 = 0$, $\lambda_1 = 1.0123$, $\lambda_2 = 0.1877$, $\lambda_1 = 1.4$"
        assert verdicts(text) == ["given", "given", "given", "wrong"]


def test_a_root_of_what_rounding_takes_below_zero() -> None:
    """√(0.3 − 0.3) of rounded numbers is 0, and no complex number."""
    assert sr.check("a = 1/3 = 0.3\nb = 1/3 = 0.3\nsqrt(a - 0.3) = 0").findings
