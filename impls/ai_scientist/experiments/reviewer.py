"""Claims about the reviewer on 500 real papers: Table 1, constants, correlations, thresholds, calibration."""

from __future__ import annotations

import numpy as np

from claimbench.impls.ai_scientist.agreement import (
    difference_interval,
    model_mean,
    model_others,
    model_person,
    person_others,
    person_person,
)
from claimbench.impls.ai_scientist.consistency import ends_of, f1, matthews
from claimbench.impls.ai_scientist.data import (
    Booleans,
    Ratings,
    Submissions,
    load_reviews,
    load_submissions,
)
from claimbench.impls.ai_scientist.published import HUMAN
from claimbench.impls.ai_scientist.reviewer import Confusion, coin, confusion, half_widths, score_auc
from claimbench.impls.ai_scientist.thresholds import best_threshold, shares_accepted, split_half
from claimbench.impls.common.workload import workload_of
from claimbench.papers.ai_scientist.workloads import Resampled
from claimbench.stats.proportions import wilson
from claimbench.trial import Exact, Trial

__all__ = [
    "average_of_accepted",
    "calibration",
    "confidence",
    "constant_f1",
    "constants",
    "correlations",
    "decision_area",
    "errors_beside_people",
    "f1_at_one_share",
    "headline",
    "intervals",
    "like_for_like",
    "matthews_at_one_share",
    "near_people",
    "new_papers",
    "other_rows",
    "over_optimism",
    "score_areas",
    "threshold",
]

Checks = dict[str, float | tuple[float, float]]
ROWS = {
    "sonnet": ("sonnet", None),
    "gpt4o_mini": ("gpt4o_mini", None),
    "gpt4o": ("gpt4o_ensemble", None),
    "gpt4o_one_shot": ("gpt4o_one_shot", None),
    "sonnet_at_8": ("sonnet", 8),
    "gpt4o_mini_at_6": ("gpt4o_mini", 6),
    "gpt4o_at_6": ("gpt4o_ensemble", 6),
    "gpt4o_one_shot_at_6": ("gpt4o_one_shot", 6),
}
"""Rows of Table 1: whose reviews, and the score from which on a paper is accepted; None is the reviewer's decision."""
_BEST = "gpt4o_one_shot_at_6"
_REVIEWERS = ("sonnet", "gpt4o_mini", "gpt4o", "gpt4o_reflect", "gpt4o_ensemble", "gpt4o_one_shot")
_FEWEST = 10


def headline(trial: Trial) -> Exact:
    """AIS-01: the row of GPT-4o, one shot, at 6."""
    return Exact(dict(_row(trial, _BEST).table()))


def other_rows(trial: Trial) -> Exact:
    """AIS-01b: the other seven rows of language models, as `row.column`."""
    return Exact({f"{row}.{name}": value for row in ROWS if row != _BEST for name, value in _table(trial, row)})


def intervals(trial: Trial) -> Exact:
    """AIS-01c: half the length of every interval of Table 1, as `row.column`."""
    draws = workload_of(trial, Resampled).draws
    checks: Checks = {}
    for row in ROWS:
        widths = half_widths(_row(trial, row), draws, trial.seeds[0])
        checks |= {f"{row}.{name}": width for name, width in widths.items()}
    return Exact(checks)


def new_papers(trial: Trial) -> Exact:
    """AIS-01d: half the interval of accuracy over new papers, Wilson's, over half the notebook's, by row."""
    draws = workload_of(trial, Resampled).draws
    checks: Checks = {}
    for row in ROWS:
        found = _row(trial, row)
        papers = found.accepted + found.rejected
        right = found.accepted_both + found.rejected_both
        within = half_widths(found, draws, trial.seeds[0])["accuracy"]
        checks[row] = wilson(right, papers, 0.95).half_width / within
    return Exact(checks)


