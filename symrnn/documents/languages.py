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
        "graph": "The unrolled graph",
        "structure": "The parameters",
        "preactivations": "Names for the arguments of the activations",
        "recurrences": "Back-propagation through time",
        "gradients": "The gradients of the parameters",
        "local derivatives": "Local derivatives",
        "immediate partials": "One step's share of a shared weight",
        "step jacobian": "The step Jacobian",
        "products": "Products over time",
        "closed forms": "Closed forms",
        "forward numbers": "The numbers, forward",
        "backward numbers": "The numbers, backward",
        "forward unrolled": "The steps written out, forward",
        "backward unrolled": "The steps written out, backward",
        "checked": "Checked",
        "references": "References",
        "contributions": "What each step adds to the gradients of the parameters",
        # sentences
        "contributions meaning": "The gradient of a shared weight is the sum of one summand for each step; the sizes "
        "of the summands show how far back the loss is felt.",
        "convention": "Convention: {0}.",
        "read as": "Read as: {0}.",
        "read states": "states {0}",
        "read inputs": "inputs {0}",
        "read parameters": "parameters {0}",
        "read given": "given {0}",
        "read computed": "computed at each step {0}",
        "a number": "{0} (a number)",
        "a column": "{0} ({1})",
        "a matrix": "{0} ({1} × {2})",
        "a diagonal matrix": "{0} ({1} × {2}, diagonal)",
        "meaning of partials": "∂ is the total derivative; ∂⁺ is the immediate partial derivative, in which every read "
        "of an earlier step is held fixed. δ is the gradient with respect to the argument of an activation.",
        "meaning of partials alone": "∂ is the total derivative; ∂⁺ is the immediate partial derivative, in which "
        "every read of an earlier step is held fixed.",
        "structure split_biases": "Each product has a bias of its own; the cell's one bias is their sum.",
        "structure concatenated": "One matrix acts on the stacked vector; its columns are the cell's two matrices.",
        "heard beside": "{0} hears of earlier steps beside the states, so a later loss reaches a state by ways that "
        "are in no product of step Jacobians; the recurrences above have them all.",
        "steps run": "Steps run from {0} to {1}; a share from a step outside does not exist.",
        "local meaning": "Each equation by itself: the derivative with respect to what it reads directly.",
        "shared weight": "A weight is used at every step, so its gradient is the sum of what every step adds.",
        "recurrence meaning": "The gradient of a state has two parts: what its own step adds (∂⁺, later steps held "
        "fixed) and what every later step sends back through the Jacobian of the next step, transposed.",
        "immediate and total": "∂⁺ of a state with respect to a weight sees the weight's use at this step only, "
        "through every path of the step, and holds the states of earlier steps fixed; the total derivative of L adds "
        "the shares of all steps. vec stacks the columns of a matrix.",
        "withheld": "A formula for {0} is withheld: it failed its check.",
        "steps left out": "⋮ {0} steps between are left out.",
        "all checked": "{0} equalities, all checked against the definition: {1} exactly, {2} at random points in many "
        "digits; {3} equations only say what a name means.",
        "not all checked": "{0} equalities: {1} checked exactly, {2} at random points in many digits, {4} not checked; "
        "{3} equations only say what a name means.",
        "bracket": "A condition in brackets is 1 where it holds and 0 elsewhere.",
        "given cotangents": "There is no loss: the gradients ∂⁺L/∂ of the outputs and final states are given.",
        "jacobian convention": "Numerator layout. The states of the step before are independent of each other.",
        "jacobian convention denominator": "Denominator layout: a column for each entry of what is differentiated. The "
        "states of the step before are independent of each other.",
        "assumes": "Assumes: {0}.",
        "no closed form": "No closed form is known for {0}: the step Jacobian moves with the state.",
        "direct path only": "This is the direct path only, with the paths through the gates left out; it is the whole "
        "derivative where these are 0: {0}.",
        "where": "where {0}",
        "is invertible": "is invertible",
        "numbers exact": "Every number is exact.",
        "numbers rounded": "Numbers are rounded to the digits shown.",
        # reasons
        "given": "given",
        "readout": "the prediction",
        "loss": "the loss",
        "preactivation": "the argument gets a name",
        "unrolled": "",
        "local": "",
        "immediate": "every path from {1} to {0} within the step",
        "sum of immediate": "the sum over the steps of each step's share",
        "gradient recurrence": "what step {0} adds, and what step {1} sends back",
        "highway": "the direct path alone, {0} held fixed",
        "adjoint": "chain rule through {1}: {2}",
        "adjoint given": "chain rule through {1}: {2}",
        "by linear map": "linear map transposed",
        "by product rule": "product rule",
        "by slope": "slope of the activation",
        "by norm": "gradient of a square",
        "by softmax": "softmax and cross-entropy together",
        "by sum": "a sum hands it on",
        "adjoint cotangent": "the given gradient",
        "adjoint parameter": "the sum over all uses of {0}, {1}",
        "boundary": "there is no step {0}",
        "step jacobian path": "along the paths from {1} to {0} within the step",
        "jacobian product": "later factors to the left",
        "jacobian product denominator": "later factors to the right",
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


TABLES: dict[str, Mapping[str, str]] = {DOMAIN: ENGLISH}
"""Every table of words that documents may speak in, by its catalogue; a package further down adds its own."""


def sentence(key: str, language: str = "en") -> str:
    """The words of a key, of whichever table has it.

    >>> sentence("model"), sentence("model", "zh")
    ('The model', '模型')
    """
    domain = next((name for name, table in TABLES.items() if key in table), DOMAIN)
    return translated(TABLES[domain][key], language, domain)
