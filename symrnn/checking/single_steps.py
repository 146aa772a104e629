"""A cell told for one step, as code tells it: `c = f*c_prev + i*g`, `h = o*tanh(c)`, and what `x` and `h_prev` are.

Reads what a text says of itself; returns the same with the step written out, `c[t] = f[t]*c[t-1] + i[t]*g[t]`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from symrnn.checking.claims import Working
from symrnn.checking.mentions import is_symbolic
from symrnn.checking.naming import LOSS_NAMES, Name, name_of
from symrnn.checking.retelling import retold
from symrnn.checking.statements import Found

_PREVIOUS = re.compile(r"(?<![\w\[{])([A-Za-z]\w*?)_(?:prev|old)(?!\w)")
_PLAIN = re.compile(r"(?<![\w\[{])([A-Za-z]\w*)(?![\w\[(@])")
INPUT = "x"


def with_step(found: Found, working: Working) -> Found | None:
    """The text's cell with its step, where some quantity is made of its own previous value; else None.

    A text that computes a quantity twice goes through more steps than it tells apart.
    """
    texts = {name: retold(body, None) for name, body in found.once.items() if name not in LOSS_NAMES}
    told = {name: text for name, text in texts.items() if text is not None and not name.endswith(("_prev", "_old"))}
    states = {state for text in told.values() for state in _PREVIOUS.findall(text)}
    if not states or not states <= told.keys() or any(count > 1 for count in _computed(told, working).values()):
        return None
    moving = told.keys() | ({INPUT} if INPUT in found.data else set())

    def stepped(text: str) -> str:
        text = _PREVIOUS.sub(r"\1[t-1]", text)
        return _PLAIN.sub(lambda name: f"{name[1]}[t]" if name[1] in moving else name[1], text)

    data = dict(found.data)
    changed = set(found.changed)
    for name in (*(f"{state}_{word}" for state in states for word in ("prev", "old")), INPUT):
        key = f"{INPUT}[1]" if name == INPUT else f"{name.rpartition('_')[0]}[0]"
        if name in data and key not in data:
            data[key] = data[name]
            changed |= {key} if name in changed else set()
    return replace(
        found, told={name: {stepped(text)} for name, text in told.items()}, data=data, changed=changed, steps=1
    )


def _computed(names: Collection[str], working: Working) -> Counter[str]:
    """How often each quantity is given by a formula in names, and how often by numbers; the greater of the two."""
    counts = {True: Counter[str](), False: Counter[str]()}
    for line in working.lines:
        for claim in line.claims:
            name = name_of(claim.links[0].left)
            if isinstance(name, Name) and not name.steps and name.whole in names:
                counts[is_symbolic(claim.links[0].right)][name.whole] += 1
    return counts[True] | counts[False]
