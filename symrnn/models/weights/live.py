"""A live module's weights, read through what it offers; PyTorch itself is never imported."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from symrnn.errors import InputError, ShapeError
from symrnn.models.model import Model
from symrnn.models.weights.loading import SEED, STEPS, Weights, model_of
from symrnn.models.weights.naming import layers_in
from symrnn.models.weights.tensors import Tensors


def from_pytorch(
    module: Any, prefix: str = "", inputs: ArrayLike | None = None, steps: int = STEPS, seed: int = SEED
) -> Model:
    """The model of a PyTorch RNN, LSTM, GRU (or a cell of them) inside a module, at its present weights.

    Args:
        module: anything with `state_dict()`, such as `torch.nn.LSTM(10, 20)` or a network that contains one.
        prefix: which of several layers, `"lstm.l0"`.
        inputs: (steps, input size) for the stack's first layer; drawn from N(0,1) with `seed` unless given.
        steps: how many to draw.

    >>> class Tiny:  # stands for torch.nn.RNN(1, 1, bias=False)
    ...     nonlinearity = "relu"
    ...     def state_dict(self):
    ...         return {"weight_ih_l0": np.ones((1, 1)), "weight_hh_l0": np.full((1, 1), 0.5)}
    >>> print(from_pytorch(Tiny()).cell)
    h_t = ReLU(W_h h_{t-1} + W_x x_t)
    """
    if not hasattr(module, "state_dict"):
        raise InputError(type(module).__name__, found="no module: it has no state_dict()", write="a torch.nn.Module")
    arrays = {name: _array(tensor) for name, tensor in module.state_dict().items()}
    tensors = Tensors(type(module).__name__, "PyTorch", arrays, _facts(module))
    layers = layers_in(tensors)
    used = {name for layer in layers for name in layer.tensors}
    weights = Weights(tensors.source, layers, tuple(name for name in arrays if name not in used))
    layer = weights.layer(prefix)
    x = None if inputs is None else np.asarray(inputs, dtype=np.float64)
    first = layer
    while first.below:
        first = weights.layer(first.below[0])
    if x is not None and (x.ndim != 2 or x.shape[1] != first.input):
        raise ShapeError("inputs", found=f"shape {x.shape}", write=f"(steps, {first.input})")
    return model_of(weights, layer, steps, seed, x)


def _array(tensor: Any) -> np.ndarray[Any, Any]:
    """A tensor in float64 where it has gradients, lives elsewhere or is a bfloat16; an array as it is."""
    if hasattr(tensor, "detach"):
        tensor = tensor.detach().cpu()
        tensor = (tensor.double() if tensor.is_floating_point() else tensor).numpy()
    return np.asarray(tensor)


def _facts(module: Any) -> dict[str, dict[str, str]]:
    """The nonlinearity of every submodule that has one, by prefix: a state dict does not hold it."""
    parts: Iterable[tuple[str, Any]] = module.named_modules() if hasattr(module, "named_modules") else [("", module)]
    found = {}
    for name, part in parts:
        said = getattr(part, "nonlinearity", None)
        if said in ("tanh", "relu"):
            found[f"{name}." if name else ""] = {"activation": str(said)}
    return found
