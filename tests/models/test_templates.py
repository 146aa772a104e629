"""`symrnn new`: every template is a model that loads as it stands."""

import pytest

from symrnn.models.files import loads
from symrnn.models.templates import model_text, working_text

CELLS = [
    *("rnn", "lstm", "gru", "h_t = tanh(w h_{t-1} + u x_t + b)", "h_t = tanh(A h_{t-1} + B x_t); y_t = C h_t"),
    r"h_t = (1 - \alpha) h_{t-1} + \alpha \tanh\left(W \begin{bmatrix} h_{t-1} \\ x_t \end{bmatrix} + b\right)",
]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("hidden", [1, 3])
def test_a_template_loads_and_has_the_sizes_asked_for(cell, hidden):
    """Whatever the cell, the file is complete."""
    model = loads(model_text(cell, hidden=hidden, inputs=2, steps=4))
    assert model.steps == 4 and model.exact
    assert model.sizes.get("n", hidden) == hidden


def test_a_working_carries_its_model_as_front_matter():
    """The model stands between two lines of +++."""
    text = working_text("rnn", steps=2)
    _, front, body = text.split("+++\n")
    assert loads(front).steps == 2 and "### Step 2" in body


def test_no_parameter_of_a_template_is_zero():
    """A zero weight would hide a mistake."""
    model = loads(model_text("lstm", hidden=3, inputs=3))
    assert all(entry != 0 for p in model.program.parameters for entry in model.values[p].flat)
