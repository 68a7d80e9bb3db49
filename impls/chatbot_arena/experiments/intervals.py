"""CA-11 to CA-16: what intervals of ratings and of ranks cover, how long they are, and by which method."""

from __future__ import annotations

import numpy as np

from claimbench.errors import UnknownName, VotesError
from claimbench.impls.chatbot_arena.data import arena_table
from claimbench.impls.chatbot_arena.experiments.real import busiest
from claimbench.impls.chatbot_arena.replications import Fits, draw_counts, fit_all, misses, rank_sets
from claimbench.impls.chatbot_arena.shipped import ANCHOR, anchored_errors, index_of
from claimbench.impls.chatbot_arena.simulate import beta_strengths
from claimbench.impls.common.workload import workload_of
from claimbench.papers.chatbot_arena.designs import Bootstraps, Coverage, RankSets, RealRanks, Subsamples
from claimbench.record import Curve
from claimbench.stats.intervals import z_value
from claimbench.stats.ranking.arrays import Floats, Integers, win_and_loss
from claimbench.stats.ranking.bootstrap import bootstrap_ratings
from claimbench.stats.ranking.bradley_terry import fit_bradley_terry
from claimbench.stats.ranking.rank_intervals import critical_value, rank_intervals
from claimbench.stats.ranking.sandwich import model_covariance, sandwich_covariance, standard_errors
from claimbench.stats.ranking.votes import Battles, from_counts
from claimbench.trial import Exact, Quality, Trial

__all__ = [
    "bootstrap_and_sandwich",
    "coverage",
    "model_based_errors",
    "rank_errors",
    "rank_lengths",
    "real_rank_errors",
    "small_samples",
    "width_by_models",
]

_ALPHA = 0.05
_TAILS = (_ALPHA / 2, 1 - _ALPHA / 2)
_METHODS = ("chi2", "max_t_pairs", "pointwise")


def coverage(trial: Trial) -> Quality:
    """CA-11: share of 95 % sandwich intervals of ξ_m − ξ_1 that hold the truth, M models and n votes.

    `coverage_M_n` and `width_M_n` (natural units), one value a seed.
    """
    work = workload_of(trial, Coverage)
    values: dict[str, list[float]] = {}
    for done, seed in enumerate(trial.seeds):
        for models in work.models:
            for votes in work.votes:
                covered, width = _covered(work, models, votes, seed)
                found = {"coverage": covered, "width": width}
                for name, value in found.items():
                    values.setdefault(f"{name}_{models}_{votes}", []).append(value)
        trial.progress(done + 1, len(trial.seeds))
    return Quality(values)


def width_by_models(trial: Trial) -> Quality:
    """CA-12: mean width of those intervals against the number of models, at the last number of votes."""
    work = workload_of(trial, Coverage)
    lines = [tuple(_covered(work, models, work.votes[-1], seed)[1] for models in work.models) for seed in trial.seeds]
    return Quality({}, {"width": Curve(x=tuple(map(float, work.models)), y=tuple(lines), x_name="models")})


def bootstrap_and_sandwich(trial: Trial) -> Quality:
    """CA-13: width of 95 % bootstrap intervals over that of the sandwich, on the Arena's votes.

    `ratio`, its median over models; `deviation`, |ratio − 1|; `least` and `greatest` over models. Percentile and pivot
    intervals are equally wide.
    """
    work = workload_of(trial, Bootstraps)
    battles = arena_table().battles()
    fit = fit_bradley_terry(battles)
    sandwich = 2 * z_value(1 - _ALPHA) * standard_errors(sandwich_covariance(battles, fit.ratings))
    values: dict[str, list[float]] = {"ratio": [], "deviation": [], "least": [], "greatest": []}
    for done, seed in enumerate(trial.seeds):
        low, high = np.quantile(_compiled_bootstrap(battles, fit.ratings, work.draws, seed), _TAILS, axis=0)
        ratio = (high - low) / sandwich
        values["ratio"].append(float(np.median(ratio)))
        values["deviation"].append(abs(float(np.median(ratio)) - 1))
        values["least"].append(float(ratio.min()))
        values["greatest"].append(float(ratio.max()))
        trial.progress(done + 1, len(trial.seeds))
    return Quality(values)


