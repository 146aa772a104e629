"""What a piece of a formula names: `h_2`, `W_{hh}`, `∂L/∂h_2`, `dW_f`, whatever the spelling.

Reads syntax trees; returns a `Name` (letters, words, steps) or a `Derivative` (of, with respect to, at one step).
Case and subscripts are kept: `H_1` is not `h_1`. Which quantity of a model a name means is decided in `quantities`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from symrnn.algebra.reading.syntax import (
    Call,
    Chain,
    Evaluated,
    Group,
    Num,
    Partial,
    Quotient,
    Raised,
    Stack,
    Symbol,
    Syntax,
    Terms,
    Times,
    Transposed,
    without_brackets,
)

Step = int | str
"""A step that is a number, or an expression in t, k, T as text."""

INDICES = frozenset({"t", "T", "k", "j", "i", "n", "s", "tau", "l"})
_NUMBERED = re.compile(r"([A-Za-z]+?)_?(\d{1,6})")
_PACKED = re.compile(r"d([A-Za-z]\w*)")


@dataclass(frozen=True)
class Name:
    """`W_{hh}` is base W and word hh; `c̃_2` is base c_tilde at step 2; `h^{(l)}_t` has two steps."""

    base: str
    words: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def whole(self) -> str:
        """The name without its steps: `W_hh`."""
        return "_".join((self.base, *self.words))

    @property
    def step(self) -> Step | None:
        """The step, if there is exactly one."""
        return self.steps[0] if len(self.steps) == 1 else None

    @property
    def generic(self) -> bool:
        """Whether a step is no number yet."""
        return any(isinstance(step, str) for step in self.steps)

    def __str__(self) -> str:
        return self.whole + "".join(f"[{step}]" for step in self.steps)


@dataclass(frozen=True)
class Stacked:
    """`(h_t, c_t)`: names one below the other."""

    parts: tuple[Name, ...]

    @property
    def whole(self) -> str:
        """The names without their steps."""
        return f"({','.join(part.whole for part in self.parts)})"

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of all."""
        return tuple(step for part in self.parts for step in part.steps)

    @property
    def step(self) -> Step | None:
        """The step of the first; a stack stands at one step."""
        return self.parts[0].step

    @property
    def generic(self) -> bool:
        """Whether a step is no number yet."""
        return any(part.generic for part in self.parts)

    def __str__(self) -> str:
        return f"({', '.join(map(str, self.parts))})"


@dataclass(frozen=True)
class Derivative:
    """`∂of/∂wrt`: total, or immediate with `mark` "+"; `at` is the step whose share alone is meant (`|_{t=2}`).

    `mark` may be a word as well: `(∂c_t/∂c_{t-1})_direct`, `(…)_total`.
    """

    of: Name | Stacked
    wrt: Name | Stacked
    mark: str = ""
    at: Step | None = None
    packed: bool = False
    across: bool = False
    """Whether it is taken by vec(Wᵀ), whose entries go along the rows of W."""

    @property
    def generic(self) -> bool:
        """Whether a step is no number yet."""
        return self.of.generic or self.wrt.generic or isinstance(self.at, str)

    @property
    def whole(self) -> str:
        """The derivative without its steps."""
        return f"d{self.mark}{self.of.whole}/d{self.wrt.whole}{'ᵀ' if self.across else ''}"

    def __str__(self) -> str:
        if self.packed:
            return f"d{self.wrt}"
        at = "" if self.at is None else f" at t={self.at}"
        said = "" if self.mark in ("", "+", "d") else f" {self.mark}"
        return f"∂{'' if said else self.mark}{self.of}/∂{self.wrt}{at}{said}"


Known = Name | Derivative
Bound = Mapping[str, int]
"""What the indices of sums and products stand for."""


LOSS_NAMES = frozenset({"L", "E", "J", "loss", "Loss", "L_total", "E_total", "L_tot", "ell"})

WEIGHTS = frozenset(("W", "U", "V", "w", "u", "v", "b", "theta"))


def name_of(tree: Syntax, bound: Bound | None = None) -> Known | None:
    """The name a piece is, or None where it is a formula.

    >>> from symrnn.algebra.reading.grammar import parse_expression
    >>> [str(name_of(parse_expression(text))) for text in ("h₂", "h1", r"\\tilde{c}_{t-1}", "dL/dW_f", "dh_prev")]
    ['h[2]', 'h[1]', 'c_tilde[t-1]', '∂L/∂W_f', 'dh_prev']
    """
    bound = bound or {}
    match tree:
        case Group(body=body):
            return name_of(body, bound)
        case Symbol(base="d", below=(_, *_)):
            return _symbol(tree, bound)
        case Symbol(base="delta", accents=()):
            return _delta(tree, bound) or _symbol(tree, bound)
        case Symbol():
            return _packed(tree, bound) or _symbol(tree, bound)
        case Call():
            return _argued(tree, bound)
        case Quotient(over=over, under=under):
            return _derivative(over, under, bound)
        case Evaluated(body=body, where=Symbol(base="direct" | "total" as mark, below=(), above=())):
            found = name_of(body, bound)
            return replace(found, mark=mark) if isinstance(found, Derivative) and not found.mark else None
        case Evaluated(
            body=body, where=Symbol(base="t") | Chain(sides=(Symbol(base="t"), _), relations=("=",)) as where
        ):
            return _share_at(name_of(body, bound), where.sides[1] if isinstance(where, Chain) else where, bound)
        case Times(factors=(Symbol(base="d", accents=(), below=(), above=()), Symbol() as inner), operators=("",)):
            if inner.base in bound or inner.base == "delta":
                return None
            name = _symbol(inner, bound)
            return name and Derivative(Name("L"), name, packed=True)
    return None


