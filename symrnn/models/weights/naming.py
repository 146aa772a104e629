"""Recurrent layers among named tensors: PyTorch's, Keras's, Flax's and our own names, in whatever container they come.

Each finder reads the names and shapes and returns the layers it is sure of; what none of them takes is listed by the
caller as not analysed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from symrnn.errors import NotYetError
from symrnn.models.model import Note
from symrnn.models.weights.layers import Layer, assumed
from symrnn.models.weights.layouts import LAYOUTS, FloatArray, kind_of, unstacked
from symrnn.models.weights.tensors import Tensors

Finder = Callable[[Tensors], Iterator[Layer]]


def layers_in(tensors: Tensors) -> tuple[Layer, ...]:
    """Every recurrent layer, in the order of the finders, each by its label.

    >>> found = layers_in(Tensors("net", "npz", {"W_h": np.eye(2), "W_x": np.ones((2, 1)), "b": np.zeros(2)}))
    >>> found[0].title
    'RNN, 1 inputs, 2 units (symrnn)'
    """
    return tuple(layer for finder in FINDERS for layer in finder(tensors))


def _optional(tensors: Tensors, name: str) -> FloatArray | None:
    return tensors.of(name) if name in tensors.arrays else None


# --- PyTorch ----------------------------------------------------------------------------------------------------------

_PYTORCH = re.compile(r"(?P<prefix>.*?)weight_hh(?P<level>_l(?P<number>\d+)(?P<reverse>_reverse)?)?")


def pytorch_layers(tensors: Tensors) -> Iterator[Layer]:
    """`weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0` below a prefix; `weight_hh` alone is a cell's."""
    for name in tensors.arrays:
        match = _PYTORCH.fullmatch(name)
        if match and f"{match['prefix']}weight_ih{match['level'] or ''}" in tensors.arrays:
            yield _pytorch_layer(tensors, match)


