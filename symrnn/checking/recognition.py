"""A model recognised from the text's own definitions: its cell's equations, its data, its loss.

Reads a working without a declared model; returns a `Recognised`: a `Model` where every number is told, the bare
`Program` where only the equations are, else nothing and the reason. Equations are retold in the notation of model
files (`statements`) and read by the one grammar.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from symrnn.algebra.nodes import Parameter
from symrnn.algebra.programs import Program
from symrnn.checking.claims import Working
from symrnn.checking.functions import is_function
from symrnn.checking.mentions import is_symbolic, names_of
from symrnn.checking.naming import LOSS_NAMES, Derivative, Name
from symrnn.checking.retelling import UNKNOWN, retold
from symrnn.checking.single_steps import with_step
from symrnn.checking.statements import Found, Value, flat, statements_in
from symrnn.checking.verdicts import Reason
from symrnn.errors import GrammarError, SymrnnError
from symrnn.models.model import Model

MOST_EQUATIONS = 40
UNCLEAR = Reason(
    "No model was recognised: what the text defines is not a whole cell. Equalities are checked as arithmetic."
)
TWICE = "No model was recognised: {0} is defined in two ways. Equalities are checked as arithmetic."
MISSING = "The text's model has no value for {0}: formulas are checked, numbers as arithmetic only."
CHANGED = "The text's model has two values for {0}: formulas are checked, numbers as arithmetic only."
UNSAID = "What {0} is, the text does not say: formulas are checked that hold for any such function."
AS_ROWS = "The text writes vectors as rows: formulas are checked so, numbers as arithmetic only."
STANDS_IN = "tanh"
"""What stands for a function that nothing defines; what hangs on it alone is not decided."""
MOST_STEPS = 50
GOAL = "given_goal"
LETTERS = ("T", "t", "k", "j")
"""What steps are called."""
TARGETS = frozenset({"y", "target"})
_WORD = re.compile(r"(?<![\w{])([A-Za-z]\w*)(?![\w\[(])")
_NAMED = re.compile(r"(?<![\w{])([A-Za-z]\w*)(?:\[(\w+)(?:-\d+)?\])?(?![\w(])")
_FACTOR = re.compile(r"(?<![\w.\[])(\d+(?:\.\d+)?)(?=[ *]+[A-Za-z])")
_PLAIN_NUMBER = re.compile(r"\d+(?:/\d+)?")
_READ = re.compile(r"([A-Za-z]\w*)\[(\w+)(-\d+)?\]")


@dataclass(frozen=True)
class Recognised:
    """What the text says it is about; where that is no model with all its numbers, why."""

    model: Model | Program | None = None
    reason: Reason | None = None
    rows: bool = False
    """Whether the text writes vectors as rows; the model has them as columns."""


class NoValueError(Exception):
    """A number the model needs and the text does not tell, once."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(str(reason))
        self.reason = reason


def recognise(working: Working) -> Recognised:
    """The model a text defines by itself."""
    found = _with_weights(statements_in(working), working)
    if not (found.told or found.shown):
        stepped = with_step(found, working)
        # A cell that is told for one step alone is taken with all its numbers, or not at all.
        alone = Recognised() if stepped is None else _recognised(stepped)
        return alone if isinstance(alone.model, Model) else Recognised()
    as_columns = _recognised(found)
    if as_columns.model is not None or as_columns.reason is not UNCLEAR:
        return as_columns
    return _in_rows(statements_in(working, rows=True)) or as_columns


def _in_rows(found: Found) -> Recognised | None:
    """`h_t = tanh(x_t W + h_{t-1} U)`: the cell of a text in rows, where its products fit so."""
    cells = [name for name in found.equations if name not in LOSS_NAMES]
    program = _symbolic(found, cells) or _symbolic(found, _needed(found, cells))
    if program is None or not program.states or all(one.shape[1] == 1 for one in program.parameters):
        return None
    return Recognised(program, Reason(AS_ROWS), True)


