"""The simple recurrent cell, tanh by default.

J. L. Elman, "Finding structure in time", Cognitive Science 14 (1990).
"""

CONVENTION = "Elman (1990): one layer; h_t = f(W_h h_{t-1} + W_x x_t + b)"
CITATION = "elman1990"
EQUATIONS = """
h_t = tanh(W_h h_{t-1} + W_x x_t + b)
"""
DECLARATIONS = """
outputs: h
"""
