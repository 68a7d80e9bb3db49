"""Whether the numbers in a paper's tables stand in the logs of its runs.

A number is looked for in every cell of every `tabular` that holds numbers and nothing else but signs; it stands in the
logs where some logged value, of any run, rounds to it as printed, or a spread of seeds: standard deviation, standard
error, 1.96 standard errors. A number that was made up may do so by chance: how often, its neighbours tell.
"""

from __future__ import annotations

import math
import re
import statistics
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

__all__ = ["Check", "check", "logged", "spreads", "stands", "tabulated"]

_TABLE = re.compile(r"\\begin\{tabular\}\s*\{[^}]*\}(.*?)\\end\{tabular\}", re.DOTALL)
_RULES = re.compile(r"\\(?:toprule|midrule|bottomrule|hline|cmidrule(?:\([lr]*\))?\{[^}]*\})")
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?![\w.])")
_SIGNS = re.compile(r"\\(?:textbf|mathbf|underline|emph|pm|times|%|,|;)|[\s${}±*%+-]")
_NEIGHBOURS = (-9, -7, -5, 5, 7, 9)
"""Units of the last digit by which a neighbour differs: beyond what rounding or a slip of one would explain."""


@dataclass(frozen=True)
class Check:
    """The numbers of one paper."""

    numbers: int
    """In its tables."""
    standing: int
    """Of these, in its logs."""
    by_chance: float
    """Share of their neighbours that stand in the logs as well."""

    @property
    def share(self) -> float:
        """Share that stands in the logs."""
        return self.standing / self.numbers


def tabulated(latex: str) -> tuple[str, ...]:
    """Numbers in the tables, as printed, in order; a cell with a word in it is a name, not a result."""
    found: list[str] = []
    for table in _TABLE.findall(_uncommented(latex)):
        for row in _RULES.sub("", table).split(r"\\"):
            for cell in re.split(r"(?<!\\)&", row):
                numbers = _NUMBER.findall(cell)
                if numbers and not _SIGNS.sub("", _NUMBER.sub("", cell)):
                    found += numbers
    return tuple(found)


def logged(results: Any) -> Iterator[float]:
    """Every number in a log, however deep."""
    if isinstance(results, dict):
        results = list(results.values())  # pyright: ignore[reportUnknownVariableType]
    if isinstance(results, list | tuple):
        for one in results:  # pyright: ignore[reportUnknownVariableType]
            yield from logged(one)
    elif isinstance(results, int | float) and not isinstance(results, bool):
        yield float(results)


def spreads(results: Any) -> Iterator[float]:
    """Of every list of two numbers or more in a log: standard deviation, standard error, 1.96 standard errors.

    Each by n and by n - 1, for it is not said which.
    """
    if isinstance(results, dict):
        results = list(results.values())  # pyright: ignore[reportUnknownVariableType]
    elif isinstance(results, list) and len(own := [x for x in results if isinstance(x, int | float)]) > 1:  # pyright: ignore[reportUnknownVariableType]
        for deviation in (statistics.pstdev(own), statistics.stdev(own)):
            error = deviation / math.sqrt(len(own))
            yield from (deviation, error, 1.96 * error)
        return
    if isinstance(results, list | tuple):
        for one in results:  # pyright: ignore[reportUnknownVariableType]
            yield from spreads(one)


def stands(number: Decimal, values: Sequence[float]) -> bool:
    """Whether one of the values, ascending, rounds to the number as printed, a half either way."""
    low, high = _interval(number)
    place = bisect_left(values, low)
    return place < len(values) and values[place] <= high


def check(latex: str, results: Sequence[Any]) -> Check:
    """Look for the numbers of a paper's tables in the logs of its runs; raises ValueError where it has none."""
    numbers = [Decimal(text) for text in tabulated(latex)]
    if not numbers:
        raise ValueError("no table holds a number")
    values = sorted([*logged(list(results)), *(spread for run in results for spread in spreads(run))])
    near = [stands(number + step * _unit(number), values) for number in numbers for step in _NEIGHBOURS]
    return Check(len(numbers), sum(stands(number, values) for number in numbers), sum(near) / len(near))


def _uncommented(latex: str) -> str:
    return re.sub(r"(?<!\\)%.*", "", latex)


def _unit(number: Decimal) -> Decimal:
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    return Decimal(1).scaleb(exponent)


def _interval(number: Decimal) -> tuple[float, float]:
    half = _unit(number) / 2
    # A logged 0.0125 is not quite that in binary, and may be printed either way.
    slack = float(half) * 1e-9
    return float(number - half) - slack, float(number + half) + slack
