"""RNN, GRU and LSTM nodes of an ONNX graph: weights that are constants of the graph, attributes as the schema has them.

Only the file itself is read (`load_external_data=False`); a tensor whose data is kept elsewhere is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symrnn.errors import InputError, NotYetError, UnsafeInputError
from symrnn.models.weights.layers import Layer
from symrnn.models.weights.layouts import LAYOUTS, PEEPHOLES, FloatArray, unstacked
from symrnn.models.weights.tensors import MOST_TENSORS, Tensors, check_size, guarded, needs

Array = NDArray[Any]
KINDS = {"RNN": "rnn", "GRU": "gru", "LSTM": "lstm"}
DEFAULTS = {"rnn": ("Tanh",), "gru": ("Sigmoid", "Tanh"), "lstm": ("Sigmoid", "Tanh", "Tanh")}
ACTIVATIONS: Mapping[str, str] = MappingProxyType(
    {
        "tanh": "tanh",
        "sigmoid": "sigmoid",
        "relu": "relu",
        "hardsigmoid": "hard_sigmoid_onnx",
        "softsign": "softsign",
        "softplus": "softplus",
        "leakyrelu": "leaky_relu(alpha=1/100)",
        "elu": "elu(alpha=1)",
    }
)
"""ONNX's names in ours, with ONNX's default parameters."""


def read_onnx(data: bytes, source: str) -> tuple[Tensors, tuple[Layer, ...]]:
    """The constants of a graph by name, and its recurrent layers by node name, one for each direction."""
    try:
        import onnx
    except ImportError:
        raise needs("onnx", source, "ONNX") from None
    with guarded(source, "ONNX file"):
        graph = onnx.load_model_from_string(data).graph
        if not graph.node and not graph.initializer:
            raise InputError(source, found="a graph without nodes and constants", write="an ONNX model")
        constants, inner = _constants(graph, source)
        nodes = [node for node in graph.node if node.op_type in KINDS]
        layers = [layer for place, node in enumerate(nodes) for layer in _layers(node, place, constants, source)]
    shown = {name: array for name, array in constants.items() if array.dtype.kind == "f" and name not in inner}
    return Tensors(source, "ONNX", shown), tuple(layers)


# --- constants --------------------------------------------------------------------------------------------------------


def _constants(graph: Any, source: str) -> tuple[dict[str, Array], set[str]]:
    """Every constant by name, and which are only parts of others or none of the file's tensors."""
    from onnx import numpy_helper

    if len(graph.initializer) + len(graph.node) > MOST_TENSORS:
        raise UnsafeInputError(source, found="a graph of too many nodes", write=f"at most {MOST_TENSORS:,}")
    found: dict[str, Array] = {}
    inner: set[str] = set()
    for tensor in graph.initializer:
        found[tensor.name] = _array(tensor, source, numpy_helper.to_array)
    for node in graph.node:
        attributes = {attribute.name: attribute for attribute in node.attribute}
        if node.op_type == "Constant" and "value" in attributes and node.output:
            found[node.output[0]] = _array(attributes["value"].t, source, numpy_helper.to_array)
        elif node.op_type in FOLDED and node.output and node.input and all(one in found for one in node.input if one):
            inputs = [found[one] for one in node.input if one]
            inner |= {*node.input, node.output[0]}
            if (folded := FOLDED[node.op_type](inputs, _attributes(node))) is not None:
                found[node.output[0]] = folded
        if node.op_type == "Constant":
            inner |= set(node.output)
    return found, inner


def _array(tensor: Any, source: str, to_array: Callable[[Any], Array]) -> Array:
    if tensor.data_location == 1 or tensor.external_data:
        raise UnsafeInputError(
            f"{source}: {tensor.name}", found="data outside the file", write="one file: onnx.save(model, 'net.onnx')"
        )
    entries = 1
    for size in tensor.dims:
        entries *= max(int(size), 0)
    held = tensor.ByteSize()
    if entries > 16 * held + 16:
        raise InputError(
            f"{source}: {tensor.name}",
            found=f"{entries:,} entries claimed over {held:,} bytes",
            write="an undamaged file",
        )
    return np.asarray(to_array(tensor))


