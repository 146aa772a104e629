"""The words of a document, by key: English here, other languages by catalogue (see `symrnn.languages`).

`{0}`, `{1}` … stand for what the key speaks of; a renderer sets them as mathematics.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from symrnn.languages import translated

ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        # headings
        "derivation": "Gradients of {0}",
        "model": "The model",
        "preactivations": "Names for the arguments of the activations",
        "recurrences": "Back-propagation through time",
        "gradients": "The gradients of the parameters",
        "step jacobian": "The step Jacobian",
        "products": "Products over time",
        "closed forms": "Closed forms",
        "forward numbers": "The numbers, forward",
        "backward numbers": "The numbers, backward",
        "contributions": "What each step adds to the gradients of the parameters",
        # sentences
        "contributions meaning": "The gradient of a shared weight is the sum of one summand for each step; the sizes "
        "of the summands show how far back the loss is felt.",
        "convention": "Convention: {0}.",
        "meaning of partials": "∂ is the total derivative; ∂⁺ is the immediate partial derivative, in which every read "
        "of an earlier step is held fixed. δ is the gradient with respect to the argument of an activation.",
        "steps run": "Steps run from {0} to {1}; a share from a step outside does not exist.",
        "given cotangents": "There is no loss: the gradients ∂⁺L/∂ of the outputs and final states are given.",
        "jacobian convention": "Numerator layout. The states of the step before are independent of each other.",
        "assumes": "Assumes: {0}.",
        "no closed form": "No closed form is known for {0}: the step Jacobian moves with the state.",
        "direct path only": "This is the direct path only, with the paths through the gates left out; it is the whole "
        "derivative where these are 0: {0}.",
        "where": "where {0}",
        "numbers exact": "Every number is exact.",
        "numbers rounded": "Numbers are rounded to the digits shown.",
        # reasons
        "given": "given",
        "readout": "the prediction",
        "loss": "the loss",
        "preactivation": "the argument gets a name",
        "adjoint": "chain rule through {1}",
        "adjoint cotangent": "the given gradient",
        "adjoint parameter": "one share for every use of {0}: the sum over the steps",
        "boundary": "there is no step T + 1",
        "step jacobian path": "along the paths from {1} to {0} within the step",
        "jacobian product": "later factors to the left",
        "sum over later losses": "each later loss sends its gradient back through the transposed product",
        "total across the state": "the other states of the step before move with {0} too",
        "stacked": "the blocks together",
        "put in": "numbers put in",
        "update": "one step down the gradient",
        "clip": "clipped",
        "closed form": "closed form",
    }
)

DOMAIN = "derivation"
"""The catalogue that translates this table."""


def sentence(key: str, language: str = "en") -> str:
    """The words of a key.

    >>> sentence("model"), sentence("model", "zh")
    ('The model', '模型')
    """
    return translated(ENGLISH[key], language, DOMAIN)
