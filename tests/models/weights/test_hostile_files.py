"""Truncated, flipped and malicious files: an error in three parts; no other exception, no code run, no crash."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save as to_safetensors

from symrnn.errors import InputError, NeverError, SymrnnError, UnsafeInputError
from symrnn.models.sources import resolve
from symrnn.models.weights.containers import read_npz, read_safetensors
from symrnn.models.weights.loading import load_weights, read_weights
from symrnn.models.weights.onnx_graphs import read_onnx
from symrnn.numeric.compiled import run_model

KERAS = Path(__file__).parent / "data" / "keras.weights.h5"


def _lstm() -> dict[str, np.ndarray]:
    draw = np.random.default_rng(0).normal
    return {"weight_ih_l0": draw(size=(8, 3)), "weight_hh_l0": draw(size=(8, 2)), "bias_ih_l0": draw(size=8)}


def npz_bytes(compressed: bool = False) -> bytes:
    """A small LSTM as `.npz`."""
    stream = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(stream, **_lstm())
    return stream.getvalue()


def safetensors_bytes() -> bytes:
    """A small LSTM as `.safetensors`."""
    return to_safetensors(_lstm())


def onnx_bytes() -> bytes:
    """A small LSTM as ONNX."""
    draw = np.random.default_rng(0).normal
    arrays = {"W": draw(size=(1, 8, 3)), "R": draw(size=(1, 8, 2)), "B": draw(size=(1, 16))}
    node = helper.make_node("LSTM", ["X", "W", "R", "B"], ["Y"], name="n", hidden_size=2)
    tensors = [numpy_helper.from_array(value, key) for key, value in arrays.items()]
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in "XY")
    return helper.make_model(helper.make_graph([node], "g", [x], [y], tensors)).SerializeToString()


READERS: dict[str, tuple[Callable[[], bytes], Callable[[bytes, str], object]]] = {
    "npz": (npz_bytes, read_npz),
    "npz, compressed": (lambda: npz_bytes(True), read_npz),
    "safetensors": (safetensors_bytes, read_safetensors),
    "onnx": (onnx_bytes, read_onnx),
}


class TestDamage:
    """Every truncation, and many flipped bits: what comes out is arrays or an error of ours."""

    @pytest.mark.parametrize("kind", READERS)
    def test_truncated(self, kind: str) -> None:
        """Cut at every length."""
        make, read = READERS[kind]
        data = make()
        refused = sum(not self._is_read(read, data[:length]) for length in range(0, len(data), 3))
        assert refused > len(data) / 3 * 0.9 or kind == "onnx"
        assert self._is_read(read, data)

    @pytest.mark.parametrize("kind", READERS)
    def test_flipped(self, kind: str) -> None:
        """Four thousand single bits, and five hundred files with twenty."""
        make, read = READERS[kind]
        data = make()
        draw = np.random.default_rng(1).integers
        for flips in [1] * 4000 + [20] * 500:
            damaged = bytearray(data)
            for place, bit in zip(draw(0, len(data), flips), draw(0, 8, flips), strict=True):
                damaged[place] ^= 1 << bit
            self._is_read(read, bytes(damaged))

    @staticmethod
    def _is_read(read: Callable[[bytes, str], object], data: bytes) -> bool:
        try:
            read(data, "net")
        except SymrnnError:
            return False
        return True

    @pytest.mark.parametrize("seed", range(12))
    def test_flipped_hdf5(self, seed: int, tmp_path: Path) -> None:
        """The C library runs in a process of its own, which may die."""
        data = bytearray(KERAS.read_bytes())
        draw = np.random.default_rng(seed).integers
        for place in draw(8, len(data), 200):
            data[place] ^= 1 << int(draw(0, 8))
        (tmp_path / "net.h5").write_bytes(data)
        try:
            read_weights(tmp_path / "net.h5")
        except SymrnnError as error:
            assert error.found

    @pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
    def test_truncated_hdf5(self, share: float, tmp_path: Path) -> None:
        """As above."""
        data = KERAS.read_bytes()
        (tmp_path / "net.h5").write_bytes(data[: int(share * len(data))])
        with pytest.raises(InputError):
            read_weights(tmp_path / "net.h5")


class _Trap:
    """What runs when it is unpickled leaves a trace."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.path,))


