"""The labels of figures: English here, other languages by the catalogue `plots`. What stands in $…$ is mathematics."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from symrnn.languages import translated
from symrnn.plots.style import label_language

DOMAIN = "plots"
WORDS: Mapping[str, str] = MappingProxyType(
    {
        "eigenvalues": "Eigenvalues",
        "points": "eigenvalues",
        "eigenvalues of": "Eigenvalues of {0}",
        "field of values": "field of values",
        "unit circle": "unit circle",
        "real": r"$\mathrm{Re}\,\lambda$",
        "imaginary": r"$\mathrm{Im}\,\lambda$",
        "radii": r"$\rho = {0}$,  $\sigma_1 = {1}$",
        "singular values": "Singular values",
        "singular values of": "Singular values of {0}",
        "index": "index",
        "singular value": r"$\sigma_i$",
        "pseudospectra": "Pseudospectra",
        "pseudospectra of": "Pseudospectra of {0}",
        "resolvent": r"$\log_{10} \varepsilon$",
        "gradient against lag": "Gradient norm against lag",
        "lag": "lag $k$",
        "norm": r"$\Vert \partial s_{t+k} / \partial s_t \Vert$",
        "median": "median",
        "measured": "measured",
        "band": "10–90 %",
        "bound": "proved bound $C r^k$",
        "rate": "{0} per step",
        "float32": "smallest float32",
        "lyapunov spectrum": "Lyapunov spectrum",
        "exponent": r"$\lambda_i$",
        "lyapunov convergence": "Convergence of the exponents",
        "steps": "steps",
        "running mean": r"running mean of $\lambda_i$",
        "saturation": "Gate saturation",
        "left": "share of steps below 0.1",
        "right": "share of steps above 0.9",
        "phase diagram": "Phase diagram",
        "vanishing": "vanishing",
        "exploding": "exploding",
        "largest exponent": r"largest Lyapunov exponent $\lambda_1$",
        "boundary": r"$\lambda_1 = 0$, mean field",
        "remedies": "Remedies, measured on this model",
        "before": "before",
        "after": "after",
        "factor": r"factor per step $e^{\lambda_1}$",
        "sweep": "Sweep",
        "forward": "forward value",
        "backward": "gradient flowing back",
        "norms": r"black: value, red: gradient of $L$ (norms of vectors); largest flow ${0}$",
        "backward of the sum": r"black: value, red: gradient of $\Sigma_i h_{T,i}$ (norms); largest flow ${0}$",
        "elided": "steps {0}–{1} left out",
    }
)
"""Every label, by what it is for."""


def word(key: str, language: str, *values: str) -> str:
    """A label in a language, where there are fonts for it.

    >>> word("eigenvalues of", "en", "$W_h$")
    'Eigenvalues of $W_h$'
    """
    text = translated(WORDS[key], label_language(language), DOMAIN)
    for place, value in enumerate(values):
        text = text.replace(f"{{{place}}}", value)
    return text


def plain(text: str) -> str:
    """A user's text as a label: no mathematics is read in it, and it is not hidden.

    >>> plain("a$b$.npz"), plain("_net")
    ('a\\\\$b\\\\$.npz', ' _net')
    """
    escaped = text.replace("$", r"\$")
    return f" {escaped}" if escaped.startswith("_") else escaped
