"""The named cells: one file each with the equations, the convention's name and the citation, nothing else."""

from symrnn.cells.catalogue import CELLS as CELLS
from symrnn.cells.catalogue import gru as gru
from symrnn.cells.catalogue import lstm as lstm
from symrnn.cells.catalogue import named as named
from symrnn.cells.catalogue import rnn as rnn
