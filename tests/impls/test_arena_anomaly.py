"""Tests of users: p-values and bets by enumeration, error rates by simulation, bots that do what they are named for."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import Generator, default_rng

from claimbench.impls.chatbot_arena.anomaly import (
    fisher,
    p_value_ends,
    p_values,
    randomized_p_values,
    shipped,
    two_sided,
)
from claimbench.impls.chatbot_arena.ballots import Ballots, own_votes
from claimbench.impls.chatbot_arena.e_process import HABITS, Tolerance, e_process, log_e_values
from claimbench.impls.chatbot_arena.users import HELD_OUT, KNOWN, Arena
from claimbench.impls.chatbot_arena.workers import real_workers
from claimbench.stats.ranking.arrays import Floats, Integers

FAMILIES = {**KNOWN, **HELD_OUT}


def arena(seed: int = 0, models: int = 8, votes: int = 400) -> Arena:
    """An arena with strong and weak models and a third of ties."""
    first, second = np.triu_indices(models, 1)
    # Names say nothing about strength.
    xi = default_rng(20).permutation(np.linspace(-1.5, 1.5, models))
    won = 1 / (1 + np.exp(xi[second] - xi[first]))
    shares = np.stack([(1 - won) * 0.67, np.full(len(first), 0.33), won * 0.67], axis=1)
    return Arena(np.stack([first, second], axis=1), default_rng(seed).multinomial(votes, shares))


def ballots(random: Generator, users: int = 6, votes: int = 20, pairs: int = 4) -> Ballots:
    shape = (users, votes)
    return Ballots(random.integers(pairs, size=shape), random.integers(3, size=shape), random.uniform(size=shape) < 0.5)


def of_one_user(outcomes: list[int]) -> Ballots:
    row = np.array([outcomes])
    return Ballots(np.zeros_like(row), row, np.zeros(row.shape, dtype=bool))


def test_equation_10_by_hand():
    history = np.array([[1, 2, 4]])
    assert p_values(of_one_user([0, 1, 2]), history)[0] == pytest.approx([8 / 8, 7 / 8, 5 / 8])
    low, high = p_value_ends(of_one_user([0, 1, 2]), history)
    assert low[0] == pytest.approx([6 / 8, 4 / 8, 0])
    assert high[0] == pytest.approx([1, 7 / 8, 5 / 8])


def test_honest_votes_have_half_of_what_fishers_test_expects_of_them_by_equation_10():
    """E[-2 ln p] is at most 2 exp(1/e - 1) a vote, whatever the shares of the outcomes: the README's derivation."""
    counts = 25_000 * np.array([(a, b, 40 - a - b) for a in range(1, 39) for b in range(1, 40 - a)])
    pair, outcome = np.indices((len(counts), 3))
    p = p_values(Ballots(pair, outcome, np.zeros_like(pair, dtype=bool)), counts)
    mean = (counts / 1_000_000 * -2 * np.log(p)).sum(axis=1)
    assert mean.max() == pytest.approx(2 * math.exp(1 / math.e - 1), abs=0.005)
    assert mean.max() <= 2 * math.exp(1 / math.e - 1)


def histories(n: int) -> Iterator[tuple[int, int, int]]:
    """Every way in which n votes can have come out."""
    return ((a, b, n - a - b) for a in range(n + 1) for b in range(n + 1 - a))


@pytest.mark.parametrize("n", [1, 4, 9])
@pytest.mark.parametrize("shares", [(0.2, 0.3, 0.5), (0.9, 0.1, 0.0), (0.02, 0.08, 0.9)])
def test_printed_p_values_are_super_uniform_and_randomised_ones_uniform_by_enumeration(n, shares):
    levels = np.arange(1, n + 2) / (n + 1)
    printed, uniform = np.zeros(n + 1), np.zeros(n + 1)
    for history in histories(n):
        weight = math.factorial(n) * math.prod(s**c / math.factorial(c) for s, c in zip(shares, history, strict=True))
        (low,), (high,) = p_value_ends(of_one_user([0, 1, 2]), np.array([history]))
        for outcome in range(3):
            chance = weight * shares[outcome]
            printed += chance * (high[outcome] <= levels + 1e-12)
            uniform += chance * np.clip((levels - low[outcome]) / (high[outcome] - low[outcome]), 0, 1)
    assert (printed <= levels + 1e-12).all()
    assert uniform == pytest.approx(levels, abs=1e-12)
    assert printed[0] < levels[0]


