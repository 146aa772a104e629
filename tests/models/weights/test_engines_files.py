"""Weights files of PyTorch, ONNX, Keras and Flax against what those engines compute with them."""

from __future__ import annotations

import importlib.util
import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from symrnn.models.model import Model
from symrnn.models.weights.live import from_pytorch
from symrnn.models.weights.loading import Weights, load_weights, model_of, read_weights
from symrnn.numeric.compiled import run_model

DATA = Path(__file__).parent / "data"
CONFORMANCE = Path(__file__).parents[2] / "conformance" / "data"


def unpacked(figures: Any) -> np.ndarray:
    """An array as it is carried: shape and data, of which one number stands for all."""
    if not isinstance(figures, dict):
        return np.array(figures)
    data = figures["data"] if "data" in figures else np.full(np.prod(figures["shape"]), figures["fill"])
    return np.array(data).reshape(figures["shape"])


def _onnx_figures() -> dict[str, Any]:
    """The carried cases with all their outputs, those of onnxruntime and the ONNX node tests."""
    engines = json.loads((CONFORMANCE / "engines.json").read_text(encoding="utf-8"))
    nodes = json.loads((CONFORMANCE / "onnx.json").read_text(encoding="utf-8"))
    cases = {k: v for k, v in engines.items() if k.startswith("onnxruntime")}
    cases |= {k: nodes.get(v.get("like", ""), {}) | v for k, v in nodes.items()}
    plain = {k: v for k, v in cases.items() if not v["attributes"].get("clip")}
    return {k: v for k, v in plain.items() if "Y" in (v.get("outputs") or v.get("recomputed_float64") or {})}


LABELS = ("l0", "l0_reverse", "l1", "l1_reverse")
ONNX_FIGURES = _onnx_figures()


def states(model: Model) -> np.ndarray:
    """h_1 … h_T of a model by our compiled code."""
    return np.asarray(run_model(model)["h"]).reshape(model.steps, -1)


def network(kind: str, **options: Any) -> torch.nn.Module:
    """A PyTorch network of that kind, three inputs and four units, the same each time."""
    torch.manual_seed(7)
    return getattr(torch.nn, kind)(3, 4, **options)


def theirs(net: torch.nn.Module, x: np.ndarray, label: str) -> np.ndarray:
    """What PyTorch computes for a layer of a bidirectional stack of two, in the order the layer reads."""
    level = int(label[1])
    kind = type(net)
    part = kind(3, 4, num_layers=level + 1, bidirectional=True).double()
    part.load_state_dict({k: v for k, v in net.double().state_dict().items() if int(k.split("_l")[1][0]) <= level})
    out = part(torch.tensor(x)[:, None, :])[0][:, 0].detach().numpy()
    return out[::-1, 4:] if label.endswith("reverse") else out[:, :4]


class TestPytorch:
    """State dicts, as safetensors and live."""

    @pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
    @pytest.mark.parametrize("label", LABELS)
    def test_every_layer_of_a_bidirectional_stack(self, kind: str, label: str, tmp_path: Path) -> None:
        """Upper layers are driven by the layers below them."""
        net = network(kind, num_layers=2, bidirectional=True)
        save_file(net.state_dict(), tmp_path / "net.safetensors")
        model = load_weights(tmp_path / "net.safetensors", label, steps=12)
        x = load_weights(tmp_path / "net.safetensors", "l0", steps=12).value("x")
        assert np.abs(states(model) - theirs(net, x, label)).max() < 1e-14

    @pytest.mark.parametrize("kind", ["RNNCell", "LSTMCell", "GRUCell"])
    def test_cells(self, kind: str) -> None:
        """`weight_ih` without a level."""
        cell = network(kind).double()
        x = np.random.default_rng(0).normal(size=(6, 3))
        h = None
        for row in torch.tensor(x):
            h = cell(row, h)
        last = h[0] if isinstance(h, tuple) else h
        assert np.abs(states(from_pytorch(cell, inputs=x))[-1] - last.detach().numpy()).max() < 1e-14

    @pytest.mark.parametrize("options", [{"bias": False}, {"nonlinearity": "relu"}])
    def test_options_of_a_live_module(self, options: dict[str, Any]) -> None:
        """The nonlinearity is read off the module; missing biases stay missing."""
        net = torch.nn.Sequential(network("RNN", **options), torch.nn.Linear(4, 2)).double()
        x = np.random.default_rng(0).normal(size=(6, 3))
        model = from_pytorch(net, inputs=x)
        out = net[0](torch.tensor(x)[:, None])[0][:, 0].detach().numpy()
        assert np.abs(states(model) - out).max() < 1e-14
        assert any(p.name == "b" for p in model.cell.parameters) == options.get("bias", True)
        assert [str(note) for note in model.notes] == ["Not analysed: 1.weight, 1.bias."]

    def test_bfloat16_files(self, tmp_path: Path) -> None:
        """The upper half of a float32; NumPy has no such type."""
        net = network("LSTM").bfloat16()
        save_file(net.state_dict(), tmp_path / "net.safetensors")
        layer = read_weights(tmp_path / "net.safetensors").layers[0]
        assert np.array_equal(layer.values["U_i"], net.weight_hh_l0.detach().double().numpy()[:4])

    def test_a_figure_file_holds_the_gradients_too(self) -> None:
        """The carried PyTorch figures: forward values through our names."""
        cases = json.loads((CONFORMANCE / "engines.json").read_text(encoding="utf-8"))
        found = 0
        for name, case in cases.items():
            if not name.startswith("torch"):
                continue
            state = {key: np.array(value) for key, value in case["params"].items()}
            model = from_pytorch(_Holder(state), inputs=np.array(case["x"])[:, 0])
            values = dict(model.values)
            for initial in model.cell.initials:
                values[initial] = np.array(case[f"{initial.name}0"])[0, 0]
            h = states(Model(**{**vars(model), "values": values}))
            assert np.abs(h - np.array(case["output"])[:, 0]).max() < 1e-12
            found += 1
        assert found >= 3


