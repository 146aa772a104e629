"""A model recognised from the text's own definitions: its cell's equations, its data, its loss.

Reads a working without a declared model; returns a `Recognised`: a `Model` where every number is told, the bare
`Program` where only the equations are, else nothing and the reason. Equations are retold in the notation of model
files and read by the one grammar; what reads a later step (a gradient's recurrence) is no part of a cell.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from symrnn.algebra.programs import Program
from symrnn.algebra.reading.syntax import (
    Big,
    Call,
    Chain,
    Grid,
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
from symrnn.checking.claims import Claim, Kind, Link, Working
from symrnn.checking.digits import digits_of
from symrnn.checking.formulas import is_symbolic, names_of
from symrnn.checking.functions import is_function
from symrnn.checking.naming import LOSS_NAMES, Derivative, Name, name_of
from symrnn.checking.retelling import UNKNOWN, retold
from symrnn.checking.verdicts import Reason
from symrnn.errors import SymrnnError
from symrnn.models.model import Model

MOST_EQUATIONS = 40
MOST_SUMMED = 12
UNCLEAR = Reason(
    "No model was recognised: what the text defines is not a whole cell. Equalities are checked as arithmetic."
)
TWICE = "No model was recognised: {0} is defined in two ways. Equalities are checked as arithmetic."
MISSING = "The text's model has no value for {0}: formulas are checked, numbers as arithmetic only."
CHANGED = "The text's model has two values for {0}: formulas are checked, numbers as arithmetic only."
MOST_STEPS = 50
TARGETS = frozenset({"y", "target"})
GRADIENTS = frozenset({"delta", "Delta", "grad", "nabla", "partial"})
"""Names whose recurrences are what a working derives, not what its cell is."""
_LATER = re.compile(r"\[\w+\+\d+\]")
_WORD = re.compile(r"(?<![\w{])([A-Za-z]\w*)(?![\w\[(])")
_NAMED = re.compile(r"(?<![\w{])([A-Za-z]\w*)(?:\[(\w+)(?:-\d+)?\])?(?![\w(])")
_READ = re.compile(r"([A-Za-z]\w*)\[(\w+)(-\d+)?\]")
_NO_BIASES = re.compile(
    r"\bbias(?:es|\s+terms?|\s+vectors?)?(?:\s+(?:are|is|were|all|set|equal|taken|initiali[sz]ed|to|as|be))*"
    r"\s*[=:]?\s*[$`(\\]*(?:0|zeros?)(?![.,]?\d)|\b(?:zero|no|without)\s+bias(?:es)?\b"
    r"|偏置(?:项|向量|参数)?(?:均|都|全|皆|也)*(?:取|设|置|初始化)?(?:为|是|成)?\s*[=＝]?\s*[$\\(]*(?:0|零)(?!\.)",
    re.IGNORECASE,
)
"""All biases are zero, said in words."""

Value = str | list["Value"]
"""A number as exact text, or rows of them."""


@dataclass(frozen=True)
class Recognised:
    """What the text says it is about; where that is no model with all its numbers, why."""

    model: Model | Program | None = None
    reason: Reason | None = None


class NoValueError(Exception):
    """A number the model needs and the text does not tell, once."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass
class Found:
    """What the text defines. `told` keeps formulas written for all steps; `shown` those of one step."""

    told: dict[str, set[str]] = field(default_factory=dict)
    shown: dict[str, set[str]] = field(default_factory=dict)
    losses: list[Syntax] = field(default_factory=list)
    data: dict[str, Value] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    functions: dict[str, str] = field(default_factory=dict)
    once: dict[str, Syntax] = field(default_factory=dict)
    steps: int = 0
    no_biases: bool = False
    """Whether the text says in words that biases without a number are zero."""

    @property
    def equations(self) -> dict[str, str]:
        """A quantity's one formula for all steps; where there is none, the one that all steps shown have in common."""
        every = {**self.shown, **self.told}
        found = {name: next(iter(texts)) for name, texts in every.items() if len(texts) == 1}
        # `h_t = tanh(W h_{t-1} + b)` beside `a_t = W h_{t-1} + b`: one argument, which has a name.
        return {name: _with_names(name, text, found) for name, text in found.items()}


