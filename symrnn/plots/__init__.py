"""Figures of spectra, trajectories and Programs, made of panels: `figure([eigenvalues(W), singular_values(W)])`.

A panel is drawn on axes; `figure` sets panels side by side in the house style; `saved` gives the same bytes for the
same input. pyplot is never used, so nothing global changes.
"""

from symrnn.plots.panels import Panel as Panel
from symrnn.plots.panels import figure as figure
from symrnn.plots.panels import saved as saved
