"""Claims without numbers: both sides evaluated where everything is drawn, at every step they can mean.

Reads two syntax trees and a Program; says whether they agree, and where not, at which values. A formula that holds at
three random points of exact fractions holds; one that fails at a point is false, and the point is the counter-example.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from itertools import product as combinations
from typing import Any

from symrnn.algebra.nodes import Apply, Parameter, Signal, subexpressions
from symrnn.algebra.nodes import Name as NodeName
from symrnn.algebra.programs import Program, sizes_of
from symrnn.algebra.reading.syntax import (
    Big,
    Chain,
    Dots,
    Evaluated,
    Partial,
    Quotient,
    Symbol,
    Syntax,
    Transposed,
    walk,
)
from symrnn.checking.arithmetic import NotMeant, Unknown
from symrnn.checking.conditions import Condition
from symrnn.checking.digits import numbers_in
from symrnn.checking.layouts import NOTHING_SHOWN, Layout, Shown, has_jacobian
from symrnn.checking.matrices import Misfit, Value, is_zero
from symrnn.checking.mentions import free_letters, letters_of, names_of, steps_of
from symrnn.checking.naming import LOSS_NAMES, Derivative, Known, Name, name_of, placed
from symrnn.checking.numbers import TooLarge, Undefined
from symrnn.checking.outcomes import (
    AT_END,
    DIRECT,
    FLAT,
    IMMEDIATE,
    IN_DENOMINATOR,
    IN_ROWS,
    NOTHING,
    NUMBERS,
    SHAPES,
    SHARE,
    TURNED,
    Outcome,
    compared,
)
from symrnn.checking.page import Page, family, group
from symrnn.checking.supposing import (
    FURTHER_SEEDS,
    MORE_SEEDS,
    SEEDS,
    Ground,
    constant_values,
    moved_a_little,
    supposed_of,
    zero_starts,
)
from symrnn.checking.truths import ModelTruths
from symrnn.checking.verdicts import Reason
from symrnn.checking.ways import Bound, Way, value_of, ways_of
from symrnn.errors import SymrnnError

STEPS = 3
"""Enough steps for the middle to be met."""
LONG = 5
MOST_PLACES = 40
MOST_READINGS = 8


@dataclass
class Formulas:
    """Judges formulas of one Program."""

    program: Program
    steps: int = STEPS
    sizes: Mapping[str, int] | None = None
    fixed: Mapping[NodeName, Any] = field(default_factory=dict)
    """What keeps its value: zeros and ones, which people leave out."""
    notation: Mapping[str, str] | None = None
    timed: bool = True
    """Whether the steps are a model's; those of a cell are as many as are looked at."""
    rows: bool = False
    denominator: bool = False
    """Whether the text writes rows for columns, and Jacobians in denominator layout."""
    shown: Shown = NOTHING_SHOWN
    """The layout that the text's own Jacobians show."""
    constants: frozenset[str] = frozenset()
    """Signals that are the same at every step, and are written without one."""
    zero: frozenset[str] = frozenset()
    """States that a text without all its numbers says are zero before the first step."""
    extra: Mapping[int, Mapping[str, Value]] = field(default_factory=dict)
    """Values of names that only the text's conditions know, at each seed."""
    fixed_at: Mapping[int, Mapping[NodeName, Any]] = field(default_factory=dict)
    """What keeps its value at the point of one seed only."""

    ending: str = ""
    """The letter of a step that the text says is the last: `∂L/∂c_{t+1} = 0`."""
    in_numbers: bool = False
    """Whether the text speaks of scalars: what fits no shapes may be meant of numbers."""

    def __post_init__(self) -> None:
        self._supposed: dict[tuple[Condition, ...], Formulas | None] = {}
        self._further: dict[tuple[bool, int, int], ModelTruths] = {}
        self._laid: dict[tuple[int, Layout], ModelTruths] = {}

    @cached_property
    def points(self) -> list[ModelTruths]:
        """The points, at the steps a model has."""
        if not self._has_kinks:
            return [self._point(self.steps, seed) for seed in SEEDS]
        found = [self._point(self.steps, seed) for seed in (*SEEDS, *MORE_SEEDS)]
        # Zeros and ones that keep their value may put a point on a kink, where a derivative is what one calls it.
        return [point for point in found if not point.on_kink] or found

    @cached_property
    def generic_points(self) -> list[ModelTruths]:
        """The points for formulas that name no step: enough steps for the middle to be met."""
        if self.steps >= STEPS:
            return self.points
        return [self._point(STEPS, seed) for seed in SEEDS]

    @cached_property
    def long_points(self) -> list[ModelTruths]:
        """The points for formulas with an ellipsis: enough steps for something to be left out."""
        return [self._point(max(self.steps, LONG), seed) for seed in SEEDS]

    @cached_property
    def scalar(self) -> Formulas | None:
        """The same with every size 1."""
        sizes = {str(size): 1 for size in sizes_of(self.program)}
        if not sizes or (self.sizes and all(size == 1 for size in self.sizes.values())):
            return None
        return replace(self, sizes=sizes, fixed={}, extra={}, fixed_at={})

    def _point(self, steps: int, seed: int, fixed: bool = True) -> ModelTruths:
        values = {**(self.fixed if fixed else {}), **self.fixed_at.get(seed, {})}
        values |= zero_starts(self.program, self.zero, self.sizes)
        values |= constant_values(self.program, self.constants, self.sizes, steps, seed)
        made = ModelTruths(self.program, steps, self.sizes, values, self.notation, seed)
        made.quantities.constants = self.constants
        made.rows, made.denominator = self.rows, self.denominator
        made.extra = self.extra.get(seed, {})
        return made

    def judge(self, left: Syntax, right: Syntax, page: Page, quick: bool = False) -> Outcome:
        """Whether `left = right` as a formula; `quick` is for one that is known to hold at other numbers."""
        if "e" in page.names and any(map(_is_plain_e, (*walk(left), *walk(right)))):
            return Outcome(None, Reason("no value for {0}", ("e",)))
        try:
            outcome = self._judged(left, right, page, quick)
            if not outcome.agree and (supposed := self.supposing(page.conditions, [left, right])) is not None:
                return supposed._judged(left, right, page, quick)
            if outcome.agree is False and not quick and self._is_direct(left, right, page):
                return replace(outcome, reason=Reason(DIRECT, (outcome.left, outcome.right)))
            if outcome.agree is False and (share := self._share(left, right)) is not None:
                found = self._judged(share, right, page, quick)
                return outcome if found.agree is False else replace(found, reason=found.reason or SHARE)
            if outcome.agree is False and self._is_turned(left, right, page):
                return Outcome(None, TURNED)
            return outcome
        except SymrnnError as error:
            return Outcome(None, Reason("{0}", (error.found,)))

    def holds_nearby(self, left: Syntax, right: Syntax, page: Page) -> bool:
        """Whether a formula holds wherever every unit stays on its side of the kinks: what is dead may be left out.

        What is dead and is written nonetheless must be right: of `-h_2 - y` nobody knows the sign where h_2 is 0. Who
        puts a slope in as 0 has looked.
        """
        truths = page.truths
        if not self._has_kinks or not isinstance(truths, ModelTruths) or page.truths.here is not None:
            return False
        point = truths.with_values(moved_a_little(truths.given) | dict(self.fixed))
        has_looked = any(not number.value for number in numbers_in(right))
        if point.on_kink or (not has_looked and any(_is_dead(name, point) for name in names_of(right))):
            return False
        outcome = self._at_points(left, right, [point], page.chosen, page.functions, Way())
        return outcome.agree is True or outcome.reason is FLAT

    def _is_turned(self, left: Syntax, right: Syntax, page: Page) -> bool:
        """`∂h_t/∂h_{t-1} = Wᵀ diag(…)`: whether a formula is right in denominator layout, as in some books."""
        name = name_of(left)
        if self.rows or self.denominator or not isinstance(name, Derivative) or self._is_parameter(name):
            return False
        if name.of.whole in LOSS_NAMES:
            turned = not self.shown.numerator and has_jacobian(right)
            return turned and bool(replace(self, denominator=True)._judged(left, right, page, True).agree)
        if self.shown.spelled:
            return False
        return bool(self._judged(left, Transposed(right), page, True).agree)

    def _share(self, left: Syntax, right: Syntax) -> Syntax | None:
        """What step t adds to `dW`, where code says `dW = δ_t h_{t-1}ᵀ` of one step; None elsewhere."""
        name = name_of(left)
        if not isinstance(name, Derivative) or not name.packed or not isinstance(left, Symbol) or steps_of(name):
            return None
        if "t" not in free_letters(right) or not isinstance(name.wrt, Name):
            return None
        nodes = [reading.node for reading in self.points[0].readings(name.wrt)]
        if not nodes or not isinstance(nodes[0], Parameter):
            return None
        step = Chain((Symbol("t"), Symbol("t")), ("=",))
        weight = replace(left, base=left.base.removeprefix("d"), above=(*left.above, step))
        return Quotient(Partial(Symbol("L")), Partial(weight))

    def _is_parameter(self, name: Derivative) -> bool:
        return any(parameter.name == name.wrt.whole for parameter in self.program.parameters)

    def _is_direct(self, left: Syntax, right: Syntax, page: Page) -> bool:
        """`∂c_T/∂c_0 = ∏ f_t`: whether a derivative of a state by itself is what runs from state to state only."""
        name = name_of(left)
        if not isinstance(name, Derivative) or name.mark or name.of.whole != name.wrt.whole:
            return False
        # In a plain cell there is no such path.
        passes = self._passes(replace(name, mark="direct"))
        return passes and bool(self._judged(Evaluated(left, Symbol("direct")), right, page, True).agree)

    def knows(self, name: Name) -> bool:
        """Whether a name is one of the Program's."""
        bound = {letter: 1 for step in name.steps for letter in letters_of(step)}
        return bool(self.points[0].readings(placed(name, bound | {"T": self.steps})))

    def supposing(self, conditions: Sequence[Condition], trees: Sequence[Syntax]) -> Formulas | None:
        """The same where what the text assumes holds; None where that says nothing of these formulas."""
        wanted = {name.whole for tree in trees for name in names_of(tree) if isinstance(name, Name)}
        key = tuple(one for one in conditions if one.near or one.name.whole in wanted or _names(one.value) & wanted)
        if not key:
            return None
        if key not in self._supposed:
            ground = Ground(self.program, self.sizes, self.fixed, self.constants, self.extra, self.fixed_at)
            found = supposed_of(ground, self.points[0], key)
            self._supposed[key] = None if found is None else replace(self, **vars(found))
        return self._supposed[key]

    def _judged(self, left: Syntax, right: Syntax, page: Page, quick: bool) -> Outcome:
        """The outcome at the steps there are; where a recurrence says nothing at so few, at more of them."""
        names = [*names_of(left), *names_of(right)]
        points = self._points_for(left, right, names)
        outcome = self._with_names(left, right, names, points, page, quick)
        if _is_open(outcome) and points is self.points is not self.generic_points:
            outcome = self._with_names(left, right, names, self.generic_points, page, quick)
        return outcome

    def _points_for(self, left: Syntax, right: Syntax, names: Sequence[Known]) -> list[ModelTruths]:
        """The model's own steps; of a cell enough of them where steps are letters."""
        if any(isinstance(piece, Dots) for tree in (left, right) for piece in walk(tree)):
            return self.long_points
        words = self.points[0].quantities.words
        generic = any(isinstance(step, str) and step not in words for name in names for step in steps_of(name))
        sums = any(isinstance(piece, Big) for tree in (left, right) for piece in walk(tree))
        placed_ = any(steps_of(name) for name in names)
        return self.points if self.timed or (placed_ and not generic and not sums) else self.generic_points

    def _with_names(
        self,
        left: Syntax,
        right: Syntax,
        names: Sequence[Known],
        points: Sequence[ModelTruths],
        page: Page,
        quick: bool,
    ) -> Outcome:
        points = points[:1] if quick and not self._has_kinks else points
        ways = list(ways_of(left, right, points[0]))
        best: Outcome | None = None
        for chosen, note in self._choices(names, points[0], page):
            for way in ways:
                outcome = self._at_points(left, right, points, chosen, page.functions, way)
                if outcome.reason is FLAT:
                    outcome = self._beyond(left, right, points[0].steps, chosen, page.functions, way)
                if not outcome.agree and _has_power(left, right):
                    as_power = self._at_points(left, right, points, chosen, page.functions, replace(way, powers=True))
                    outcome = as_power if as_power.agree or outcome.agree is None else outcome
                if outcome.agree is False and self.ending:
                    at_end = replace(way, last=self.ending)
                    there = self._at_points(left, right, points, chosen, page.functions, at_end)
                    outcome = replace(there, reason=AT_END) if there.agree else outcome
                if outcome.agree:
                    return Outcome(True, note or outcome.reason, chosen=chosen)
                if best is None or outcome.reason is FLAT or (_is_open(best) and outcome.agree is False):
                    best = outcome
        assert best is not None
        if not _is_misfit(best) or points[0].layout != Layout():
            return best
        if (laid := self._laid_out(left, right, names, points, page, quick)) is not None:
            return laid
        if self.scalar is not None:
            # In another layout, maybe: what is false for numbers is false in every layout.
            points = self.scalar._points_for(left, right, names)
            outcome = self.scalar._with_names(left, right, names, points, page, quick)
            if outcome.agree and self.in_numbers:
                return replace(outcome, reason=outcome.reason or NUMBERS)
            return outcome if outcome.agree is False else best
        return best

    def _laid_out(
        self,
        left: Syntax,
        right: Syntax,
        names: Sequence[Known],
        points: Sequence[ModelTruths],
        page: Page,
        quick: bool,
    ) -> Outcome | None:
        """The outcome in the other layouts; None where the shapes fit in none."""
        if self.rows or not any(isinstance(name, Derivative) or name.base == "delta" for name in names):
            return None
        best: Outcome | None = None
        for layout in () if self.denominator else self.shown.others():
            laid = [self._in_layout(point, layout) for point in points]
            outcome = self._with_names(left, right, names, laid, page, quick)
            if outcome.agree:
                note = IN_DENOMINATOR if layout.denominator else IN_ROWS
                return replace(outcome, reason=outcome.reason or note)
            best = outcome if best is None and outcome.agree is False else best
        return best

    def _in_layout(self, point: ModelTruths, layout: Layout) -> ModelTruths:
        # By identity: points are kept as long as their formulas.
        key = (id(point), layout)
        if key not in self._laid:
            self._laid[key] = point.laid_out(layout)
        return self._laid[key]

    def _beyond(
        self, left: Syntax, right: Syntax, steps: int, chosen: dict[str, str], functions: dict[str, str], way: Way
    ) -> Outcome:
        """The outcome at further points, until one of them lies on the side of the kinks where something passes.

        Where h_0 = 0 leaves nothing at any, what holds whatever h_0 is holds for it.
        """
        for fixed, seed in combinations((True, False), FURTHER_SEEDS):
            key = (fixed, steps, seed)
            if key not in self._further:
                self._further[key] = self._point(steps, seed, fixed)
            if not self._further[key].on_kink:
                outcome = self._at_points(left, right, [self._further[key]], chosen, functions, way)
                if outcome.reason is not FLAT:
                    return outcome if fixed or outcome.agree else Outcome(None, FLAT)
        return Outcome(None, FLAT)

    @cached_property
    def _has_kinks(self) -> bool:
        """Whether one point may lie on one side of a kink by chance."""
        pieces = (piece for equation in self.program for piece in subexpressions(equation.expression))
        return any(isinstance(piece, Apply) and piece.activation.kinks for piece in pieces)

    def _choices(
        self, names: Sequence[Known], point: ModelTruths, page: Page
    ) -> Iterator[tuple[dict[str, str], Reason | None]]:
        """What the ambiguous names of the claim may mean together, the settled and usual ones first."""
        options: dict[str, list[str]] = {}
        packed: list[tuple[str, list[str]]] = []
        for name in names:
            key = group(name)
            if key in options or (key in page.chosen and (not isinstance(name, Derivative) or name.packed)):
                continue
            families = self._families(name, point)
            if len(families) < 2:
                continue
            settled = page.chosen.get(key)
            families.sort(key=lambda one: one != settled)
            if isinstance(name, Derivative) and name.packed and settled is None:
                packed.append((key, families))
            else:
                options[key] = families
        sides = range(max((len(one) for _, one in packed), default=1))
        for at, picks in islice(combinations(sides, combinations_of(options)), MOST_READINGS):
            # Code-like names of one claim (`df`, `di`) mean the same side of the gate.
            together = {key: families[min(at, len(families) - 1)] for key, families in packed}
            chosen = {**page.chosen, **together, **dict(zip(options, picks, strict=True))}
            immediate = any("⁺" in pick or " local " in pick for pick in picks)
            yield chosen, IMMEDIATE if immediate else None

    def families(self, name: Known) -> list[str]:
        """What a name may mean, without its steps."""
        return self._families(name, self.points[0])

    def _families(self, name: Known, point: ModelTruths) -> list[str]:
        found: dict[str, None] = {}
        for bound in _bindings(self._letters(name), point.steps):
            point.quantities.here = bound.get("t")
            for reading in point.readings(placed(name, bound)):
                found.setdefault(family(reading.meaning))
        return [one for one in found if " local " not in one or self._passes(name, one)]

    def _letters(self, name: Known) -> list[str]:
        """The letters of a name that stand for steps; the i of a gate does not."""
        letters = {letter for step in steps_of(name) for letter in letters_of(step)}
        return sorted(letters - self.points[0].quantities.words) or ["t"]

    def _passes(self, name: Known, meaning: str | None = None) -> bool:
        """Whether a derivative along some paths is anything; nobody writes ∂h_t/∂h_{t-1} for 0 because a_t is held."""
        letters = self._letters(name)
        return any(
            meaning in (None, family(reading.meaning)) and not is_zero(reading.value)
            for point in self.points
            for bound in _bindings(letters, point.steps)
            for reading in point.readings(placed(name, bound))
        )

    def _at_points(
        self,
        left: Syntax,
        right: Syntax,
        points: Sequence[ModelTruths],
        chosen: dict[str, str],
        functions: dict[str, str],
        way: Way,
    ) -> Outcome:
        letters = sorted((free_letters(left) | free_letters(right)) - points[0].quantities.words) or ["t"]
        missing: Reason | None = None
        note: Reason | None = None
        names = (*names_of(left), *names_of(right))
        stepped = any(isinstance(name, Name) and name.steps for name in names)
        backward = any(isinstance(name, Derivative) or name.base == "delta" for name in names)
        # What holds only because a name held constant leaves nothing of either side says nothing.
        held = any(" local " in one for one in chosen.values())
        seen, live = 0, not (backward and (self._has_kinks or held))
        for at, point in enumerate(points):
            page = Page(point, chosen=chosen, functions=functions)
            # Every step at the first point; at the others the steps in the middle will do.
            places = [one for one in _bindings(letters, point.steps) if way.allows(one, point.steps)]
            for bound in places if at == 0 else places[1 : max(2, len(places) // 2)] or places:
                if _is_trivial(left, {**bound, **point.letters()}):
                    continue
                point.quantities.here, point.quantities.loose = bound.get("t"), not stepped
                try:
                    values = [value_of(tree, page, bound, way) for tree in (left, right)]
                except (Unknown, NotMeant, TooLarge, Undefined) as problem:
                    missing = missing or _missing(problem)
                    continue
                except Misfit as misfit:
                    return Outcome(None, Reason(SHAPES, (str(misfit),)))
                seen += 1
                live = live or not all(map(is_zero, values))
                outcome = compared(values[0], values[1])
                if outcome is not None and not outcome.agree:
                    return outcome
                note = note if outcome is None else outcome.reason
        if seen and not live:
            return Outcome(None, FLAT if self._has_kinks else NOTHING)
        return Outcome(True, note) if seen else Outcome(None, missing)


def _is_plain_e(piece: Syntax) -> bool:
    """`e` by itself, which is Euler's number unless the text says what it is."""
    return isinstance(piece, Symbol) and piece.base == "e" and not (piece.below or piece.above or piece.accents)


def _is_misfit(outcome: Outcome) -> bool:
    return outcome.agree is None and outcome.reason is not None and outcome.reason.message == SHAPES


def _is_open(outcome: Outcome) -> bool:
    """Whether another reading, or more steps, may say more; where all is zero, nothing does."""
    return outcome.agree is None and outcome.reason is not FLAT


def _is_trivial(tree: Syntax, bound: Bound) -> bool:
    """Whether `∂h_t/∂h_k` is that of a state by itself here: products over no steps are not what is claimed."""
    name = name_of(tree)
    if not isinstance(name, Derivative) or name.of == name.wrt:
        return False
    there = placed(name, bound)
    return isinstance(there, Derivative) and there.of == there.wrt


def _is_dead(name: Known, point: ModelTruths) -> bool:
    """Whether what equations give is 0: a state or a gradient behind a unit that passes nothing."""
    reading = next(iter(point.readings(name)), None)
    if reading is None or isinstance(reading.node, Parameter):
        return False
    computed = {equation.target.name for equation in point.program if isinstance(equation.target, Signal)}
    node = reading.node
    is_given = isinstance(node, Signal) and (node.name not in computed or 0 in node.indices)
    return not is_given and is_zero(reading.value)


def combinations_of(options: Mapping[str, list[str]]) -> list[tuple[str, ...]]:
    """A pick from each list, as few as are looked at."""
    return list(islice(combinations(*options.values()), MOST_READINGS))


def _missing(problem: Exception) -> Reason:
    if isinstance(problem, Unknown):
        return Reason("no value for {0}", (problem.what,))
    return Reason("{0}", (str(problem),))


def _names(tree: Syntax) -> set[str]:
    return {name.whole for name in names_of(tree)}


def _has_power(left: Syntax, right: Syntax) -> bool:
    return any(isinstance(piece, Transposed) and piece.letter for tree in (left, right) for piece in walk(tree))


# --- steps --------------------------------------------------------------------------------------------------------


def _bindings(letters: Sequence[str], steps: int) -> Iterator[Bound]:
    """Every way the free letters can be steps."""
    places = combinations(range(1, steps + 1), repeat=len(letters))
    for count, place in enumerate(places):
        if count >= MOST_PLACES:
            return
        yield dict(zip(letters, place, strict=True))