class TestMalice:
    """Known ways to make a reader do more than read."""

    @pytest.mark.parametrize("name", ["net.pt", "net.pth", "net.npz", "net.bin"])
    def test_a_pickle_never_runs(self, name: str, tmp_path: Path) -> None:
        """Refused with the line that converts it."""
        trace = tmp_path / "trace"
        (tmp_path / name).write_bytes(pickle.dumps(_Trap(trace)))
        with pytest.raises(NeverError, match="safetensors"):
            resolve(str(tmp_path / name))
        assert not trace.exists()

    def test_a_zipped_pickle_never_runs(self, tmp_path: Path) -> None:
        """What torch.save writes, under an honest and a false suffix."""
        trace = tmp_path / "trace"
        for name in ("net.pt", "net.npz"):
            with zipfile.ZipFile(tmp_path / name, "w") as archive:
                archive.writestr("archive/data.pkl", pickle.dumps(_Trap(trace)))
            with pytest.raises(NeverError):
                resolve(str(tmp_path / name))
        assert not trace.exists()

    def test_an_array_of_objects(self, tmp_path: Path) -> None:
        """A pickle inside a `.npy`."""
        trace = tmp_path / "trace"
        np.savez(tmp_path / "net.npz", W_h=np.array([_Trap(trace)], dtype=object))
        with pytest.raises(UnsafeInputError, match="Python objects"):
            load_weights(tmp_path / "net.npz")
        assert not trace.exists()

    def test_a_zip_bomb(self) -> None:
        """2 GB of zeros in 2 MB: refused by the zip's own list, before it is unpacked."""
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("W.npy", "w") as member:
            for _ in range(1100):
                member.write(bytes(1 << 20))
        with pytest.raises(UnsafeInputError, match="unpacked"):
            read_npz(stream.getvalue(), "net.npz")

    def test_a_header_that_claims_terabytes(self) -> None:
        """Held against the bytes there are, before allocation."""
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive, archive.open("W.npy", "w") as member:
            np.lib.format.write_array_header_1_0(
                member, {"descr": "<f8", "fortran_order": False, "shape": (10**6, 10**6)}
            )
        with pytest.raises(InputError, match="claims"):
            read_npz(stream.getvalue(), "net.npz")

    def test_two_tensors_of_one_name(self) -> None:
        """Which one was meant?"""
        one = '"b":{"dtype":"F32","shape":[1],"data_offsets":[%d,%d]}'
        header = ("{" + one % (0, 4) + "," + one % (0, 4) + "}").encode()
        with pytest.raises(InputError, match=r"two tensors named b|can be read"):
            read_safetensors(len(header).to_bytes(8, "little") + header + bytes(4), "net")

    def test_onnx_data_outside_the_file(self, tmp_path: Path) -> None:
        """A tensor that points at another file is refused, the file never opened."""
        tensor = TensorProto(name="W", data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
        tensor.external_data.add(key="location", value="../secret")
        graph = helper.make_graph([], "g", [], [], [tensor])
        (tmp_path / "net.onnx").write_bytes(helper.make_model(graph).SerializeToString())
        with pytest.raises(UnsafeInputError, match="outside the file"):
            read_weights(tmp_path / "net.onnx")

    def test_an_onnx_graph_that_doubles_a_constant_again_and_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Forty nodes, a terabyte: refused on the way."""
        monkeypatch.setattr("symrnn.models.weights.tensors.MOST_BYTES", 1 << 20)
        tensor = numpy_helper.from_array(np.ones(100), "c0")
        nodes = [helper.make_node("Concat", [f"c{k}", f"c{k}"], [f"c{k + 1}"], axis=0) for k in range(40)]
        graph = helper.make_graph(nodes, "g", [], [], [tensor])
        with pytest.raises(UnsafeInputError, match="put together"):
            read_onnx(helper.make_model(graph).SerializeToString(), "net")

    def test_hdf5_links_and_storage_that_lead_out(self, tmp_path: Path) -> None:
        """External storage, external and soft links, virtual datasets, and fill values over nothing."""
        secret = tmp_path / "secret"
        secret.write_bytes(b"x" * 64)
        with h5py.File(tmp_path / "other.h5", "w") as other:
            other["kernel"] = np.ones(3)

        def storage(file: h5py.File) -> None:
            file.create_dataset("kernel", (64,), dtype="u1", external=[(str(secret), 0, 64)])

        def outward(file: h5py.File) -> None:
            file["kernel"] = h5py.ExternalLink("other.h5", "kernel")

        def soft(file: h5py.File) -> None:
            file["kernel"] = h5py.SoftLink("/elsewhere")

        def virtual(file: h5py.File) -> None:
            layout = h5py.VirtualLayout((3,), "f8")
            layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "kernel", (3,))
            file.create_virtual_dataset("kernel", layout)

        def hollow(file: h5py.File) -> None:
            file.create_dataset("kernel", (10**9,), dtype="f8", chunks=(10**6,), fillvalue=1.0)

        for build in (storage, outward, soft, virtual, hollow):
            path = tmp_path / f"{build.__name__}.h5"
            with h5py.File(path, "w") as file:
                build(file)
            with pytest.raises(InputError, match="can be read"):
                read_weights(path)


class TestMessages:
    """Each in three parts."""

    @pytest.mark.parametrize(
        ("arrays", "said"),
        [
            ({"weight_ih_l0": np.ones((8, 3)), "weight_hh_l0": np.ones((7, 2))}, "none of an RNN"),
            ({"weight_ih_l0": np.ones((4, 3)), "weight_hh_l0": np.ones((8, 2))}, "do not fit"),
            ({"weight_ih_l0": np.full((2, 3), np.nan), "weight_hh_l0": np.ones((2, 2))}, "not finite"),
            ({"other": np.ones(3)}, "no recurrent layer among 1 arrays: other"),
            ({"weight_ih_l0": np.array([["a"]]), "weight_hh_l0": np.ones((1, 1))}, "type"),
        ],
    )
    def test_arrays_that_make_no_layer(self, arrays: dict[str, np.ndarray], said: str, tmp_path: Path) -> None:
        """What was found is said."""
        np.savez(tmp_path / "net.npz", **arrays)
        with pytest.raises(SymrnnError, match=said):
            load_weights(tmp_path / "net.npz")

    @pytest.mark.parametrize("naming", ["pytorch", "keras", "flax", "neutral"])
    def test_shapes_that_do_not_fit_are_an_error(self, naming: str, tmp_path: Path) -> None:
        """Two hundred files, some arrays of which have other shapes: a model that runs, or an error of ours."""
        draw = np.random.default_rng(len(naming))
        names = {
            "pytorch": {"weight_ih_l0": (8, 3), "weight_hh_l0": (8, 2), "bias_ih_l0": (8,), "bias_hh_l0": (8,)},
            "keras": {"a/vars/0": (3, 6), "a/vars/1": (2, 6), "a/vars/2": (2, 6)},
            "flax": {f"{s}{g}/kernel": (3 if s == "i" else 2, 2) for s in "ih" for g in "rzn"} | {"hn/bias": (2,)},
            "neutral": {"W_h": (2, 2), "W_x": (2, 3), "b": (2,)},
        }[naming]
        runs = 0
        for _ in range(200):
            shapes = {name: self._changed(shape, draw) for name, shape in names.items() if draw.random() > 0.05}
            np.savez(tmp_path / "net.npz", **{name: draw.normal(size=shape) for name, shape in shapes.items()})
            try:
                model = load_weights(tmp_path / "net.npz", steps=3)
            except SymrnnError:
                continue
            run_model(model)
            runs += 1
        assert 10 < runs < 190

    @staticmethod
    def _changed(shape: tuple[int, ...], draw: np.random.Generator) -> tuple[int, ...]:
        kind = draw.random()
        if kind < 0.8:
            return shape
        sizes = tuple(int(draw.integers(0, 9)) if draw.random() < 0.5 else size for size in shape)
        return sizes if kind < 0.9 else sizes[:-1] if kind < 0.95 else (*sizes, 1)

    def test_a_wrong_prefix_lists_the_layers(self, tmp_path: Path) -> None:
        """By label."""
        np.savez(tmp_path / "net.npz", **{f"lstm.{key}": value for key, value in _lstm().items()})
        with pytest.raises(SymrnnError, match=r"one of: lstm\.l0"):
            load_weights(tmp_path / "net.npz", "gru.")
        assert load_weights(tmp_path / "net.npz", "lstm.").sizes == {"n": 2, "m": 3}


class TestModelFiles:
    """`weights = …` in a model file."""

    def model(self, folder: Path, text: str) -> Path:
        """A model file beside a weights file."""
        (folder / "net.safetensors").write_bytes(safetensors_bytes())
        (folder / "model.toml").write_text(text, encoding="utf-8")
        return folder / "model.toml"

    @pytest.mark.parametrize("table", ["cell", "parameters"])
    def test_relative_to_the_model_file(self, table: str, tmp_path: Path) -> None:
        """The cell follows from the weights; inputs are assumed and said to be."""
        head = "" if table == "cell" else "[cell]\nkind = 'lstm'\n"
        found = resolve(str(self.model(tmp_path, f"{head}[{table}]\nweights = 'net.safetensors'\n")))
        assert found.sizes == {"n": 2, "m": 3} and found.steps == 100
        assert str(found.notes[0]).startswith("Assumed: inputs drawn from N(0,1), 100 steps, seed 0")

    def test_what_the_model_file_says_stands(self, tmp_path: Path) -> None:
        """One bias replaced, own inputs."""
        text = "[parameters]\nweights = 'net.safetensors'\nb_f = 3\n[sequence]\nx = [[1, 0, 0], [0, 1, 0]]\n"
        found = resolve(str(self.model(tmp_path, text)))
        assert found.value("b_f").tolist() == [3, 3] and found.steps == 2 and not found.notes
        assert np.array_equal(found.value("U_i"), _lstm()["weight_hh_l0"][:2])

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("[cell]\nkind = 'gru'\nweights = 'net.safetensors'\n", "those of: l0: LSTM, 3 inputs, 2 units"),
            ("[parameters]\nweights = 'missing.npz'\n", "no such file"),
            ("[parameters]\nweights = 3\n", "text in quotes"),
            ("[parameters]\nweights = 'net.safetensors'\nprefix = 'gru.'\n", "no layer at 'gru.'"),
        ],
    )
    def test_errors_name_the_place(self, text: str, said: str, tmp_path: Path) -> None:
        """File and line."""
        with pytest.raises(SymrnnError, match=said) as caught:
            resolve(str(self.model(tmp_path, text)))
        assert "model.toml:" in str(caught.value)


def test_the_data_is_small() -> None:
    """A clone stays light."""
    assert KERAS.stat().st_size < 50_000 and json.loads((KERAS.parent / "keras_outputs.json").read_text())
