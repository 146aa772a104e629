"""A weights file as a model: which layer is analysed, what is not, and what was assumed about inputs and steps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import sympy as sp

from symrnn.algebra.nodes import Name
from symrnn.algebra.programs import sizes_of
from symrnn.errors import InputError, ShapeError
from symrnn.models.drawing import drawn
from symrnn.models.model import Model, Note, as_float
from symrnn.models.shaping import axes
from symrnn.models.weights.containers import READERS, format_of, refuse_pickle
from symrnn.models.weights.hdf5 import read_hdf5
from symrnn.models.weights.layers import Layer
from symrnn.models.weights.layouts import FloatArray
from symrnn.models.weights.naming import layers_in
from symrnn.models.weights.onnx_graphs import read_onnx
from symrnn.models.weights.stacks import outputs
from symrnn.models.weights.tensors import Tensors, bytes_of

STEPS = 100
SEED = 0
ASSUMED_INPUTS = "Assumed: inputs drawn from N(0,1), {0} steps, seed {1}, initial states 0."
ASSUMED_STACK = "Assumed: its inputs are the outputs of {0}."
NOT_ANALYSED = "Not analysed: {0}."
MOST_LISTED = 12


@dataclass(frozen=True)
class Weights:
    """What a file holds: its recurrent layers, and the names of everything else."""

    source: str
    layers: tuple[Layer, ...]
    others: tuple[str, ...] = ()

    def layer(self, prefix: str = "") -> Layer:
        """The layer of that label, or the first whose label or tensors begin with it."""
        for layer in self.layers:
            if layer.label == prefix.rstrip("./") and prefix:
                return checked(layer, self.source)
        for layer in self.layers:
            if layer.label.startswith(prefix) or all(name.startswith(prefix) for name in layer.tensors):
                return checked(layer, self.source)
        if not self.layers:
            found, write = "no recurrent layer", "a file with an RNN, a GRU or an LSTM in it"
            if self.others:
                found += f" among {len(self.others)} arrays: {listed(self.others)}"
        else:
            found, write = f"no layer at {prefix!r}", "one of: " + ", ".join(layer.label for layer in self.layers)
        raise InputError(self.source, found=found, write=write)

    def left_out(self, chosen: Layer) -> tuple[str, ...]:
        """Everything but the chosen layer: other layers by label, other arrays by name."""
        return tuple(layer.label for layer in self.layers if layer is not chosen) + self.others


def listed(names: tuple[str, ...]) -> str:
    """The first dozen names, and how many more.

    >>> listed(("a", "b"))
    'a, b'
    """
    more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return ", ".join(names[:MOST_LISTED]) + more


def checked(layer: Layer, source: str) -> Layer:
    """The layer, if every parameter of its equations is there in the shape the others tell."""
    shapes = {name: value.shape for name, value in layer.values.items()}
    kernel, recurrent = (shapes.get(name, ()) for name in layer.telling)
    sizes = {"n": recurrent[0] if recurrent else 0, "m": kernel[1] if len(kernel) == 2 else 0}
    for parameter in layer.cell.parameters:
        wanted = tuple(sizes.get(str(size), 0) for size in axes(parameter.shape))
        found = shapes.get(parameter.name)
        if found != wanted or 0 in wanted:
            name = f"{layer.label}: {parameter.name}" if layer.label else parameter.name
            raise ShapeError(
                f"{source}: {name}",
                found="no such array" if found is None else f"shape {found} beside {layer.telling[1]} {recurrent}",
                write=f"shape {wanted}" if 0 not in wanted else "arrays of one layer, none of them empty",
            )
    return layer


def is_weights(path: Path) -> bool:
    """Whether a file looks like weights (or a pickle of them), by its first bytes.

    >>> is_weights(Path("nothing.safetensors"))
    False
    """
    try:
        with path.open("rb") as file:
            return format_of(file.read(16), path) is not None
    except OSError:
        return False


def read_weights(path: str | Path) -> Weights:
    """The recurrent layers of a `.npz`, `.safetensors`, ONNX or Keras `.weights.h5` file.

    >>> import tempfile
    >>> name = tempfile.mkdtemp() + "/net.npz"
    >>> np.savez(name, weight_ih_l0=np.ones((4, 1)), weight_hh_l0=np.ones((4, 1)), scale=np.ones(1))
    >>> found = read_weights(name)
    >>> found.layers[0].title, found.others
    ('l0: LSTM, 1 inputs, 1 units (PyTorch)', ('scale',))
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(str(path), found="no such file", write="the path of a weights file")
    with file.open("rb") as stream:
        kind = format_of(stream.read(16), file)
    if kind == "pickle":
        raise refuse_pickle(file)
    if kind == "hdf5":
        return _weights(read_hdf5(file))
    if kind == "onnx":
        tensors, layers = read_onnx(bytes_of(file), str(path))
        return _weights(tensors, layers)
    if kind is None:
        raise InputError(
            str(path), found="no weights file", write="a .npz, .safetensors, .onnx or Keras .weights.h5 file"
        )
    return _weights(READERS[kind](bytes_of(file), str(path)))


