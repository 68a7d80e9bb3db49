"""The figures of a page: effects with their intervals, training curves, scaling on log–log axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from claimbench.reports.numbers import quantity
from claimbench.reports.svg import COLOURS, FAINT, INK, Axis, Canvas

__all__ = ["Bar", "Line", "curves", "effects", "mean_line", "scaling"]

_WIDTH = 780.0


@dataclass(frozen=True)
class Bar:
    """One effect with its interval, on an axis of its own."""

    label: str
    """What it belongs to."""
    estimate: float
    """Measured."""
    low: float
    """Lower end of the interval; may be infinite."""
    high: float
    """Upper end."""
    found: str
    """The numbers in words, at the right."""
    colour: str
    """Colour of the verdict."""
    reference: float | None = None
    """θ0, nothing to claim."""
    asked: tuple[float, ...] = ()
    """What reproduced would take: a threshold, or the two ends of a range."""
    published: float | None = None
    """The paper's figure."""
    log: bool = False
    """Whether it is a ratio."""


@dataclass(frozen=True)
class Line:
    """Points of one arm: the mean or median, and the single units behind it."""

    label: str
    """Arm."""
    x: tuple[float, ...]
    """Axis."""
    units: tuple[tuple[float, ...], ...]
    """One line a seed or process, each as long as `x`."""
    middle: tuple[float, ...]
    """The line that is drawn boldly."""


def effects(bars: Sequence[Bar], title: str) -> bytes:
    """One row an effect: dot and bar for estimate and interval, marks for θ0, r and the paper's figure."""
    row, top = 40.0, 34.0
    left = max(280.0, _room([bar.label for bar in bars]))
    right = left + 280.0
    canvas = Canvas(max(_WIDTH, right + _room([bar.found for bar in bars])), top + row * len(bars) + 12, title)
    _legend(canvas, left)
    for index, bar in enumerate(bars):
        y = top + row * (index + 0.5)
        marks = [bar.estimate, bar.low, bar.high, bar.reference, bar.published, *bar.asked]
        axis = Axis.around([mark for mark in marks if mark is not None], left, right, log=bar.log)
        canvas.line(left, y, right, y, FAINT)
        if bar.reference is not None:
            canvas.line(axis(bar.reference), y - 12, axis(bar.reference), y + 12, INK, dash="2 2")
        for bound in bar.asked:
            canvas.line(axis(bound), y - 12, axis(bound), y + 12, INK, 1.5)
        canvas.line(axis(bar.low), y, axis(bar.high), y, bar.colour, 4)
        if bar.published is not None:
            canvas.diamond(axis(bar.published), y, INK)
        if math.isfinite(bar.estimate):
            canvas.dot(axis(bar.estimate), y, bar.colour)
        canvas.text(left - 12, y + 4, bar.label, "end")
        canvas.text(right + 12, y + 4, bar.found, colour=bar.colour)
    return canvas.render()


def _room(words: Sequence[str]) -> float:
    """Pixels that the longest of the words takes at most, with a margin."""
    return 6.5 * max(map(len, words), default=0) + 24.0


def _legend(canvas: Canvas, left: float) -> None:
    y = 14.0
    canvas.line(left, y - 6, left, y + 6, INK, dash="2 2")
    canvas.text(left + 6, y + 4, "no effect", size=11)
    canvas.line(left + 76, y - 6, left + 76, y + 6, INK, 1.5)
    canvas.text(left + 82, y + 4, "what the claim asks", size=11)
    canvas.diamond(left + 218, y, INK)
    canvas.text(left + 228, y + 4, "published", size=11)


def curves(lines: Sequence[Line], x_name: str, y_name: str, title: str) -> bytes:
    """Training curves: every seed faintly, the mean of each arm boldly."""
    return _plot(lines, x_name, y_name, title, log=False)


def scaling(lines: Sequence[Line], x_name: str, y_name: str, unit: str, title: str, crossover: float | None) -> bytes:
    """Cost against size on log–log axes, with the size at which two arms cost the same."""
    return _plot(lines, x_name, y_name, title, log=True, unit=unit, crossover=crossover)


def _plot(
    lines: Sequence[Line],
    x_name: str,
    y_name: str,
    title: str,
    *,
    log: bool,
    unit: str = "1",
    crossover: float | None = None,
) -> bytes:
    left, right, top, bottom = 80.0, 560.0, 16.0, 316.0
    canvas = Canvas(_WIDTH, 364, title)
    x_axis = Axis.around([x for line in lines for x in line.x], left, right, log=log)
    y_axis = Axis.around([y for line in lines for unit_y in line.units for y in unit_y], bottom, top, log=log)
    for tick in x_axis.ticks():
        canvas.line(x_axis(tick), bottom, x_axis(tick), bottom + 4)
        canvas.text(x_axis(tick), bottom + 18, f"{tick:g}", "middle", size=11)
    for tick in y_axis.ticks():
        canvas.line(left, y_axis(tick), right, y_axis(tick), FAINT)
        canvas.text(left - 8, y_axis(tick) + 4, _tick(tick, unit), "end", size=11)
    canvas.line(left, bottom, right, bottom)
    canvas.line(left, top, left, bottom)
    canvas.text((left + right) / 2, bottom + 38, x_name, "middle")
    canvas.text(left, top - 4, y_name, size=11)
    if crossover is not None:
        canvas.line(x_axis(crossover), top, x_axis(crossover), bottom, INK, dash="4 3")
        canvas.text(x_axis(crossover) + 5, top + 12, "equal cost", size=11)
    for index, line in enumerate(lines):
        colour = COLOURS[index % len(COLOURS)]
        for unit_y in line.units:
            canvas.path(_points(line.x, unit_y, x_axis, y_axis), colour, 1, 0.3)
        canvas.path(_points(line.x, line.middle, x_axis, y_axis), colour, 2.5)
        y = top + 14 + 20 * index
        canvas.line(right + 16, y - 4, right + 40, y - 4, colour, 2.5)
        canvas.text(right + 46, y, line.label)
    return canvas.render()


def _tick(value: float, unit: str) -> str:
    return f"{value:g}" if unit == "1" else quantity(value, unit)


def _points(x: Sequence[float], y: Sequence[float], x_axis: Axis, y_axis: Axis) -> list[tuple[float, float]]:
    # A diverged run leaves the page: its line breaks where it stops being a number.
    return [(x_axis(a), y_axis(b) if math.isfinite(b) else math.nan) for a, b in zip(x, y, strict=True)]


def mean_line(units: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """Mean over units at every point; not a number where a unit diverged."""
    return tuple(fmean(column) if all(map(math.isfinite, column)) else math.nan for column in zip(*units, strict=True))
