"""The unrolled graph as a figure: cells and states over time, values forward, gradient magnitudes flowing back.

Beside every thin line, along which values go forward, runs a coloured one, along which the gradient comes back; its
width and its darkness tell the magnitude. Labels are mathematics.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symrnn.algebra.layout import NEUTRAL, Style
from symrnn.algebra.programs import Program
from symrnn.models.model import Model
from symrnn.plots.placement import Placement, Port
from symrnn.plots.style import BLACK, GREY, RED, in_style
from symrnn.plots.unrolled import Dot, Graph, Line, unrolled_graph
from symrnn.plots.words import word

Array = NDArray[np.float64]
RADIUS = 0.25
INCH = 0.62
"""Inches a unit."""
DECADES = 6
LANE = 0.055
FILLS = {"input": "#EFEFEF", "initial": "#FFFFFF", "signal": "#E3EFF7", "state": "#BBD8EC", "above": "#FFFFFF",
         "loss": "#FFFFFF"}  # fmt: skip


def unrolled_figure(
    source: Program | Model | Graph, steps: int | None = None, style: Style = NEUTRAL, language: str = "en"
) -> Any:
    """The unrolled graph of a cell or a model as a `matplotlib.figure.Figure`.

    >>> from symrnn.cells import rnn
    >>> unrolled_figure(rnn(), 2).alt
    'Unrolled graph of rnn over 2 steps.'
    """
    from symrnn.plots.drawings import Drawing

    graph = source if isinstance(source, Graph) else unrolled_graph(source, steps, style)
    placement = Placement(graph)
    (left, bottom), (right, top) = placement.limits()
    foot = 1.0 if graph.has_numbers else 0.15
    with in_style(language):
        made = Drawing(figsize=((right - left) * INCH, (top - bottom + foot) * INCH))
        axes = made.add_axes((0, 0, 1, 1))
        axes.set(xlim=(left, right), ylim=(bottom - foot, top), aspect="equal")
        axes.set_axis_off()
        _Painter(axes, graph, placement, language).paint(left, bottom)
    made.alt, made.language = _alt(graph), language
    return made


def _alt(graph: Graph) -> str:
    text = f"Unrolled graph of {graph.name} over {graph.steps} steps"
    first = next((dot for dot in graph.dots if dot.kind == "initial" and dot.gradient is not None), None)
    return f"{text}; the gradient at {first.label} is {first.gradient:.3g}." if first else f"{text}."


@dataclass(frozen=True)
class _Curve:
    """A cubic Bézier curve; straight where its controls lie on the chord."""

    points: Array

    @classmethod
    def straight(cls, start: Array, end: Array) -> _Curve:
        return cls(np.array([start, start + (end - start) / 3, start + 2 * (end - start) / 3, end]))

    @classmethod
    def level(cls, start: Array, end: Array) -> _Curve:
        """Leaves and arrives horizontally."""
        reach = np.array([max(abs(end[0] - start[0]) * 0.55, 0.35), 0.0])
        return cls(np.array([start, start + reach, end - reach, end]))

    def at(self, u: Array) -> Array:
        a, b, c, d = self.points
        u = np.asarray(u)[:, None]
        return np.asarray((1 - u) ** 3 * a + 3 * (1 - u) ** 2 * u * b + 3 * (1 - u) * u**2 * c + u**3 * d)

    def beside(self, offset: float, count: int = 33) -> Array:
        """Points of the curve moved to its left by an offset."""
        points = self.at(np.linspace(0, 1, count))
        along = np.gradient(points, axis=0)
        normal = np.stack([-along[:, 1], along[:, 0]], axis=1)
        length = np.linalg.norm(normal, axis=1, keepdims=True)
        return np.asarray(points + offset * normal / np.where(length == 0, 1, length))


class _Painter:
    """Draws a placed graph on axes."""

    def __init__(self, axes: Any, graph: Graph, placement: Placement, language: str) -> None:
        self.axes, self.graph, self.placement, self.language = axes, graph, placement, language
        self.largest = graph.largest_flow

    def paint(self, left: float, bottom: float) -> None:
        for step in self.placement.steps:
            self.frame(step)
        self.ellipsis()
        for line in self.graph.lines:
            self.line(line)
        self.handovers()
        for dot in self.graph.dots:
            self.dot(dot)
        if self.graph.has_numbers:
            self.legend(left + 0.35, bottom - 0.2)

    # --- dots and frames ---

    def frame(self, step: int) -> None:
        from matplotlib.patches import FancyBboxPatch

        box = self.placement.box(step)
        self.axes.add_patch(
            FancyBboxPatch(
                (box.left, box.bottom), box.right - box.left, box.top - box.bottom,
                boxstyle="round,pad=0,rounding_size=0.18", fc="#FAFAFA", ec=GREY, lw=0.8, zorder=0,
            )
        )  # fmt: skip

    def dot(self, dot: Dot) -> None:
        from matplotlib.patches import Circle

        x, y = self.placement.of(dot)
        dashed = dot.kind == "initial"
        self.axes.add_patch(
            Circle((x, y), RADIUS, fc=FILLS[dot.kind], ec=BLACK, lw=0.9, ls="--" if dashed else "-", zorder=5)
        )
        size = 9.5 if len(dot.label) < 12 else 7.5
        self.axes.text(x, y, f"${dot.label}$", ha="center", va="center", size=size, zorder=6)
        if dot.value is not None:
            self.number(x + 0.2, y + 0.34, dot.value, BLACK, dot.is_number)
        if dot.gradient is not None:
            self.number(x + 0.25, y + 0.17, dot.gradient, RED, dot.is_number)

    def number(self, x: float, y: float, value: float, color: str, plain: bool) -> None:
        text = number_text(value)
        shown = f"${text}$" if plain else rf"$\Vert{text}\Vert$"
        self.axes.text(
            x, y, shown, ha="left", va="center", size=6.6, color=color, zorder=6,
            bbox={"boxstyle": "square,pad=0.05", "fc": "#FAFAFA", "ec": "none", "alpha": 0.9},
        )  # fmt: skip

    def ellipsis(self) -> None:
        shown = self.placement.steps
        for before, after in pairwise(shown):
            if after != before + 1:
                x = (self.placement.box(before).right + self.placement.box(after).left) / 2
                box = self.placement.box(before)
                y = (box.bottom + box.top) / 2
                self.axes.text(x, y, r"$\cdots$", ha="center", va="center", size=17, zorder=4)
                text = word("elided", self.language, str(before + 1), str(after - 1))
                self.axes.text(x, box.bottom - 0.1, text, ha="center", va="top", size=6.6, color=GREY)

    # --- lines ---

    def line(self, line: Line) -> None:
        """Within a step from dot to dot; from an earlier step, from the port on the frame."""
        target = self.graph.by_place.get(line.target)
        if target is None:
            return
        end = np.array(self.placement.of(target))
        if line.lag:
            start = np.array(self.placement.port(Port(line.source[0], line.target[1], line.lag)))
            self.lanes(_Curve.straight(start, end), line.flow, from_port=True)
        elif line.source in self.graph.by_place:
            start = np.array(self.placement.of(self.graph.by_place[line.source]))
            self.lanes(_Curve.straight(start, end), line.flow)

    def handovers(self) -> None:
        """A state's way from its dot to the frame of the step that reads it; the flows of its readers add up."""
        flows: dict[Port, list[float | None]] = {}
        for line in self.graph.lines:
            if line.lag:
                flows.setdefault(Port(line.source[0], line.target[1], line.lag), []).append(line.flow)
        for port, parts in flows.items():
            known = [part for part in parts if part is not None]
            total = self.graph.by_place.get((port.name, port.step - port.lag))
            flow = math.hypot(*known) if known else None
            if port.step not in self.placement.lefts:
                self.leave(port, flow)
                continue
            end = np.array(self.placement.port(port))
            if total is not None:
                start = np.array(self.placement.of(total))
                self.lanes(_Curve.level(start, end), flow, to_port=True)
            else:
                start = end - np.array([0.5, 0.0])
                self.lanes(_Curve.straight(start, end), flow, to_port=True, from_port=True)
            self.axes.plot(*end, "o", ms=2.2, color=BLACK, zorder=4)

    def leave(self, port: Port, flow: float | None) -> None:
        """Towards the steps that are left out."""
        step = port.step - port.lag
        start = np.array(self.placement.of(self.graph.by_place[port.name, step]))
        height = self.placement.port_heights.get((port.name, port.lag), start[1])
        end = np.array([self.placement.box(step).right + 0.45, height])
        self.lanes(_Curve.level(start, end), flow, to_port=True)

    def lanes(self, curve: _Curve, flow: float | None, from_port: bool = False, to_port: bool = False) -> None:
        """Forward thin and dark; beside it backward, coloured by magnitude."""
        both = flow is not None and self.largest > 0
        forward = self.trimmed(curve.beside(-LANE if both else 0.0), from_port, to_port)
        if len(forward) > 1:
            self.axes.plot(*forward.T, color="#444444", lw=0.7, zorder=2, solid_capstyle="butt")
            if not to_port:
                self.head(forward[-1], forward[-1] - forward[-2], "#444444", 0.085)
        if both:
            assert flow is not None
            color, width = self.shade(flow)
            backward = self.trimmed(curve.beside(LANE), from_port, to_port)
            if len(backward) > 1:
                self.axes.plot(*backward.T, color=color, lw=width, zorder=2.5, solid_capstyle="butt")
                if not from_port:
                    self.head(backward[0], backward[0] - backward[1], color, 0.085 + 0.02 * width)

    def trimmed(self, points: Array, from_port: bool, to_port: bool) -> Array:
        """Without what lies under the circles at its ends."""
        fine = np.concatenate([np.linspace(a, b, 8, endpoint=False) for a, b in pairwise(points)])
        fine = np.concatenate([fine, points[-1:]])
        keep = np.ones(len(fine), dtype=bool)
        if not from_port:
            keep &= np.linalg.norm(fine - fine[0], axis=1) > RADIUS + 0.03
        if not to_port:
            keep &= np.linalg.norm(fine - fine[-1], axis=1) > RADIUS + 0.03
        return np.asarray(fine[keep])

    def head(self, tip: Array, along: Array, color: str, size: float) -> None:
        from matplotlib.patches import Polygon

        length = float(np.linalg.norm(along))
        if not length:
            return
        unit = along / length
        side = np.array([-unit[1], unit[0]])
        corners = [
            tip + 0.35 * size * unit,
            tip - size * unit + 0.5 * size * side,
            tip - size * unit - 0.5 * size * side,
        ]
        self.axes.add_patch(Polygon(corners, closed=True, fc=color, ec="none", zorder=3))

    def shade(self, flow: float) -> tuple[Any, float]:
        """Colour and width of a magnitude, over six decades below the largest."""
        from matplotlib import colormaps

        share = 0.0 if flow <= 0 else max(0.0, 1 + math.log10(flow / self.largest) / DECADES)
        return colormaps["YlOrBr"](0.32 + 0.6 * share), 0.6 + 1.9 * share

    # --- legend ---

    def legend(self, x: float, y: float) -> None:
        """Which line is which, and the scale of magnitudes."""
        self.axes.plot([x, x + 0.5], [y, y], color="#444444", lw=0.7)
        self.head(np.array([x + 0.5, y]), np.array([1.0, 0.0]), "#444444", 0.085)
        self.axes.text(x + 0.65, y, word("forward", self.language), va="center", size=7.5)
        self.axes.text(x + 0.65, y - 0.24, word("backward", self.language), va="center", size=7.5, color=RED)
        for place, exponent in enumerate((0, -2, -4)):
            color, width = self.shade(self.largest * 10.0**exponent)
            self.axes.plot([x + 0.15 * place, x + 0.15 * place + 0.15], [y - 0.24] * 2, color=color, lw=width)
        self.head(np.array([x, y - 0.24]), np.array([-1.0, 0.0]), self.shade(self.largest)[0], 0.13)
        key = "backward of the sum" if self.graph.assumed_loss else "norms"
        self.axes.text(x, y - 0.48, word(key, self.language, number_text(self.largest)), va="center", size=7.5)


def number_text(value: float) -> str:
    """Three significant digits in mathtext.

    >>> number_text(0.123456), number_text(-1.5e-7), number_text(0.0), number_text(1234.5)
    ('0.123', '-1.5\\\\!\\\\cdot\\\\!10^{-7}', '0', '1230')
    """
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else r"\infty" if value > 0 else r"-\infty" if value < 0 else "?"
    if 1e-3 <= abs(value) < 1e5:
        text = f"{float(f'{value:.3g}'):.6f}".rstrip("0").rstrip(".")
        return text
    mantissa, exponent = f"{value:.1e}".split("e")
    return rf"{float(mantissa):g}\!\cdot\!10^{{{int(exponent)}}}"
