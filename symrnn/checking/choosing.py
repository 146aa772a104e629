"""Which of several usual meanings a name has in one text: decided by where its numbers fit, and by what else is named.

Reads a working and what a model knows; settles `Page.chosen`. `δ_t` may be ∂L/∂a_t or ∂L/∂h_t, `y` the prediction or
the target: the reading most of the text's own numbers agree with is taken, and a tie goes to the field's usual one.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from symrnn.algebra.nodes import Apply, Signal
from symrnn.algebra.reading.syntax import Big, Symbol, Syntax, walk
from symrnn.checking.claims import Kind, Working
from symrnn.checking.comparing import Agreement, values_agreeing
from symrnn.checking.digits import Digits, digits_of, fraction_of, grid_digits
from symrnn.checking.matrices import Value
from symrnn.checking.mentions import free_letters, is_symbolic, names_of
from symrnn.checking.naming import Derivative, Known, Name, name_of
from symrnn.checking.page import OWN, Page, Reading, Truths, family, group
from symrnn.checking.spellings import SIGNALS
from symrnn.checking.truths import ModelTruths

_ARGUMENTS = re.compile(
    r"(?:δ|\\delta|delta)[^.\n]{0,12}\b(?:is|denotes?|means|for)\b[^.\n]{0,12}\bgradient[^.\n]{0,40}"
    r"\b(?:argument|pre-?activation|net input)"
    r"|(?:δ|\\delta)[^。\n]{0,12}(?:是|表示|为)[^。\n]{0,20}(?:自变量|净输入|预激活|激活前|加权输入)[^。\n]{0,10}梯度"
)
"""δ is the gradient with respect to an activation's argument, said in words."""
ARGUMENT = "∂L/∂a_"
"""How the gradient of a gate's argument is called."""
TARGETS = frozenset({"y_star", "y_true", "y_target", "target", "t", "d", "y_hat_star"})
AMBIGUOUS = frozenset({"y", "z", "o", "p", "Y"})
"""Names that texts use for other things than models do."""
MOST_FORMULAS = 8
"""Formulas of one name that are looked at to see what it means."""
PREDICTIONS = frozenset({"y_hat", "Y_hat", "yhat", "y_pred", "hat_y"})
Written = Digits | tuple[tuple[Digits, ...], ...]


def choose(page: Page, working: Working, truths: Truths) -> None:
    """Settle what ambiguous names mean."""
    fits: dict[str, Counter[str]] = defaultdict(Counter)
    asked: Counter[str] = Counter()
    order: dict[str, list[str]] = {}
    doubtful: set[str] = set()
    own_names: dict[str, str] = {}
    deltas = _written_as_delta(working)
    plain = {name.wrt.whole for name, _, _ in _heads(working) if isinstance(name, Derivative) and not name.packed}
    for name, written, _ in _heads(working):
        readings = truths.readings(name)
        # At a step where only one reading exists the number speaks for it as well.
        for reading in readings:
            fits[group(name)][family(reading.meaning)] += _fits(reading.value, written)
        if len(readings) < 2:
            continue
        asked[group(name)] += 1
        if isinstance(name, Name) or name.packed:
            doubtful.add(group(name))
        exact = name.wrt.whole if isinstance(name, Derivative) else name.whole
        # δ_f is the gate's argument's as often as the gate's; beside ∂L/∂f_t so is df.
        packed = isinstance(name, Derivative) and name.packed
        if exact not in AMBIGUOUS and not (packed and (exact in plain or group(name) in deltas)):
            families = [family(reading.meaning) for reading in readings]
            own_names |= {group(name): one for one in families if one in (exact, f"∂L/∂{exact}")}
        order.setdefault(group(name), [family(reading.meaning) for reading in readings])
    choose_by_company(page, working)
    for key in order:
        counts = fits[key]
        best = max(counts.values())
        own = own_names.get(key)
        if own is not None and best - counts[own] < 2 and (best or not key.startswith("packed")):
            # The model's own name means something else only where several numbers say so.
            page.chosen[key] = own
        elif best and best < 2 and asked[key] > 1 and not counts[order[key][0]]:
            # One number of several: it may be a mistake that looks like something else.
            if key in deltas and key.startswith("packed"):
                # Of a gate's δ neither meaning is usual; the text's formulas say more.
                page.doubtful.add(key)
            else:
                page.chosen[key] = order[key][0]
        elif best:
            meant = next(one for one in order[key] if counts[one] == best)
            margin = best - max((count for one, count in counts.items() if one != meant), default=0)
            # Where one number makes the difference, formulas that use a δ weigh more.
            says = page.leaning if key in deltas and margin == 1 else page.chosen
            says[key] = meant
        elif key not in page.chosen and key in doubtful:
            page.doubtful.add(key)
    page.chosen.update(_by_states(page, working, fits))


