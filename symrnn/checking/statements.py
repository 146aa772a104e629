"""What a text says of itself: its equations, its data, its loss, and what its words add.

Reads a working; returns `Found`. Equations are retold in the notation of model files; what reads a later step (a
gradient's recurrence) is no part of a cell.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from symrnn.algebra.reading.syntax import (
    Big,
    Call,
    Chain,
    Grid,
    Group,
    Num,
    Quotient,
    Stack,
    Symbol,
    Syntax,
    Terms,
    Times,
    Transposed,
    walk,
    without_brackets,
)
from symrnn.checking.abbreviations import is_diagonal
from symrnn.checking.arithmetic import Evaluator
from symrnn.checking.claims import Claim, Kind, Link, Working
from symrnn.checking.digits import digits_of
from symrnn.checking.functions import is_function
from symrnn.checking.mentions import is_symbolic, names_of
from symrnn.checking.naming import LOSS_NAMES, Derivative, Name, Step, name_of
from symrnn.checking.numbers import Number, same
from symrnn.checking.page import Page, Scope
from symrnn.checking.reasons import NoValue
from symrnn.checking.retelling import layered, retold

MOST_SUMMED = 12
GRADIENTS = frozenset({"delta", "Delta", "grad", "nabla", "partial"})
"""Names whose recurrences are what a working derives, not what its cell is."""

_DEEP = re.compile(r"\[t-(?:[2-9]|\d\d)")
_PAST = re.compile(r"(\w+)\[t-1\]")
_LATER = re.compile(r"\[\w+\+\d+\]")
ARGUMENTS = frozenset({"a", "z", "net", "s"})
"""What the argument of an activation is called."""
_NO_BIASES = re.compile(
    r"\bbias(?:es|\s+terms?|\s+vectors?)?(?:\s+(?:are|is|were|all|set|equal|taken|initiali[sz]ed|to|as|be))*"
    r"\s*[=:]?\s*[$`(\\]*(?:0|zeros?)(?![.,]?\d)|\b(?:zero|no|without)\s+bias(?:es)?\b"
    r"|偏置(?:项|向量|参数)?(?:均|都|全|皆|也)*(?:取|设|置|初始化)?(?:为|是|成)?\s*[=＝]?\s*[$\\(]*(?:0|零)(?!\.)",
    re.IGNORECASE,
)
"""All biases are zero, said in words."""

_SCALARS = re.compile(
    r"\bscalar(?:-valued)?\s+(?:rnns?|lstms?|grus?|cells?|networks?|recurrences?|case|models?|states?)\b"
    r"|\b(?:every|each|all)\s+(?:\w+\s+){0,3}(?:is|are)\s+(?:an?\s+)?(?:real\s+)?(?:numbers?|scalars?)\b"
    r"|标量(?:的)?(?:rnn|lstm|gru|循环|网络|单元|情形|情况|模型|递推)|(?:均|都|皆|全)(?:是|为)(?:一个)?(?:标量|实数|数)",
    re.IGNORECASE,
)
"""Capitals are numbers too, said in words."""
_SCALAR_STATES = re.compile(
    r"\bstates?\s+and\s+(?:the\s+)?inputs?\s+are\s+(?:numbers|scalars)\b|状态(?:和|与)输入(?:都|均)?(?:是|为)(?:标量|数)",
    re.IGNORECASE,
)
"""What is weighted between them is a number too; a readout may be a vector."""

_INPUTS = re.compile(
    r"\b(?:(?:all|every|each)(?:\s+of)?(?:\s+the)?\s+inputs?(?:\s+(?:are|is|equals?|to|being|have|has|the|value))*"
    r"|inputs?\s+(?:are|is)\s+(?:all|always|constantly|constant))\s*+(?:=\s*+)?[$(\\]*(-?\d+(?:\.\d+)?)(?!\s*[-+*/^\d.]\d)"
    r"|(?:所有|每步|每个时间步的?|各步)?(?:的)?输入(?:均|都|全|皆|恒|始终)+(?:为|是|等于|取)\s*[$\\(]*(-?\d+(?:\.\d+)?)",
    re.IGNORECASE,
)
"""Every input is the same number, said in words."""

Value = str | list["Value"]
"""A number as exact text, or rows of them."""


@dataclass
class Found:
    """What the text defines. `told` keeps formulas written for all steps; `shown` those of one step."""

    told: dict[str, set[str]] = field(default_factory=dict)
    shown: dict[str, set[str]] = field(default_factory=dict)
    losses: list[Syntax] = field(default_factory=list)
    data: dict[str, Value] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    functions: dict[str, str] = field(default_factory=dict)
    at_end: dict[str, set[str]] = field(default_factory=dict)
    """Formulas written for step T only: `ŷ_T = V h_T`, and closed forms of what has a recurrence."""
    deep: Counter[str] = field(default_factory=Counter)
    """How often a formula that was shown for a step, and reads two steps back or more, was shown."""
    first: dict[str, set[str]] = field(default_factory=dict)
    """What a formula shown for another step is at step 1, where what is before it is zero: `u x_1 + b`."""
    counted: set[str] = field(default_factory=set)
    """Names whose index counts entries, not steps: the o of softmax(o), a p_2 = 1 - p_1 beside a cell of all steps."""
    backward: set[str] = field(default_factory=set)
    """Names that a formula makes of a later step, or of a gradient: no part of a cell."""
    once: dict[str, Syntax] = field(default_factory=dict)
    rows: bool = False
    """Whether vectors are taken as rows."""
    steps: int = 0
    last: int = 0
    """The last step that any name stands at."""
    no_biases: bool = False
    """Whether the text says in words that biases without a number are zero."""
    scalars: bool = False
    """Whether it says in words that every quantity is a number."""
    scalar_states: bool = False
    """Whether it says so of states and inputs."""
    inputs: str | None = None
    """What it says in words that every input is."""

    @property
    def equations(self) -> dict[str, str]:
        """A quantity's one formula for all steps; where there is none, the one that all steps shown have in common."""
        every = {**self.at_end, **self.shown, **self.told}
        left_out = self.counted | self.backward
        every = {name: self._with_past(name, texts) for name, texts in every.items() if name not in left_out}
        found = {name: next(iter(texts)) for name, texts in every.items() if len(texts) == 1}
        found = {
            name: text for name, text in found.items() if name in self.told or not _is_one_number(name, text, found)
        }
        found = {name: _with_layers(text, found.keys()) for name, text in found.items()}
        # `h_t = tanh(W h_{t-1} + b)` beside `a_t = W h_{t-1} + b`: one argument, which has a name.
        return {name: _with_names(name, text, found) for name, text in found.items()}

    def _with_past(self, name: str, texts: set[str]) -> set[str]:
        """`z_1 = u x_1` beside `z_2 = w h_1 + u x_2`: one formula, where nothing says that h_0 is not zero."""
        if len(texts) != 2 or any(key.endswith("[0]") and value != "0" for key, value in self.data.items()):
            return texts
        short, long = sorted(texts, key=len)
        shortened = {_without_signs(text) for text in self.first.get(name, ())}
        return {long} if "[t-1]" not in short and _without_signs(short) in shortened else texts

    @property
    def silent(self) -> frozenset[str]:
        """The states that a first step leaves out, so that they begin with zero."""
        every = {**self.shown, **self.told}
        merged = (self._with_past(name, texts) for name, texts in every.items() if len(texts) == 2)
        return frozenset(name for texts in merged if len(texts) == 1 for text in texts for name in _PAST.findall(text))