def _with_weights(found: Found, working: Working) -> Found:
    """`h_t = tanh(0.5 h_{t-1} + x_t)` where w is 0.5 and ∂L/∂w is asked for: the one factor 0.5 is w."""
    sides = (side for line in working.lines for claim in line.claims for side in claim.sides)
    names = (name.wrt for side in sides for name in names_of(side.tree) if isinstance(name, Derivative))
    for weight in {name.whole for name in names if isinstance(name, Name) and not name.steps}:
        value, texts = found.data.get(weight), [text for texts in found.told.values() for text in texts]
        shown = [text for each in found.shown.values() for text in each]
        apart = (str(one) for tree in (*found.once.values(), *found.losses) for one in names_of(tree))
        read = weight in apart or any(weight in _WORD.findall(text) for text in (*texts, *shown))
        if read or not isinstance(value, str) or weight in found.changed or not _PLAIN_NUMBER.fullmatch(value):
            continue
        factors = [one for text in texts for one in _FACTOR.findall(text) if Fraction(one) == Fraction(value)]
        if len(factors) == 1:
            named = re.compile(rf"(?<![\w.\[]){re.escape(factors[0])}(?=[ *]+[A-Za-z])")
            told = {name: {named.sub(weight, text) for text in texts} for name, texts in found.told.items()}
            found = replace(found, told=told)
    return found


# --- the model ------------------------------------------------------------------------------------------------------


def _recognised(found: Found) -> Recognised:
    """All that is defined where that makes a model; else what the states and the loss hang on."""
    twice = _defined_twice(found)
    if twice:
        return Recognised(reason=Reason(TWICE, (twice,)))
    if any(name not in found.told and count == 1 for name, count in found.deep.items()):
        # `h_2 = w tanh(w h_0 + x_1) + x_2` of one step alone may be two steps at once.
        return Recognised(reason=UNCLEAR)
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
    if reason is UNCLEAR and (function := _unsaid_function(found)) is not None:
        stands_in = replace(found, functions={**found.functions, function: STANDS_IN})
        program = _symbolic(stands_in, cells) or _symbolic(stands_in, needed)
        reason = UNCLEAR if program is None else Reason(UNSAID, (function,))
    return Recognised(program, reason)


def _unsaid_function(found: Found) -> str | None:
    """The φ of `h_t = φ(z_t)`, where it is the only function that nothing defines."""
    words = {word for text in found.equations.values() for word in re.findall(rf"(\w+){UNKNOWN}\(", text)}
    unsaid = [
        word for word in words if word not in found.data and word not in found.functions and word[0] not in "wWuUvV"
    ]
    return unsaid[0] if len(unsaid) == 1 and unsaid[0] in ("phi", "varphi", "psi", "f", "g") else None


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
    if not steps and (not program.inputs or found.inputs):
        steps = found.last
    if not 1 <= steps <= MOST_STEPS:
        raise NoValueError(Reason(MISSING, (f"{program.inputs[0].name}[1]" if program.inputs else "T",)))
    sequence = {x.name: _series(found, x.name, steps) for x in program.inputs}
    initials = {f"{s.name}0": flat(found.data.get(f"{s.name}[0]", "0")) for s in program.states}
    changed = {f"{s.name}[0]" for s in program.states} & found.changed
    if changed:
        raise NoValueError(Reason(CHANGED, (min(changed),)))
    are_numbers = not any(isinstance(value, list) for series in sequence.values() for value in series)
    parameters = {p.name: _shaped(p, _datum(found, p.name), are_numbers) for p in program.parameters}
    signals = {name.name for equation in program for name in (equation.target, *equation.reads)}
    loss = _loss(found, steps, signals | set(parameters))
    try:
        text = _toml(cell, steps, sequence, initials, parameters, loss)
        return Recognised(loads(text, "the text's own definitions"))
    except GrammarError:
        # A cross-entropy leaves open whether its target is a number: it is what was given for it.
        text = _toml(cell, steps, sequence, initials, parameters, loss.of_numbers())
        return Recognised(loads(text, "the text's own definitions"))


def _symbolic(found: Found, names: Sequence[str]) -> Program | None:
    """The cell without its numbers, with its loss where that can be said in symbols."""
    from symrnn.algebra.reading.roles import parse_cell

    cell = [(f"{name}[t]", found.equations[name]) for name in names]
    said: list[str] = []
    known: Program | None = None
    # The cell first: that its names are numbers is told before the loss squares one.
    for equations in (cell, [*cell, *_loss_equations(found, found.steps or found.last)]):
        try:
            lines = [f"{head} = {_spoken(found, text)}" for head, text in equations]
            program = parse_cell("\n".join((*lines, *said)))
            said = _said_scalar(found, program)
            known = parse_cell("\n".join((*lines, *said))) if said else program
        except (SymrnnError, ValueError, RecursionError):
            continue
    return known


