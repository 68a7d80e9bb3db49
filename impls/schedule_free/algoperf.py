"""AlgoPerf's scores from its public logs: times to target, performance profiles, and the area under them.

The rules of the competition (v0.5), as its scoring code has them. A submission's time on a workload is the median of
its studies' times, a study's the time of the trial that reaches the target after the fewest evaluations. A time above
four times the fastest counts as never; so does that of a base workload where its held-out variant was never reached.
With times over the fastest as ratios r, the profile ρ(τ) is the share of the eight base workloads with r ≤ τ, and the
score is its mean over τ in [1, 4], by the trapezoidal rule on 100 points.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from claimbench.errors import HostError, UnknownName
from claimbench.impls.schedule_free.conversion import Floats

__all__ = [
    "Published",
    "Standing",
    "Times",
    "bootstrap_scores",
    "load_published",
    "load_times",
    "profile",
    "ratios",
    "score",
    "scores",
    "time_ratio",
]

_COLUMNS = ("version", "ruleset", "submission", "study", "workload", "trial", "target_reached")
_TIME, _EVALUATION = "time_at_target_s", "eval_index_at_target"
TAU_MAX = 4.0
"""τ up to which profiles are integrated, and ratio beyond which a time counts as never."""
_POINTS = 100
_BUDGETS_S = {
    "criteo1tb": 7703,
    "fastmri": 8859,
    "imagenet_resnet": 63_008,
    "imagenet_vit": 77_520,
    "librispeech_conformer": 61_068,
    "librispeech_deepspeech": 55_506,
    "ogbg": 18_477,
    "wmt": 48_151,
}
"""Seconds that a run may take under external tuning; three times as long under self-tuning."""


@dataclass(frozen=True, eq=False)
class Times:
    """Times to target of one ruleset."""

    submissions: tuple[str, ...]
    """Names, in alphabetical order."""
    base: tuple[str, ...]
    """The eight base workloads."""
    held_out: tuple[str, ...]
    """For each base workload its held-out variant, or an empty string."""
    studies: Floats
    """Seconds (submissions, workloads, studies); base workloads come first, then the variants that exist. inf where the
    target was not reached, NaN where the workload was not run."""

    @property
    def workloads(self) -> tuple[str, ...]:
        """Names along the second axis of `studies`."""
        return (*self.base, *(name for name in self.held_out if name))

    def medians(self) -> Floats:
        """Median over studies (submissions, workloads); inf where it was not reached or not run."""
        return _medians(self.studies)

    def of(self, submission: str, workload: str) -> float:
        """One median; raises UnknownName."""
        if submission not in self.submissions:
            raise UnknownName("submission", submission, self.submissions)
        if workload not in self.workloads:
            raise UnknownName("workload", workload, self.workloads)
        return float(self.medians()[self.submissions.index(submission), self.workloads.index(workload)])


@dataclass(frozen=True)
class Published:
    """A row of the published leaderboard."""

    ruleset: str
    """`external_tuning` or `self_tuning`."""
    rank: int
    """Place."""
    submission: str
    """Name in the logs."""
    score: str
    """Score as printed."""


@dataclass(frozen=True)
class Standing:
    """What resampled studies say of a lead."""

    difference: float
    """Score of the first minus that of the second, on the studies as they are."""
    low: float
    """Lower end of the percentile interval."""
    high: float
    """Upper end."""
    first_place: float
    """Share of resamples in which the first has the highest score of all."""


def load_times(logs: Path, targets: Path, ruleset: str, version: str = "algoperf_v05") -> Times:
    """Read the table of trials and the list of workloads; raises HostError where they are not what they should be."""
    lists: dict[str, Any] = json.loads(targets.read_bytes())
    try:
        base, variants = tuple(lists["base_workloads"]), tuple(lists["held_out_workloads"])
    except KeyError as error:
        raise HostError(f"{targets}: no list of {error}; restore the file") from error
    held_out = tuple(_variant(name, base, variants) for name in base)
    fastest: dict[tuple[str, str, str], tuple[float, str, float]] = {}
    with _opened(logs) as file:
        table = csv.DictReader(file)
        missing = [name for name in (*_COLUMNS, _TIME, _EVALUATION) if name not in (table.fieldnames or ())]
        if missing:
            raise HostError(f"{logs}: no column {missing[0]!r}, only {table.fieldnames}; restore the file")
        for number, row in enumerate(table, start=1):
            if (row["version"], row["ruleset"]) != (version, ruleset):
                continue
            key = (row["submission"], row["workload"], row["study"])
            found = (_evaluations(row, logs, number), row["trial"], _seconds(row, logs, number))
            # Fewest evaluations first, as the rules have it; of two such trials the first.
            if key not in fastest or found[:2] < fastest[key][:2]:
                fastest[key] = found
    if not fastest:
        raise HostError(f"{logs}: no trials of {version}, {ruleset}; restore the file")
    submissions = sorted({submission for submission, _, _ in fastest})
    names = (*base, *(name for name in held_out if name))
    studies = sorted({study for _, _, study in fastest})
    times = np.full((len(submissions), len(names), len(studies)), np.nan)
    for (submission, workload, study), (_, _, seconds) in fastest.items():
        if workload in names:
            times[submissions.index(submission), names.index(workload), studies.index(study)] = seconds
    return Times(tuple(submissions), base, held_out, times)


def load_published(path: Path) -> list[Published]:
    """The published leaderboard, both rulesets, in its order; raises HostError for a table without rows."""
    with _opened(path) as file:
        try:
            found = [
                Published(row["ruleset"], int(row["rank"]), row["submission"], row["score"])
                for row in csv.DictReader(file)
            ]
        except (KeyError, ValueError) as error:
            raise HostError(f"{path}: not a leaderboard ({error}); restore the file") from error
    if not found:
        raise HostError(f"{path}: no rows; restore the file")
    return found


def ratios(medians: Floats, held_out: tuple[str, ...]) -> Floats:
    """Times on the base workloads over the fastest (submissions, base); inf where a time counts as never.

    `medians` (submissions, workloads) has the base workloads first, then the variants in their order.
    """
    base = medians[:, : len(held_out)].copy()
    place = len(held_out)
    for column, name in enumerate(held_out):
        if not name:
            continue
        variant = _slow_is_never(medians[:, place])
        base[~np.isfinite(variant), column] = np.inf
        place += 1
    fastest = base.min(axis=0)
    # A workload that nobody reached tells nobody apart: inf / inf would be NaN, which is never counted either.
    return np.divide(base, fastest, out=np.full_like(base, np.inf), where=np.isfinite(base))


def profile(ratio: Floats, tau: Floats) -> Floats:
    """ρ(τ): share of workloads with a ratio of at most τ (submissions, τ)."""
    return (ratio[:, :, None] <= tau).mean(axis=1)


def score(ratio: Floats) -> Floats:
    """Mean of ρ over τ in [1, 4] (submissions,)."""
    tau = np.linspace(1.0, TAU_MAX, _POINTS)
    return np.asarray(np.trapezoid(profile(ratio, tau), tau, axis=1)) / (TAU_MAX - 1)


def scores(times: Times) -> dict[str, float]:
    """Every submission's score."""
    found = score(ratios(times.medians(), times.held_out))
    return dict(zip(times.submissions, found.tolist(), strict=True))