def constants(trial: Trial) -> Exact:
    """AIS-02: the rows of a coin and of a reviewer who always rejects, as `row.column`."""
    accepted = _submissions(trial).accepted
    rows = {"random": coin(accepted), "always_reject": _constant(accepted, False)}
    return Exact({f"{row}.{name}": value for row, found in rows.items() for name, value in found.table().items()})


def constant_f1(trial: Trial) -> Exact:
    """AIS-05c: F1 of reviewers who always reject, always accept, or toss a coin."""
    accepted = _submissions(trial).accepted
    return Exact(
        {
            "always_reject": _constant(accepted, False).f1,
            "always_accept": _constant(accepted, True).f1,
            "coin": coin(accepted).f1,
        }
    )


def f1_at_one_share(trial: Trial) -> Exact:
    """AIS-05b: the reviewer's F1 less what the human row's errors give where as many papers are accepted as here.

    `low` is the lower end of the reviewer's interval less the most that rounding leaves to the human row.
    """
    draws = workload_of(trial, Resampled).draws
    found = _row(trial, _BEST)
    share = found.accepted / (found.accepted + found.rejected)
    least, most = ends_of(lambda fpr, fnr: f1(fpr, fnr, share), HUMAN["fpr"], HUMAN["fnr"])
    width = half_widths(found, draws, trial.seeds[0])["f1"]
    return Exact({"lead": (found.f1 - most, found.f1 - least), "low": found.f1 - width - most})


def matthews_at_one_share(trial: Trial) -> Exact:
    """AIS-05d: the reviewer's Matthews correlation, and by how much it is above the human row's.

    The latter is what its errors give where as many papers are accepted as here.
    """
    found = _row(trial, _BEST)
    share = found.accepted / (found.accepted + found.rejected)
    least, most = ends_of(lambda fpr, fnr: matthews(fpr, fnr, share), HUMAN["fpr"], HUMAN["fnr"])
    return Exact({"reviewer": found.mcc, "lead": (found.mcc - most, found.mcc - least)})


def near_people(trial: Trial) -> Exact:
    """AIS-03c: the reviewer's balanced accuracy less people's, as printed.

    `high` is the upper end of its 95 % interval less the most that rounding leaves to people.
    """
    accepted, found = _submissions(trial).accepted, _row(trial, _BEST)
    least, most = HUMAN["balanced_accuracy"].ends
    # A decision's area is its balanced accuracy, and so is the interval.
    interval = score_auc(accepted, _accepts(trial, _BEST).astype(float))
    lead = (found.balanced_accuracy - most, found.balanced_accuracy - least)
    return Exact({"lead": lead, "high": interval.high - most})


def errors_beside_people(trial: Trial) -> Exact:
    """AIS-03d: by how much the reviewer's FNR is below people's, and its FPR above.

    `_low`, the lower end of each: by the reviewer's 95 % interval, Wilson's, and what rounding leaves to people.
    """
    found = _row(trial, _BEST)
    fnr, fpr = HUMAN["fnr"].ends, HUMAN["fpr"].ends
    return Exact(
        {
            "fnr": (fnr[0] - found.fnr, fnr[1] - found.fnr),
            "fnr_low": fnr[0] - wilson(found.accepted_only, found.accepted, 0.95).high,
            "fpr": (found.fpr - fpr[1], found.fpr - fpr[0]),
            "fpr_low": wilson(found.reviewer_only, found.rejected, 0.95).low - fpr[1],
        }
    )


def decision_area(trial: Trial) -> Exact:
    """AIS-04: the area under the curve of the best reviewer's decision."""
    return Exact({"decision": _row(trial, _BEST).auc})


def score_areas(trial: Trial) -> Exact:
    """AIS-04b: the areas under the curve of scores; `low` is the lower end of the best reviewer's."""
    accepted = _submissions(trial).accepted
    areas = {name: score_auc(accepted, _reviews(trial, name).overall) for name in _REVIEWERS}
    return Exact(
        {
            **{name: area.estimate for name, area in areas.items()},
            "low": areas["gpt4o_one_shot"].low,
        }
    )


