"""Claims that the paper's, or its authors', own figures decide."""

from __future__ import annotations

import numpy as np

from claimbench.impls.chatbot_arena import published
from claimbench.impls.chatbot_arena.arithmetic import (
    attainable,
    best_of,
    detection_rates,
    expected_maximum,
    heterogeneity,
    is_normalized_by_column,
    rating_se,
    two_sample_z,
    votes_for_se,
)
from claimbench.impls.chatbot_arena.data import arena_table
from claimbench.impls.chatbot_arena.errata import minimizer, nonparametric_scores, printed_nonparametric_scores
from claimbench.impls.chatbot_arena.experiments.ratings import fit_figure_2
from claimbench.impls.chatbot_arena.figure_2 import FIGURE_2
from claimbench.impls.chatbot_arena.order import kendall_tau
from claimbench.stats.proportions import wilson
from claimbench.stats.ranking.arrays import win_and_loss
from claimbench.trial import Exact, Trial

__all__ = [
    "agreement_rates",
    "best_of_many",
    "detection",
    "identical_checkpoints",
    "nonparametric",
    "peer_speed",
    "posts",
    "sample_sizes",
    "topic_clusters",
    "upside_down",
]

Checks = dict[str, float | tuple[float, float]]


def detection(trial: Trial) -> Exact:
    """CA-20: rates of Table 5 by its counts, for either α, and whether its totals are those of the columns."""
    checks: Checks = {}
    for table in published.TABLE_5:
        rates = detection_rates(table)
        checks |= {
            f"true_positive_{table.alpha:g}": rates.true_positive,
            f"true_negative_{table.alpha:g}": rates.true_negative,
            f"precision_{table.alpha:g}": rates.precision,
            f"negative_predictive_{table.alpha:g}": rates.negative_predictive,
            f"by_column_{table.alpha:g}": float(is_normalized_by_column(table)),
        }
    return Exact(checks)


def agreement_rates(trial: Trial) -> Exact:
    """CA-26, CA-27: what 160 battles say.

    `crowd_low` and `crowd_high` bound the crowd's agreement with experts by Wilson's intervals; `overlap` is positive
    where all of them have a point in common. `unattainable_*` count shares that no number of 160 battles prints as.
    """
    n = published.TABLE_3_BATTLES
    crowd = [
        wilson(cell.percent / 100 * n, n, 0.95)
        for cell in published.TABLE_3
        if cell.judges[0] == "crowd" and cell.judges[1].startswith("expert")
    ]
    return Exact(
        {
            "crowd_low": min(found.low for found in crowd),
            "crowd_high": max(found.high for found in crowd),
            "overlap": min(found.high for found in crowd) - max(found.low for found in crowd),
            "unattainable_agreements": float(sum(not attainable(cell.percent, n) for cell in published.TABLE_3)),
            "unattainable_win_rates": float(sum(not attainable(cell.percent, n) for cell in published.TABLE_4)),
        }
    )


def topic_clusters(trial: Trial) -> Exact:
    """CA-28: whether win rates differ between clusters, how many there are, and how sure one of them is."""
    percents = [cluster.percent for cluster in published.TABLE_2]
    prompts = published.TABLE_2_PROMPTS
    test = heterogeneity(percents, prompts)
    rates = [wilson(percent / 100 * prompts, prompts, 0.95) for percent in percents]
    return Exact(
        {
            "chi_square": test.chi_square,
            "p": test.p,
            "clusters": float(len(percents)),
            "clusters_in_text": float(published.TEXT_2_CLUSTERS),
            "largest_half_width": max(rate.half_width for rate in rates),
        }
    )