class _Holder:
    """Anything with a state dict."""

    def __init__(self, state: dict[str, np.ndarray]) -> None:
        self.state = state

    def state_dict(self) -> dict[str, np.ndarray]:
        """The arrays."""
        return self.state


class TestOnnx:
    """Nodes, held against the reference evaluator and against the figures of onnxruntime."""

    def run(
        self, op: str, directions: int, attributes: dict[str, Any], extra: dict[str, np.ndarray]
    ) -> tuple[Any, Any]:
        """A one-node model with random weights: (our Weights, x and the reference's Y)."""
        from onnx import TensorProto, helper, numpy_helper, reference

        draw = np.random.default_rng(3).normal
        gates = {"RNN": 1, "GRU": 3, "LSTM": 4}[op]
        weights = {
            "W": draw(size=(directions, gates * 4, 3)),
            "R": draw(size=(directions, gates * 4, 4)),
            "B": draw(size=(directions, 2 * gates * 4)),
            **extra,
        }
        names = ["X", "W", "R", "B"] + (["", "", "", "P"] if "P" in extra else [])
        node = helper.make_node(op, names, ["Y"], name="layer", hidden_size=4, **attributes)
        given = [numpy_helper.from_array(value.astype(np.float32), key) for key, value in weights.items()]
        x = helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, 1, 3])
        y = helper.make_tensor_value_info("Y", TensorProto.FLOAT, None)
        model = helper.make_model(helper.make_graph([node], "g", [x], [y], given))
        path = self.folder / "net.onnx"
        path.write_bytes(model.SerializeToString())
        inputs = draw(size=(5, 1, 3)).astype(np.float32)
        (found,) = reference.ReferenceEvaluator(model).run(None, {"X": inputs})
        return read_weights(path), (inputs[:, 0].astype(float), found)

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    @pytest.mark.parametrize(
        ("op", "attributes"),
        [
            ("RNN", {}),
            ("GRU", {}),
            ("GRU", {"linear_before_reset": 1}),
            ("LSTM", {}),
        ],
    )
    def test_reference_evaluator(self, op: str, attributes: dict[str, Any]) -> None:
        """Forward values to float32."""
        weights, (x, y) = self.run(op, 1, attributes, {})
        assert [layer.label for layer in weights.layers] == ["layer"]
        h = states(model_of(weights, weights.layers[0], inputs=x))
        assert np.abs(h - y[:, 0, 0]).max() < 1e-6

    @pytest.mark.parametrize("name", sorted(ONNX_FIGURES))
    def test_figures_of_onnxruntime(self, name: str) -> None:
        """Every carried case as a file of one node, each direction and example by itself."""
        from onnx import helper, numpy_helper

        case = ONNX_FIGURES[name]
        inputs = {key: unpacked(value).astype(float) for key, value in case["inputs"].items()}
        said = {k: v for k, v in case["attributes"].items() if v is not None and k != "layout"}
        constants = [numpy_helper.from_array(inputs[key], key) for key in ("W", "R", "B", "P") if key in inputs]
        names = ["X", "W", "R", "B" if "B" in inputs else "", "", "", "", "P" if "P" in inputs else ""]
        node = helper.make_node(case["op"], names, ["Y"], name="layer", **said)
        (self.folder / "net.onnx").write_bytes(
            helper.make_model(helper.make_graph([node], "g", [], [], constants)).SerializeToString()
        )
        weights = read_weights(self.folder / "net.onnx")
        x = inputs["X"].swapaxes(0, 1) if case["attributes"].get("layout") else inputs["X"]
        y = unpacked((case.get("outputs") or case.get("recomputed_float64"))["Y"])
        if case["attributes"].get("layout"):
            y = y.transpose(1, 2, 0, 3)
        y = y.reshape(len(x), len(weights.layers), x.shape[1], -1)
        lengths = inputs.get("sequence_lens", np.full(x.shape[1], len(x))).astype(int)
        for d, layer in enumerate(weights.layers):
            for b in np.flatnonzero(lengths):
                given = x[: lengths[b], b]
                model = model_of(weights, layer, inputs=given)
                start = {i: inputs.get(f"initial_{i.name}", np.zeros((2, x.shape[1], layer.hidden)))[d, b] for i in
                         model.cell.initials}  # fmt: skip
                h = states(replace(model, values={**model.values, **start}))
                ours = h[::-1] if layer.reverse else h
                assert np.abs(ours - y[: lengths[b], d, b]).max() < 1e-6

    def test_peepholes(self) -> None:
        """The output gate's peephole sees c_t."""
        extra = {"P": np.random.default_rng(4).normal(size=(1, 12))}
        weights, (x, _) = self.run("LSTM", 1, {}, extra)
        layer = weights.layer("layer")
        h = states(model_of(weights, layer, inputs=x))
        assert "p_o ⊙ c_t" in str(layer.cell)
        assert np.abs(h - _peephole_lstm(layer.values, x)).max() < 1e-12

    def test_coupled_gates(self) -> None:
        """input_forget makes f_t = 1 − i_t."""
        weights, (x, _) = self.run("LSTM", 1, {"input_forget": 1}, {})
        values = dict(weights.layer().values)
        assert not any(key.endswith("_f") for key in values)
        h = states(model_of(weights, weights.layers[0], inputs=x))
        assert np.abs(h - _peephole_lstm(values, x)).max() < 1e-12

    def test_both_directions(self) -> None:
        """Each direction is a layer; the second reads the sequence from its end."""
        weights, (x, _) = self.run("GRU", 2, {"direction": "bidirectional"}, {})
        forward, backward = weights.layers
        assert backward.label == "layer_reverse"
        assert np.array_equal(model_of(weights, backward, inputs=x).value("x"), x[::-1])
        assert not np.array_equal(forward.values["U_z"], backward.values["U_z"])

    @pytest.mark.parametrize("attributes", [{"clip": 3.0}, {"activations": ["Affine", "Tanh", "Tanh"]}])
    def test_what_is_not_read_is_said(self, attributes: dict[str, Any]) -> None:
        """An attribute that changes the equations is never ignored."""
        from symrnn.errors import NotYetError

        with pytest.raises(NotYetError, match=r"activations|clip"):
            self.run("LSTM", 1, attributes, {})

    @pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
    def test_gates_that_an_exporter_left_to_the_graph(self, kind: str) -> None:
        """PyTorch's exporter slices and concatenates: constants are folded."""
        net = network(kind, num_layers=2)
        path = self.folder / "net.onnx"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter speaks of its own future
            torch.onnx.export(net, (torch.zeros(7, 1, 3),), str(path), dynamo=False)
        weights = read_weights(path)
        x = np.random.default_rng(0).normal(size=(6, 3))
        h = states(model_of(weights, weights.layers[0], inputs=x))
        one = type(net)(3, 4).double()
        one.load_state_dict({k: v for k, v in net.double().state_dict().items() if k.endswith("_l0")})
        assert len(weights.layers) == 2 and not weights.others
        assert np.abs(h - one(torch.tensor(x)[:, None])[0][:, 0].detach().numpy()).max() < 1e-12


