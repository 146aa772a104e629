"""Nodes, activations, Programs, the one bounded reader of mathematics, and printing."""

from symrnn.algebra import printing as printing  # fills nodes.PRINTERS: how every node shows itself
