"""Regimes: does the gradient vanish, explode or neither, and which theorem, bound or measurement says so.

Trees and message keys only; words are added by `documents.verdicts`.
"""