def _without_signs(text: str) -> str:
    return re.sub(r"[\s*]", "", text)


def _is_one_number(name: str, text: str, equations: Mapping[str, str]) -> bool:
    """`σ_1 = ‖W‖`: a formula without steps for something numbered that nothing else is made of."""
    return "[" not in text and all(f"{name}[" not in other for other in equations.values())


def _with_layers(text: str, names: Collection[str]) -> str:
    """Beside `h_1[t]` of a first layer `W[1]` is its weight W_1."""
    layers = sorted({layer for name in names if (layer := name.rpartition("_")[2]).isdigit()})
    return re.sub(rf"(?<!\w)(\w+)\[({'|'.join(layers)})\]", r"\1_\2", text) if layers else text


def _with_names(name: str, text: str, equations: Mapping[str, str]) -> str:
    for other, inner in equations.items():
        if other != name and " " in inner:
            text = text.replace(f"({inner})", f"({other}[t])")
    return text


def statements_in(working: Working, rows: bool = False) -> Found:
    """Everything a text defines, its vectors columns or rows."""
    sayings = (_NO_BIASES, _SCALARS, _SCALAR_STATES)
    no_biases, scalars, states = (words.search(working.source) is not None for words in sayings)
    told = {number for pair in _INPUTS.findall(working.source) for number in pair if number}
    inputs = str(Fraction(told.pop())) if len(told) == 1 else None
    found = Found(no_biases=no_biases, scalars=scalars, scalar_states=states, last=last_step(working), inputs=inputs)
    found.rows = rows
    for line in working.lines:
        for claim in line.claims:
            if claim.kind in (Kind.EQUATION, Kind.DEFINITION):
                _note(found, claim)
            elif claim.kind == Kind.LIST:
                _note_data(found, claim.links)
    found.counted = {name for name in _counted(working, bool(found.told)) if name not in found.told}
    return found


