"""CA-07 and CA-38: what a tie counts as, and models in which it is an outcome of its own."""

from __future__ import annotations

import numpy as np

from claimbench.impls.chatbot_arena.data import arena_table
from claimbench.impls.chatbot_arena.errata import minimizer
from claimbench.stats.ranking.bradley_terry import fit_bradley_terry
from claimbench.stats.ranking.goodness import held_out
from claimbench.stats.ranking.ties import fit_davidson, fit_rao_kupper
from claimbench.stats.ranking.votes import from_counts
from claimbench.trial import Exact, Trial

__all__ = ["encodings", "likelihoods", "unseen_pairs"]


def encodings(trial: Trial) -> Exact:
    """CA-07: largest difference of ratings, natural units, from a tie as half a win of either.

    `duplicated`: every vote twice, a tie once as a win and once as a loss; `half_weights`: a tie as a win and a loss
    that weigh ½ each; `soft_label`: cross-entropy against a label of ½, minimised by other code.
    """
    battles = arena_table().battles()
    lost, tie, won = battles.counts.T
    none = np.zeros_like(tie)
    halves = fit_bradley_terry(battles).ratings
    found = {
        "duplicated": np.stack([2 * lost + tie, none, 2 * won + tie], axis=1),
        "half_weights": np.stack([lost + tie / 2, none, won + tie / 2], axis=1),
    }
    checks: dict[str, float | tuple[float, float]] = {}
    for name, counts in found.items():
        rows = from_counts(battles.first, battles.second, counts, battles.models)
        checks[name] = float(np.abs(fit_bradley_terry(rows).ratings - halves).max())
    second = 1 - battles.score / battles.games
    soft = minimizer(battles.first, battles.second, second, battles.games, as_printed=False)
    checks["soft_label"] = float(np.abs(soft - halves).max())
    return Exact(checks)


def likelihoods(trial: Trial) -> Exact:
    """CA-38: mean negative log-likelihood of the Arena's votes, "both are bad" left out, of three fitted models."""
    battles = arena_table().battles("drop")
    fits = {
        "bradley_terry": fit_bradley_terry(battles),
        "rao_kupper": fit_rao_kupper(battles),
        "davidson": fit_davidson(battles),
    }
    return Exact({name: -fit.log_likelihood / battles.votes for name, fit in fits.items()})


def unseen_pairs(trial: Trial) -> Exact:
    """CA-38b: log score of votes on pairs that took no part in the fit, natural units a vote, in ten folds of pairs.

    `rao_kupper_over_davidson`, and `davidson_over_constant`, the latter Bradley–Terry's odds of a decisive vote with
    the same share of ties on every pair.
    """
    battles = arena_table().battles("drop")
    lost, tie, won = battles.counts.T
    votes, ties = battles.votes, float(tie.sum())
    rao_kupper, davidson = held_out(battles, fit_rao_kupper), held_out(battles, fit_davidson)
    decisive = from_counts(battles.first, battles.second, np.stack([lost, 0 * tie, won], axis=1), battles.models)
    odds = held_out(decisive, fit_bradley_terry)
    entropy = (ties * np.log(ties / votes) + (votes - ties) * np.log(1 - ties / votes)) / votes
    constant = entropy + (1 - ties / votes) * odds.log_score
    return Exact(
        {
            "rao_kupper_over_davidson": rao_kupper.log_score - davidson.log_score,
            "davidson_over_constant": davidson.log_score - float(constant),
            "pairs_left_out": float(len(rao_kupper.unidentified + davidson.unidentified + odds.unidentified)),
        }
    )
