"""Values that stand in the comments of code: `h1 = tanh(z1)  # = 0.4621`, `# 0.4621`, `# -> 0.4621`.

Reads a text; returns it with such a comment's sign made a relation, every character in its place. A block of a
programming language is a calculation, and no program, where it says what its lines come to and does nothing else.
"""

from __future__ import annotations

import re

_NUMBER = r"[-−]?\d[\d.]*(?:[eE][-+]?\d+)?"
_VALUED = re.compile(
    rf"^(?P<said>[ \t>]*[A-Za-z_][\w\[\]]*[ \t]*=[^=#\n]{{1,200}}?)(?P<sign>[ \t](?:#|//)[ \t]*)"
    rf"(?:(?P<relation>=|≈|~=|->|=>|→)[ \t]*(?={_NUMBER})|(?={_NUMBER}[ \t]*$))",
    re.MULTILINE,
)
_ASSIGNED = re.compile(r"[ \t]*[A-Za-z_][\w\[\], \t]*+=(?!=)[^=#\n]*")
_IMPORT = re.compile(
    r"^[ \t]*(?:import[ \t]+[\w.]+(?:[ \t]+as[ \t]+\w+)?|from[ \t]+[\w.]+[ \t]+import[ \t]+[\w, ]+)$", re.M
)
_HARMLESS = re.compile(r"[ \t]*(?:#.*|(?:import|from)\b.*)?")
LEAST = 2
"""So many lines with a value make a block a calculation."""


def with_values(text: str) -> str:
    """The text in which values in comments stand behind a relation.

    >>> with_values("h1 = tanh(0.5)  # = 0.4621")
    'h1 = tanh(0.5)    = 0.4621'
    >>> with_values("h1 = tanh(0.5)  # 0.4621"), with_values("h1 = tanh(0.5)  # step 1")
    ('h1 = tanh(0.5)  = 0.4621', 'h1 = tanh(0.5)  # step 1')
    """
    return _VALUED.sub(_related, _IMPORT.sub(lambda found: " " * len(found[0]), text))


def _related(found: re.Match[str]) -> str:
    sign, relation = found["sign"], found["relation"]
    if relation is None:
        return f"{found['said']}{sign[0]}={' ' * (len(sign) - 2)}"
    blank = " " * (len(found[0]) - len(found["said"]) - len(sign) - 1)
    return f"{found['said']}{' ' * len(sign)}{'≈' if relation in ('≈', '~=') else '='}{blank}"


def is_calculation(block: str) -> bool:
    """Whether a block of code is nothing but assignments, of which some say what they come to.

    >>> is_calculation("import math\\nz = 0.5*2  # 1.0\\nh = math.tanh(z)  # = 0.7616")
    True
    >>> is_calculation("for t in range(3):\\n    h = tanh(h)  # 0.5")
    False
    """
    lines = block.split("\n")
    if any(not (_HARMLESS.fullmatch(line) or _ASSIGNED.fullmatch(line.partition("#")[0])) for line in lines):
        return False
    return len(_VALUED.findall(block)) >= LEAST
