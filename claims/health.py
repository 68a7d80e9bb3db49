"""Whether a run's timings may be believed: an A/A placebo that must show nothing, a slowdown that must be seen.

The placebo's false alarms accumulate in the store; that rate, not a hope, is the error rate that the reports print.
A processor's clock says nothing about a GPU's: timings of either are vouched for by controls on the same alone.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Collection, Iterable, Iterator, Sequence

from pydantic import BaseModel, ConfigDict

from claimbench.protocol import Tier
from claimbench.record import Record
from claimbench.stats.intervals import welch_t

__all__ = ["Health", "assess", "on_gpu"]

NOMINAL = 0.05
"""Share of placebos that may look like an effect."""
IMPOSSIBLE = 0.001
"""A placebo less likely than this, or a pooled rate, condemns a run."""
WHOLE = 10
"""Processes an arm that make a control whole."""


def on_gpu(tier: Tier) -> bool:
    """Whether a tier times on a GPU; the smoke and cpu tiers time on a processor."""
    return tier not in ("smoke", "cpu")


class Health(BaseModel):
    """What the controls of all runs say."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    placebo_p: dict[str, float] = {}
    """Run → two-sided p of its A/A comparison."""
    placebo_sd: dict[str, float] = {}
    """Run → standard deviation of the log-ratio of two processes of the same code, one an arm of its placebo."""
    control_ratio: dict[str, tuple[float, float]] = {}
    """Run → interval (95 %) of the ratio slow / fast of the positive control."""
    gpu_runs: frozenset[str] = frozenset()
    """Runs whose controls were timed on a GPU."""
    pooled_p: float = 1.0
    """Probability of a false-alarm count as far from nominal as the one seen, over processors and GPUs together."""

    @property
    def runs(self) -> int:
        """Runs with a placebo."""
        return len(self.placebo_p)

    @property
    def false_alarms(self) -> int:
        """Placebos with p below .05."""
        return sum(p < NOMINAL for p in self.placebo_p.values())

    @property
    def rate(self) -> float:
        """Observed share of false alarms; NaN where no run has a placebo."""
        return self.false_alarms / self.runs if self.runs else math.nan

    def fault(self, runs: Collection[str], tier: Tier) -> str:
        """Why timings of these runs at the tier may not be believed, or an empty string.

        A run that was interrupted before its own controls is vouched for by those of other runs, on a GPU by those on
        a GPU and on a processor by those on a processor; where no such run has any, nothing is known about the timings.
        """
        if self.pooled_p < IMPOSSIBLE:
            far = "more" if self.rate > NOMINAL else "fewer"
            return (
                f"{self.false_alarms} of {self.runs} placebos look like effects, far {far} than the "
                f"{100 * NOMINAL:g} % that should (p = {self.pooled_p:.2g})"
            )
        for run in sorted(runs):
            if self.placebo_p.get(run, 1.0) < IMPOSSIBLE:
                return f"the A/A placebo of run {run} shows an effect (p = {self.placebo_p[run]:.2g}); measure --fresh"
            low, high = self.control_ratio.get(run, (math.inf, math.inf))
            if not low > 1:
                return f"run {run} could not see a slowdown of 1.5 (interval [{low:.3g}, {high:.3g}]); measure --fresh"
        for missing, seen in (("placebo", self.placebo_p), ("positive control", self.control_ratio)):
            if runs and not any((run in self.gpu_runs) == on_gpu(tier) for run in seen):
                where = "a GPU" if on_gpu(tier) else "a processor"
                return f"no {missing} on {where} has run to its end beside any timing; measure --fresh"
        return ""


def assess(records: Iterable[Record]) -> Health:
    """Health from the records of the house's placebos (arms a, b) and positive controls (arms fast, slow).

    A control counts once all its processes have ended well: half of one would have the power of a smaller test.
    """
    processes: dict[tuple[str, str, str], dict[tuple[int, ...], float]] = {}
    gpu_runs: set[str] = set()
    for record in sorted(records, key=lambda record: record.started):
        if record.role in ("placebo", "control") and record.status == "ok" and record.samples.get("latency_s"):
            arm = processes.setdefault((record.run, record.role, record.arm), {})
            # The same record may lie in several merged files; the first counts.
            arm.setdefault(record.seeds, math.log(statistics.median(record.samples["latency_s"])))
            if on_gpu(record.tier):
                gpu_runs.add(record.run)

    def pairs(role: str, first: str, second: str) -> Iterator[tuple[str, list[float], list[float]]]:
        for run in sorted({run for run, _, _ in processes}):
            a, b = (list(processes.get((run, role, arm), {}).values()) for arm in (first, second))
            if min(len(a), len(b)) >= WHOLE:
                yield run, a, b

    placebo = {run: _two_sided_p(a, b) for run, a, b in pairs("placebo", "a", "b")}
    noise = {run: math.hypot(statistics.stdev(a), statistics.stdev(b)) for run, a, b in pairs("placebo", "a", "b")}
    seen = {run: welch_t(slow, fast, 0.95) for run, slow, fast in pairs("control", "slow", "fast")}
    control = {run: (math.exp(max(ends.low, -700.0)), math.exp(min(ends.high, 700.0))) for run, ends in seen.items()}
    return Health(
        placebo_p=placebo,
        placebo_sd=noise,
        control_ratio=control,
        gpu_runs=frozenset(gpu_runs & (placebo.keys() | control.keys())),
        pooled_p=_pooled_p(placebo),
    )


def _two_sided_p(first: Sequence[float], second: Sequence[float]) -> float:
    from scipy.special import stdtr

    seen = welch_t(first, second, 0.95)
    if seen.se == 0:
        return 1.0 if seen.estimate == 0 else 0.0
    return float(2 * stdtr(seen.df, -abs(seen.estimate) / seen.se))


def _pooled_p(placebo: dict[str, float]) -> float:
    """Two-sided exact binomial test of the number of false alarms against the nominal rate."""
    from scipy.stats import binomtest

    if not placebo:
        return 1.0
    alarms = sum(p < NOMINAL for p in placebo.values())
    return float(binomtest(alarms, len(placebo), NOMINAL).pvalue)