def _with_names(name: str, text: str, equations: Mapping[str, str]) -> str:
    for other, inner in equations.items():
        if other != name and " " in inner:
            text = text.replace(f"({inner})", f"({other}[t])")
    return text


def recognise(working: Working) -> Recognised:
    """The model a text defines by itself."""
    found = Found(no_biases=_NO_BIASES.search(working.source) is not None)
    for line in working.lines:
        for claim in line.claims:
            if claim.kind in (Kind.EQUATION, Kind.DEFINITION):
                _note(found, claim)
            elif claim.kind == Kind.LIST:
                _note_data(found, claim.links)
    if not (found.told or found.shown):
        return Recognised()
    return _recognised(found)


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
    if not isinstance(name, Name) or name.base in GRADIENTS or not (is_symbolic(body) or _is_of_all_steps(name, body)):
        return
    if name.whole in LOSS_NAMES and not name.steps:
        found.losses.append(body)
    elif len(name.steps) == 1:
        _note_equation(found, name, body)
    elif not name.steps:
        found.once.setdefault(name.whole, body)


def _is_of_all_steps(name: Name, body: Syntax) -> bool:
    """`h_t = tanh(0.5 h_{t-1} + x_t)`: a formula for every step, some of whose weights are numbers."""
    return name.steps == ("t",) and any(isinstance(one, Name) and one.generic for one in names_of(body))


def _note_data(found: Found, links: tuple[Link, ...]) -> bool:
    """`w = 0.5`, `h_0 = c_0 = 0`, `x = (1, 2)`: whether the claim only says what is given."""
    names = list[Name]()
    for link in links:
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
    text = retold(body, step)
    if text is not None and not _LATER.search(text):
        known = found.shown if isinstance(step, int) else found.told
        known.setdefault(name.whole, set()).add(text)


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
            return [[value] for value in _flat(row)] if isinstance(row, list) else None
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


def _flat(value: Value, name: str = "") -> Value:
    """A vector as one list, whether it was written as a row, a column, or between commas; not under a matrix's name."""
    if not isinstance(value, list) or name[:1].isupper():
        return value
    rows = [row if isinstance(row, list) else [row] for row in value]
    return [entry for row in rows for entry in row] if len(rows) == 1 or {len(row) for row in rows} == {1} else value


# --- the model ------------------------------------------------------------------------------------------------------


def _recognised(found: Found) -> Recognised:
    """All that is defined where that makes a model; else what the states and the loss hang on."""
    twice = _defined_twice(found)
    if twice:
        return Recognised(reason=Reason(TWICE, (twice,)))
    reason = UNCLEAR
    cells = [name for name in found.equations if name not in LOSS_NAMES]
    needed = _needed(found, cells)
    for names in (cells, needed) if needed != cells else (cells,):
        try:
            return _of_these(found, names)
        except NoValueError as error:
            reason = error.reason
        except (SymrnnError, ValueError, RecursionError):
            reason = UNCLEAR
    program = None if reason is UNCLEAR else _symbolic(found, cells) or _symbolic(found, needed)
    return Recognised(program, reason)


def _defined_twice(found: Found) -> str | None:
    """A quantity with two formulas that others read: whatever it is, it is no input."""
    read = {name[1] for text in found.equations.values() for name in _READ.finditer(text)}
    return next((name for name in (*found.told, *found.shown) if name in read and name not in found.equations), None)


