"""Axes, figures, numbers in words, and where two power laws meet."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from claimbench.reports import figures
from claimbench.reports.crossover import crossover
from claimbench.reports.numbers import as_given, interval, number, quantity, times
from claimbench.reports.svg import Axis

SVG = "{http://www.w3.org/2000/svg}"
FINITE = st.floats(-1e9, 1e9)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        pytest.param(0.0, "0", id="zero"),
        pytest.param(2048.0, "2048", id="whole"),
        pytest.param(-3.0, "−3", id="negative"),
        pytest.param(7.94321, "7.94", id="units"),
        pytest.param(0.0123456, "0.0123", id="small"),
        pytest.param(123456.7, "123457", id="large"),
        pytest.param(1.5e-7, "1.50e-07", id="tiny"),
        pytest.param(math.inf, "∞", id="infinite"),
        pytest.param(-math.inf, "−∞", id="minus infinite"),
        pytest.param(math.nan, "not a number", id="nan"),
    ],
)
def test_number(value: float, words: str) -> None:
    assert number(value) == words


@given(FINITE)
def test_a_number_says_its_value_to_three_digits(value: float) -> None:
    assert float(number(value).replace("−", "-")) == pytest.approx(value, rel=5.1e-3)


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        pytest.param(0.00123, "s", "1.23 ms", id="milliseconds"),
        pytest.param(4.5e-6, "s", "4.50 µs", id="microseconds"),
        pytest.param(90.0, "s", "90 s", id="seconds"),
        pytest.param(3 * 2**20, "B", "3 MiB", id="mebibytes"),
        pytest.param(16.0, "bytes", "16 bytes", id="bytes"),
        pytest.param(97.0, "%", "97 %", id="percent"),
        pytest.param(0.5, "1", "0.500", id="bare"),
        pytest.param(0.0, "s", "0 s", id="zero seconds"),
    ],
)
def test_quantity(value: float, unit: str, words: str) -> None:
    assert quantity(value, unit) == words


def test_ratios_intervals_and_given_figures() -> None:
    assert times(7.943) == "7.94×"
    assert interval(0.001, 0.002, "s") == "[1 ms, 2 ms]"
    assert as_given(1e-5) == "1e-05"
    assert as_given(0.1, "bit") == "0.1 bit"
    assert as_given(-2.5) == "−2.5"


@example(values=[5e-324])
@given(st.lists(FINITE, min_size=1, max_size=9))
def test_a_linear_axis_holds_its_values_and_keeps_their_order(values: list[float]) -> None:
    axis = Axis.around(values, 100, 500)
    pixels = [axis(value) for value in sorted(values)]
    assert pixels == sorted(pixels)
    assert all(100 <= pixel <= 500 for pixel in pixels)
    assert all(axis.low <= tick <= axis.high for tick in axis.ticks())


@given(st.lists(st.floats(1e-9, 1e9), min_size=1, max_size=9))
def test_a_logarithmic_axis_gives_equal_factors_equal_distances(values: list[float]) -> None:
    axis = Axis.around(values, 0, 1000, log=True)
    middle = math.sqrt(axis.low * axis.high)
    assert axis(middle) == pytest.approx(500, abs=1e-6)
    assert len(axis.ticks()) >= 2
    assert all(axis.low <= tick <= axis.high for tick in axis.ticks())


def test_an_axis_of_nothing_finite_is_still_an_axis() -> None:
    for log in (False, True):
        axis = Axis.around([math.nan, math.inf, -math.inf], 0, 10, log=log)
        assert 0 <= axis(math.inf) <= 10
        assert axis.ticks()


def test_effects_mark_estimate_threshold_reference_and_published() -> None:
    bar = figures.Bar("claim <1> & 2", 8.0, 7.0, math.inf, "8×", "#009e73", 1.0, (5.0,), 20.0, log=True)
    root = ET.fromstring(figures.effects([bar], "Effects"))
    assert len(root.findall(f"{SVG}circle")) == 1
    # One diamond in the legend, one for the published figure.
    assert len(root.findall(f"{SVG}polygon")) == 2
    assert "claim <1> & 2" in [element.text for element in root.findall(f"{SVG}text")]
    dot = float(root.find(f"{SVG}circle").get("cx", "nan"))  # pyright: ignore[reportOptionalMemberAccess]
    diamond = float(root.findall(f"{SVG}polygon")[1].get("points", "").split(",")[0])
    assert dot < diamond


def test_a_diverged_curve_breaks_and_does_not_end_the_page() -> None:
    lines = [figures.Line("arm", (0.0, 1.0, 2.0, 3.0), ((1.0, 2.0, math.nan, 3.0),), (1.0, 2.0, math.nan, 3.0))]
    drawn = figures.curves(lines, "step", "loss", "Loss")
    paths = [path.get("d", "") for path in ET.fromstring(drawn).findall(f"{SVG}path")]
    assert paths
    assert all(path.count("M") == 2 and "nan" not in path for path in paths)


def test_mean_line_is_not_a_number_where_a_unit_diverged() -> None:
    assert figures.mean_line([(1.0, 2.0), (3.0, math.inf)])[0] == 2.0
    assert math.isnan(figures.mean_line([(1.0, 2.0), (3.0, math.inf)])[1])


SIZES = (128.0, 256.0, 512.0, 1024.0)


@given(st.floats(150, 1000), st.floats(0.8, 1.2), st.floats(1.6, 2.2))
def test_crossover_of_two_power_laws_is_exact(where: float, slow: float, fast: float) -> None:
    first = [tuple((x / where) ** slow for x in SIZES)] * 3
    second = [tuple((x / where) ** fast for x in SIZES)] * 3
    found = crossover(SIZES, first, second)
    assert found is not None
    assert found.estimate == pytest.approx(where, rel=1e-9)
    assert found.low == pytest.approx(found.high, rel=1e-9)
    assert (found.units, found.of) == (3, 3)


def test_crossover_needs_a_crossing_in_most_units() -> None:
    below = tuple(0.5 * x for x in SIZES)
    above = tuple(x for x in SIZES)
    crossing = tuple((x / 300) * x for x in SIZES)
    assert crossover(SIZES, [above] * 4, [below] * 4) is None
    assert crossover(SIZES, [above] * 4, [below, below, crossing, crossing]) is None
    found = crossover(SIZES, [above] * 4, [below, crossing, crossing, crossing])
    assert found is not None
    assert (found.units, found.of) == (3, 4)
    assert found.estimate == pytest.approx(300)


def test_crossover_interval_covers_the_truth() -> None:
    import random

    rng = random.Random(0)

    def noisy(power: float) -> list[tuple[float, ...]]:
        return [tuple((x / 400) ** power * rng.lognormvariate(0, 0.05) for x in SIZES) for _ in range(10)]

    found = [crossover(SIZES, noisy(1.0), noisy(2.0)) for _ in range(300)]
    covered = sum(one is not None and one.low <= 400 <= one.high for one in found)
    assert covered / 300 >= 0.91
