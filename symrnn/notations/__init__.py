"""How textbooks write: a notation names the same quantities otherwise, places time, and turns columns to rows.

`notation("goodfellow")` is one of those that ship with symrnn, `notation("my.toml")` a reader's own.
"""

from symrnn.notations.declarations import declared as declared
from symrnn.notations.definitions import Notation as Notation
from symrnn.notations.files import listing as listing
from symrnn.notations.files import loads as loads
from symrnn.notations.files import notation as notation