def _of_these(found: Found, names: Sequence[str]) -> Recognised:
    """The model of these equations; NoValueError with what is missing."""
    from symrnn.algebra.reading.roles import parse_cell
    from symrnn.models.files import loads

    if not names or len(names) > MOST_EQUATIONS:
        return Recognised()
    cell = "\n".join(f"{name}[t] = {_spoken(found, found.equations[name])}" for name in names)
    program = parse_cell(cell)
    if not program.states:
        return Recognised()
    steps = max([found.steps, *_steps_in(found, [x.name for x in program.inputs])])
    if not 1 <= steps <= MOST_STEPS:
        raise NoValueError(Reason(MISSING, (f"{program.inputs[0].name}[1]" if program.inputs else "T",)))
    sequence = {x.name: _series(found, x.name, steps) for x in program.inputs}
    initials = {f"{s.name}0": _flat(found.data.get(f"{s.name}[0]", "0")) for s in program.states}
    changed = {f"{s.name}[0]" for s in program.states} & found.changed
    if changed:
        raise NoValueError(Reason(CHANGED, (min(changed),)))
    parameters = {p.name: _datum(found, p.name) for p in program.parameters}
    parameters |= {p.name: _flat(parameters[p.name]) for p in program.parameters if p.shape[1] == 1}
    signals = {name.name for equation in program for name in (equation.target, *equation.reads)}
    loss = _loss(found, steps, signals | set(parameters))
    text = _toml(cell, steps, sequence, initials, parameters, loss)
    return Recognised(loads(text, "the text's own definitions"))


def _symbolic(found: Found, names: Sequence[str]) -> Program | None:
    """The cell without its numbers, with its loss where that can be said in symbols."""
    from symrnn.algebra.reading.roles import parse_cell

    cell = [(f"{name}[t]", found.equations[name]) for name in names]
    for equations in ([*cell, *_loss_equations(found, found.steps)], cell):
        try:
            return parse_cell("\n".join(f"{head} = {_spoken(found, text)}" for head, text in equations))
        except (SymrnnError, ValueError, RecursionError):
            continue
    return None


def _needed(found: Found, cells: Sequence[str]) -> list[str]:
    """What is read a step later, what the loss reads, and all that these hang on; in the order of the text."""
    reads = {name: {(read[1], bool(read[3])) for read in _READ.finditer(found.equations[name])} for name in cells}
    open_ = {read for those in reads.values() for read, lagged in those if lagged}
    open_ |= {read[1] for _, text in _loss_equations(found, found.steps) for read in _READ.finditer(text)}
    wanted = set[str]()
    while open_:
        name = open_.pop()
        if name in reads and name not in wanted:
            wanted.add(name)
            open_ |= {read for read, _ in reads[name]}
    return [name for name in cells if name in wanted]


def _spoken(found: Found, text: str) -> str:
    """Functions by what the text says they are; a weight before a bracket is a factor."""
    for name, meaning in found.functions.items():
        text = re.sub(rf"\b{re.escape(name)}{UNKNOWN}\(", "(" if meaning == "identity" else f"{meaning}(", text)
    for word in set(re.findall(rf"(\w+){UNKNOWN}\(", text)):
        if word not in found.data and word[0] not in "wWuUvV":
            raise ValueError("a function that nothing defines")
    return text.replace(f"{UNKNOWN}(", " (")


def _datum(found: Found, key: str) -> Value:
    """A value the text gives once; NoValueError where it gives none, or two."""
    for name in (key, key.replace("_tilde", "~")):
        if name in found.changed:
            raise NoValueError(Reason(CHANGED, (key,)))
        if name in found.data:
            return found.data[name]
    if found.no_biases and key.startswith("b") and key not in found.data:
        return "0"
    raise NoValueError(Reason(MISSING, (key,)))


def _series(found: Found, name: str, steps: int) -> list[Value]:
    """An input's values, step by step: `x_1 = 1`, `x = (1, 2)`, or `x_t = 1` for all."""
    if f"{name}[t]" in found.data:
        return [_datum(found, f"{name}[t]")] * steps
    whole = found.data.get(name)
    if isinstance(whole, list) and len(whole) == steps and name not in found.changed:
        return whole
    return [_flat(_datum(found, f"{name}[{step}]")) for step in range(1, steps + 1)]


