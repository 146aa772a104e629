"""Which of several usual meanings a name has in one text: decided by where its numbers fit, and by what else is named.

Reads a working and what a model knows; settles `Page.chosen`. `δ_t` may be ∂L/∂a_t or ∂L/∂h_t, `y` the prediction or
the target: the reading most of the text's own numbers agree with is taken, and a tie goes to the field's usual one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from symrnn.checking.claims import Kind, Working
from symrnn.checking.comparing import Agreement, values_agreeing
from symrnn.checking.digits import Digits, digits_of, grid_digits
from symrnn.checking.formulas import free_letters, is_symbolic, names_of
from symrnn.checking.naming import Derivative, Known, Name, name_of
from symrnn.checking.page import Page, Truths, family, group

TARGETS = frozenset({"y_star", "y_true", "y_target", "target", "t", "d", "y_hat_star"})
AMBIGUOUS = frozenset({"y", "z", "o", "p", "Y"})
"""Names that texts use for other things than models do."""
MOST_FORMULAS = 4
"""Formulas of one name that are looked at to see what it means."""
PREDICTIONS = frozenset({"y_hat", "Y_hat", "yhat", "y_pred", "hat_y"})


def choose(page: Page, working: Working, truths: Truths) -> None:
    """Settle what ambiguous names mean."""
    fits: dict[str, Counter[str]] = defaultdict(Counter)
    asked: Counter[str] = Counter()
    order: dict[str, list[str]] = {}
    doubtful: set[str] = set()
    own_names: dict[str, str] = {}
    for name, written in _heads(working):
        readings = truths.readings(name)
        # At a step where only one reading exists the number speaks for it as well.
        for reading in readings:
            found = values_agreeing(reading.value, written)
            fits[group(name)][family(reading.meaning)] += found is not None and found < Agreement.NONE
        if len(readings) < 2:
            continue
        asked[group(name)] += 1
        if isinstance(name, Name) or name.packed:
            doubtful.add(group(name))
        exact = name.wrt.whole if isinstance(name, Derivative) else name.whole
        if exact not in AMBIGUOUS:
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


def _heads(working: Working) -> Iterator[tuple[Known, Digits | tuple[tuple[Digits, ...], ...]]]:
    """Every name a chain begins with, and the last number it is said to be."""
    for line in working.lines:
        for claim in line.claims:
            if claim.kind not in (Kind.EQUATION, Kind.DEFINITION):
                continue
            name = name_of(claim.links[0].left)
            last = claim.links[-1]
            written = digits_of(last.right, last.relation) or grid_digits(last.right, last.relation)
            if name is not None and written is not None:
                yield name, written


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