def test_two_sided_p_values_are_uniform_and_small_at_both_ends():
    p = default_rng(0).uniform(size=100_000)
    assert np.histogram(two_sided(p), bins=10, range=(0, 1))[0] == pytest.approx(10_000, rel=0.04)
    assert two_sided(np.array([0.01, 0.5, 0.99])) == pytest.approx([0.02, 1.0, 0.02])


def chi_squared_survival(statistic: float, votes: int) -> float:
    """P(χ² > statistic) with two degrees of freedom a vote: e^−x Σ_{i<votes} xⁱ/i!, x half of it."""
    x = statistic / 2
    return math.exp(-x) * sum(x**i / math.factorial(i) for i in range(votes))


def test_fisher_looks_at_five_votes_of_each_user_against_chi_squared():
    p = np.concatenate([np.full(8, 0.9), np.full(14, 0.03), np.full(18, 0.8)])
    statistic = -2 * np.log(p).cumsum()
    above = {j for j in range(1, 41) if chi_squared_survival(statistic[j - 1], j) <= 0.1 / 5}
    assert 3 < len(above) < 30
    flagged = fisher(np.tile(p, (4000, 1)), 0.1, default_rng(2))
    assert {int(at) for at in flagged[np.isfinite(flagged)]} <= above
    chance = 1 - math.comb(40 - len(above), 5) / math.comb(40, 5)
    assert np.isfinite(flagged).mean() == pytest.approx(chance, abs=0.03)
    everywhere = {j for j in range(1, 41) if chi_squared_survival(statistic[j - 1], j) <= 0.5 / 40}
    assert fisher(p[None], 0.5, default_rng(2), looks=40).tolist() == [min(everywhere)]


@pytest.mark.parametrize("alpha", [0.1, 0.3])
def test_fisher_holds_its_level(alpha: float):
    p = default_rng(3).uniform(size=(6000, 100))
    rate = np.isfinite(fisher(p, alpha, default_rng(4))).mean()
    assert rate <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / 6000)
    assert rate > alpha / 4


def test_the_printed_test_flags_nobody_and_its_evidence_shrinks():
    world, random = arena(), default_rng(5)
    history = world.history(random)
    honest = world.honest(500, 100, random)
    shown = world.models[honest.pair]
    for family in (None, *KNOWN.values()):
        votes = honest if family is None else honest.voting(family(honest, shown, random))
        assert np.isinf(fisher(p_values(votes, history), 0.1, random)).mean() > 0.99
    assert -2 * np.log(p_values(honest, history)).mean() < 1.5
    assert -2 * np.log(randomized_p_values(honest, history, random)).mean() == pytest.approx(2, abs=0.05)


def by_hand_shipped(votes: Ballots, user: int, history: Integers, alpha: float) -> float:
    """FastChat's rule from its description, vote by vote."""
    table = history.tolist()
    for pair, outcome in zip(votes.pair[user], votes.outcome[user], strict=True):
        table[pair][outcome] += 1
    up = down = 1.0
    for number, (pair, outcome) in enumerate(zip(votes.pair[user], votes.outcome[user], strict=True), start=1):
        decisive = [0] * table[pair][0] + [2] * table[pair][2]
        for_up = sum(other <= outcome for other in decisive) / len(decisive)
        for_down = sum(other >= outcome for other in decisive) / len(decisive)
        up = math.inf if for_up == 0 else up / (2 * for_up)
        down = math.inf if for_down == 0 else down / (2 * for_down)
        if max(up, down) > 1 / alpha:
            return number
    return math.inf


