"""What kept a formula from being computed, in any language: the evaluator's English sentences by their forms."""

from __future__ import annotations

from symrnn.checking.reports.unread import said
from symrnn.languages import ENGLISH

OBSTACLES: tuple[str, ...] = (
    "a formula that cannot be computed",
    "a matrix where a number should stand",
    "a power of a matrix that is no whole number",
    "an ellipsis between neighbours",
    "an ellipsis",
    "an inner product of what do not go together",
    "bounds that are no numbers",
    "an extreme value over all {0}",
    "{0} of several arguments",
    "{0} with a subscript",
    "a formula with too many terms to compute",
    "a norm of a matrix that does not say which",
    "a number too large for this function",
    "eigenvalues that rounding may make real or complex",
    "the eigenvalues of a rounded matrix of more than two rows",
    "the singular values of a matrix that has not two rows and columns",
    "a determinant of more than {0} rows",
    "a matrix of more than {0} entries",
    "a sum of more than {0} terms",
    "the eigenvalues of a matrix of more than {0} rows",
    "a broken power of a number that is not positive",
    "a division by a number that may be zero",
    "a division by zero",
    "the inverse of a matrix that has none",
    "the logarithm of a number that is not positive",
    "the root of a negative number",
    "the bounds of the sum",
    "the last step of the sum",
    "a bound of the sum",
    "the step {0}",
    "what is counted by {0}",
    "{0}×{1} times {2}×{3}",
    "{0}×{1} and {2}×{3}",
)
"""Every sentence the evaluator says, the narrower before the wider."""


def obstacle(reason: str, language: str = ENGLISH) -> str:
    """Why a formula was not computed.

    >>> obstacle("tanh of several arguments", "zh")
    'tanh 有多个自变量'
    """
    return reason if language == ENGLISH else said(reason, OBSTACLES, language)