def _peephole_lstm(p: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """ONNX's LSTM with peepholes or coupled gates, written out."""

    def sigmoid(a: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-a))

    def argument(gate: str, row: np.ndarray, h: np.ndarray, c: np.ndarray) -> np.ndarray:
        return p[f"W_{gate}"] @ row + p[f"U_{gate}"] @ h + p[f"b_{gate}"] + p.get(f"p_{gate}", 0) * c

    h = c = np.zeros(4)
    found = []
    for row in x:
        i = sigmoid(argument("i", row, h, c))
        f = sigmoid(argument("f", row, h, c)) if "W_f" in p else 1 - i
        c = f * c + i * np.tanh(argument("c", row, h, 0 * c))
        h = sigmoid(argument("o", row, h, c)) * np.tanh(c)
        found.append(h)
    return np.array(found)


class TestKeras:
    """A file that Keras 3.15 wrote (`save_weights`) and the outputs it computed with it."""

    @pytest.mark.parametrize("label", json.loads((DATA / "keras_outputs.json").read_text())["outputs"])
    def test_outputs(self, label: str) -> None:
        """To float32: LSTM, both directions of a reset-after GRU, a reset-before GRU, a simple cell."""
        figures = json.loads((DATA / "keras_outputs.json").read_text())
        weights = read_weights(DATA / "keras.weights.h5")
        model = model_of(weights, weights.layer(label), inputs=np.array(figures["x"]))
        assert np.abs(states(model) - np.array(figures["outputs"][label])).max() < 2e-7

    def test_what_is_no_recurrent_layer_is_listed(self) -> None:
        """The dense layer's two arrays."""
        assert read_weights(DATA / "keras.weights.h5").others == ("layers/dense/vars/0", "layers/dense/vars/1")