def _by_states(page: Page, working: Working, fits: Mapping[str, Counter[str]]) -> dict[str, str]:
    """∂L/∂s_t is the gradient of what the numbers of s_t show s to be: a gradient's own may follow from a mistake."""
    found: dict[str, str] = {}
    for name, _, _ in _heads(working):
        if isinstance(name, Derivative) and not name.packed and isinstance(name.wrt, Name):
            state = group(name.wrt)
            meant = page.chosen.get(state, "")
            if fits[state][meant] and f"∂L/∂{meant}" in fits[group(name)]:
                found[group(name)] = f"∂L/∂{meant}"
    return found


def set_summed_apart(page: Page, working: Working) -> None:
    """`du = …` and later `du += …`: what is added up in steps is the text's own, until all is added."""
    for line in working.lines:
        for claim in line.claims:
            if claim.kind == Kind.UPDATE and claim.links[0].relation == "+=":
                name = name_of(claim.links[0].left)
                if isinstance(name, Derivative) and name.packed:
                    page.chosen[group(name)] = OWN


def _written_as_delta(working: Working) -> set[str]:
    """The gradients that are written with a δ: `δ_f`, not `df`."""
    sides = (side for line in working.lines for claim in line.claims for side in claim.sides)
    pieces = (piece for side in sides for piece in walk(side.tree))
    names = (name_of(piece) for piece in pieces if isinstance(piece, Symbol) and piece.base == "delta")
    return {group(name) for name in names if name is not None}


def choose_by_formulas(page: Page, working: Working) -> None:
    """What the text's own formulas say a name means; where they say nothing, what one number made likely."""
    if page.formulas is not None:
        _settle_by_formulas(page, working)
    page.chosen = {**page.leaning, **page.chosen}
    if page.formulas is not None:
        _by_siblings(page, working)


def _settle_by_formulas(page: Page, working: Working) -> None:
    """What makes most of the formulas right, where nothing else makes as many.

    `δ_t = ∂L/∂a_t` says it at once; `∂L/∂W = Σ_t δ_t h_{t-1}` says it of every step; of formulas at single steps, which
    may be mistaken, it takes two.
    """
    page.chosen.update(_by_own_names(page, working))
    if _ARGUMENTS.search(working.source):
        page.chosen.update(_by_arguments(page, working))
    said: dict[str, Counter[str]] = defaultdict(Counter)
    looked: Counter[str] = Counter()
    for left, right in _formulas(working):
        open_ = {key: families for key, families in _open(page, left, right).items() if key not in page.chosen}
        if len(open_) != 1:
            continue
        ((key, families),) = open_.items()
        if looked[key] >= MOST_FORMULAS:
            continue
        looked[key] += 1
        true = [one for one in families if _holds(page, left, right, key, one)]
        if len(true) == len(families):
            # Of several the usual one, as where nothing else is known.
            usual = page.formulas.judge(left, right, page).chosen or {}
            true = [usual[key]] if key in usual else []
        said[key].update({one: _weight(left, right) for one in true})
    for key, counts in said.items():
        (best, most), *others = counts.most_common() or [("", 0)]
        if most >= 2 and all(count < most for _, count in others):
            page.chosen[key] = best
            page.doubtful.discard(key)


def _by_siblings(page: Page, working: Working) -> None:
    """δ_f is the gradient of an argument where δ_i and δ_o are: a text means one thing by its δ's."""
    deltas = _written_as_delta(working)
    siblings = [page.chosen[key] for key in deltas if key in page.chosen]
    inner = {meaning.startswith(ARGUMENT) for meaning in siblings}
    if len(siblings) < 2 or len(inner) > 1:
        return
    for name in _names(working, Derivative):
        if group(name) in deltas and group(name) not in page.chosen:
            alike = [one for one in page.formulas.families(name) if one.startswith(ARGUMENT) in inner]
            if len(alike) == 1:
                page.chosen[group(name)] = alike[0]
                page.doubtful.discard(group(name))


def _by_own_names(page: Page, working: Working) -> dict[str, str]:
    """Two names of one text are two quantities: beside h_t the name a_t is no state."""
    names = {str(name): name for name in _names(working)}
    wholes = {name.whole for name in names.values()}
    found: dict[str, str] = {}
    for name in names.values():
        families = page.formulas.families(name) if group(name) not in (page.chosen | found) else []
        if len(families) > 1 and name.whole in families and wholes.issuperset(families):
            found[group(name)] = name.whole
    return found


