r"""A test that may look after every vote: a mixture of bets against exchangeable votes.

**Conformal share.** A vote on pair a with outcome y has the share s = (c_y + 1)/(n + 1), c_y and n being the votes of
others on the pair and the user's own before it, with that outcome and in all: the share of y once the vote is among
them. It is what equation 10 does, outcome by outcome. Given the bag of all these votes, an honest user's are drawn from
it without replacement, which has the probability Π s_t. Hence two kinds of bets have E[E_n] ≤ 1 exactly, whatever the
pairs' true probabilities and however few the votes of others:

- Π q_t(y_t)/s_t, where q_t predicts from the user's earlier votes: over all y that the bag allows,
  Σ_y Π s_t · Π q_t/s_t = Σ_y Π q_t ≤ 1;
- Π f_t, where f_t depends on the vote and the bag that it is in, and averages to at most 1 over that bag: by induction
  from the last vote to the first. f = λ q(y)/s + (1 − λ) is one, for a habit q that is followed in a share λ of the
  votes, and so is the reversed vote, q(y) the share of the opposite outcome.

So has their equal mixture, and P(E_n ≥ 1/α) ≤ α by Markov's inequality. As the votes of others become many, s becomes
the probability of y, E_n a martingale, and Ville's inequality gives P(sup_n E_n ≥ 1/α) ≤ α: no number of looks needs a
correction.

**Bets**, fixed by what it can mean to vote without reading: `blind` predicts the next position (left, tie, right) from
how often the user chose each, (k_y + ½)/(t + 3/2), whatever the models are (Krichevsky and Trofimov); `sequence` does
so given the position before. `HABITS` need no learning, or hide among honest votes.

**Tolerance.** Real people are not exchangeable: some hardly ever call a tie, some lean to a side, and the test above
flags them. With a `Tolerance` the honest votes have probabilities ∝ s(y) exp(τ 1{tie} + σ (1{left} − 1{right})) with τ
and σ of the user's own, within bounds, and the bets are held against the largest likelihood that any τ and σ give
(universal inference; s is then taken for the truth). Votes that follow neither the shares nor a mild leaning stand out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from claimbench.impls.chatbot_arena.anomaly import first_crossing
from claimbench.impls.chatbot_arena.ballots import OUTCOMES, Ballots, own_votes
from claimbench.stats.ranking.arrays import Floats, Integers

__all__ = ["HABITS", "Habit", "Tolerance", "e_process", "log_e_values"]


@dataclass(frozen=True)
class Habit:
    """A way to vote that is followed in some of the votes, while the others are honest."""

    share: float
    """λ: share of the votes in which it is followed."""
    position: tuple[float, float, float] | None
    """Probabilities of right, tie and left; None for the opposite of the honest vote."""


_BUTTONS = (0.25, 0.5, 0.25)  # left, right, tie and both bad at random, two of them ties
HABITS = (
    Habit(0.95, _BUTTONS),
    Habit(0.5, _BUTTONS),
    Habit(0.95, None),
    Habit(0.5, None),
    Habit(0.5, (1.0, 0.0, 0.0)),
    Habit(0.5, (0.0, 1.0, 0.0)),
    Habit(0.5, (0.0, 0.0, 1.0)),
)


@dataclass(frozen=True)
class Tolerance:
    """How far an honest user may lean, in nats."""

    tie: float = 1.0
    """|τ|: a user may call ties e^τ times as often, against wins, as others do."""
    side: float = 0.5
    """|σ|: a user may prefer one side to the other e^2σ times as often as others do."""
    steps: int = 9
    """Values of each that are tried, at equal distances between the bounds."""

    def tilts(self) -> Floats:
        """What every τ and σ adds to the logarithms of right, tie and left (steps², 3)."""
        tie, side = np.meshgrid(*(np.linspace(-end, end, self.steps) for end in (self.tie, self.side)))
        return np.stack([-side.ravel(), tie.ravel(), side.ravel()], axis=-1)


def log_e_values(ballots: Ballots, history: Integers, tolerance: Tolerance | None = None) -> Floats:
    """ln E after every vote (users, votes); `history` is (pairs, 3) votes of others by outcome."""
    others = history[ballots.pair] + own_votes(ballots, earlier=True)
    seen = np.where(ballots.swapped[..., None], others[..., ::-1], others).astype(np.float64)
    position = ballots.position
    mine = np.take_along_axis(seen, position[..., None], axis=-1)[..., 0] + 1
    share = mine / (seen.sum(axis=-1) + 1)
    bets = [np.log(q / share) for q in _predictions(position)]
    for habit in HABITS:
        if habit.position is None:
            opposite = np.take_along_axis(seen, 2 - position[..., None], axis=-1)[..., 0] + (position == 1)
            odds = opposite / mine
        else:
            odds = np.asarray(habit.position)[position] / share
        bets.append(np.log(habit.share * odds + 1 - habit.share))
    wealth = np.stack(bets).cumsum(axis=-1)
    log_e = np.logaddexp.reduce(wealth, axis=0) - np.log(len(wealth))
    return log_e if tolerance is None else log_e - _leaning(seen, position, tolerance)


def e_process(ballots: Ballots, history: Integers, alpha: float = 0.04, tolerance: Tolerance | None = None) -> Floats:
    """Votes after which E first reaches 1/α, for every user; infinite where it never does."""
    return first_crossing(log_e_values(ballots, history, tolerance) >= -np.log(alpha))


def _leaning(seen: Floats, position: Integers, tolerance: Tolerance) -> Floats:
    """Logarithm of the largest likelihood that a leaning gives the votes so far, over that of none (users, votes)."""
    share = (seen + 1) / (seen.sum(axis=-1, keepdims=True) + OUTCOMES)
    best = np.full(position.shape, -np.inf)
    for tilt in tolerance.tilts():
        factor = np.exp(tilt)
        gain = tilt[position] - np.log(share @ factor)
        best = np.maximum(best, gain.cumsum(axis=-1))
    return best


def _predictions(position: Integers) -> tuple[Floats, Floats]:
    """Probability that `blind` and `sequence` gave to each vote from the user's earlier ones (users, votes)."""
    chosen = np.eye(OUTCOMES)[position]
    blind = chosen.cumsum(axis=1) - chosen
    steps = np.zeros((*chosen.shape, OUTCOMES))
    steps[:, 1:] = chosen[:, :-1, :, None] * chosen[:, 1:, None, :]
    before = steps.cumsum(axis=1) - steps
    sequence = np.zeros_like(chosen)
    sequence[:, 1:] = np.take_along_axis(before[:, 1:], position[:, :-1, None, None], axis=2)[:, :, 0]
    return _krichevsky_trofimov(blind, position), _krichevsky_trofimov(sequence, position)


def _krichevsky_trofimov(counts: Floats, position: Integers) -> Floats:
    chosen = np.take_along_axis(counts, position[..., None], axis=-1)[..., 0]
    return (chosen + 0.5) / (counts.sum(axis=-1) + OUTCOMES / 2)
