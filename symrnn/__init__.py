"""The gradients of recurrent networks, from nothing but a cell's equations.

The names in the order of the story: a cell, its adjoint, its step Jacobian, a model with numbers, its values, its
derivation. Nothing heavy is imported before a name is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from symrnn import cells as cells
    from symrnn import notations as notations
    from symrnn.algebra.programs import Program as Program
    from symrnn.algebra.reading.roles import parse_cell as parse_cell
    from symrnn.calculus.adjoints import adjoint as adjoint
    from symrnn.calculus.closed_forms import closed_forms_of as closed_forms_of
    from symrnn.calculus.jacobians import jacobian as jacobian
    from symrnn.calculus.rewriting import expose as expose
    from symrnn.calculus.tangents import tangent as tangent
    from symrnn.calculus.unrolling import unroll as unroll
    from symrnn.checking.verification import check as check
    from symrnn.documents.derivations import derive as derive
    from symrnn.documents.renderers.verdicts import regime as regime
    from symrnn.models.files import load as load
    from symrnn.models.files import loads as loads
    from symrnn.models.losses import training_step as training_step
    from symrnn.models.losses import with_generic_loss as with_generic_loss
    from symrnn.models.losses import with_loss as with_loss
    from symrnn.models.losses import with_readout as with_readout
    from symrnn.models.weights.live import from_pytorch as from_pytorch
    from symrnn.models.weights.loading import load_weights as load_weights
    from symrnn.numeric.entries import gradient_entries as gradient_entries
    from symrnn.numeric.entries import jacobian_entries as jacobian_entries
    from symrnn.numeric.evaluation import evaluate as evaluate
    from symrnn.worksheets.making import worksheet as worksheet

__version__ = "0.1.0"

_HOMES = {
    "cells": "symrnn.cells",
    "notations": "symrnn.notations",
    "parse_cell": "symrnn.algebra.reading.roles",
    "Program": "symrnn.algebra.programs",
    "with_readout": "symrnn.models.losses",
    "with_loss": "symrnn.models.losses",
    "with_generic_loss": "symrnn.models.losses",
    "expose": "symrnn.calculus.rewriting",
    "adjoint": "symrnn.calculus.adjoints",
    "tangent": "symrnn.calculus.tangents",
    "jacobian": "symrnn.calculus.jacobians",
    "unroll": "symrnn.calculus.unrolling",
    "closed_forms_of": "symrnn.calculus.closed_forms",
    "load": "symrnn.models.files",
    "loads": "symrnn.models.files",
    "load_weights": "symrnn.models.weights.loading",
    "from_pytorch": "symrnn.models.weights.live",
    "evaluate": "symrnn.numeric.evaluation",
    "gradient_entries": "symrnn.numeric.entries",
    "jacobian_entries": "symrnn.numeric.entries",
    "training_step": "symrnn.models.losses",
    "derive": "symrnn.documents",
    "regime": "symrnn.documents.renderers.verdicts",
    "check": "symrnn.checking.verification",
    "worksheet": "symrnn.worksheets.making",
}
"""Where each public name lives; SymPy is imported when one is first used (PEP 562)."""

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'symrnn' has no attribute {name!r}")
    home = import_module(_HOMES[name])
    return home if _HOMES[name] == f"symrnn.{name}" else getattr(home, name)


def __dir__() -> list[str]:
    return sorted(__all__)
