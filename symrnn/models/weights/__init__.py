"""Trained weights from outside: files of five kinds and live modules, as models with neutral names.

`containers` reads arrays out of files and never runs anything a file says; `layouts` is the table of gate orders and
biases; `naming` finds recurrent layers among named tensors; `layers` is what is found; `loading` makes models of it.
"""

from symrnn.models.weights.live import from_pytorch as from_pytorch
from symrnn.models.weights.loading import load_weights as load_weights
from symrnn.models.weights.loading import read_weights as read_weights