def test_the_shipped_detector_agrees_with_its_description():
    random = default_rng(6)
    votes = ballots(random, users=60, votes=25)
    history = np.array([[9, 5, 3], [1, 0, 1], [20, 3, 0], [2, 8, 2]])
    expected = [by_hand_shipped(votes, user, history, 0.05) for user in range(60)]
    assert shipped(votes, history).tolist() == expected
    assert 10 < np.isfinite(expected).sum() < 60


def test_the_shipped_detector_does_not_hold_its_level_on_a_lopsided_pair_with_ties():
    shares = np.array([[0.07, 0.3, 0.63]])
    random = default_rng(7)
    world = Arena(np.array([[0, 1]]), (10_000 * shares).astype(int))
    honest = world.honest(400, 100, random)
    assert np.isfinite(shipped(honest, world.history(random), 0.05)).mean() > 0.3
    assert np.isfinite(e_process(honest, world.history(random), 0.05)).mean() < 0.05


def test_own_votes_are_those_on_the_same_pair():
    votes = ballots(default_rng(8), users=3, votes=12)
    for earlier in (False, True):
        found = own_votes(votes, earlier=earlier)
        for user, t in itertools.product(range(3), range(12)):
            others = [s for s in range(t if earlier else 12) if votes.pair[user, s] == votes.pair[user, t]]
            assert found[user, t].tolist() == [sum(votes.outcome[user, s] == o for s in others) for o in range(3)]


def by_hand_log_e(votes: Ballots, user: int, history: Integers) -> float:
    """ln E after the last vote, bet by bet."""
    positions = votes.position[user].tolist()
    wealth = [0.0] * (2 + len(HABITS))
    for t, y in enumerate(positions):
        pair, swapped = votes.pair[user, t], votes.swapped[user, t]
        bag = history[pair].tolist()
        for s in range(t):
            if votes.pair[user, s] == pair:
                bag[votes.outcome[user, s]] += 1
        bag[votes.outcome[user, t]] += 1
        bag = bag[::-1] if swapped else bag
        share = bag[y] / sum(bag)
        past = positions[:t]
        after = [positions[s] for s in range(1, t) if t and positions[s - 1] == positions[t - 1]]
        odds = [(past.count(y) + 0.5) / (t + 1.5) / share, (after.count(y) + 0.5) / (len(after) + 1.5) / share]
        for habit in HABITS:
            ratio = bag[2 - y] / bag[y] if habit.position is None else habit.position[y] / share
            odds.append(habit.share * ratio + 1 - habit.share)
        wealth = [w + math.log(o) for w, o in zip(wealth, odds, strict=True)]
    return math.log(sum(map(math.exp, wealth)) / len(wealth))


def test_the_mixture_agrees_with_betting_by_hand():
    random = default_rng(9)
    votes, history = ballots(random, users=8, votes=15), random.integers(0, 30, size=(4, 3))
    found = log_e_values(votes, history)
    assert found[:, -1] == pytest.approx([by_hand_log_e(votes, user, history) for user in range(8)], rel=1e-9)
    assert found[:, 6] == pytest.approx(log_e_values(votes.first_votes(7), history)[:, -1], rel=1e-12)


@settings(deadline=None, max_examples=40)
@given(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 5)).filter(lambda bag: sum(bag) >= 4),
    st.lists(st.booleans(), min_size=1, max_size=4),
)
def test_the_mean_of_the_wealth_is_at_most_one_for_every_bag_and_is_one_where_nothing_runs_out(bag, swaps):
    sequences = [
        s for s in itertools.product(range(3), repeat=len(swaps)) if all(s.count(o) <= bag[o] for o in range(3))
    ]
    chances, histories = [], []
    for sequence in sequences:
        left, chance = list(bag), 1.0
        for outcome in sequence:
            chance *= left[outcome] / sum(left)
            left[outcome] -= 1
        chances.append(chance)
        histories.append(left)
    outcomes = np.array(sequences)
    pair = np.broadcast_to(np.arange(len(sequences))[:, None], outcomes.shape)
    votes = Ballots(pair, outcomes, np.broadcast_to(np.array(swaps), outcomes.shape))
    mean = np.array(chances) @ np.exp(log_e_values(votes, np.array(histories))[:, -1])
    assert mean <= 1 + 1e-12
    if min(bag) >= len(swaps):
        assert mean == pytest.approx(1, rel=1e-12)


