"""How texts spell the quantities of a cell: the field's usual names, most likely first.

Reads a name of the text and the names a model has; returns which of these it may be. Data, and the walk over it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symrnn.checking.naming import Name

PREVIOUS = frozenset({"prev", "old", "last"})
NEXT = frozenset({"next", "new"})

RECURRENT = (
    "W_hh",
    "w_hh",
    "Whh",
    "whh",
    "W_h",
    "w_h",
    "Wh",
    "wh",
    "w_rec",
    "W_rec",
    "U_h",
    "W",
    "w",
    "w_s",
    "W_s",
    "W_ss",
)
INPUT = (
    "W_xh",
    "W_hx",
    "w_xh",
    "w_hx",
    "Wxh",
    "Whx",
    "wxh",
    "W_x",
    "w_x",
    "Wx",
    "wx",
    "W_ih",
    "W_in",
    "U",
    "u",
    "w_in",
)
READOUT = (
    "W_hy",
    "W_yh",
    "w_hy",
    "w_yh",
    "Why",
    "why",
    "W_y",
    "w_y",
    "Wy",
    "wy",
    "W_qh",
    "W_o",
    "V",
    "v",
    "w_out",
    "W_out",
)

PLAIN_PARAMETERS = {
    "W_h": RECURRENT,
    "W_x": INPUT,
    "W_y": READOUT,
    "b": ("b", "b_h", "bh", "b_a", "bias"),
    "b_y": ("b_y", "by", "b_o", "b_q", "c"),
}
"""The simple cell's parameters."""

SIGNALS = {
    "h": ("h", "H", "s", "S", "a"),
    "c": ("c", "C", "cell", "s"),
    "a": ("a", "z", "net", "net_h", "s", "u", "pre", "a_h", "z_h"),
    "y_hat": ("y_hat", "Y_hat", "yhat", "y_pred", "y", "Y", "o", "O", "out", "pred", "p"),
    "y": ("y", "y_star", "y_true", "y_target", "t", "target", "y_t", "d", "Y"),
    "x": ("x", "X", "input"),
    "o": ("o", "O", "z", "y", "logits"),
    "p": ("p", "p_hat", "y_hat", "y", "q"),
    "L": ("L", "l", "E", "J", "ell", "loss"),
}
"""The signals of cells, readouts and losses outside the gates."""

GATES = {
    "f": ("f", "F", "Gamma_f", "gamma_f"),
    "i": ("i", "I", "u", "Gamma_u", "Gamma_i"),
    "o": ("o", "O", "Gamma_o"),
    "c_tilde": ("c_tilde", "C_tilde", "c_hat", "C_hat", "g", "G", "a", "c_bar", "C_bar", "n"),
    "h_tilde": ("h_tilde", "H_tilde", "h_hat", "n", "N", "h_bar", "g", "c_tilde"),
    "z": ("z", "Z", "u", "Gamma_u"),
    "r": ("r", "R", "Gamma_r"),
}
"""Gates and candidates."""

BEFORE_GATE = ("a", "z", "net", "s", "pre")
"""`z_f`, `a_f`, `net_f`: what a gate's function is applied to."""


def parameters_of(name: Name, known: Sequence[str], gated: bool) -> Iterator[str]:
    """The model's parameters a name may be."""
    whole = name.whole
    if whole in known:
        yield whole
    if gated:
        yield from _gate_parameters(name, known)
    for parameter, spellings in PLAIN_PARAMETERS.items():
        if parameter in known and whole in spellings and parameter != whole:
            yield parameter


def _gate_parameters(name: Name, known: Sequence[str]) -> Iterator[str]:
    """`W_{xf}`, `W_{hf}`, `U_f`, `b_f`, `Wf`: which matrix, and of which gate."""
    letters = "".join((name.base[1:], *name.words)).lower().replace("_tilde", "").replace("~", "")
    kind = name.base[:1]
    gate = {"g": "c", "n": "h", "u": "z" if "W_z" in known else "i"}
    if kind in ("W", "w", "U", "u", "R", "V") and letters:
        for first, second in ((letters[:1], letters[1:]), (letters[1:], letters[:1])):
            source = {"x": "W", "i": "W", "h": "U"}.get(first)
            if source and second and f"{source}_{gate.get(second, second)}" in known:
                yield f"{source}_{gate.get(second, second)}"
        own = "U" if kind in ("U", "u", "R") else "W"
        if f"{own}_{gate.get(letters, letters)}" in known and name.whole not in known:
            yield f"{own}_{gate.get(letters, letters)}"
    if kind == "b" and letters and f"b_{gate.get(letters, letters)}" in known and name.whole not in known:
        yield f"b_{gate.get(letters, letters)}"


def families_of(name: Name, known: Sequence[str], gated: bool) -> Iterator[tuple[str, int]]:
    """The model's signals a name may be, and how many steps later it stands: `h_prev` is `h` at −1."""
    shift, words = 0, list(name.words)
    for word in name.words:
        if word in PREVIOUS or word in NEXT:
            # What comes out of a step is called next: `a_next` of a cell that reads `a_prev`.
            shift = -1 if word in PREVIOUS else 0
            words.remove(word)
    if words and words[-1] == "t":
        words.pop()
    whole = "_".join((name.base, *words))
    seen: set[str] = set()
    for family in _families(whole, gated, bool(name.steps)):
        if family == "a" and family not in known:
            # Where an output has a function as well, the state's argument is told by its name.
            family = next((own for own in ("a_h", "a_s") if own in known), family)
        if family in known and family not in seen:
            seen.add(family)
            yield family, shift


def _families(whole: str, gated: bool, stepped: bool) -> Iterator[str]:
    if whole not in ("y", "z", "o"):
        yield whole
    if gated:
        for gate, spellings in GATES.items():
            if whole in spellings:
                yield gate
        yield from _before_gates(whole)
    for family, spellings in SIGNALS.items():
        if family == "y" and whole in ("t", "d") and not stepped:
            continue
        if whole in spellings and not (gated and family == "a"):
            yield family
    yield whole


def _before_gates(whole: str) -> Iterator[str]:
    first, _, gate = whole.partition("_")
    if len(whole) == 2 and whole[0] in BEFORE_GATE:
        first, gate = whole[0], whole[1]  # `daf` in code
    if first in BEFORE_GATE and gate:
        named = {"c": "a_c_tilde", "g": "a_c_tilde", "C": "a_c_tilde", "h": "a_h_tilde", "n": "a_h_tilde"}
        yield named.get(gate, f"a_{gate}")
        yield f"a_{gate}"
        yield from (f"a_{own}" for own, spellings in GATES.items() if gate in spellings)
