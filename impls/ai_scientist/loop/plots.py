"""Charts as SVG and as TikZ: laid out once, in pixels, and drawn twice."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from claimbench.impls.ai_scientist.loop.document import Chart, Series

__all__ = ["svg", "tikz"]

# Okabe and Ito's palette, which colour-blind readers can tell apart.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_INK, _FAINT = "#222222", "#cccccc"
_WIDTH, _HEIGHT = 460.0, 260.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 14.0, 12.0, 40.0
_ROW, _NAMES = 30.0, 200.0
_ANCHORS = {"start": "base west", "middle": "base", "end": "base east"}

Point = tuple[float, float]


@dataclass(frozen=True)
class _Stroke:
    points: tuple[Point, ...]
    colour: str = _INK
    width: float = 1.0
    dashed: bool = False


@dataclass(frozen=True)
class _Dot:
    at: Point
    colour: str


@dataclass(frozen=True)
class _Words:
    at: Point
    text: str
    anchor: str = "start"
    colour: str = _INK


_Element = _Stroke | _Dot | _Words


@dataclass(frozen=True)
class _Axis:
    low: float
    high: float
    start: float
    end: float

    @classmethod
    def around(cls, values: Sequence[float], start: float, end: float) -> _Axis:
        low, high = min(values), max(values)
        margin = 0.05 * (high - low) or 0.5 * abs(low) or 0.5
        return cls(low - margin, high + margin, start, end)

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self) -> list[float]:
        raw = (self.high - self.low) / 5
        power = 10.0 ** math.floor(math.log10(raw))
        step = next(power * digit for digit in (1, 2, 2.5, 5, 10) if power * digit >= raw)
        return [step * n for n in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)]


def svg(chart: Chart, title: str) -> str:
    """The chart as an SVG document."""
    elements, height = _layout(chart)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {_WIDTH:.0f} {height:.0f}" role="img" font-family="Helvetica, Arial, sans-serif" '
        f'font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH:.0f}" height="{height:.0f}" fill="#ffffff"/>',
    ]
    for element in elements:
        match element:
            case _Stroke(points, colour, width, dashed):
                path = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
                dash = ' stroke-dasharray="4 3"' if dashed else ""
                lines.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width:g}"{dash}/>')
            case _Dot((x, y), colour):
                lines.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>')
            case _Words((x, y), text, anchor, colour):
                lines.append(
                    f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
                )
    return "\n".join([*lines, "</svg>", ""])


def tikz(chart: Chart) -> str:
    """The chart as a picture of the TikZ package."""
    elements, height = _layout(chart)
    lines = ["\\begin{tikzpicture}[x=0.75pt,y=-0.75pt,every node/.style={inner sep=0pt,font=\\footnotesize}]"]
    for number, colour in enumerate((*_COLOURS, _INK, _FAINT)):
        lines.append(f"\\definecolor{{c{number}}}{{HTML}}{{{colour[1:].upper()}}}")
    names = {colour: f"c{number}" for number, colour in enumerate((*_COLOURS, _INK, _FAINT))}
    lines.append(f"\\path (0,0) rectangle ({_WIDTH:.0f},{height:.0f});")
    for element in elements:
        match element:
            case _Stroke(points, colour, width, dashed):
                path = " -- ".join(f"({x:.1f},{y:.1f})" for x, y in points)
                dash = ",dashed" if dashed else ""
                lines.append(f"\\draw[{names[colour]},line width={0.75 * width:g}pt{dash}] {path};")
            case _Dot((x, y), colour):
                lines.append(f"\\fill[{names[colour]}] ({x:.1f},{y:.1f}) circle (2.6pt);")
            case _Words((x, y), text, anchor, colour):
                safe = text.replace("%", "\\%").replace("_", "\\_").replace("&", "\\&")
                lines.append(f"\\node[anchor={_ANCHORS[anchor]},text={names[colour]}] at ({x:.1f},{y:.1f}) {{{safe}}};")
    return "\n".join([*lines, "\\end{tikzpicture}"])


def _layout(chart: Chart) -> tuple[list[_Element], float]:
    if chart.form == "intervals":
        height = _TOP + _ROW * len(chart.series) + _BOTTOM
        return list(_intervals(chart, height)), height
    return list(_lines(chart)), _HEIGHT


def _lines(chart: Chart) -> Iterator[_Element]:
    x = _Axis.around([value for one in chart.series for value in one.x], _LEFT, _WIDTH - _RIGHT)
    y = _Axis.around([value for one in chart.series for value in one.y], _HEIGHT - _BOTTOM, _TOP)
    yield from _frame(chart, x, y.start)
    for tick in y.ticks():
        yield _Stroke(((x.start, y(tick)), (x.end, y(tick))), _FAINT, 0.5)
        yield _Words((x.start - 6, y(tick) + 4), _tick(tick), "end")
    yield _Words((x.start - 50, y.end + 2), chart.y_label)
    legend = [one for one in chart.series if one.label]
    for one in sorted(chart.series, key=lambda one: not one.faint):
        colour = _COLOURS[legend.index(one) % len(_COLOURS)] if one in legend else _FAINT
        corners = list(_stairs(one)) if chart.form == "steps" else list(zip(one.x, one.y, strict=True))
        yield _Stroke(tuple((x(a), y(b)) for a, b in corners), colour, 0.8 if one.faint else 2.0)
    for row, one in enumerate(legend):
        at = y.end + 14 + 16 * row
        yield _Stroke(((x.end - 20, at - 4), (x.end, at - 4)), _COLOURS[row % len(_COLOURS)], 2.0)
        yield _Words((x.end - 26, at), one.label, "end")


def _intervals(chart: Chart, height: float) -> Iterator[_Element]:
    values = [value for one in chart.series for value in one.x] + ([] if chart.none is None else [chart.none])
    x = _Axis.around(values, _NAMES, _WIDTH - _RIGHT)
    bottom = height - _BOTTOM
    yield from _frame(chart, x, bottom)
    if chart.none is not None:
        yield _Stroke(((x(chart.none), _TOP), (x(chart.none), bottom)), _INK, 1.0, dashed=True)
    for row, one in enumerate(chart.series):
        at = _TOP + _ROW * (row + 0.5)
        estimate, low, high = one.x
        colour = _COLOURS[row % len(_COLOURS)]
        yield _Words((_NAMES - 10, at + 4), one.label, "end")
        yield _Stroke(((x(low), at), (x(high), at)), colour, 2.0)
        yield _Dot((x(estimate), at), colour)


def _frame(chart: Chart, x: _Axis, bottom: float) -> Iterator[_Element]:
    yield _Stroke(((x.start, bottom), (x.end, bottom)))
    for tick in x.ticks():
        yield _Stroke(((x(tick), bottom), (x(tick), bottom + 4)))
        yield _Words((x(tick), bottom + 17), _tick(tick), "middle")
    yield _Words(((x.start + x.end) / 2, bottom + 34), chart.x_label, "middle")


def _stairs(series: Series) -> Iterator[Point]:
    points = list(zip(series.x, series.y, strict=True))
    for (first, value), (second, _) in pairwise(points):
        yield first, value
        yield second, value
    yield points[-1]


def _tick(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".") if value else "0"
