"""Models that worksheets are made of in the tests, one for each way numbers come out."""

from __future__ import annotations

from functools import cache

from symrnn.models.files import loads
from symrnn.models.model import Model
from symrnn.worksheets.sheets import Class, tasks_of

GATES = {"lstm": "ifoc", "gru": "zrh"}


def scalar_text(activation: str, steps: int, loss: str = "y = 1.0", further: str = "") -> str:
    """h_t = f(W_h h_{t-1} + W_x x_t + b) with a half squared error."""
    inputs = ", ".join(["1.0"] * steps)
    return (
        f'name = "{activation}"\n[cell]\nkind = "rnn"\nactivation = "{activation}"\n[sequence]\nx = [{inputs}]\n'
        f'[parameters]\nW_h = 0.5\nW_x = 0.5\nb = 0.1\n{further}[loss]\nkind = "half_squared_error"\n{loss}\n'
    )


def vector_text(activation: str, steps: int) -> str:
    """The same with two states and one input."""
    inputs = ", ".join(["[1.0]"] * steps)
    return (
        f'name = "two {activation}"\n[cell]\nkind = "rnn"\nactivation = "{activation}"\n[sequence]\nx = [{inputs}]\n'
        "[parameters]\nW_h = [[0.5, 0.25], [0.5, 0.5]]\nW_x = [[0.5], [0.5]]\nb = [0.1, 0.1]\n"
        '[loss]\nkind = "half_squared_error"\ny = [1.0, 0.5]\n'
    )


HALF = 'kind = "half_squared_error"\ny = 1.0\n'


def classes(count: int) -> tuple[str, str]:
    """Softmax over so many classes at the last step: its parameters, and its loss."""
    weights, biases = ", ".join(["[0.5]"] * count), ", ".join(["0.1"] * count)
    return f"W_y = [{weights}]\nb_y = [{biases}]\n", 'kind = "softmax_cross_entropy"\ny = 1\n'


def gated_text(kind: str, further: str = "", loss: str = HALF, steps: int = 1) -> str:
    """A scalar gated cell; of one step unless said."""
    parameters = "".join(f"{letter}_{gate} = 0.5\n" for letter in "WUb" for gate in GATES[kind])
    return (
        f'name = "{kind}"\n[cell]\nkind = "{kind}"\n[sequence]\nx = {[1.0] * steps}\n'
        f"[parameters]\n{parameters}{further}[loss]\n{loss}"
    )


def softmax_text(activation: str, count: int) -> str:
    """A scalar cell of two steps with softmax at the last."""
    further, loss = classes(count)
    return (
        f'name = "softmax"\n[cell]\nkind = "rnn"\nactivation = "{activation}"\n[sequence]\nx = [1.0, 1.0]\n'
        f"[parameters]\nW_h = 0.5\nW_x = 0.5\nb = 0.1\n{further}[loss]\n{loss}"
    )


TEXTS = {
    "linear": scalar_text("identity", 3),
    "relu": scalar_text("relu", 2),
    "hard": scalar_text("hard_tanh", 2),
    "tanh": scalar_text("tanh", 2),
    "sigmoid": scalar_text("sigmoid", 2),
    "linear2": vector_text("identity", 2),
    "tanh2": vector_text("tanh", 2),
    "lstm": gated_text("lstm"),
    "gru": gated_text("gru"),
    "readout": scalar_text("identity", 2, further="W_y = 0.5\nb_y = 0.5\n"),
    "softmax": softmax_text("identity", 3),
    "tanh_softmax": softmax_text("tanh", 3),
    "sigmoid_softmax": softmax_text("sigmoid", 2),
    "lstm_rounded": gated_text("lstm", steps=2),
    "lstm_softmax": gated_text("lstm", *classes(2)),
    "gru_softmax": gated_text("gru", *classes(3)),
    "every_step": scalar_text("identity", 2, 'at = "every_step"\ny = [1.0, 0.5]'),
}


@cache
def model_of(name: str) -> Model:
    """The model of a name."""
    return loads(TEXTS[name])


@cache
def _first(name: str, tasks: str) -> Class:
    model = model_of(name)
    return Class(model, tasks_of([task for task in tasks.split(",") if task], model), 1)


def class_of(name: str, tasks: str = "", seed: int = 1) -> Class:
    """A class of a model; the usual tasks unless said. What all seeds share is made once."""
    first = _first(name, tasks)
    return Class(first.model, first.tasks, seed, shared=first.recipes)