class TestFlax:
    """A dense layer for each gate, kernels acting on rows (flax.linen.recurrent)."""

    def test_an_lstm_with_biases_on_the_hidden_part_only(self, tmp_path: Path) -> None:
        """i, f, g, o; c̃ is g."""
        draw = np.random.default_rng(0).normal
        gates = "ifgo"
        arrays = {f"cell/i{g}/kernel": draw(size=(3, 4)) for g in gates}
        arrays |= {f"cell/h{g}/kernel": draw(size=(4, 4)) for g in gates} | {
            f"cell/h{g}/bias": draw(size=4) for g in gates
        }
        h = states(self._model(tmp_path, arrays, x := draw(size=(5, 3))))
        p = {
            f"{ours}_{g if g != 'g' else 'c'}": arrays[f"cell/{side}{g}/kernel"].T
            for g in gates
            for ours, side in ("Wi", "Uh")
        }
        p |= {f"b_{g if g != 'g' else 'c'}": arrays[f"cell/h{g}/bias"] for g in gates}
        assert np.abs(h - _peephole_lstm(p, x)).max() < 1e-12

    def test_a_gru_keeps_its_recurrent_bias_apart(self, tmp_path: Path) -> None:
        """n = tanh(W_in x + b_in + r ⊙ (W_hn h + b_hn)), h = (1 − z) ⊙ n + z ⊙ h: PyTorch's equations."""
        draw = np.random.default_rng(0).normal
        arrays = {f"i{g}/kernel": draw(size=(3, 4)) for g in "rzn"} | {f"h{g}/kernel": draw(size=(4, 4)) for g in "rzn"}
        arrays |= {f"i{g}/bias": draw(size=4) for g in "rzn"} | {"hn/bias": draw(size=4)}
        x = draw(size=(5, 3))
        net = torch.nn.GRU(3, 4).double()
        zero = np.zeros(4)
        state = {
            "weight_ih_l0": np.concatenate([arrays[f"i{g}/kernel"].T for g in "rzn"]),
            "weight_hh_l0": np.concatenate([arrays[f"h{g}/kernel"].T for g in "rzn"]),
            "bias_ih_l0": np.concatenate([arrays[f"i{g}/bias"] for g in "rzn"]),
            "bias_hh_l0": np.concatenate([zero, zero, arrays["hn/bias"]]),
        }
        net.load_state_dict({key: torch.tensor(value) for key, value in state.items()})
        out = net(torch.tensor(x)[:, None])[0][:, 0].detach().numpy()
        assert np.abs(states(self._model(tmp_path, arrays, x)) - out).max() < 1e-12

    @staticmethod
    def _model(folder: Path, arrays: dict[str, np.ndarray], x: np.ndarray) -> Model:
        np.savez(folder / "net.npz", **arrays)
        weights: Weights = read_weights(folder / "net.npz")
        assert not weights.others
        return model_of(weights, weights.layers[0], inputs=x)


def test_the_judges_are_installed() -> None:
    """Without them the tests above would say nothing."""
    assert all(importlib.util.find_spec(name) for name in ("torch", "onnx", "h5py", "safetensors"))
