"""What stands where and what needs parentheses: one rule for each node class, whatever the format.

Reads nodes and a `Style`; returns `Piece`s, set by the small functions of a `Format` (see `spelling`): one
more format is one more table there, no rule here.
"""

from symrnn.algebra.layout import rules as rules
from symrnn.algebra.layout import scalars as scalars
from symrnn.algebra.layout.blocks import is_boundary as is_boundary
from symrnn.algebra.layout.printer import RULES as RULES
from symrnn.algebra.layout.printer import Printer as Printer
from symrnn.algebra.layout.products import is_division as is_division
from symrnn.algebra.layout.style import NEUTRAL as NEUTRAL
from symrnn.algebra.layout.style import Style as Style
