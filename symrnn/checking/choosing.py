"""Which of several usual meanings a name has in one text: decided by where its numbers fit, and by what else is named.

Reads a working and what a model knows; settles `Page.chosen`. `δ_t` may be ∂L/∂a_t or ∂L/∂h_t, `y` the prediction or
the target: the reading most of the text's own numbers agree with is taken, and a tie goes to the field's usual one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from symrnn.algebra.nodes import Signal
from symrnn.checking.claims import Kind, Working
from symrnn.checking.comparing import Agreement, values_agreeing
from symrnn.checking.digits import Digits, digits_of, grid_digits
from symrnn.checking.formulas import free_letters, is_symbolic, names_of
from symrnn.checking.matrices import Value
from symrnn.checking.naming import Derivative, Known, Name, name_of
from symrnn.checking.page import OWN, Page, Reading, Truths, family, group
from symrnn.checking.spellings import SIGNALS
from symrnn.checking.truths import ModelTruths

TARGETS = frozenset({"y_star", "y_true", "y_target", "target", "t", "d", "y_hat_star"})
AMBIGUOUS = frozenset({"y", "z", "o", "p", "Y"})
"""Names that texts use for other things than models do."""
MOST_FORMULAS = 4
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
        # Beside ∂L/∂f_t, δ_f is something else, most likely.
        if exact not in AMBIGUOUS and not (isinstance(name, Derivative) and name.packed and exact in plain):
            families = [family(reading.meaning) for reading in readings]
            own_names |= {group(name): one for one in families if one in (exact, f"∂L/∂{exact}")}
        order.setdefault(group(name), [family(reading.meaning) for reading in readings])
    _by_company(page, working, truths)
    for key in order:
        counts = fits[key]
        best = max(counts.values())
        own = own_names.get(key)
        if own is not None and best - counts[own] < 2 and (best or not key.startswith("packed")):
            # The model's own name means something else only where several numbers say so.
            page.chosen[key] = own
        elif best and best < 2 and asked[key] > 1 and not counts[order[key][0]]:
            # One number of several: it may be a mistake that looks like something else.
            page.chosen[key] = order[key][0]
        elif best:
            page.chosen[key] = next(one for one in order[key] if counts[one] == best)
        elif key not in page.chosen and key in doubtful:
            page.doubtful.add(key)


def choose_by_formulas(page: Page, working: Working) -> None:
    """`δ_t = ∂L/∂a_t`, `a_t = W_h h_{t-1} + …`: what the text's own formulas say a name means, if all say the same.

    One formula of a generic step settles it; of formulas at single steps, which may be mistaken, it takes two.
    """
    if page.formulas is None:
        return
    said: dict[str, Counter[str]] = defaultdict(Counter)
    looked: Counter[str] = Counter()
    for line in working.lines:
        for claim in line.claims:
            left, right = claim.links[0].left, claim.links[0].right
            name = name_of(left)
            if claim.kind not in (Kind.EQUATION, Kind.DEFINITION) or not isinstance(name, Name):
                continue
            key = group(name)
            if key in page.chosen or looked[key] >= MOST_FORMULAS or not is_symbolic(right):
                continue
            looked[key] += 1
            outcome = page.formulas.judge(left, right, page)
            if outcome.agree and key in (outcome.chosen or {}):
                said[key][outcome.chosen[key]] += MOST_FORMULAS if free_letters(left) else 1
    for key, counts in said.items():
        # What is said of every step counts before what is said of one.
        families = [one for one, count in counts.items() if count >= MOST_FORMULAS] or list(counts)
        if len(families) == 1 and counts[families[0]] >= 2:
            page.chosen[key] = families[0]
            page.doubtful.discard(key)


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
            written = digits_of(last.right, last.relation) or grid_digits(last.right, last.relation)
            if name is not None and written is not None:
                yield name, written, len(claim.links) == 1


def _by_company(page: Page, working: Working, truths: Truths) -> None:
    """Beside ŷ the plain y is the target; beside y* it is the prediction."""
    names = {name.whole for name in _names(working) if name.steps or name.whole not in ("t", "d")}
    for plain in ("y", "Y"):
        wanted = "y" if names & PREDICTIONS else ("y_hat" if names & TARGETS else None)
        if wanted is None:
            continue
        for name in _names(working):
            if name.whole == plain and any(family(r.meaning) == wanted for r in truths.readings(name)):
                page.chosen.setdefault(group(name), wanted)


def _names(working: Working) -> Iterator[Name]:
    for line in working.lines:
        for claim in line.claims:
            for side in claim.sides:
                yield from (name for name in names_of(side.tree) if isinstance(name, Name))
