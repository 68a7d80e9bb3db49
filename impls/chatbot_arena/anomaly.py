r"""Which users vote like nobody else: the test of Section 5.1 as printed, its repairs, and the one that was shipped.

Equation 10 gives a vote H on pair a the p-value (1 + #{h ∈ H_a: h ≥ H}) / (|H_a| + 1), H_a being the votes of others.
Where H is exchangeable with them, P(p ≤ t) ≤ t (Appendix C). With three outcomes it is far from equality: a vote for
the first model has p = 1, and −2 Σ ln p grows by less than the 2 a vote of the χ² that it is held against. The
randomised p-value puts a uniform share of the equal votes in place of all of them and is uniform exactly.

Every test returns, for each user, the number of votes after which the user is flagged; infinite where never.
"""

from __future__ import annotations

import numpy as np

from claimbench.impls.chatbot_arena.ballots import Ballots, own_votes
from claimbench.stats.ranking.arrays import Floats, Integers

__all__ = ["first_crossing", "fisher", "p_value_ends", "p_values", "randomized_p_values", "shipped", "two_sided"]


def p_value_ends(ballots: Ballots, history: Integers) -> tuple[Floats, Floats]:
    """(#{h > H}, #{h > H} + #{h = H} + 1) / (|H_a| + 1), between which a randomised p-value lies (users, votes) each.

    `history` is (pairs, 3) votes of others by outcome. The upper end is equation 10 as printed.
    """
    others = history[ballots.pair].astype(np.float64)
    at_least = others[..., ::-1].cumsum(axis=-1)[..., ::-1]
    chosen = ballots.outcome[..., None]
    equal = np.take_along_axis(others, chosen, axis=-1)[..., 0]
    upper = np.take_along_axis(at_least, chosen, axis=-1)[..., 0]
    whole = at_least[..., 0] + 1
    return (upper - equal) / whole, (upper + 1) / whole


def p_values(ballots: Ballots, history: Integers) -> Floats:
    """Equation 10 as printed (users, votes)."""
    return p_value_ends(ballots, history)[1]


def randomized_p_values(ballots: Ballots, history: Integers, random: np.random.Generator) -> Floats:
    """A uniform point between the ends: uniform on (0, 1) itself where H is exchangeable with H_a (users, votes)."""
    low, high = p_value_ends(ballots, history)
    # 1 − U is never 0, whose logarithm would decide alone.
    return low + (1 - random.uniform(size=low.shape)) * (high - low)


def two_sided(p: Floats) -> Floats:
    """A p-value that is small at both ends of a uniform one, and uniform again."""
    return 1 - np.abs(2 * p - 1)


def fisher(p: Floats, alpha: float, random: np.random.Generator, looks: int = 5) -> Floats:
    """M_j = −2 Σ_{i≤j} ln p_i against χ²_{2j, 1−α/looks} at `looks` votes j of each user, drawn without replacement."""
    from scipy.special import chdtri

    users, votes = p.shape
    statistic = -2 * np.log(p).cumsum(axis=1)
    above = statistic >= chdtri(2.0 * np.arange(1, votes + 1), alpha / looks)
    looked = random.permuted(np.tile(np.arange(votes) < looks, (users, 1)), axis=1)
    return first_crossing(above & looked)


def shipped(ballots: Ballots, history: Integers, alpha: float = 0.05) -> Floats:
    """FastChat's detector, which is not the paper's: Π 1/(2p) > 1/α from above or from below, after every vote.

    p is the share of the pair's decisive votes, the user's own among them, that are at most (at least) H; ties are left
    out of that share, but H = ½ is held against it. 1/(2p) is no e-value: its mean over honest votes passes 1 where a
    pair is lopsided and ties are common.
    """
    decisive = history[ballots.pair] + own_votes(ballots, earlier=False)
    lost, won = (decisive[..., outcome].astype(np.float64) for outcome in (0, 2))
    flags = np.zeros(ballots.pair.shape, dtype=bool)
    for share, whole in ((lost, 2), (won, 0)):
        # A pair without a decisive vote has no share, and the product is never again above anything; 1/0 is infinite.
        with np.errstate(divide="ignore", invalid="ignore"):
            p = np.where(ballots.outcome == whole, 1.0, share / (lost + won))
            flags |= np.cumsum(-np.log(2 * p), axis=1) > -np.log(alpha)
    return first_crossing(flags)


def first_crossing(above: Floats | np.ndarray) -> Floats:
    """Votes up to the first that is true, counted from 1, in every row; infinite where none is."""
    return np.where(above.any(axis=1), above.argmax(axis=1) + 1.0, np.inf)