def _compiled_bootstrap(battles: Battles, ratings: Floats, draws: int, seed: int) -> Floats:
    """Multinomial draws (draws, M) by the kernel, for many votes; raises VotesError where one has no maximum."""
    import torch

    from claimbench.kernels import bootstrap_ratings as compiled

    first, second, counts = (
        torch.from_numpy(np.array(column, dtype=np.int64)) for column in (battles.first, battles.second, battles.counts)
    )
    drawn = compiled(
        first, second, counts, torch.from_numpy(ratings.copy()), draws, seed, "multinomial"
    ).ratings.numpy()
    if np.isnan(drawn).any():
        raise VotesError(f"{np.isnan(drawn[:, 0]).sum()} of {draws} draws have no unique maximum: give more votes")
    return drawn


def small_samples(trial: Trial) -> Quality:
    """CA-14: sandwich against bootstrap on n of the votes on the Arena's busiest models.

    `ratio_n`, mean width of the sandwich's intervals over that of the bootstrap's, and `inverse_n`; `steadiness_n`, how
    many times the sandwich's relative deviation from sample to sample the bootstrap's is, both on average over models.
    """
    work = workload_of(trial, Subsamples)
    arena = busiest(work.models)
    names = tuple(str(m) for m in range(work.models))
    values: dict[str, list[float]] = {}
    for done, seed in enumerate(trial.seeds):
        for votes in work.votes:
            generator = np.random.default_rng([seed, votes])
            widths = np.empty((2, work.samples, work.models))
            for sample in range(work.samples):
                counts = generator.multivariate_hypergeometric(arena.counts.ravel(), votes).reshape(-1, 3)
                battles = from_counts(arena.first, arena.second, counts, names)
                drawn = bootstrap_ratings(battles, work.draws, generator)
                low, high = drawn.percentile()
                covariance = sandwich_covariance(battles, drawn.estimate)
                widths[:, sample] = 2 * z_value(1 - _ALPHA) * standard_errors(covariance), high - low
            ratio = float((widths[0] / widths[1]).mean())
            varies = (widths.std(axis=1, ddof=1) / widths.mean(axis=1)).mean(axis=1)
            found = {"ratio": ratio, "inverse": 1 / ratio, "steadiness": float(varies[1] / varies[0])}
            for name, value in found.items():
                values.setdefault(f"{name}_{votes}", []).append(value)
        trial.progress(done + 1, len(trial.seeds))
    return Quality(values)


def rank_errors(trial: Trial) -> Quality:
    """CA-15: how often any model's true rank lies outside its interval, by the arm's `method`.

    `chi2` and `max_t_pairs` as in `stats.ranking.rank_intervals`; `pointwise` takes models whose own 95 % intervals do
    not meet as apart. One value a seed of `fwer_M`, and of `length_M`, the mean length of the intervals, with
    Figure 6's strengths; `fwer_equal_M` where all models are equal.
    """
    work, method = workload_of(trial, RankSets), _method(trial)
    values: dict[str, list[float]] = {}
    for done, seed in enumerate(trial.seeds):
        for models in work.models:
            generator = np.random.default_rng([seed, models])
            drawn = _strengths(work, models, generator)
            for label, strengths in (("", drawn), ("equal_", np.zeros_like(drawn))):
                fits = fit_all(draw_counts(strengths, work.votes[-1], generator))
                critical = _critical(fits, method, work.draws, generator)
                best, worst = rank_sets(fits, critical, pairs=method == "max_t_pairs")
                wrong = misses((best, worst), strengths)
                values.setdefault(f"fwer_{label}{models}", []).append(float(wrong.mean()))
                values.setdefault(f"length_{label}{models}", []).append(float((worst - best + 1).mean()))
        trial.progress(done + 1, len(trial.seeds))
    return Quality(values)


def real_rank_errors(trial: Trial) -> Quality:
    """CA-15d: the same in the Arena's own design: `fwer` and `length`, one value a seed.

    Votes of each pair, as many as it had, are drawn from the Bradley–Terry ratings of the real ones. A further method,
    `anchored`, takes models as apart whose 95 % intervals above the leaderboard's anchor do not meet.
    """
    work, method = workload_of(trial, RealRanks), _method(trial, (*_METHODS, "anchored"))
    battles = arena_table().battles()
    truth, anchor = fit_bradley_terry(battles).ratings, index_of(ANCHOR, battles)
    win, loss = win_and_loss(truth[battles.first] - truth[battles.second])
    tie = 4 * work.tie_rate * win * loss
    outcomes, games = np.stack([loss - tie / 2, tie, win - tie / 2], axis=1), battles.games.astype(np.int64)
    values: dict[str, list[float]] = {"fwer": [], "length": []}
    for done, seed in enumerate(trial.seeds):
        generator = np.random.default_rng(seed)
        wrong, length = list[float](), list[float]()
        for _ in range(work.replications):
            drawn = Battles(
                battles.models, battles.first, battles.second, generator.multinomial(games, outcomes).astype(np.float64)
            )
            ratings = fit_bradley_terry(drawn, truth).ratings
            best, worst = _intervals(
                ratings, sandwich_covariance(drawn, ratings), method, work.draws, generator, anchor
            )
            wrong.append(float(misses((best[None], worst[None]), truth[None])[0]))
            length.append(float((worst - best + 1).mean()))
        values["fwer"].append(float(np.mean(wrong)))
        values["length"].append(float(np.mean(length)))
        trial.progress(done + 1, len(trial.seeds))
    return Quality(values)