def test_honest_users_are_flagged_no_more_often_than_ville_allows():
    world, random = arena(), default_rng(10)
    for alpha in (0.04, 0.2):
        flagged = e_process(world.honest(1200, 100, random), world.history(random), alpha)
        assert np.isfinite(flagged).mean() <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / 1200)


def test_the_sum_over_few_votes_of_others_stays_below_the_level_as_well():
    world, random = arena(votes=6), default_rng(11)
    flags = [np.isfinite(e_process(world.honest(40, 100, random), world.history(random), 0.1)) for _ in range(40)]
    assert np.mean(flags) <= 0.1


@pytest.mark.parametrize("family", ["always_first", "inverted", "always_tie", "coin", "alternating", "copy_previous"])
def test_bots_that_never_read_are_flagged_within_a_hundred_votes(family: str):
    world, random = arena(), default_rng(12)
    honest = world.honest(200, 100, random)
    bots = honest.voting(FAMILIES[family](honest, world.models[honest.pair], random))
    assert (e_process(bots, world.history(random)) <= 100).mean() > 0.95


def test_tolerance_spares_those_who_lean_and_still_flags_the_inverted():
    world, random = arena(), default_rng(13)
    history, honest = world.history(random), world.honest(300, 100, random)
    # Six ties in ten are turned into a vote for a side, which one a fair coin says.
    resolved = (honest.position == 1) & (random.uniform(size=honest.pair.shape) < 0.6)
    averse = honest.voting(np.where(resolved, 2 * random.integers(2, size=honest.pair.shape), honest.position))
    plain, tolerant = (np.isfinite(e_process(averse, history, tolerance=t)).mean() for t in (None, Tolerance()))
    assert plain > 0.3 > 0.1 > tolerant
    inverted = honest.voting(2 - honest.position)
    assert np.isfinite(e_process(inverted, history, tolerance=Tolerance())).mean() > 0.9
    assert (log_e_values(honest, history, Tolerance()) <= log_e_values(honest, history) + 1e-9).all()


def test_honest_users_vote_with_the_shares_of_the_pairs():
    world, random = arena(), default_rng(14)
    honest = world.honest(2000, 50, random)
    for pair in (0, 10, 27):
        mine = honest.outcome[honest.pair == pair]
        assert np.bincount(mine, minlength=3) / mine.size == pytest.approx(world.probabilities[pair], abs=0.03)
    assert honest.swapped.mean() == pytest.approx(0.5, abs=0.01)
    assert np.bincount(honest.pair.ravel()) / honest.pair.size == pytest.approx(1 / 28, rel=0.1)


@pytest.mark.parametrize("family", FAMILIES)
def test_bots_keep_the_pairs_and_repeat_from_the_seed(family: str):
    world = arena()
    honest = world.honest(20, 30, default_rng(15))
    once, again = (
        honest.voting(FAMILIES[family](honest, world.models[honest.pair], default_rng(16))) for _ in range(2)
    )
    assert (once.pair == honest.pair).all()
    assert (once.swapped == honest.swapped).all()
    assert (once.outcome == again.outcome).all()
    assert set(np.unique(once.outcome)) <= {0, 1, 2}


def shares_of(family: str) -> tuple[Ballots, Ballots, Floats]:
    world, random = arena(), default_rng(17)
    honest = world.honest(400, 60, random)
    bots = honest.voting(FAMILIES[family](honest, world.models[honest.pair], random))
    return honest, bots, np.bincount(bots.position.ravel(), minlength=3) / bots.position.size


