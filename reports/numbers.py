"""Numbers as people read them: SI inside, pretty units only here, never a locale."""

from __future__ import annotations

import math

__all__ = ["as_given", "interval", "number", "quantity", "times"]

_TIME = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_BYTES = ((2.0**30, "GiB"), (2.0**20, "MiB"), (2.0**10, "KiB"))
_MINUS = "\N{MINUS SIGN}"


def number(value: float, digits: int = 3) -> str:
    """`digits` significant digits, whole numbers in full up to nine figures, powers of ten beyond 1e-4 and 1e6."""
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "∞" if value > 0 else f"{_MINUS}∞"
    if value == int(value) and abs(value) < 1e9:
        text = str(int(value))
    elif 1e-4 <= abs(value) < 1e6:
        decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
        text = f"{value:.{decimals}f}"
    else:
        text = f"{value:.{digits - 1}e}"
    return text.replace("-", _MINUS, 1) if value < 0 else text


def quantity(value: float, unit: str, digits: int = 3) -> str:
    """A value with its unit: seconds and bytes in the multiple that suits, `1` as a bare number."""
    if unit == "1":
        return number(value, digits)
    if unit in ("s", "B", "bytes") and math.isfinite(value) and value:
        for factor, name in _TIME if unit == "s" else _BYTES:
            if abs(value) >= factor:
                return f"{number(value / factor, digits)} {name}"
    return f"{number(value, digits)} {unit}"


def as_given(value: float, unit: str = "1") -> str:
    """A printed or deterministic figure: up to six digits, without zeros that say nothing, in its own unit."""
    if not math.isfinite(value) or (value == int(value) and abs(value) < 1e9):
        text = number(value)
    else:
        text = f"{value:.6g}"
        text = text.replace("-", _MINUS, 1) if value < 0 else text
    return text if unit == "1" else f"{text} {unit}"


def times(value: float) -> str:
    """A ratio."""
    return f"{number(value)}×"


def interval(low: float, high: float, unit: str = "1") -> str:
    """`[low, high]`, each end as `quantity` writes it."""
    return f"[{quantity(low, unit)}, {quantity(high, unit)}]"