def _counted(working: Working, has_cell: bool) -> Iterator[str]:
    """The names whose index counts the entries of a vector."""
    heads: dict[str, set[Step]] = {}
    again = set[str]()
    for link in (claim.links[0] for line in working.lines for claim in line.claims):
        head, body = name_of(link.left), link.right
        for piece in walk(body):
            if isinstance(piece, Call) and piece.function.base == "softmax" and len(piece.arguments) == 1:
                inside = name_of(piece.arguments[0])
                names = (inside, head if piece is without_brackets(body) else None)
                yield from (one.whole for one in names if isinstance(one, Name) and not one.steps)
        if not isinstance(head, Name) or head.step is None or head.base in GRADIENTS:
            continue
        heads.setdefault(head.whole, set()).add(head.step)
        read = [one for one in names_of(body) if isinstance(one, Name)]
        if isinstance(head.step, int) and any(one.whole == head.whole and one.step == head.step - 1 for one in read):
            again.add(head.whole)
    yield from (name for name in again if has_cell and len(heads[name]) == 1 and 1 not in heads[name])


def zero_before(working: Working) -> frozenset[str]:
    """The names that the text says are zero before the first step: `h_0 = 0`, `h_0 = c_0 = 0`."""
    found = Found()
    for line in working.lines:
        for claim in line.claims:
            if claim.kind in (Kind.EQUATION, Kind.DEFINITION):
                _note_data(found, claim.links)
    named = (key for key, value in found.data.items() if value == "0" and key.endswith("[0]"))
    said = frozenset(key.removesuffix("[0]") for key in named if key not in found.changed)
    return said | statements_in(working).silent


def ending_of(working: Working) -> str:
    """The letter t of `∂L/∂c_{t+1} = 0` and `δ_{t+1} = 0`, by which a text says that step t is the last."""
    for link in working.links:
        name = name_of(link.left)
        is_gradient = isinstance(name, Derivative) and name.of.whole in LOSS_NAMES
        step = name.wrt.step if isinstance(name, Derivative) and is_gradient else None
        if isinstance(name, Name) and name.base == "delta":
            step = name.step
        zero = digits_of(link.right)
        if isinstance(step, str) and step.endswith("+1") and zero is not None and not zero.value:
            letter = step.removesuffix("+1")
            return letter if letter != "T" else ""
    return ""


def last_step(working: Working) -> int:
    """The last step that any name of the text stands at, or a sum over t ends at; 0 where none has a number."""
    sides = [side for line in working.lines for claim in line.claims for side in claim.sides]
    steps = [0, *(end for side in sides for piece in walk(side.tree) if (end := _end(piece)) is not None)]
    for known in (name for side in sides for name in names_of(side.tree)):
        for name in (known.of, known.wrt) if isinstance(known, Derivative) else (known,):
            steps += [step for step in name.steps if isinstance(step, int)]
    return max(steps)


def _end(piece: Syntax) -> int | None:
    """`Σ_{t=1}^{3}`: 3."""
    match piece:
        case Big(below=Chain(sides=(Symbol(base="t"), _)), above=Num(value=last)) if last.denominator == 1:
            return int(last) if 0 < last <= MOST_SUMMED else None
    return None


# --- what the text defines ----------------------------------------------------------------------------------------


def _note(found: Found, claim: Claim) -> None:
    head, body = claim.links[0].left, claim.links[0].right
    match head:
        case Call(function=Symbol(base=base), arguments=(Symbol() as argument,)) if not (
            is_function(base) or isinstance(name_of(head), Name)
        ):
            inner = without_brackets(body)
            if inner == argument:
                found.functions[base] = "identity"
            elif isinstance(inner, Call) and is_function(inner.function.base) and inner.arguments == (argument,):
                found.functions[base] = inner.function.base
            return
    if _note_data(found, claim.links):
        return
    name = name_of(head)
    known = found.data.get(str(name))
    if isinstance(name, Name) and not name.steps and isinstance(known, str) and is_another(known, body):
        found.changed.add(str(name))
    if not isinstance(name, Name) or name.base in GRADIENTS:
        return
    if not (is_symbolic(body) or _is_of_all_steps(name, body) or _is_loss(name, body) or _is_of_one_step(name, body)):
        return
    name = layered(_of_the_input_gate(name))
    if name.whole in LOSS_NAMES and not name.steps:
        found.losses.append(body)
        found.steps = max(found.steps, *(_end(piece) or 0 for piece in walk(body)))
    elif len(name.steps) == 1:
        _note_equation(found, name, body)
    elif not name.steps:
        found.once.setdefault(name.whole, body)