def _axes(inputs: list[Array], attributes: Mapping[str, Any]) -> tuple[int, ...]:
    axes = attributes.get("axes", inputs[1].ravel().tolist() if len(inputs) > 1 else ())
    return tuple(int(axis) for axis in axes)


def _concat(inputs: list[Array], attributes: Mapping[str, Any]) -> Array:
    """One after the other; a chain that doubles an array again and again is refused before it has grown."""
    check_size("Concat", sum(array.nbytes for array in inputs), "constants put together in the graph")
    return np.concatenate(inputs, axis=int(attributes.get("axis", 0)))


def _slice(inputs: list[Array], attributes: Mapping[str, Any]) -> Array | None:
    """Slice with constant bounds, as exporters write when they reorder gates."""
    if len(inputs) < 3:
        return None
    data, starts, ends = inputs[0], inputs[1].ravel(), inputs[2].ravel()
    axes = inputs[3].ravel() if len(inputs) > 3 else np.arange(len(starts))
    steps = inputs[4].ravel() if len(inputs) > 4 else np.ones(len(starts), dtype=int)
    window = [slice(None)] * data.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        window[int(axis)] = slice(int(start), int(end), int(step))
    return data[tuple(window)]


Fold = Callable[[list[Array], Mapping[str, Any]], Array | None]
FOLDED: Mapping[str, Fold] = MappingProxyType(
    {
        "Identity": lambda inputs, said: inputs[0],
        "Transpose": lambda inputs, said: np.transpose(inputs[0], said.get("perm")),
        "Concat": _concat,
        "Unsqueeze": lambda inputs, said: np.expand_dims(inputs[0], _axes(inputs, said)),
        "Squeeze": lambda inputs, said: np.squeeze(inputs[0], _axes(inputs, said) or None),
        "Slice": _slice,
    }
)
"""How exporters bring gates into ONNX's order, where they left it to the graph."""


def _attributes(node: Any) -> dict[str, Any]:
    from onnx import helper

    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


# --- layers -----------------------------------------------------------------------------------------------------------


def _layers(node: Any, place: int, constants: Mapping[str, Array], source: str) -> Iterator[Layer]:
    kind, said = KINDS[node.op_type], _attributes(node)
    inputs = dict(zip(("X", "W", "R", "B", "sequence_lens", "h0", "c0", "P"), node.input, strict=False))
    where = f"{source}: {node.name or node.op_type}"
    missing = [name for key in ("W", "R", "B", "P") if (name := inputs.get(key)) and name not in constants]
    if missing:
        raise NotYetError(where, found=f"weights computed in the graph: {', '.join(missing)}", write="constant weights")
    if said.get("clip"):
        raise NotYetError(where, found=f"clip = {said['clip']:g} on pre-activations", write="a layer without clip")
    tensors, given = Tensors(source, "ONNX", constants), [key for key in ("W", "R", "B", "P") if inputs.get(key)]
    used = tuple(inputs[key] for key in given)
    arrays = {key: tensors.of(inputs[key]) for key in given}
    direction = _text(said.get("direction", b"forward"))
    directions = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}.get(direction)
    if directions is None or any(len(array) != len(directions) for array in arrays.values()):
        raise InputError(where, found=f"direction {direction!r} and arrays that do not fit it", write="a valid node")
    label = node.name or f"{node.op_type}_{place}"
    for number, reverse in enumerate(directions):
        one = {key: array[number] for key, array in arrays.items()}
        names = _activations(kind, said, number, where)
        yield _layer(f"{label}_reverse" if reverse else label, kind, one, names, said, used, reverse, where)


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _activations(kind: str, said: Mapping[str, Any], number: int, where: str) -> tuple[str, ...]:
    count = len(DEFAULTS[kind])
    names = [_text(name) for name in said.get("activations", ())][number * count : (number + 1) * count]
    names = names or list(DEFAULTS[kind])
    unknown = [name for name in names if name.lower() not in ACTIVATIONS]
    if unknown or len(names) != count or said.get("activation_alpha") or said.get("activation_beta"):
        raise NotYetError(
            where, found=f"activations {', '.join(names)} with parameters of their own", write=", ".join(ACTIVATIONS)
        )
    return tuple(ACTIVATIONS[name.lower()] for name in names)