def _by_arguments(page: Page, working: Working) -> dict[str, str]:
    """What δ is where the text says in words that it is the gradient of an activation's argument."""
    program = page.formulas.points[0].quantities.program
    arguments = {
        equation.expression.operands[0].name
        for equation in program
        if isinstance(equation.expression, Apply) and isinstance(equation.expression.operands[0], Signal)
    }
    found: dict[str, str] = {}
    for name in _names(working, Name | Derivative):
        if str(name).startswith("delta") or (isinstance(name, Derivative) and name.packed):
            meant = [one for one in page.formulas.families(name) if one.removeprefix("∂L/∂") in arguments]
            if len(meant) == 1:
                found[group(name)] = meant[0]
    return found


def _formulas(working: Working) -> Iterator[tuple[Syntax, Syntax]]:
    """The first equality of every chain whose right side is a formula in names."""
    for line in working.lines:
        for claim in line.claims:
            if claim.kind in (Kind.EQUATION, Kind.DEFINITION) and is_symbolic(claim.links[0].right):
                yield claim.links[0].left, claim.links[0].right


def _open(page: Page, left: Syntax, right: Syntax) -> dict[str, list[str]]:
    """The names of a formula that may mean several things, and what."""
    found: dict[str, list[str]] = {}
    for name in (*names_of(left), *names_of(right)):
        if isinstance(name, Name) or name.packed:
            families = page.formulas.families(name)
            if len(families) > 1:
                found[group(name)] = families
    return found


def _holds(page: Page, left: Syntax, right: Syntax, key: str, meaning: str) -> bool:
    meant = replace(page, chosen={**page.chosen, key: meaning})
    return bool(page.formulas.judge(left, right, meant).agree)


def _weight(left: Syntax, right: Syntax) -> int:
    """How much a formula says: of one step, of every step, or outright what the name is."""
    if not free_letters(left) and not any(isinstance(piece, Big) for piece in walk(right)):
        return 1
    return MOST_FORMULAS * (2 if isinstance(name_of(right), Derivative) else 1)


def set_apart(page: Page, working: Working, truths: ModelTruths) -> None:
    """`y = (0, 1, 0)` beside a computed o: what targets are called, given a value that nothing computes.

    Such a name is the text's own, unless any of its numbers is that of a computed quantity, or a formula says so.
    """
    given = dict.fromkeys(name for name, _, alone in _heads(working) if alone and isinstance(name, Name))
    for name in given:
        key, readings = group(name), truths.readings(name)
        is_open = name.whole in SIGNALS["y"] and key not in page.chosen and not truths.quantities.owns(name.whole)
        if not readings or not is_open or not _is_computed(readings, truths):
            continue
        numbers = [(one, written) for one, written, _ in _heads(working) if group(one) == key]
        if not any(_fits(reading.value, written) for one, written in numbers for reading in truths.readings(one)):
            page.chosen[key] = OWN


def _fits(value: Value, written: Written) -> bool:
    found = values_agreeing(value, written)
    return found is not None and found < Agreement.NONE


def _is_computed(readings: Sequence[Reading], truths: ModelTruths) -> bool:
    """Whether a name stands for what equations give: no parameter, input or target, no value before the first step."""
    targets = {equation.target.name for equation in truths.quantities.program if isinstance(equation.target, Signal)}
    nodes = [reading.node for reading in readings]
    return all(isinstance(node, Signal) and node.name in targets and 0 not in node.indices for node in nodes)


def _heads(working: Working) -> Iterator[tuple[Known, Written, bool]]:
    """Every name a chain begins with, the last number it is said to be, and whether nothing stands between."""
    for line in working.lines:
        for claim in line.claims:
            if claim.kind not in (Kind.EQUATION, Kind.DEFINITION):
                continue
            name = name_of(claim.links[0].left)
            last = claim.links[-1]
            side, relation = last.right, last.relation
            written = digits_of(side, relation) or grid_digits(side, relation) or fraction_of(side)
            if name is not None and written is not None:
                yield name, written, len(claim.links) == 1


def choose_by_company(page: Page, working: Working) -> None:
    """Beside ŷ the plain y is the target; beside y* it is the prediction."""
    names = {name.whole for name in _names(working) if name.steps or name.whole not in ("t", "d")}
    for plain in ("y", "Y"):
        wanted = "y" if names & PREDICTIONS else ("y_hat" if names & TARGETS else "")
        for name in _names(working) if wanted else ():
            families = page.formulas.families(name) if name.whole == plain else []
            if wanted in families:
                page.chosen.setdefault(group(name), wanted)
            elif families and wanted == "y" and not isinstance(page.truths, ModelTruths):
                # The target of a loss that nobody spells out.
                page.chosen.setdefault(group(name), OWN)


def _names(working: Working, kind: Any = Name) -> Iterator[Any]:
    for line in working.lines:
        for claim in line.claims:
            for side in claim.sides:
                yield from (name for name in names_of(side.tree) if isinstance(name, kind))