def is_another(known: str, body: Syntax) -> bool:
    """`λ = e^{-1/20}` where λ was 0.95: another value, which is not computed from the one before.

    `w = 0.42 - 0.1 · 0.6` is a step of a training.
    """
    if "ln" in known or digits_of(body) is not None or isinstance(without_brackets(body), Terms):
        return False
    if any(isinstance(one, Num) and str(one.value) == known.lstrip("-") for one in walk(body)):
        return False
    try:
        value = Evaluator(Scope(Page())).value(body)
        return isinstance(value, Number) and not same(value.value, Fraction(known))
    except NoValue:
        return False


def _of_the_input_gate(name: Name) -> Name:
    """`a^i_1` beside `a^f_1`: the i is a gate's, no step."""
    if name.base not in ARGUMENTS or len(name.steps) != 2 or "i" not in name.steps:
        return name
    return Name(name.base, (*name.words, "i"), tuple(step for step in name.steps if step != "i"))


def _is_loss(name: Name, body: Syntax) -> bool:
    """`L = 0.5 * (h_2 - 0.3)**2`: a formula of a step's quantity with numbers in it, which says what is lost."""
    return (
        name.whole in LOSS_NAMES
        and not name.steps
        and any(isinstance(one, Name) and one.steps for one in names_of(body))
    )


def _is_of_one_step(name: Name, body: Syntax) -> bool:
    """`z = sigmoid(0.3*x + 0.9*h_prev)`: a step as code tells it, some of whose weights are numbers."""
    return not name.steps and any(isinstance(one, Name) and one.words[-1:] == ("prev",) for one in names_of(body))


def _is_of_all_steps(name: Name, body: Syntax) -> bool:
    """`h_t = tanh(0.5 h_{t-1} + x_t)`: a formula for every step, some of whose weights are numbers."""
    return name.steps == ("t",) and any(isinstance(one, Name) and one.generic for one in names_of(body))


def _note_data(found: Found, links: tuple[Link, ...]) -> bool:
    """`w = 0.5`, `h_0 = c_0 = 0`, `x = (1, 2)`: whether the claim only says what is given."""
    names = list[Name]()
    for link in links:
        if (pairs := pairs_of(link)) is not None:
            for each, part in pairs:
                if (datum := value_of(part)) is not None:
                    _note_value(found, each, datum)
            return True
        name = name_of(link.left)
        if not isinstance(name, Name):
            break
        names.append(name)
        value = value_of(link.right)
        if value is not None:
            for each in names:
                _note_value(found, each, value)
            return len(links) == len(names)
    return False


def pairs_of(link: Link) -> list[tuple[Name, Syntax]] | None:
    """`x1, x2 = 1.0, -1.0`: each name and what stands for it; None elsewhere."""
    left, right = link.left, link.right
    if not isinstance(left, Stack) or not isinstance(right, Stack) or len(left.parts) != len(right.parts):
        return None
    names = [name_of(part) for part in left.parts]
    pairs = [(name, part) for name, part in zip(names, right.parts, strict=True) if isinstance(name, Name)]
    return pairs if len(pairs) == len(names) else None


def _note_value(found: Found, name: Name, value: Value) -> None:
    # The i of W_i is a gate's, whatever else it may be: such a name is kept under both.
    for key in {str(name), "_".join((name.whole, *map(str, name.steps)))} if name.generic else {str(name)}:
        if found.data.setdefault(key, value) != value:
            found.changed.add(key)
    if name.whole == "T" and isinstance(value, str) and value.isdigit():
        found.steps = max(found.steps, int(value))


def _note_equation(found: Found, name: Name, body: Syntax) -> None:
    step = name.step
    if isinstance(step, int):
        found.steps = max(found.steps, step)
    text = None if is_diagonal(body) else retold(body, step, rows=found.rows)
    if _is_backward(name, body):
        found.backward.add(name.whole)
    if text is not None and not _LATER.search(text):
        known = found.shown if isinstance(step, int) else found.at_end if step == "T" else found.told
        known.setdefault(name.whole, set()).add(text)
        if isinstance(step, int) and _DEEP.search(text):
            found.deep[name.whole] += 1
        past = None if step in (0, 1) else _without_past(body, step)
        first = None if past is None else retold(past, step, rows=found.rows)
        if first is not None and first != text:
            found.first.setdefault(name.whole, set()).add(first)


