"""Claims that the paper's own figures decide: SF-08, SF-12 and what Figure 7 counts."""

from __future__ import annotations

from claimbench.impls.schedule_free.audit import (
    attainable,
    best_schedule,
    contrast,
    count,
    z_interval,
)
from claimbench.impls.schedule_free.published import (
    ALGOPERF_PROBLEMS,
    FIGURE_2A,
    FIGURE_3,
    FIGURE_5,
    FIGURE_6,
    FIGURE_7,
    FIGURE_8,
    LEARNING_RATES,
    ROWS,
    cell,
    problems,
)
from claimbench.trial import Exact, Trial

__all__ = [
    "attainable_accuracies",
    "averaging",
    "convex_counts",
    "learning_rates",
    "momentum",
    "problem_count",
    "schedules",
    "sure_counts",
]

_FEW_ROWS = 1000
Checks = dict[str, float | tuple[float, float]]


def schedules(trial: Trial) -> Exact:
    """SF-08: z of Schedule-Free against the best schedule that is printed, as far as rounding leaves it open."""
    checks: Checks = {}
    for name in problems(FIGURE_3):
        checks[_key(name)] = z_interval(cell(FIGURE_3, name, "schedule_free"), best_schedule(name))
    own, cosine = (cell(FIGURE_2A, "IWSLT14", method) for method in ("schedule_free", "cosine"))
    return Exact({**checks, _key("IWSLT14"): z_interval(own, cosine)})


def averaging(trial: Trial) -> Exact:
    """SF-08b: least z of Schedule-Free against Polyak and against primal averaging over Figures 2a and 8.

    The least that rounding leaves open. NanoGPT, whose averaging runs are shorter, is left out.
    """
    checks: Checks = {}
    for method in ("polyak", "primal"):
        pairs = [
            (cell(FIGURE_3, name, "schedule_free"), cell(FIGURE_8, name, method))
            for name in problems(FIGURE_8)
            if name != "NanoGPT"
        ]
        pairs.append((cell(FIGURE_2A, "IWSLT14", "schedule_free"), cell(FIGURE_2A, "IWSLT14", method)))
        checks[method] = min(z_interval(*pair)[0] for pair in pairs)
    return Exact(checks)


def convex_counts(trial: Trial) -> Exact:
    """SF-06b: on how many problems of Figure 7 Schedule-Free is above linear decay, and of the others ties with it.

    A tie is printed alike, or below by no more than chance.
    """
    found = count(FIGURE_7, "schedule_free", "linear_decay")
    return Exact({"higher": float(found.higher), "tied": float(found.equal + found.lower - found.surely_lower)})


def sure_counts(trial: Trial) -> Exact:
    """SF-06c: on how many problems of Figure 7 Schedule-Free is above linear decay beyond chance."""
    return Exact({"surely_higher": float(count(FIGURE_7, "schedule_free", "linear_decay").surely_higher)})


def attainable_accuracies(trial: Trial) -> Exact:
    """SF-06d: how many cells of Figure 7 no ten runs on the data set's rows can print as, of the small data sets.

    From `_FEW_ROWS` on a row is a tenth of a per cent or less, so that any printed mean can be had.
    """
    impossible = {
        name: sum(not attainable(one, rows) for one in FIGURE_7 if one.problem == name)
        for name, rows in ROWS.items()
        if rows < _FEW_ROWS
    }
    return Exact({_key(name): float(number) for name, number in impossible.items()})


def learning_rates(trial: Trial) -> Exact:
    """SF-12: Schedule-Free's best rate over the base optimizer's, by problem, and on how many it is `larger`."""
    ratios = {_key(one.problem): one.schedule_free / one.baseline for one in LEARNING_RATES}
    return Exact({**ratios, "larger": float(sum(ratio > 1 for ratio in ratios.values()))})


def momentum(trial: Trial) -> Exact:
    """Figures 5 and 6 at 200 epochs: least z of β = .9 and of LR 1.5 against the others that are printed.

    `same_setting` is z between the two legends' values of one and the same setting, β = .9 at LR 1.5.
    """
    best_beta, best_rate = cell(FIGURE_5, "ImageNet", "0.9"), cell(FIGURE_6["schedule_free"], "ImageNet", "1.5")
    return Exact(
        {
            "beta": min(z_interval(best_beta, one)[0] for one in FIGURE_5 if one != best_beta),
            "rate": min(z_interval(best_rate, one)[0] for one in FIGURE_6["schedule_free"] if one != best_rate),
            "same_setting": abs(contrast(best_beta, best_rate)),
        }
    )


def problem_count(trial: Trial) -> Exact:
    """Problems that the figures show: convex, deep and AlgoPerf's."""
    convex, deep = len(problems(FIGURE_7)), len(problems(FIGURE_3)) + len(problems(FIGURE_2A))
    return Exact({"problems": float(convex + deep + len(ALGOPERF_PROBLEMS))})


def _key(name: str) -> str:
    return name.lower().replace("-", "")