def rank_lengths(trial: Trial) -> Exact:
    """CA-15b: mean length of the 129 rank intervals on the Arena's votes, by the paper's set and by ours."""
    battles = arena_table().battles()
    ratings = fit_bradley_terry(battles).ratings
    covariance = sandwich_covariance(battles, ratings)
    length: dict[str, float] = {}
    for name in ("chi2", "max_t_pairs"):
        best, worst = rank_intervals(ratings, covariance, _ALPHA, name)
        length[name] = float((worst - best + 1).mean())
    return Exact({"ratio": length["max_t_pairs"] / length["chi2"]})


def model_based_errors(trial: Trial) -> Exact:
    """CA-16: how far standard errors by the inverse Fisher information are from the sandwich's, as a share.

    `deviation` of their median ratio from 1 on the Arena's votes, and `deviation_decisive` on those that are no ties.
    """
    battles = arena_table().battles()
    lost, _, won = battles.counts.T
    decisive = from_counts(battles.first, battles.second, np.stack([lost, 0 * lost, won], axis=1), battles.models)
    checks: dict[str, float | tuple[float, float]] = {}
    for name, votes in (("deviation", battles), ("deviation_decisive", decisive)):
        ratings = fit_bradley_terry(votes).ratings
        ratio = standard_errors(model_covariance(votes, ratings)) / standard_errors(sandwich_covariance(votes, ratings))
        checks[name] = abs(float(np.median(ratio)) - 1)
    return Exact(checks)


def _strengths(work: Coverage | RankSets, models: int, generator: np.random.Generator) -> Floats:
    """(R, M), as Figure 6 draws them."""
    drawn = beta_strengths(work.replications * models, generator, work.gamma)
    return drawn.reshape(work.replications, models)


def _covered(work: Coverage, models: int, votes: int, seed: int) -> tuple[float, float]:
    """Share of intervals that hold the truth, and their mean width."""
    generator = np.random.default_rng([seed, models, votes])
    strengths = _strengths(work, models, generator)
    fits = fit_all(draw_counts(strengths, votes, generator))
    error = (fits.ratings - fits.ratings[:, :1]) - (strengths - strengths[:, :1])
    half = z_value(1 - _ALPHA) * fits.standard_errors(reference=0)
    inside = np.abs(error) <= half
    return float(inside[:, 1:].mean()), float(2 * half[:, 1:].mean())


def _method(trial: Trial, known: tuple[str, ...] = _METHODS) -> str:
    method = str(trial.option("method"))
    if method not in known:
        raise UnknownName("method", method, known)
    return method


def _critical(fits: Fits, method: str, draws: int, generator: np.random.Generator) -> Floats | float:
    if method == "pointwise":
        return z_value(1 - _ALPHA)
    if method == "chi2":
        return critical_value(fits.covariance[0], _ALPHA, "chi2")
    return np.array([critical_value(one, _ALPHA, "max_t_pairs", generator, draws) for one in fits.covariance])


def _intervals(
    ratings: Floats, covariance: Floats, method: str, draws: int, generator: np.random.Generator, anchor: int
) -> tuple[Integers, Integers]:
    if method in ("chi2", "max_t_pairs"):
        kind = "chi2" if method == "chi2" else "max_t_pairs"
        return rank_intervals(ratings, covariance, _ALPHA, kind, generator, draws)
    errors = anchored_errors(covariance, anchor) if method == "anchored" else standard_errors(covariance)
    above = ratings[:, None] - ratings > z_value(1 - _ALPHA) * (errors[:, None] + errors)
    return 1 + above.sum(axis=0), ratings.size - above.sum(axis=1)