def best_of_many(trial: Trial) -> Exact:
    """CA-34, CA-35: what reporting the best of N tests adds, in points.

    The error of a rating is that of votes against equals, with the Arena's share of ties or, at the other end, none.
    """
    counts = arena_table().counts
    ties = float(counts[:, 2:].sum() / counts.sum())
    tests, votes = published.BEST_OF_50["tests"], published.BEST_OF_50["votes"]
    most_of_20 = expected_maximum(published.BEST_OF_20["tests"])
    sigma = published.BEST_OF_20["elo"] / most_of_20
    return Exact(
        {
            "expected_maximum_20": most_of_20,
            "expected_maximum_50": expected_maximum(tests),
            "se_3000": rating_se(votes, ties),
            "best_of_50": best_of(tests, votes, ties),
            "best_of_50_no_ties": best_of(tests, votes),
            "sigma_for_50_points": sigma,
            "votes_for_50_points": (votes_for_se(sigma, ties), votes_for_se(sigma)),
        }
    )


def identical_checkpoints(trial: Trial) -> Exact:
    """CA-36: z of two scores of one checkpoint."""
    return Exact({"z": abs(two_sample_z(*published.IDENTICAL))})


def peer_speed(trial: Trial) -> Exact:
    """CA-39: how many times faster than the Arena's own code Evalica is, by the times in its repository."""
    checks: Checks = {}
    for algorithm, seconds in published.EVALICA_SECONDS.items():
        arena, evalica = seconds["arena"], seconds["evalica"]
        checks[algorithm] = ((arena - 0.005) / (evalica + 0.0005), (arena + 0.005) / (evalica - 0.0005))
    return Exact(checks)


def sample_sizes(trial: Trial) -> Exact:
    """CA-17, CA-18: how many per cent more votes random sampling needs, by numbers rounded to hundreds."""
    checks: Checks = {}
    for case in published.FIGURE_7:
        low, high = (100 * ((case.random - half) / (case.adaptive + half) - 1) for half in (50, -50))
        checks[case.target] = (low, high)
    return Exact(checks)


def upside_down(trial: Trial) -> Exact:
    """Equations 3 and 7 on Figure 2: their minimiser against that of the loss as meant, and against the win rates.

    `distance` is the largest |ξ_printed + ξ_meant|; `tau_*` are Kendall's τ with the mean win rates.
    """
    first, second, rate, battles = FIGURE_2.pairs()
    printed, meant = (minimizer(first, second, 1 - rate, battles, as_printed=flag) for flag in (True, False))
    models = len(FIGURE_2.models)
    won = np.bincount(first, rate, models) + np.bincount(second, 1 - rate, models)
    return Exact(
        {
            "distance": float(np.abs(printed + meant).max()),
            "tau_printed": kendall_tau(printed, won),
            "tau_meant": kendall_tau(meant, won),
        }
    )


def nonparametric(trial: Trial) -> Exact:
    """Equations 13 to 16 where Bradley–Terry holds, with Figure 2's scores: the largest distance from ξ_m − ξ_1.

    `printed` and `repaired`; `tau_printed` is Kendall's τ of the printed scores with ξ.
    """
    xi = fit_figure_2().scores
    win, _ = win_and_loss(xi[None, :] - xi[:, None])
    printed, repaired = printed_nonparametric_scores(win), nonparametric_scores(win)
    return Exact(
        {
            "printed": float(np.abs(printed - (xi - xi[0])).max()),
            "repaired": float(np.abs(repaired - (xi - xi[0])).max()),
            "tau_printed": kendall_tau(printed, xi),
        }
    )


def posts(trial: Trial) -> Exact:
    """How far figures in the text of the authors' posts are from those in the tables of the same posts.

    `gpt-4-0613`, its rating, points; `mt_bench_agreement`, per cent; `mt_bench_separability`, how far the agreement in
    the text is from the separability in the table.
    """
    mt_bench, said = published.ARENA_HARD["mt-bench"], published.TEXT_MT_BENCH_AGREEMENT
    assert mt_bench.agreement is not None
    return Exact(
        {
            "gpt-4-0613": float(abs(published.RATINGS_2023["gpt-4-0613"] - published.TABLE_2023["gpt-4-0613"])),
            "mt_bench_agreement": abs(said - mt_bench.agreement),
            "mt_bench_separability": abs(said - mt_bench.separability),
        }
    )