def _without_past(tree: Syntax, step: Step | None) -> Syntax | None:
    """The formula without the summands that read the step before; None where nothing is left."""
    if isinstance(tree, Terms):
        terms = [(sign, _without_past(term, step)) for sign, term in tree.terms]
        left = tuple((sign, term) for sign, term in terms if term is not None)
        return replace(tree, terms=left) if len(left) > 1 else (left[0][1] if left and left[0][0] > 0 else None)
    if isinstance(tree, Call):
        arguments = [one for argument in tree.arguments if (one := _without_past(argument, step)) is not None]
        return replace(tree, arguments=tuple(arguments)) if len(arguments) == len(tree.arguments) else None
    if isinstance(tree, Group):
        inside = _without_past(tree.body, step)
        return None if inside is None else replace(tree, body=inside)
    before = step - 1 if isinstance(step, int) else f"{step}-1"
    return None if any(isinstance(one, Name) and before in one.steps for one in names_of(tree)) else tree


def _is_backward(name: Name, body: Syntax) -> bool:
    """`g_t = Vᵀ e_t + Wᵀ g_{t+1}`, `g_t = ∂L/∂h_t`: whether a name is a gradient's."""
    reads = names_of(body)
    later = f"{name.step}+1"
    is_gradient = isinstance(name_of(body), Derivative)
    return is_gradient or any(isinstance(one, Name) and one.whole == name.whole and one.step == later for one in reads)


def value_of(tree: Syntax) -> Value | None:
    """A number as exact text, `ln 2` as it stands, vectors and matrices as lists; None for a formula.

    >>> from symrnn.algebra.reading.grammar import parse_expression
    >>> value_of(parse_expression("-0.25")), value_of(parse_expression("(1, 0.5)"))
    ('-1/4', ['1', '1/2'])
    """
    tree = without_brackets(tree)
    digits = digits_of(tree)
    if digits is not None:
        return str(digits.value)
    match tree:
        case Quotient(over=over, under=under):
            above, below = digits_of(over), digits_of(under)
            if above and below and below.value:
                return str(above.value / below.value)
            return _exact(tree) if _has_logarithm(tree) else None
        case Terms(terms=((sign, Quotient() as body),)) if isinstance(inner := value_of(body), str):
            return inner if sign > 0 else f"-({inner})"
        case Call() | Terms() | Times() if _has_logarithm(tree):
            return _exact(tree)
        case Transposed(body=body):
            row = value_of(body)
            return [[value] for value in flat(row)] if isinstance(row, list) else None
        case Grid(rows=rows):
            return _nested([_nested([value_of(one) for one in row]) for row in rows])
        case Stack(parts=parts):
            return _nested([value_of(part) for part in parts])
    return None


def _has_logarithm(tree: Syntax) -> bool:
    return any(isinstance(piece, Call) and piece.function.base in ("ln", "log") for piece in walk(tree))


def _exact(tree: Syntax) -> str | None:
    """`2 ln 2 + 19/8`: what fractions and logarithms of numbers make, as a model file has it."""
    match without_brackets(tree):
        case Num(value=value):
            return f"({value})"
        case Call(function=Symbol(base="ln" | "log", accents=()), arguments=(argument,)):
            inside = value_of(argument)
            return f"ln({inside})" if isinstance(inside, str) and not inside.startswith("-") else None
        case Terms(terms=terms):
            parts = [(sign, _exact(term)) for sign, term in terms]
            return (
                "".join(f"{'+' if sign > 0 else '-'}{part}" for sign, part in parts)
                if all(p for _, p in parts)
                else None
            )
        case Times(factors=factors):
            made = [_exact(factor) for factor in factors]
            return "*".join(one for one in made if one) if all(made) else None
        case Quotient(over=over, under=under):
            above, below = _exact(over), _exact(under)
            return f"({above})/({below})" if above and below else None
    return None


def _nested(values: list[Value | None]) -> Value | None:
    told = [value for value in values if value is not None]
    if not told or len(told) != len(values):
        return None
    return told


def flat(value: Value, name: str = "") -> Value:
    """A vector as one list, whether it was written as a row, a column, or between commas; not under a matrix's name."""
    if not isinstance(value, list) or name[:1].isupper():
        return value
    rows = [row if isinstance(row, list) else [row] for row in value]
    return [entry for row in rows for entry in row] if len(rows) == 1 or {len(row) for row in rows} == {1} else value