def _share_at(name: Known | None, step: Syntax, bound: Bound) -> Derivative | None:
    """`∂L/∂W|_{t=2}`: what step 2 adds to the gradient of a parameter."""
    if not isinstance(name, Derivative) or name.at is not None or not isinstance(name.wrt, Name) or name.wrt.steps:
        return None
    at = step_of(step, bound)
    return None if at is None or name.mark else replace(name, at=at)


def _argued(tree: Call, bound: Bound) -> Name | None:
    """`L(w)`, `L_t(h_t)`: the loss, with what it is looked at as a function of; never a product.

    `L(0.41)` is the loss where its weight is 0.41; `L(w_1)` may be the loss after a training step, and `L_2(h_1)` a
    slip: neither is known.
    """
    name = _symbol(tree.function, bound) if "prime" not in tree.function.accents else None
    if name is None or name.whole not in LOSS_NAMES:
        return None
    match tree.arguments:
        case (Num(text=text),) if not name.steps and "." in text:
            return Name(f"{name.base}({text})", name.words)  # the loss at another weight: a number of its own
        case (Terms(terms=((-1, Num(text=text)),)),) if not name.steps and "." in text:
            return Name(f"{name.base}(-{text})", name.words)
    arguments = [_symbol(one, bound) if isinstance(one, Symbol) else None for one in tree.arguments]
    return name if all(one is not None and _is_heard(one, name) for one in arguments) else None


def _is_heard(argument: Name, loss: Name) -> bool:
    if not argument.steps:
        return True
    return argument.base not in WEIGHTS and loss.steps in ((), argument.steps)


def _packed(tree: Symbol, bound: Bound) -> Derivative | None:
    """`dh_prev`, `dWf`: the gradient of the loss, as in code."""
    found = _PACKED.fullmatch(tree.base)
    if not found or tree.base in ("delta", "diag", "det", "dot", "dt"):
        return None
    name = _symbol(replace(tree, base=found[1]), bound)
    return None if name is None else Derivative(Name("L"), name, packed=True)


def _delta(tree: Symbol, bound: Bound) -> Derivative | None:
    """`δ_{C_t}`, `δ^{h}_t`, `δ_{z_o}`: the gradient of what its script names."""
    names, steps = list[Name](), list[Step]()
    scripts = (part for one in (*tree.below, *tree.above) for part in (one.parts if isinstance(one, Stack) else (one,)))
    for script in map(without_brackets, scripts):
        step = step_of(script, bound)
        named = _symbol(script, bound) if isinstance(script, Symbol) and step is None else None
        if named is not None:
            names.append(named)
        elif step is not None:
            steps.append(step)
    if len(names) != 1:
        return None
    wrt = names[0] if names[0].steps else replace(names[0], steps=tuple(steps))
    return Derivative(Name("L"), wrt, packed=True)


def _derivative(over: Syntax, under: Syntax, bound: Bound) -> Derivative | None:
    of, mark, at = _differential(over, bound)
    wrt, _, at_wrt = _differential(under, bound)
    if of is None or wrt is None:
        return None
    return Derivative(of, wrt, mark, at if at_wrt is None else at_wrt, across=_is_across(under))


def _is_across(tree: Syntax) -> bool:
    match without_brackets(tree):
        case Partial(body=Call(function=Symbol(base="vec"), arguments=(Transposed(),))):
            return True
        case Partial(body=Transposed(body=Call(function=Symbol(base="vec"), arguments=(Transposed(),)))):
            return True
    return False


def _differential(tree: Syntax, bound: Bound) -> tuple[Name | Stacked | None, str, Step | None]:
    tree = without_brackets(tree)
    match tree:
        case Partial(body=Stack(parts=parts), mark=mark):
            names = tuple(name_of(part, bound) for part in parts)
            plain = tuple(name for name in names if isinstance(name, Name))
            return Stacked(plain) if len(plain) == len(parts) else None, mark, None
        case Partial(body=Transposed(body=Call(function=Symbol(base="vec")) as inner), mark=mark):
            return _differential(Partial(inner, mark), bound)
        case Partial(body=Call(function=Symbol(base="vec"), arguments=(inside,)), mark=mark):
            # A matrix below ∂ is stacked column by column anyway.
            inside = without_brackets(inside)
            name, at = _shared(inside.body if isinstance(inside, Transposed) else inside, bound)
            return name, mark, at
        case Partial(body=body, mark=mark):
            name, at = _shared(without_brackets(body), bound)
            # `dL/dw` is the total derivative, as ∂L/∂w is.
            return name, "" if mark == "d" else mark, at
        case Symbol():
            packed = _PACKED.fullmatch(tree.base)
            if packed:
                name, at = _shared(replace(tree, base=packed[1]), bound)
                return name, "", at
        case Call(function=Symbol(base=base)) if (packed := _PACKED.fullmatch(base)) is not None:
            return _argued(replace(tree, function=replace(tree.function, base=packed[1])), bound), "", None
        case Times(factors=(Symbol(base="d", accents=(), below=(), above=()), inner), operators=("",)):
            name, at = _shared(inner, bound)
            return name, "", at
    return None, "", None


