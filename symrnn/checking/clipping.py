"""Gradients as a training step uses them: plain, cut entry by entry, or scaled down by their norm; and mistaken.

Reads what a model knows and its [update]; returns values. A clipped gradient is that of the named parameter, its norm
that of all parameters together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from symrnn.algebra.nodes import Adjoint, Parameter
from symrnn.checking.functions import square_root
from symrnn.checking.matrices import Matrix, Value, scaled
from symrnn.checking.numbers import Number, inverse, less, negative, product, sharp, total
from symrnn.checking.truths import ModelTruths
from symrnn.models.model import Update

Gradients = Mapping[Parameter, Value]


@dataclass(frozen=True)
class Rule:
    """A model's [update] as numbers; None where it holds symbols."""

    rate_value: Number | None
    clip: str | None = None
    threshold: Number | None = None


def rule_of(update: Update) -> Rule:
    """The rule of a training step."""
    if update.symbols:
        return Rule(None)
    limit = None if update.threshold is None else sharp(Fraction(str(update.threshold)))
    return Rule(sharp(Fraction(str(update.rate))), update.clip, limit)


def gradients_of(truths: ModelTruths) -> dict[Parameter, Value]:
    """∂L/∂θ of every parameter of a model with a loss."""
    if truths.program.loss is None:
        return {}
    found = {one: truths.of(Adjoint(one)) for one in truths.quantities.parameters.values()}
    return {one: value for one, value in found.items() if value is not None}


def clipped(parameter: Parameter, gradients: Gradients, rule: Rule | None) -> Value:
    """The gradient as the rule has it."""
    plain = gradients[parameter]
    if rule is None or rule.threshold is None:
        return plain
    if rule.clip == "value":
        return cut(plain, rule.threshold)
    return shortened(plain, list(gradients.values()), rule.threshold)


def mistaken(parameter: Parameter, gradients: Gradients, rule: Rule | None) -> Iterator[tuple[str, Value]]:
    """What mistakes make of the gradient in a step: the sign, the other way of clipping, none."""
    plain, right = gradients[parameter], clipped(parameter, gradients, rule)
    found = [("R34", scaled(right, negative))]
    if rule is not None and rule.threshold is not None:
        each = shortened(plain, [plain], rule.threshold)
        other = cut(plain, rule.threshold)
        if rule.clip == "value":
            other = shortened(plain, list(gradients.values()), rule.threshold)
        found += [("R35", other), ("R35", each), ("R37", plain), ("R34", scaled(plain, negative))]
    return ((row, value) for row, value in found if not _are_equal(value, right))


def cut(gradient: Value, limit: Number) -> Value:
    """min(max(g, −c), c), entry by entry."""

    def one(entry: Number) -> Number:
        if less(limit.value, entry.value):
            return limit
        return negative(limit) if less(entry.value, -limit.value) else entry

    return scaled(gradient, one)


def shortened(gradient: Value, together: list[Value], limit: Number) -> Value:
    """g · c/‖g‖ where ‖g‖ > c; the norm is that of some gradients together."""
    square = sharp(0)
    for value in together:
        for entry in value.entries() if isinstance(value, Matrix) else [value]:
            square = total(square, product(entry, entry))
    norm = square_root(square)
    if not less(limit.value, norm.value):
        return gradient
    factor = product(limit, inverse(norm))
    return scaled(gradient, lambda entry: product(factor, entry))


def _are_equal(a: Value, b: Value) -> bool:
    pairs = zip(*(one.entries() if isinstance(one, Matrix) else [one] for one in (a, b)), strict=True)
    return all(x.value == y.value for x, y in pairs)
