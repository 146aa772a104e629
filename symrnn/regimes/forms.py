"""What form a model's step Jacobian has: one constant matrix, A diag(d_t) B, or blocks of anything.

Reads a model and boxes for inputs and states; returns the constants as arrays and what moves as intervals, so that
the theorems of `bounds` need to know no cell by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from symrnn.algebra import nodes as N
from symrnn.algebra.nodes import Block, Name, Node, Parameter, Signal, names_in, operands_of
from symrnn.algebra.programs import family
from symrnn.calculus.jacobians import Jacobian, jacobian
from symrnn.models.model import Model, as_float
from symrnn.regimes.boxes import Box
from symrnn.regimes.enclosures import Enclosure, slopes_of
from symrnn.regimes.margins import norm_above
from symrnn.regimes.trajectories import input_range

Array = NDArray[np.float64]
MOST_SWEEPS = 120
FAR = 1e6


@dataclass(frozen=True, eq=False)
class Sandwich:
    """J_t = A diag(d_t) B with low ≤ |d_t| ≤ high entry by entry; A or B may be the identity (None).

    `weight` is the parameter that a reader would name, `rows` the activations whose slopes stand in d.
    """

    left: Array | None
    low: Array
    high: Array
    right: Array | None
    weight: Node | None
    activations: tuple[str, ...]

    @property
    def size(self) -> int:
        """n."""
        return len(self.left if self.left is not None else self.right if self.right is not None else self.high)

    def matrix(self, diagonal: Array) -> Array:
        """A diag(d) B for a given d."""
        inner = np.diag(diagonal) if self.right is None else diagonal[:, None] * self.right
        return inner if self.left is None else self.left @ inner

    @property
    def weights(self) -> Array:
        """A B: the matrix without the slopes."""
        return self.matrix(np.ones(len(self.high)))


class Step:
    """One symbolic step of a model: its Jacobian's blocks, its numbers, and enclosures of both.

    Args:
        model: a cell with numbers.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.jacobian: Jacobian = jacobian(model.cell)
        self.program = self.jacobian.program

    @cached_property
    def numbers(self) -> Mapping[sp.Symbol, int]:
        """Sizes by symbol, and T where an equation reads it."""
        sizes = {sp.Symbol(key, integer=True, positive=True): size for key, size in self.model.sizes.items()}
        return sizes | {symbol: self.model.steps for symbol in self.program.steps.hi.free_symbols}

    @cached_property
    def parameters(self) -> Mapping[Name, Box]:
        """Every parameter as a point."""
        found: dict[Name, Box] = {}
        for parameter in self.program.parameters:
            array = as_float(self.model.value(parameter.name))
            if array.ndim == 1 and parameter.shape[1] != 1:
                array = np.diag(array)
            found[parameter] = Box.of(array.reshape(array.shape if array.ndim == 2 else (-1, 1)))
        return found

    @cached_property
    def is_constant(self) -> bool:
        """Whether no block of the step Jacobian reads a signal: the cell is linear."""
        return not any(isinstance(name, Signal) for block in self.jacobian for name in names_in(block.expression))

    def enclosure(self, inputs: Mapping[str, Box] | None, states: Mapping[str, Box] | None) -> Enclosure:
        """The step's equations run over boxes; None stands for every value."""
        walk = Enclosure(self.parameters, slopes_of(self.program), self.numbers)
        index = self.program.steps.index
        for equation in self.program:
            for name in equation.reads:
                if not isinstance(name, Signal) or name in walk.boxes:
                    continue
                table = inputs if any(family(name) == family(i) for i in self.program.inputs) else states
                lagged = not name.indices or sp.expand(name.time - index) != 0
                if table is inputs or lagged:
                    box = None if table is None else table.get(name.name)
                    walk.boxes[name] = Box.everything(walk.size(name)) if box is None else box
            if equation.time is not None or not equation.domain:
                walk.boxes[equation.target] = walk(equation.expression)
        return walk

    def given_inputs(self) -> dict[str, Box]:
        """Each input between the extremes of what the model was given."""
        return {signal.name: Box(*input_range(self.model, signal)) for signal in self.program.inputs}

    def invariant(self, inputs: Mapping[str, Box]) -> dict[str, Box] | None:
        """Boxes of the states around the initial ones that no input of the boxes leads out of; None if none is found.

        The image of the box is joined until it stays inside; each sweep widens a little, so that a limit is passed.
        """
        boxes = {state.name: self._initial(state) for state in self.program.states}
        for sweep in range(MOST_SWEEPS):
            walk = self.enclosure(inputs, boxes)
            images = {state.name: walk.boxes[state] for state in self.program.states}
            if all(boxes[name].contains(image) for name, image in images.items()):
                return boxes
            spare = 0.0 if sweep < 5 else 1e-3 * 1.06**sweep
            boxes = {name: _grown(boxes[name], image, spare) for name, image in images.items()}
            boxes = {name: _let_go(box) for name, box in boxes.items()}
        return None

    def _initial(self, state: Signal) -> Box:
        found: Box | None = None
        for name, value in self.model.values.items():
            if isinstance(name, Signal) and name.name == state.name and name.indices and not name.time.free_symbols:
                array = as_float(value)
                rows = array.reshape(-1, array.shape[-1] if array.ndim else 1)
                box = Box(rows.min(axis=0)[:, None], rows.max(axis=0)[:, None])
                found = box if found is None else found.joined(box)
        if found is None:
            walk = Enclosure({}, {}, self.numbers)
            return Box.of(np.zeros(walk.size(state)))
        return found

    def sandwich(self, walk: Enclosure) -> Sandwich | None:
        """J_t as A diag(d_t) B, if the step Jacobian is one such product."""
        blocks = self.jacobian.blocks
        if len(self.jacobian.sources) != 1 or len(blocks) != 1:
            return None
        factors = list(factors_of(blocks[0].expression))
        if not any(_moves(factor) for factor in factors):
            return None
        scalars = [factor for factor in factors if factor.is_scalar_shaped]
        others = [factor for factor in factors if not factor.is_scalar_shaped]
        if len(scalars) == len(factors):
            others, scalars = [f for f in scalars if not _moves(f)], [f for f in scalars if _moves(f)]
        moving = [k for k, factor in enumerate(others) if _moves(factor)]
        first, last = (moving[0], moving[-1] + 1) if moving else (0, 0)
        between = others[first:last]
        if not all(isinstance(factor, N.Diag) for factor in between):
            return None
        size = walk.size(blocks[0].expression)[0]
        slopes = [operands_of(f)[0] if isinstance(f, N.Diag) else f for f in (*scalars, *between)]
        ones = np.ones(size if not between else walk.size(between[0])[0])
        low, high = ones, ones
        for node in slopes:
            low, high = low * walk.least(node)[:, 0], high * walk(node).largest[:, 0]
        rows = tuple(dict.fromkeys(walk.slopes[node].row.unicode for node in slopes if node in walk.slopes))
        constants = [*others[:first], *others[last:]]
        return Sandwich(
            _product(walk, others[:first]),
            low,
            high,
            _product(walk, others[last:]),
            constants[0] if len(constants) == 1 else None,
            rows,
        )

    def block_norms(self, walk: Enclosure) -> Array:
        """sup ‖∂s_i/∂s_j‖₂ of every block, over the stacked sources, companion rows included: a nonnegative matrix."""
        known: dict[Node, float] = {}
        constants: dict[Node, float] = {}

        def norm(node: Node) -> float:
            if isinstance(node, Block):
                return known[node]
            if isinstance(node, N.Diag) or node.is_scalar_shaped:
                return float(walk(operands_of(node)[0] if isinstance(node, N.Diag) else node).largest.max())
            if node not in constants:
                constants[node] = _norm_of(walk(node))
            return constants[node]

        for equation in self.jacobian:
            total = 0.0
            for summand in summands_of(equation.expression):
                parts = [norm(factor) for factor in factors_of(summand)]
                total += float(np.prod(parts)) if 0.0 not in parts else 0.0
            known[equation.target] = total * (1 + 1e-14)
        sources = self.jacobian.sources
        index = self.program.steps.index
        table = np.zeros((len(sources), len(sources)))
        for i, source in enumerate(sources):
            target = source.at(source.time + 1)
            for j, other in enumerate(sources):
                if target.time == index:
                    table[i, j] = known.get(Block(target, other), 0.0)
                else:
                    table[i, j] = float(target == other)
        return table

    def entries(self, walk: Enclosure) -> Box:
        """Every entry of the step Jacobian of the stacked state as an interval."""
        for equation in self.jacobian:
            walk.boxes[equation.target] = walk(equation.expression)
        return walk(self.jacobian.matrix)