def _shared(tree: Syntax, bound: Bound) -> tuple[Name | None, Step | None]:
    """The name below the ∂, and the step whose share `W^{(t=2)}` means."""
    if isinstance(tree, Call):
        return _argued(tree, bound), None
    if not isinstance(tree, Symbol):
        return None, None
    for script in (*tree.below, *tree.above):
        inside = without_brackets(script)
        if isinstance(inside, Chain) and len(inside.sides) == 2:
            bare = replace(
                tree,
                below=tuple(s for s in tree.below if s is not script),
                above=tuple(s for s in tree.above if s is not script),
            )
            return _symbol(bare, bound), step_of(inside.sides[1], bound)
    return _symbol(tree, bound), None


def _symbol(tree: Symbol, bound: Bound) -> Name | None:
    base, words, steps = tree.base, list[str](), list[Step]()
    if found := _NUMBERED.fullmatch(base):
        base, steps = found[1], [int(found[2])]
    base = "_".join((base, *tree.accents))
    for script in (*tree.below, *tree.above):
        parts = script.parts if isinstance(script, Stack) else (script,)
        for part in map(without_brackets, parts):
            word = _word(part)
            step = step_of(part, bound)
            if step is not None and (isinstance(step, int) or word is None or word in INDICES or word in bound):
                steps.append(step)
            elif word is not None:
                words.append(word)
            else:
                return None
    return Name(base, tuple(words), tuple(steps))


def _word(tree: Syntax) -> str | None:
    """The letters of a script: `hh`, `prev`, `true`."""
    match tree:
        case Symbol(base=base, accents=accents, below=below, above=above):
            inner = [_word(part) for part in (*below, *above)]
            return None if None in inner else "_".join([base, *accents, *filter(None, inner)])
        case Num(text=text):
            return text
        case Quotient(over=Num(text=over), under=Num(text=under)):
            return f"{over}/{under}"  # k_{1/2}, a half-life
        case Times(factors=factors, operators=operators) if not any(operators):
            found = [_word(factor) for factor in factors]
            return None if None in found else "".join(filter(None, found))
        case Raised(base=base, exponent=exponent):
            parts = (_word(base), _word(exponent))
            return None if None in parts else "_".join(filter(None, parts))
    return None


def step_of(tree: Syntax, bound: Bound | None = None) -> Step | None:
    """A step: a number, or an expression in indices as text."""
    bound = bound or {}
    tree = without_brackets(tree)
    match tree:
        case Num(value=value) if value.denominator == 1:
            return int(value)
        case Symbol(base=base, below=(), above=(), accents=()):
            return bound.get(base, base) if base in bound or base in INDICES else None
        case Terms(terms=terms):
            return _step_sum([(sign, step_of(term, bound)) for sign, term in terms])
    return None


def _step_sum(terms: list[tuple[int, Step | None]]) -> Step | None:
    if any(step is None for _, step in terms):
        return None
    number = sum(sign * step for sign, step in terms if isinstance(step, int))
    letters = [(sign, str(step)) for sign, step in terms if isinstance(step, str)]
    if not letters:
        return number
    text = "".join(("+" if sign > 0 else "-") + step for sign, step in letters).removeprefix("+")
    return text + (f"{number:+d}" if number else "")


def placed(name: Known, steps: Mapping[str, int]) -> Known:
    """The name with its indices put in: `h[t-1]` at t = 3 is `h[2]`."""
    if isinstance(name, Derivative):
        at = name.at if name.at is None else _placed_step(name.at, steps)
        return replace(name, of=_placed_side(name.of, steps), wrt=_placed_side(name.wrt, steps), at=at)
    return _placed_name(name, steps)


def _placed_side(side: Name | Stacked, steps: Mapping[str, int]) -> Name | Stacked:
    if isinstance(side, Stacked):
        return Stacked(tuple(_placed_name(part, steps) for part in side.parts))
    return _placed_name(side, steps)


def _placed_name(name: Name, steps: Mapping[str, int]) -> Name:
    return replace(name, steps=tuple(_placed_step(step, steps) for step in name.steps))


_STEP = re.compile(r"([A-Za-z]+)([+-]\d+)?")


def _placed_step(step: Step, steps: Mapping[str, int]) -> Step:
    if isinstance(step, int):
        return step
    found = _STEP.fullmatch(step)
    if found and found[1] in steps:
        return steps[found[1]] + int(found[2] or 0)
    return step