def _said_scalar(found: Found, program: Program) -> list[str]:
    """`w: scalar` for every name that the text says is a number."""
    numbers = program.parameters if found.scalars else ()
    numbers += (*program.states, *program.inputs) if found.scalars or found.scalar_states else ()
    return list(dict.fromkeys(f"{name.name}: scalar" for name in numbers))


def _needed(found: Found, cells: Sequence[str]) -> list[str]:
    """What is read a step later, what the loss reads, and all that these hang on; in the order of the text."""
    reads = {name: {(read[1], bool(read[3])) for read in _READ.finditer(found.equations[name])} for name in cells}
    open_ = {read for those in reads.values() for read, lagged in those if lagged}
    open_ |= {read[1] for _, text in _loss_equations(found, found.steps or found.last) for read in _READ.finditer(text)}
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


def _shaped(parameter: Parameter, value: Value, are_numbers: bool) -> Value:
    """A parameter's value; `B = [1, 0.5]` before inputs that are numbers is a matrix of one column."""
    if parameter.shape[1] == 1:
        return flat(value)
    is_list = isinstance(value, list) and all(isinstance(entry, str) for entry in value)
    return [[entry] for entry in value] if is_list and are_numbers else value


def _series(found: Found, name: str, steps: int) -> list[Value]:
    """An input's values, step by step: `x_1 = 1`, `x = (1, 2)`, or `x_t = 1` for all."""
    if f"{name}[t]" in found.data:
        return [_datum(found, f"{name}[t]")] * steps
    whole = found.data.get(name)
    if isinstance(whole, list) and len(whole) == steps and name not in found.changed:
        return whole
    if found.inputs and not any(key.startswith(f"{name}[") for key in found.data):
        return [found.inputs] * steps
    return [flat(_datum(found, f"{name}[{step}]")) for step in range(1, steps + 1)]


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

    def of_numbers(self) -> Loss:
        """The loss where what is given as one number is said to be one."""
        numbers = (f"{name}: scalar" for name, value in self.given.items() if isinstance(value, str))
        return replace(self, lines=(*self.lines, *numbers))


def _loss_equations(found: Found, steps: int) -> list[tuple[str, str]]:
    """The loss, before it the steps' losses it may sum, and what is computed once for it (`y = V h_2`)."""
    # What is lost in symbols says more than `½ (h_2 - 0.3)²`, which may be a line of the calculation.
    for tree in sorted(found.losses, key=lambda tree: not is_symbolic(tree)):
        if any(isinstance(one, Name) and one.steps and one.whole in found.counted for one in names_of(tree)):
            continue
        text = retold(tree, steps, "T", found.rows)
        if text is None:
            continue
        lines = [("L", text)]
        for name in _WORD.findall(text):
            # `p = σ(v h_2)` and later `p = 0.758`: a value of it.
            body = None if name in found.data and name in TARGETS else found.once.get(name)
            told = None if body is None else retold(body, steps, "T", found.rows)
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
            # `(y - t)²` in code, where t is given a number.
            is_target = name == "t" and not index and not summed and "t" in found.data
            if (
                name in known
                or (name in (*heads, *LETTERS) and not is_target)
                or is_function(name)
                or name == "sigmoid"
            ):
                if index and not summed and index != "T":
                    return Loss()
                continue
            own = GOAL if is_target else (f"given_{name}" if name.partition("_")[0] in TARGETS else name)
            if index in ("t", "k", "j"):
                given[own] = _series(found, name, steps)
            else:
                given[own] = flat(_datum(found, f"{name}[{steps}]" if index == "T" else name), name)
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
        called = ("t" if name == GOAL else name.removeprefix("given_") for name in renamed)
        lines += ["[notation]", *(f'{own} = "{name}"' for own, name in zip(called, renamed, strict=True))]
        lines += ["[loss]", 'equations = """', *loss.lines, '"""']
    return "\n".join(lines) + "\n"


def _quoted(value: Value) -> str:
    return f'"{value}"' if isinstance(value, str) else f"[{', '.join(map(_quoted, value))}]"