def _norm_of(box: Box) -> float:
    """sup ‖A‖₂ over a box of matrices: that of its middle and of its radius; ∞ where an end is."""
    if not np.isfinite(box.largest).all():
        return np.inf
    middle = norm_above(0.5 * (box.lo + box.hi))
    return middle if box.is_point else middle + norm_above(0.5 * (box.hi - box.lo))


def _let_go(box: Box) -> Box:
    """An end that runs away is let go to infinity: the box may still be left by nothing on its other side."""
    return Box(np.where(box.lo < -FAR, -np.inf, box.lo), np.where(box.hi > FAR, np.inf, box.hi))


def _grown(box: Box, image: Box, spare: float) -> Box:
    """The box joined with its image, and a little more at the ends that moved."""
    low, high = (spare * (np.where(np.isfinite(end), np.abs(end), 0.0) + 1e-9) for end in (image.lo, image.hi))
    with np.errstate(invalid="ignore"):
        return Box(
            np.where(image.lo < box.lo, image.lo - low, box.lo), np.where(image.hi > box.hi, image.hi + high, box.hi)
        )


def summands_of(node: Node) -> Iterator[Node]:
    """What a block adds up."""
    if isinstance(node, N.Add):
        for part in node.operands:
            yield from summands_of(part)
    elif not N.is_zero(node):
        yield node


def factors_of(node: Node) -> Iterator[Node]:
    """What a summand multiplies, from the left; moving numbers stay together, for they may be one slope y (1 − y)."""
    if isinstance(node, N.Hadamard) and node.is_scalar_shaped:
        moving = [part for part in operands_of(node) if _moves(part)]
        yield from (part for part in operands_of(node) if not _moves(part))
        if moving:
            yield N.hadamard(*moving) if len(moving) > 1 else moving[0]
    elif isinstance(node, N.MatMul | N.Scale):
        for part in operands_of(node):
            yield from factors_of(part)
    elif not isinstance(node, N.Eye):
        yield node


def _moves(node: Node) -> bool:
    return any(isinstance(name, Signal) for name in names_in(node))


def _product(walk: Enclosure, factors: list[Node]) -> Array | None:
    if not factors:
        return None
    box = walk(factors[0] if len(factors) == 1 else N.MatMul(*factors))
    return np.asarray(0.5 * (box.lo + box.hi))


def weight_name(sandwich: Sandwich) -> Node | str:
    """How the constant matrix is called: its parameter's name, else W."""
    weight = sandwich.weight
    return weight if isinstance(weight, Parameter) else "W"