def _weights(tensors: Tensors, layers: tuple[Layer, ...] | None = None) -> Weights:
    found = layers_in(tensors) if layers is None else layers
    used = {name for layer in found for name in layer.tensors}
    return Weights(tensors.source, found, tuple(name for name in tensors.arrays if name not in used))


def load_weights(path: str | Path, prefix: str = "", steps: int = STEPS, seed: int = SEED) -> Model:
    """The model of a layer in a weights file, with inputs drawn from N(0,1) and what was assumed in its notes.

    >>> import tempfile
    >>> name = tempfile.mkdtemp() + "/net.npz"
    >>> np.savez(name, W_h=[[0.5]], W_x=[[1.0]], b=[0.0])
    >>> model = load_weights(name)
    >>> model.steps, [str(note) for note in model.notes][:1]
    (100, ['Assumed: inputs drawn from N(0,1), 100 steps, seed 0, initial states 0.'])
    """
    weights = read_weights(path)
    return model_of(weights, weights.layer(prefix), steps, seed)


def model_of(
    weights: Weights, layer: Layer, steps: int = STEPS, seed: int = SEED, inputs: FloatArray | None = None
) -> Model:
    """A layer as a model; a layer of a stack is driven by the layers below it."""
    x, notes = assumed_inputs(weights, layer, steps, seed) if inputs is None else (_fed(weights, layer, inputs), ())
    left_out = weights.left_out(layer)
    notes += layer.notes + ((Note(NOT_ANALYSED, (listed(left_out),)),) if left_out else ())
    return _model(Path(weights.source).name, layer, x, notes, weights.source)


def assumed_inputs(weights: Weights, layer: Layer, steps: int, seed: int) -> tuple[FloatArray, tuple[Note, ...]]:
    """x (steps, m) drawn from N(0,1) for the lowest layer and brought up to this one, with the notes that say so."""
    first = _base(weights, layer)
    drawn_x = drawn({"normal": [0, 1], "seed": seed}, "x", (steps, first.input), first.hidden)
    notes: tuple[Note, ...] = (Note(ASSUMED_INPUTS, (str(steps), str(seed))),)
    if layer.below:
        notes += (Note(ASSUMED_STACK, (", ".join(layer.below),)),)
    return _fed(weights, layer, drawn_x), notes


def _fed(weights: Weights, layer: Layer, x: FloatArray) -> FloatArray:
    """The inputs of a layer, in the order it reads them, from those of the lowest layer of its stack."""
    below = [weights.layer(label) for label in layer.below]
    given = np.concatenate([_outputs(weights, lower, x) for lower in below], axis=1) if below else x
    return np.ascontiguousarray(given[::-1]) if layer.reverse else given


def _outputs(weights: Weights, layer: Layer, x: FloatArray) -> FloatArray:
    """h of a lower layer, in the order of time."""
    h = outputs(layer, _fed(weights, layer, x))
    return h[::-1] if layer.reverse else h


def _base(weights: Weights, layer: Layer) -> Layer:
    """The layer of a stack that reads the inputs themselves."""
    while layer.below:
        layer = weights.layer(layer.below[0])
    return layer


def _model(name: str, layer: Layer, x: FloatArray, notes: tuple[Note, ...], source: str) -> Model:
    cell = layer.cell
    sizes = {"n": layer.hidden, "m": layer.input}
    values: dict[Name, Any] = {p: layer.values[p.name] for p in cell.parameters}
    numbers = {symbol: sp.Integer(sizes[symbol.name]) for symbol in sizes_of(cell)}
    for initial in cell.initials:
        values[initial] = np.zeros([int(size.xreplace(numbers)) for size in axes(initial.shape)])
    values[cell.inputs[0]] = x
    return Model(
        name=name,
        cell=cell,
        program=cell,
        steps=len(x),
        sizes=MappingProxyType({symbol.name: sizes[symbol.name] for symbol in sizes_of(cell)}),
        values=MappingProxyType({key: as_float(value) for key, value in values.items()}),
        notes=notes,
        source=source,
    )