def _layer(
    label: str,
    kind: str,
    arrays: Mapping[str, FloatArray],
    names: tuple[str, ...],
    said: Mapping[str, Any],
    used: tuple[str, ...],
    reverse: bool,
    where: str,
) -> Layer:
    after = kind == "gru" and bool(said.get("linear_before_reset"))
    biased = "B" in arrays
    if biased and arrays["B"].shape != (2 * len(arrays["W"]),):
        raise InputError(where, found=f"a bias of shape {arrays['B'].shape}", write="two biases for every gate")
    first, second = np.split(arrays["B"], 2) if biased else (None, None)
    values = unstacked(LAYOUTS["onnx"], kind, arrays["W"], arrays["R"], first, second, reset_after=after)
    options: dict[str, Any] = {"bias": biased, "activation": names[-1]}
    if kind != "rnn":
        options["gate_activation"] = names[0]
    if kind == "gru":
        options["variant"] = "pytorch" if after else "cho2014"
    equations = ""
    if kind == "lstm":
        peepholes = "P" in arrays and bool(arrays["P"].any())
        coupled = bool(said.get("input_forget"))
        if peepholes or coupled or names[1] != names[2]:
            equations = lstm_equations(names, peepholes, coupled, biased)
            values |= _peepholes(arrays["P"], where) if peepholes else {}
            values = {key: value for key, value in values.items() if not (coupled and key.endswith("_f"))}
            options = {}
    return Layer(label, kind, values, used, "ONNX", options, equations, reverse)


def _peepholes(stacked: FloatArray, where: str) -> dict[str, FloatArray]:
    if stacked.ndim != 1 or len(stacked) % 3:
        raise InputError(where, found=f"peepholes of shape {stacked.shape}", write="3 × hidden_size numbers")
    return {f"p_{gate}": part for gate, part in zip(PEEPHOLES, np.split(stacked, 3), strict=True)}


def lstm_equations(names: tuple[str, ...], peepholes: bool, coupled: bool, bias: bool) -> str:
    """ONNX's LSTM where it is no plain one: the output gate's peephole sees c_t, a coupled forget gate is 1 − i_t.

    >>> print(lstm_equations(("sigmoid", "tanh", "tanh"), False, True, False).splitlines()[1])
    f_t = 1 - i_t
    """
    gate, candidate, output = names

    def line(of: str, letter: str, function: str, cell: str) -> str:
        terms = [f"W_{letter} x_t", f"U_{letter} h_{{t-1}}"]
        terms += [f"p_{letter} ⊙ {cell}"] if peepholes and letter != "c" else []
        terms += [f"b_{letter}"] if bias else []
        return f"{of} = {function}({' + '.join(terms)})"

    lines = [
        line("i_t", "i", gate, "c_{t-1}"),
        "f_t = 1 - i_t" if coupled else line("f_t", "f", gate, "c_{t-1}"),
        line("c_tilde_t", "c", candidate, ""),
        "c_t = f_t ⊙ c_{t-1} + i_t ⊙ c_tilde_t",
        line("o_t", "o", gate, "c_t"),
        f"h_t = o_t ⊙ {output}(c_t)",
        "outputs: h",
    ]
    return "\n".join(lines)