def time_ratio(times: Times, submission: str, baseline: str, *, self_tuning: bool) -> float:
    """Geometric mean, over the base workloads, of a submission's time to target over the baseline's.

    A target that was never reached counts as reached a second after the budget, as in the competition's analysis.
    """
    logs: list[float] = []
    for workload in times.base:
        never = (3 if self_tuning else 1) * _BUDGETS_S[workload] + 1.0
        first, second = (times.of(name, workload) for name in (submission, baseline))
        logs.append(float(np.log(min(first, never) / min(second, never))))
    return float(np.exp(np.mean(logs)))


def bootstrap_scores(times: Times, first: str, second: str, draws: int, seed: int, level: float = 0.95) -> Standing:
    """Studies drawn anew, with replacement, for every submission and workload: what becomes of a lead.

    Workloads and rivals stay as they are: it says what other runs of the same code might have given.
    """
    random = np.random.default_rng(seed)
    shape = times.studies.shape
    one, other = times.submissions.index(first), times.submissions.index(second)
    found = np.empty((draws, shape[0]))
    for draw in range(draws):
        chosen = random.integers(shape[2], size=shape)
        found[draw] = score(ratios(_medians(np.take_along_axis(times.studies, chosen, axis=2)), times.held_out))
    difference = found[:, one] - found[:, other]
    low, high = np.quantile(difference, [(1 - level) / 2, (1 + level) / 2])
    own = scores(times)
    return Standing(
        difference=own[first] - own[second],
        low=float(low),
        high=float(high),
        first_place=float((found[:, one] >= found.max(axis=1)).mean()),
    )


def _medians(studies: Floats) -> Floats:
    run = np.where(np.isnan(studies), -np.inf, studies)
    counts = np.isfinite(studies).sum(axis=2) + np.isposinf(studies).sum(axis=2)
    # Sorted with the missing first, the median of the rest lies between the two ranks about the middle of them.
    ordered = np.sort(run, axis=2)
    size = studies.shape[2]
    low, high = (size - counts + (counts - 1) // 2).clip(0, size - 1), (size - counts + counts // 2).clip(0, size - 1)
    ends = [np.take_along_axis(ordered, index[:, :, None], axis=2)[:, :, 0] for index in (low, high)]
    return np.where(counts > 0, (ends[0] + ends[1]) / 2, np.inf)


def _slow_is_never(times: Floats) -> Floats:
    return np.where(times > TAU_MAX * times.min(), np.inf, times)


def _variant(name: str, base: tuple[str, ...], variants: tuple[str, ...]) -> str:
    """`wmt_glu_tanh` of `wmt`; of two base names that fit, the longer one owns the variant."""
    own = [v for v in variants if max((b for b in base if v.startswith(f"{b}_")), key=len, default="") == name]
    return own[0] if own else ""


def _opened(path: Path) -> Any:
    opener: Callable[..., Any] = gzip.open if path.suffix == ".gz" else open
    return opener(path, "rt", encoding="utf-8", newline="")


def _evaluations(row: dict[str, str], path: Path, number: int) -> float:
    if row["target_reached"] == "0":
        return float("inf")
    return _number(row, _EVALUATION, path, number)


def _seconds(row: dict[str, str], path: Path, number: int) -> float:
    if row["target_reached"] == "0":
        return float("inf")
    return _number(row, _TIME, path, number)


def _number(row: dict[str, str], column: str, path: Path, number: int) -> float:
    try:
        value = float(row[column])
    except ValueError:
        value = float("nan")
    if not 0 <= value < float("inf"):
        raise HostError(f"{path}: row {number}: {column} is {row[column]!r}, not a time; restore the file")
    return value
