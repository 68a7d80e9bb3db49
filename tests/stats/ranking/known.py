"""Votes whose ratings are known, and random ones."""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from claimbench.impls.chatbot_arena.figure_2 import FIGURE_2
from claimbench.stats.ranking.votes import Battles, from_counts, from_wins

BASEBALL_TEAMS = ("Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore")
BASEBALL_WINS = (
    (0, 7, 9, 7, 7, 9, 11),
    (6, 0, 7, 5, 11, 9, 9),
    (4, 6, 0, 7, 7, 8, 12),
    (6, 8, 6, 0, 6, 7, 10),
    (6, 2, 6, 7, 0, 7, 12),
    (4, 4, 5, 6, 6, 0, 6),
    (2, 4, 1, 3, 1, 7, 0),
)
"""American League, Eastern Division, 1987: Agresti, Categorical Data Analysis."""
BASEBALL_RATINGS = (1.581, 1.436, 1.294, 1.248, 1.108, 0.684, 0.0)

FOODS = ("Tacos", "Sushi", "Burger", "Pasta", "Pizza")
FOOD_COUNTS = (
    # (a, b, b won, tie, a won), of the 30 votes in the README of evalica (Apache-2.0)
    ("Tacos", "Sushi", 1, 0, 1),
    ("Tacos", "Burger", 1, 0, 1),
    ("Tacos", "Pasta", 1, 0, 4),
    ("Tacos", "Pizza", 0, 0, 4),
    ("Sushi", "Burger", 2, 0, 4),
    ("Sushi", "Pasta", 0, 1, 1),
    ("Sushi", "Pizza", 2, 0, 0),
    ("Burger", "Pasta", 2, 0, 0),
    ("Burger", "Pizza", 0, 0, 3),
    ("Pasta", "Pizza", 1, 1, 0),
)
FOOD_SCORES = (2.509025136024378, 1.1011561298265815, 0.8549063627182466, 0.7403814336665869, 0.5718366915548537)
"""exp(θ), geometric mean 1."""

FIGURE_2_RATINGS = (1.989, 1.230, 1.129, 0.905, 0.932, 0.892, 0.866, 0.746, 0.596, 0.276, 0.148, 0.0)
"""Maximum likelihood of rates times battles, mistral-7b at 0; computed independently of this package."""


def baseball() -> Battles:
    return from_wins(BASEBALL_WINS, BASEBALL_TEAMS)


def food() -> Battles:
    a, b = ([FOODS.index(str(row[side])) for row in FOOD_COUNTS] for side in (0, 1))
    return from_counts(a, b, [row[2:] for row in FOOD_COUNTS], FOODS)


def figure_2() -> Battles:
    first, second, rates, battles = FIGURE_2.pairs()
    won = rates * battles
    return from_counts(first, second, np.stack([battles - won, 0 * won, won], axis=1), FIGURE_2.models)


@cache
def arena(both_bad: bool = True) -> Battles:
    """1,670,250 votes of the Chatbot Arena, August 2024, from the wheel of leaderbot; "both bad" are ties, or out."""
    # Importing leaderbot takes seconds, reading its file milliseconds.
    spec = importlib.util.find_spec("leaderbot")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    path = Path(spec.submodule_search_locations[0]) / "data" / "chatbotarena_20240814.json"
    table = json.loads(path.read_text())
    pairs, outcomes = np.array(table["X"]), np.array(table["Y"], dtype=np.float64)
    ties = outcomes[:, 2] + (outcomes[:, 3] if both_bad else 0)
    return from_counts(
        pairs[:, 0], pairs[:, 1], np.stack([outcomes[:, 1], ties, outcomes[:, 0]], axis=1), table["models"]
    )


def win_matrix(battles: Battles) -> np.ndarray:
    """(M, M), score of row against column."""
    wins = np.zeros((len(battles.models), len(battles.models)))
    wins[battles.first, battles.second] = battles.score
    wins[battles.second, battles.first] = battles.games - battles.score
    return wins


def simulated(size: int, games: int, seed: int, ties: float = 0.0) -> tuple[Battles, np.ndarray]:
    """`games` votes of each pair under Bradley-Terry, a share replaced by ties; and the true ratings."""
    rng = np.random.default_rng(seed)
    ratings = rng.normal(0, 0.7, size)
    first, second = np.triu_indices(size, 1)
    tied = rng.binomial(games, ties, first.size)
    won = rng.binomial(games - tied, 1 / (1 + np.exp(ratings[second] - ratings[first])))
    counts = np.stack([games - tied - won, tied, won], axis=1)
    return from_counts(first, second, counts, names(size)), ratings - ratings.mean()


def names(size: int) -> tuple[str, ...]:
    return tuple(f"m{k:05d}" for k in range(size))


@st.composite
def identified(draw: st.DrawFn, least: int = 2, most: int = 7) -> Battles:
    """Votes with a unique maximum: a ring in which every pair was won by both, and anything beside it."""
    size = draw(st.integers(least, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows = draw(st.integers(0, 12))
    ring = np.arange(size)
    a = np.concatenate([ring, rng.integers(0, size, rows)])
    b = np.concatenate([(ring + 1) % size, rng.integers(0, size, rows)])
    counts = np.concatenate([rng.integers(1, 9, (size, 3)), rng.integers(0, 30, (rows, 3))])
    return from_counts(a, b, counts, names(size))