def test_bots_do_what_they_are_named_for():
    assert shares_of("random")[2] == pytest.approx([0.25, 0.5, 0.25], abs=0.02)
    assert shares_of("three_ways")[2] == pytest.approx(1 / 3, abs=0.02)
    assert shares_of("coin")[2] == pytest.approx([0.5, 0, 0.5], abs=0.02)
    assert shares_of("always_first")[2].tolist() == [0, 0, 1]
    assert shares_of("always_tie")[2].tolist() == [0, 1, 0]
    honest, inverted, _ = shares_of("inverted")
    assert (inverted.outcome == 2 - honest.outcome).all()
    _, copies, _ = shares_of("copy_previous")
    assert (copies.position[:, 1:] == copies.position[:, :-1]).mean() == pytest.approx(0.9 + 0.1 * 0.375, abs=0.01)
    _, alternating, _ = shares_of("alternating")
    assert (alternating.position[:, 1:] == 2 - alternating.position[:, :-1]).all()
    honest, tired, _ = shares_of("tired")
    assert (tired.outcome[:, :30] == honest.outcome[:, :30]).all()
    assert (tired.outcome[:, 30:] != honest.outcome[:, 30:]).mean() > 0.5
    honest, lazy, _ = shares_of("lazy")
    agreement = 0.3 + 0.7 / 3
    assert (lazy.outcome == honest.outcome).mean() == pytest.approx(agreement, abs=0.02)


def test_one_model_is_voted_for_wherever_it_is_shown_and_nothing_else_is_touched():
    world, random = arena(), default_rng(18)
    honest = world.honest(50, 60, random)
    shown = world.models[honest.pair]
    bots = honest.voting(HELD_OUT["one_model"](honest, shown, random))
    for user in range(50):
        favourite = np.bincount(shown[user].ravel()).argmax()
        first, second = (shown[user] == favourite).T
        assert (bots.outcome[user][first] == 2).all()
        assert (bots.outcome[user][second] == 0).all()
        assert (bots.outcome[user] == honest.outcome[user])[~first & ~second].all()


def test_a_real_worker_is_compared_with_everybody_else():
    random = default_rng(19)
    shown = np.array([random.permutation(5)[:2] for _ in range(600)])
    position = random.integers(3, size=600).astype(np.uint8)
    who = random.choice(4, size=600, p=[0.5, 0.3, 0.15, 0.05])
    people = real_workers(shown, position, who, least_votes=60, groups=5)
    counts = np.sort(np.bincount(who))[::-1]
    assert [person.ballots.pair.shape[1] for person in people] == [n for n in counts if n >= 60]
    for person, n in zip(people, counts, strict=False):
        assert person.history.sum() == 600 - n
        assert person.history.sum(axis=1).min() > (600 - n) / 5 / 3
        assert person.ballots.pair.max() < 5
    mine = who == np.bincount(who).argmax()
    assert (people[0].ballots.outcome[0] == position[mine]).all()
    assert (people[0].shown[0] == shown[mine]).all()
    assert people[0].first_votes(10).ballots.outcome.shape == (1, 10)


def test_experiments_report_one_value_a_seed_and_repeat():
    from claimbench.impls.chatbot_arena.experiments import anomaly, sampling
    from claimbench.papers.chatbot_arena.simulated import Crowd, PairHistory, Precision
    from claimbench.trial import Exact, Quality, Trial

    def trial(workload, **options) -> Trial:
        return Trial("c", "cpu", workload, "arm", options, seeds=(1000, 1001))

    crowd = Crowd(models=12, families="held_out", users=20, votes=10)
    for detector in ("printed", "two_sided", "shipped", "e_process"):
        once, again = (anomaly.detection(trial(crowd, detector=detector, alpha=0.1)) for _ in range(2))
        assert once == again
        assert {f"tpr_{name}" for name in HELD_OUT} < set(once.values)
        assert all(len(values) == 2 for values in once.values.values())
    for estimand in ("win_matrix", "score"):
        work = Precision(models=4, replications=5, estimand=estimand, width=0.6)
        found = sampling.votes_to_width(trial(work, rule="printed", estimator="inverse_probability"))
        assert isinstance(found, Quality)
        assert min(found.values["votes"]) > 60
    valid = anomaly.p_value_validity(trial(PairHistory(votes=(3,), shares=((0.2, 0.3, 0.5),))))
    assert isinstance(valid, Exact)
    assert valid.checks["printed"] == pytest.approx(0, abs=1e-12)
