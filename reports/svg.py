"""A small SVG canvas whose bytes depend on nothing but what is drawn.

Pages are compared byte for byte on machines that may hold any version of a plotting library, so the few figures are
written directly: coordinates have one decimal, text stays text, and there is no date, id or font file.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

__all__ = ["COLOURS", "Axis", "Canvas"]

# Okabe and Ito's palette: told apart by colour-blind readers, and on paper by its lightness.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
INK, FAINT = "#222222", "#cccccc"


@dataclass(frozen=True)
class Axis:
    """A linear or logarithmic map from values to pixels."""

    low: float
    """Value at `start`."""
    high: float
    """Value at `end`; above `low`."""
    start: float
    """Pixel of `low`."""
    end: float
    """Pixel of `high`."""
    log: bool = False
    """Whether equal factors take equal distances; both ends are positive then."""

    @classmethod
    def around(cls, values: Sequence[float], start: float, end: float, *, log: bool = False) -> Axis:
        """The axis that holds every finite value, with a margin of 6 % on both sides."""
        finite = [value for value in values if math.isfinite(value) and (value > 0 or not log)]
        low, high = (min(finite), max(finite)) if finite else (1.0, 10.0)
        if log:
            if low == high:
                low, high = low / 2, high * 2
            margin = (high / low) ** 0.06
            return cls(low / margin, high * margin, start, end, log)
        if low == high:
            # Half of a number below the least normal one may be nothing, and an axis needs a length.
            half = max(abs(low), sys.float_info.min) / 2 if low else 0.5
            low, high = low - half, high + half
        margin = (high - low) * 0.06
        return cls(low - margin, high + margin, start, end)

    def __call__(self, value: float) -> float:
        """Pixel of a value, clipped to the axis."""
        value = min(max(value, self.low), self.high)
        if self.log:
            part = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            part = (value - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)

    def ticks(self, wanted: int = 5) -> list[float]:
        """Round values inside the axis, about `wanted` of them."""
        if self.log:
            exponents = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            for digits in ((1, 2, 5), (1, 3), (1,)):
                found = [float(f"{digit}e{exponent}") for exponent in exponents for digit in digits]
                found = [tick for tick in found if self.low <= tick <= self.high]
                if len(found) <= wanted + 2:
                    break
            if len(found) >= 2:
                return found[:: max(1, math.ceil(len(found) / (wanted + 2)))]
        raw = (self.high - self.low) / wanted
        magnitude = 10.0 ** math.floor(math.log10(raw))
        step = next(magnitude * digit for digit in (1, 2, 5, 10) if magnitude * digit >= raw)
        first = math.ceil(self.low / step)
        return [count * step for count in range(first, math.floor(self.high / step) + 1)]


class Canvas:
    """Elements in the order in which they are drawn."""

    def __init__(self, width: float, height: float, title: str) -> None:
        self._head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
            'font-family="Helvetica, Arial, sans-serif" font-size="12">\n'
            f"<title>{escape(title)}</title>\n"
            f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>'
        )
        self._elements: list[str] = []

    def line(
        self, x1: float, y1: float, x2: float, y2: float, colour: str = INK, width: float = 1.0, dash: str = ""
    ) -> None:
        """A straight line; `dash` as in `stroke-dasharray`."""
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self._elements.append(
            f'<line x1="{_px(x1)}" y1="{_px(y1)}" x2="{_px(x2)}" y2="{_px(y2)}" '
            f'stroke="{colour}" stroke-width="{width:g}"{dashes}/>'
        )

    def path(
        self, points: Sequence[tuple[float, float]], colour: str, width: float = 1.0, opacity: float = 1.0
    ) -> None:
        """A line through points; a point that is not finite breaks it."""
        drawn, pen = [], "M"
        for x, y in points:
            if math.isfinite(x) and math.isfinite(y):
                drawn.append(f"{pen}{_px(x)} {_px(y)}")
                pen = "L"
            else:
                pen = "M"
        if drawn:
            faded = f' stroke-opacity="{opacity:g}"' if opacity < 1 else ""
            self._elements.append(
                f'<path d="{" ".join(drawn)}" fill="none" stroke="{colour}" stroke-width="{width:g}"{faded}/>'
            )

    def dot(self, x: float, y: float, colour: str, radius: float = 4.0) -> None:
        """A filled circle."""
        self._elements.append(f'<circle cx="{_px(x)}" cy="{_px(y)}" r="{radius:g}" fill="{colour}"/>')

    def diamond(self, x: float, y: float, colour: str, size: float = 5.0) -> None:
        """A hollow diamond."""
        corners = ((x, y - size), (x + size, y), (x, y + size), (x - size, y))
        points = " ".join(f"{_px(a)},{_px(b)}" for a, b in corners)
        self._elements.append(f'<polygon points="{points}" fill="#ffffff" stroke="{colour}" stroke-width="1.5"/>')

    def text(
        self,
        x: float,
        y: float,
        words: str,
        anchor: Literal["start", "middle", "end"] = "start",
        colour: str = INK,
        size: int = 12,
    ) -> None:
        """One line of text on the baseline `y`."""
        self._elements.append(
            f'<text x="{_px(x)}" y="{_px(y)}" text-anchor="{anchor}" fill="{colour}" font-size="{size}">'
            f"{escape(words)}</text>"
        )

    def render(self) -> bytes:
        """The document."""
        return "\n".join([self._head, *self._elements, "</svg>", ""]).encode()


def _px(value: float) -> str:
    text = f"{value:.1f}"
    return "0.0" if text == "-0.0" else text