def _steps_in(found: Found, inputs: list[str]) -> Iterator[int]:
    for key, value in found.data.items():
        name, _, step = key.partition("[")
        if name in inputs and step.rstrip("]").isdigit():
            yield int(step.rstrip("]"))
        elif key in inputs and isinstance(value, list):
            yield len(value)


# --- its loss --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Loss:
    """The typed loss, and the values of what it reads beside the cell.

    A target is one more given number: it is called `given_y`, for under its own name it would have a role in model
    files.
    """

    lines: tuple[str, ...] = ()
    given: Mapping[str, Value] = field(default_factory=dict)


def _loss_equations(found: Found, steps: int) -> list[tuple[str, str]]:
    """The loss, before it the steps' losses it may sum, and what is computed once for it (`y = V h_2`)."""
    for tree in found.losses:
        text = retold(tree, steps, "T")
        if text is None:
            continue
        lines = [("L", text)]
        for name in _WORD.findall(text):
            body = None if name in found.data else found.once.get(name)
            told = None if body is None else retold(body, steps, "T")
            if told is not None and name not in [head for head, _ in lines]:
                lines.insert(0, (name, told))
        return [(f"{name}[t]", found.equations[name]) for name in sorted(LOSS_NAMES & found.equations.keys())] + lines
    return []


def _loss(found: Found, steps: int, known: Collection[str]) -> Loss:
    """The loss where every number in it is told, else none."""
    equations = _loss_equations(found, steps)
    heads = {head.partition("[")[0] for head, _ in equations}
    lines, given = list[str](), dict[str, Value]()
    for head, text in equations:
        told = _spoken(found, text)
        summed = "Σ" in told or "[" in head
        for name, index in dict.fromkeys(_NAMED.findall(told)):
            if name in known or name in (*heads, "T", "t", "k", "j") or is_function(name) or name == "sigmoid":
                if index and not summed and index != "T":
                    return Loss()
                continue
            own = f"given_{name}" if name.partition("_")[0] in TARGETS else name
            if index in ("t", "k", "j"):
                given[own] = _series(found, name, steps)
            else:
                given[own] = _flat(_datum(found, f"{name}[{steps}]" if index == "T" else name), name)
                told = told.replace(f"{name}[T]", name) if index == "T" else told
            told = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", own, told)
        lines.append(f"{head} = {told}")
    # A loss without a norm is made of numbers.
    states = {read[1] for text in found.equations.values() for read in _READ.finditer(text) if read[3]}
    told_of = {name for line in lines for name, _ in _NAMED.findall(line)} & (heads | found.equations.keys() - states)
    once = () if any("‖" in line for line in lines) else sorted(told_of - {"L"} - LOSS_NAMES)
    lines += [f"{name}: scalar" for name in once]
    return Loss(tuple(lines), given)


def _toml(
    cell: str, steps: int, sequence: Mapping[str, Value], initials: Mapping[str, Value],
    parameters: Mapping[str, Value], loss: Loss,
) -> str:  # fmt: skip
    told = {name: value for name, value in loss.given.items() if any(f"{name}[" in line for line in loss.lines)}
    lines = ["[cell]", f'equations = """\n{cell}\n"""', "[sequence]", f"steps = {steps}"]
    lines += [f"{name} = {_quoted(value)}" for name, value in {**sequence, **told, **initials}.items()]
    lines += ["[parameters]"]
    lines += [f"{k} = {_quoted(v)}" for k, v in {**parameters, **loss.given}.items() if k not in told]
    if loss.lines:
        renamed = [name for name in loss.given if name.startswith("given_")]
        lines += ["[notation]", *(f'{name.removeprefix("given_")} = "{name}"' for name in renamed)]
        lines += ["[loss]", 'equations = """', *loss.lines, '"""']
    return "\n".join(lines) + "\n"


def _quoted(value: Value) -> str:
    return f'"{value}"' if isinstance(value, str) else f"[{', '.join(map(_quoted, value))}]"
