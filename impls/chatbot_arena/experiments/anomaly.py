"""Anomalous users (Sections 5.1 and 7.2): validity by enumeration, error rates on simulated users and real workers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, cast

import numpy as np

from claimbench.errors import UnknownName
from claimbench.impls.chatbot_arena.anomaly import (
    fisher,
    p_value_ends,
    p_values,
    randomized_p_values,
    shipped,
    two_sided,
)
from claimbench.impls.chatbot_arena.ballots import OUTCOMES, Ballots
from claimbench.impls.chatbot_arena.data import llmfao
from claimbench.impls.chatbot_arena.e_process import Tolerance, e_process, log_e_values
from claimbench.impls.chatbot_arena.experiments.real import busiest
from claimbench.impls.chatbot_arena.users import HELD_OUT, KNOWN, Arena
from claimbench.impls.chatbot_arena.workers import real_workers
from claimbench.impls.common.workload import workload_of
from claimbench.papers.chatbot_arena.simulated import Crowd, Injection, PairHistory
from claimbench.stats.ranking.arrays import Floats, Integers
from claimbench.trial import Exact, Quality, Trial

__all__ = ["detection", "injection", "p_value_validity"]

P: TypeAlias = Callable[[Ballots, Integers, np.random.Generator], Floats]
_P_VALUES: Mapping[str, P] = {
    "printed": lambda ballots, history, random: p_values(ballots, history),
    "randomized": randomized_p_values,
    "two_sided": lambda ballots, history, random: two_sided(randomized_p_values(ballots, history, random)),
}
_FAMILIES = {**KNOWN, **HELD_OUT}


def p_value_validity(trial: Trial) -> Exact:
    """How far P(p ≤ t) passes t, over all histories of a pair and all votes, weighed by their probabilities.

    `printed`: the largest P(p ≤ t) − t of equation 10, which must not be above 0. `randomized`: the largest
    |P(p ≤ t) − t|, which must be 0.
    """
    work = workload_of(trial, PairHistory)
    excess, error = -np.inf, 0.0
    for n in work.votes:
        history = np.array([(a, b, n - a - b) for a in range(n + 1) for b in range(n + 1 - a)])
        pair, outcome = (x.reshape(1, -1) for x in np.indices((len(history), OUTCOMES)))
        low, high = p_value_ends(Ballots(pair, outcome, np.zeros_like(pair, dtype=bool)), history)
        levels = np.arange(1, 2 * n + 3) / (2 * n + 2)
        below = np.clip((levels - low[0, :, None]) / (high - low)[0, :, None], 0, 1)
        for shares in work.shares:
            chance = (_multinomial(history, np.array(shares))[:, None] * np.array(shares)).ravel()
            # Levels are multiples of half a step: a comparison with room for rounding reads them as they are meant.
            printed = chance @ (high[0, :, None] <= levels + 1e-9)
            excess = max(excess, float((printed - levels).max()))
            error = max(error, float(np.abs(chance @ below - levels).max()))
    return Exact({"printed": excess, "randomized": error})


def detection(trial: Trial) -> Quality:
    """Share of honest users and of the bots of each family that are flagged, `fpr` and `tpr_FAMILY`, one value a seed.

    `tnr` is 1 − `fpr`; `evidence` is the mean over honest votes of −ln p, which is 1 for a uniform p, or of ln E by
    vote. Options of the arm: `detector`, one of `printed`, `randomized`, `two_sided` (Fisher's combination at five
    looks), `shipped` and `e_process`; `alpha`.
    """
    work = workload_of(trial, Crowd)
    real = busiest(work.models)
    met = real.shown > 0
    arena = Arena(np.stack([real.first, real.second], axis=1)[met], real.counts[met])
    families = {"known": KNOWN, "held_out": HELD_OUT}[work.families]
    values: dict[str, list[float]] = {}
    for done, seed in enumerate(trial.seeds):
        random = np.random.default_rng([seed, work.users])
        history = arena.history(random)
        for name in (None, *families):
            ballots = arena.honest(work.users, work.votes, random)
            if name is not None:
                ballots = ballots.voting(families[name](ballots, arena.models[ballots.pair], random))
            seen = _detect(trial, ballots, history, random)
            if name is not None:
                values.setdefault(f"tpr_{name}", []).append(seen.flagged)
                continue
            values.setdefault("fpr", []).append(seen.flagged)
            values.setdefault("tnr", []).append(1 - seen.flagged)
            if seen.evidence is not None:
                values.setdefault("evidence", []).append(seen.evidence)
        trial.progress(done + 1, len(trial.seeds))
    return Quality(values)


def injection(trial: Trial) -> Quality:
    """Share of the bots in real workers' place flagged after N votes, `tpr_FAMILY_N`, and of workers not, `spared_N`.

    Whether the real workers are honest is not known. Options of the arm: `tolerant`, whether honest users may lean;
    `alpha`.
    """
    work = workload_of(trial, Injection)
    votes = llmfao(trial.data("llmfao_crowd"))
    shown = np.stack([votes.first, votes.second], axis=1)
    last = work.votes[-1]
    people = real_workers(shown, votes.outcome.astype(np.int64), votes.judge, least_votes=last, groups=work.groups)
    tolerance = Tolerance() if trial.option("tolerant") else None
    alpha = cast(float, trial.option("alpha"))
    values: dict[str, list[float]] = {}
    for seed in trial.seeds:
        random = np.random.default_rng([seed, last])
        flagged: dict[str, list[Floats]] = {}
        for person in (person.first_votes(last) for person in people):
            flagged.setdefault("real", []).append(e_process(person.ballots, person.history, alpha, tolerance))
            copies = person.ballots.repeat(work.copies)
            for name, family in _FAMILIES.items():
                bots = copies.voting(family(copies, np.repeat(person.shown, work.copies, axis=0), random))
                flagged.setdefault(name, []).append(e_process(bots, person.history, alpha, tolerance))
        for name, found in flagged.items():
            for count in work.votes:
                share = float((np.concatenate(found) <= count).mean())
                metric, value = (f"spared_{count}", 1 - share) if name == "real" else (f"tpr_{name}_{count}", share)
                values.setdefault(metric, []).append(value)
    return Quality(values)


@dataclass(frozen=True)
class _Seen:
    """What a detector made of some users."""

    flagged: float
    """Share of them that are flagged."""
    evidence: float | None = None
    """Mean evidence of a vote."""


def _detect(trial: Trial, ballots: Ballots, history: Integers, random: np.random.Generator) -> _Seen:
    name, alpha = str(trial.option("detector")), cast(float, trial.option("alpha"))
    if name in _P_VALUES:
        p = _P_VALUES[name](ballots, history, random)
        return _Seen(_share(fisher(p, alpha, random)), float(-np.log(p).mean()))
    if name == "shipped":
        return _Seen(_share(shipped(ballots, history, alpha)))
    if name == "e_process":
        log_e = log_e_values(ballots, history)
        return _Seen(float((log_e.max(axis=1) >= -np.log(alpha)).mean()), float(log_e[:, -1].mean() / log_e.shape[1]))
    raise UnknownName("detector", name, [*_P_VALUES, "shipped", "e_process"])


def _share(flagged_at: Floats) -> float:
    return float(np.isfinite(flagged_at).mean())


def _multinomial(counts: Integers, shares: Floats) -> Floats:
    """Probability of each row of counts."""
    from scipy.special import gammaln, xlogy

    logs = gammaln(counts.sum(axis=1) + 1) - gammaln(counts + 1).sum(axis=1) + xlogy(counts, shares).sum(axis=1)
    return np.exp(logs)