def _pytorch_layer(tensors: Tensors, match: re.Match[str]) -> Layer:
    prefix, level = match["prefix"], match["level"] or ""
    names = {part: f"{prefix}{part}{level}" for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")}
    if names["weight_hr"] in tensors.arrays:
        raise NotYetError(names["weight_hr"], found="an LSTM with a projection", write="an LSTM without proj_size")
    kernel, recurrent = tensors.of(names["weight_ih"]), tensors.of(names["weight_hh"])
    first, second = (_optional(tensors, names[part]) for part in ("bias_ih", "bias_hh"))
    kind = _kind(tensors, names["weight_hh"], recurrent, 0)
    options: dict[str, Any] = {"bias": first is not None or second is not None}
    notes: tuple[Note, ...] = ()
    if kind == "rnn":
        said = tensors.facts.get(prefix, {}).get("activation")
        options["activation"] = said or "tanh"
        notes = () if said else (assumed("tanh"),)
    if kind == "gru":
        options["variant"] = "pytorch"
    if options["bias"]:
        first, second = (np.zeros(len(kernel)) if bias is None else bias for bias in (first, second))
    values = unstacked(LAYOUTS["pytorch"], kind, kernel, recurrent, first, second, reset_after=kind == "gru")
    number = int(match["number"] or 0)
    return Layer(
        label=f"{prefix}{level.removeprefix('_')}".rstrip("."),
        kind=kind,
        values=values,
        tensors=tuple(name for name in names.values() if name in tensors.arrays),
        engine="PyTorch",
        options=options,
        reverse=match["reverse"] is not None,
        below=_pytorch_below(tensors, prefix, number),
        notes=notes,
    )


def _pytorch_below(tensors: Tensors, prefix: str, number: int) -> tuple[str, ...]:
    """The layer below, both directions of it."""
    levels = [f"l{number - 1}", f"l{number - 1}_reverse"] if number else []
    return tuple(f"{prefix}{level}" for level in levels if f"{prefix}weight_hh_{level}" in tensors.arrays)


def _kind(tensors: Tensors, name: str, recurrent: FloatArray, hidden_axis_of_rows: int) -> str:
    """The kind by the shape of the recurrent array, gates stacked along an axis."""
    shape = recurrent.shape
    found = None
    if recurrent.ndim == 2:
        found = kind_of(shape[hidden_axis_of_rows], shape[1 - hidden_axis_of_rows])
    if found is None:
        raise NotYetError(
            f"{tensors.source}: {name}",
            found=f"a recurrent array of shape {shape}, which is none of an RNN, a GRU or an LSTM",
            write="1, 3 or 4 square blocks; or other tensors: --prefix",
        )
    return found


# --- Keras ------------------------------------------------------------------------------------------------------------

_KERAS = (
    ("kernel", "recurrent_kernel", "bias"),
    ("kernel:0", "recurrent_kernel:0", "bias:0"),
    ("vars/0", "vars/1", "vars/2"),
)
"""The names of kernel, recurrent kernel and bias below a layer's path: Keras 2, TensorFlow's, Keras 3."""


def keras_layers(tensors: Tensors) -> Iterator[Layer]:
    """Kernels with gates in columns, below `layers/NAME/cell/vars/` or called `kernel`, `recurrent_kernel`, `bias`."""
    for parts in _KERAS:
        for name in tensors.arrays:
            path = name.removesuffix(parts[1])
            if path != name and (not path or path[-1] in "/.") and path + parts[0] in tensors.arrays:
                layer = _keras_layer(tensors, path, parts)
                if layer:
                    yield layer


def _keras_layer(tensors: Tensors, path: str, parts: tuple[str, str, str]) -> Layer | None:
    kernel, recurrent, bias_name = (path + part for part in parts)
    shapes = tensors.arrays[kernel].shape, tensors.arrays[recurrent].shape
    if parts[0] == "vars/0":
        # A dense layer's variables are numbered too: only fitting shapes make a recurrent layer of them.
        plain = len(shapes[0]) == len(shapes[1]) == 2 and shapes[0][1] == shapes[1][1]
        if not plain or kind_of(shapes[1][1], shapes[1][0]) is None:
            return None
    kind = _kind(tensors, recurrent, tensors.of(recurrent), 1)
    bias = _optional(tensors, bias_name)
    after = kind == "gru" and (bias is None or bias.ndim == 2)
    first, second = (bias[0], bias[1]) if bias is not None and bias.ndim == 2 and len(bias) == 2 else (bias, None)
    options: dict[str, Any] = {"bias": bias is not None}
    if kind == "gru":
        options["variant"] = "keras" if after else "cho2014"
    said = tensors.facts.get(path, {})
    options |= {key: said[key] for key in ("activation", "gate_activation") if key in said}
    values = unstacked(
        LAYOUTS["keras"], kind, tensors.of(kernel), tensors.of(recurrent), first, second, reset_after=after
    )
    label = re.sub(r"(/cell)?/?$", "", path.replace("_layer_checkpoint_dependencies/", ""))
    return Layer(
        label=label,
        kind=kind,
        values=values,
        tensors=tuple(name for name in (kernel, recurrent, bias_name) if name in tensors.arrays),
        engine="Keras",
        options=options,
        reverse="backward_layer" in path,
        notes=() if said else (assumed("tanh"),),
    )


# --- Flax -------------------------------------------------------------------------------------------------------------

_FLAX = {"lstm": "ifgo", "gru": "rzn", "rnn": ""}
_OURS = {"g": "c", "n": "h"}


def flax_layers(tensors: Tensors) -> Iterator[Layer]:
    """A dense layer for each gate: `ii/kernel`, `hf/kernel`, `hf/bias` … (LSTM), `ir`, `hn` (GRU), `i`, `h` (RNN)."""
    for name in tensors.arrays:
        match = re.fullmatch(r"(?P<path>(.*[/.])?)h(?P<gate>[or]?)(?P<mark>[/.])kernel", name)
        if match:
            kind = {"o": "lstm", "r": "gru", "": "rnn"}[match["gate"]]
            gates = _FLAX[kind] or ("",)
            names = [f"{match['path']}{side}{gate}{match['mark']}kernel" for side in "ih" for gate in gates]
            if all(one in tensors.arrays for one in names):
                yield _flax_layer(tensors, kind, match["path"], match["mark"])


def _flax_layer(tensors: Tensors, kind: str, path: str, mark: str) -> Layer:
    found: dict[str, FloatArray] = {}
    used: list[str] = []
    for gate in _FLAX[kind] or ("",):
        ours = _OURS.get(gate, gate)
        letters = ("W_x", "W_h") if kind == "rnn" else (f"W_{ours}", f"U_{ours}")
        for side, letter in zip("ih", letters, strict=True):
            kernel, bias = (f"{path}{side}{gate}{mark}{part}" for part in ("kernel", "bias"))
            found[letter] = tensors.of(kernel).T
            used.append(kernel)
            if bias in tensors.arrays:
                used.append(bias)
                apart = kind == "gru" and gate == "n" and side == "h"
                key = "b_Uh" if apart else "b" if kind == "rnn" else f"b_{ours}"
                found[key] = found[key] + tensors.of(bias) if key in found else tensors.of(bias)
    biased = any(key.startswith("b") for key in found)
    options: dict[str, Any] = {"bias": biased} | ({"variant": "pytorch"} if kind == "gru" else {})
    if biased:
        rows = next(iter(found.values())).shape[0]
        wanted = {"rnn": ("b",), "lstm": ("b_i", "b_f", "b_c", "b_o"), "gru": ("b_r", "b_z", "b_h", "b_Uh")}[kind]
        found |= {key: np.zeros(rows) for key in wanted if key not in found}
    return Layer(path.rstrip("/."), kind, found, tuple(used), "Flax", options, notes=(assumed("tanh"),))


# --- our own names ----------------------------------------------------------------------------------------------------

_NEUTRAL = {
    "rnn": ("W_h", "W_x"),
    "gru": tuple(f"{letter}_{gate}" for gate in "zrh" for letter in "WU"),
    "lstm": tuple(f"{letter}_{gate}" for gate in "ifoc" for letter in "WU"),
}


def neutral_layers(tensors: Tensors) -> Iterator[Layer]:
    """Arrays that bear the neutral names already: `W_h`, `W_x`, `b`; `W_i`, `U_i`, `b_i`."""
    for name in tensors.arrays:
        for kind, first in (("rnn", "W_x"), ("gru", "U_z"), ("lstm", "U_c")):
            prefix = name.removesuffix(first)
            wanted = [prefix + part for part in _NEUTRAL[kind]]
            if prefix != name and (not prefix or prefix[-1] in "/.") and all(one in tensors.arrays for one in wanted):
                yield _neutral_layer(tensors, kind, prefix)


def _neutral_layer(tensors: Tensors, kind: str, prefix: str) -> Layer:
    known = {f"b_{part.partition('_')[2]}" for part in _NEUTRAL[kind]} | {"b", "b_Uh"}
    biases = {name for name in known if prefix + name in tensors.arrays}
    used = (*_NEUTRAL[kind], *sorted(biases))
    values = {name: tensors.of(prefix + name) for name in used}
    values = {name: value.reshape(-1) if name in biases else value for name, value in values.items()}
    options: dict[str, Any] = {"bias": bool(biases)}
    if kind == "gru" and "b_Uh" in biases:
        options["variant"] = "pytorch"
    return Layer(
        prefix.rstrip("/."), kind, values, tuple(prefix + name for name in used), "symrnn", options,
        notes=(assumed("tanh"),) if kind == "rnn" else (),
    )  # fmt: skip


FINDERS: tuple[Finder, ...] = (pytorch_layers, keras_layers, flax_layers, neutral_layers)
"""One for each way of naming."""