def correlations(trial: Trial) -> Exact:
    """AIS-06: the reviewer's squared correlation with the mean of people; `lead`, less that of two, over every pair."""
    papers, score = _submissions(trial), _reviews(trial, "gpt4o_one_shot").overall
    model, person = model_mean(score, papers.scores).r ** 2, person_person(papers.scores).r ** 2
    return Exact({"model_mean": model, "lead": model - person})


def like_for_like(trial: Trial) -> Exact:
    """AIS-06b: correlations of the reviewer less those of a person, both with the same: lower ends of 95 % intervals.

    `one`, with one person; `mean`, with the mean of a paper's people but one.
    """
    draws, seed = workload_of(trial, Resampled).draws, trial.seeds[0]
    papers, score = _submissions(trial), _reviews(trial, "gpt4o_one_shot").overall
    pairs = {
        "one": (model_person(score, papers.scores), person_person(papers.scores)),
        "mean": (model_others(score, papers.scores), person_others(papers.scores)),
    }
    return Exact(
        {f"{name}_low": difference_interval(model, person, draws, seed)[0] for name, (model, person) in pairs.items()}
    )


def threshold(trial: Trial) -> Exact:
    """AIS-09: how often half of the papers choose 6, and by how much the other half's balanced accuracy is lower."""
    work = workload_of(trial, Resampled)
    accepted, score = _submissions(trial).accepted, _reviews(trial, "gpt4o_one_shot").overall
    found = split_half(accepted, score, work.draws, trial.seeds[0])
    return Exact({"six": found.chosen.get(6, 0.0), "optimism": found.in_sample - found.held_out})


def average_of_accepted(trial: Trial) -> Exact:
    """AIS-09b: mean score of the accepted papers, by the reviewer and by people."""
    papers = _submissions(trial)
    score = _reviews(trial, "gpt4o_one_shot").overall
    return Exact(
        {
            "reviewer": float(score[papers.accepted].mean()),
            "people": float(papers.mean_scores[papers.accepted].mean()),
        }
    )


def over_optimism(trial: Trial) -> Exact:
    """AIS-09c: the best threshold of Sonnet's scores and of GPT-4o's."""
    accepted = _submissions(trial).accepted
    checks: Checks = {}
    for name in ("sonnet", "gpt4o_one_shot"):
        score = _reviews(trial, name).overall
        checks[f"{name}_best"] = float(best_threshold(accepted, score))
    return Exact(checks)


def calibration(trial: Trial) -> Exact:
    """AIS-09d: by how much a higher score means more acceptances, of scores that ten papers have or more.

    `rise_s` is the share accepted among papers with score s less that among papers with the score below.
    """
    accepted, score = _submissions(trial).accepted, _reviews(trial, "gpt4o_one_shot").overall
    shares = shares_accepted(accepted, score, _FEWEST)
    return Exact({f"rise_{value}": share - shares[value - 1] for value, share in shares.items() if value - 1 in shares})


def confidence(trial: Trial) -> Exact:
    """AIS-09e: share of papers that have the confidence that most have."""
    found = _reviews(trial, "gpt4o_one_shot").confidence
    return Exact({"most_frequent": float(np.unique(found, return_counts=True)[1].max()) / found.size})


def _submissions(trial: Trial) -> Submissions:
    return load_submissions(trial.data("iclr_ratings"))


def _reviews(trial: Trial, name: str) -> Ratings:
    return load_reviews(trial.data(f"iclr_reviews_{name}"), _submissions(trial).ids)


def _accepts(trial: Trial, row: str) -> Booleans:
    name, least = ROWS[row]
    found = _reviews(trial, name)
    return found.accepts if least is None else found.overall >= least


def _row(trial: Trial, row: str) -> Confusion:
    return confusion(_submissions(trial).accepted, _accepts(trial, row))


def _table(trial: Trial, row: str) -> list[tuple[str, float]]:
    return list(_row(trial, row).table().items())


def _constant(accepted: Booleans, says: bool) -> Confusion:
    return confusion(accepted, np.full(accepted.shape, says))
