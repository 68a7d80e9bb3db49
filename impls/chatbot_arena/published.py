"""What the paper and its authors' posts print, as data.

Paper: arXiv 2403.04132v1. Posts: lmsys.org of 2023-12-07 (from Elo to Bradley–Terry) and 2024-04-19 (Arena-Hard), and
news.lmarena.ai of 2025-05-09 (response to "The Leaderboard Illusion").
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "ARENA_HARD",
    "BEST_OF_20",
    "BEST_OF_50",
    "EVALICA_SECONDS",
    "FIGURE_7",
    "IDENTICAL",
    "RATINGS_2023",
    "TABLE_2",
    "TABLE_2_PROMPTS",
    "TABLE_3",
    "TABLE_3_BATTLES",
    "TABLE_4",
    "TABLE_5",
    "TABLE_2023",
    "TEXT_2_CLUSTERS",
    "TEXT_MT_BENCH_AGREEMENT",
    "Agreement",
    "Cluster",
    "Confusion",
    "SampleSize",
    "Score",
    "Separability",
    "WinRate",
]


@dataclass(frozen=True)
class Cluster:
    """A topic on which two models were compared."""

    topic: str
    """Name as printed."""
    percent: float
    """Win rate of GPT-4-0613 against Llama-2-70b-chat."""
    size_percent: float
    """Share of all prompts."""


@dataclass(frozen=True)
class Agreement:
    """How often two judges agree on battles of GPT-4-Turbo."""

    opponent: str
    """The other model of the battles."""
    judges: tuple[str, str]
    """Who agrees with whom."""
    percent: float
    """Agreement as printed."""


@dataclass(frozen=True)
class WinRate:
    """GPT-4-Turbo's win rate in the eyes of one judge."""

    opponent: str
    """The other model."""
    judge: str
    """Who judged."""
    percent: float
    """Win rate as printed."""


@dataclass(frozen=True)
class Confusion:
    """A block of Table 5: counts over the total printed beside them, which is that of the column."""

    alpha: float
    """Significance level of the test."""
    anomalous_flagged: tuple[int, int]
    """Actual positive, predicted positive."""
    anomalous_passed: tuple[int, int]
    """Actual positive, predicted negative."""
    normal_flagged: tuple[int, int]
    """Actual negative, predicted positive."""
    normal_passed: tuple[int, int]
    """Actual negative, predicted negative."""


@dataclass(frozen=True)
class SampleSize:
    """Votes that a precision takes."""

    target: str
    """What is estimated."""
    precision: float
    """Mean width of the intervals."""
    random: int
    """Votes with random sampling."""
    adaptive: int
    """Votes with Equation 9."""
    percent_more: float
    """How many more votes random sampling needs, as printed."""


@dataclass(frozen=True)
class Score:
    """A score with its interval's half-lengths."""

    value: float
    """Arena score."""
    plus: float
    """Upper end minus score."""
    minus: float
    """Score minus lower end."""


@dataclass(frozen=True)
class Separability:
    """A benchmark in Table 1 of the post on Arena-Hard, over 20 models, in per cent."""

    agreement: float | None
    """Confident agreement with the Arena's order; None for the Arena itself."""
    separability: float
    """Pairs of models whose 95 % intervals do not overlap."""


TABLE_2 = (
    Cluster("Python Game Programming Challenge", 96.7, 0.2),
    Cluster("C/C++ Process Multi-Threading", 86.7, 0.3),
    Cluster("SQL Query Database Assistance", 73.3, 0.2),
    Cluster("Poetry Writing Prompts", 66.7, 1.1),
    Cluster("Python Coding Basics", 65.0, 0.2),
    Cluster("Linguistic Analysis & Wordplay", 58.3, 0.7),
    Cluster("Travel Itinerary Planning", 58.3, 0.4),
    Cluster("Movie Recommendations & Ratings", 53.3, 0.2),
)
"""Table 2, judged by GPT-4-Turbo."""
TABLE_2_PROMPTS = 30
"""Prompts a cluster (Section 6.2)."""
TEXT_2_CLUSTERS = 7
"""Section 6.2: "we sample 30 prompts from seven topic clusters"."""

_LLAMA, _GPT = "llama-2-13b", "gpt-3.5-turbo-0613"

TABLE_3 = (
    Agreement(_LLAMA, ("crowd", "expert 1"), 72.8),
    Agreement(_LLAMA, ("crowd", "expert 2"), 77.8),
    Agreement(_LLAMA, ("crowd", "gpt-4"), 75.6),
    Agreement(_LLAMA, ("expert 1", "expert 2"), 89.8),
    Agreement(_LLAMA, ("expert 1", "gpt-4"), 81.0),
    Agreement(_LLAMA, ("expert 2", "gpt-4"), 78.5),
    Agreement(_GPT, ("crowd", "expert 1"), 73.8),
    Agreement(_GPT, ("crowd", "expert 2"), 83.1),
    Agreement(_GPT, ("crowd", "gpt-4"), 75.6),
    Agreement(_GPT, ("expert 1", "expert 2"), 79.4),
    Agreement(_GPT, ("expert 1", "gpt-4"), 76.3),
    Agreement(_GPT, ("expert 2", "gpt-4"), 79.3),
)
"""Table 3."""
TABLE_3_BATTLES = 160
"""Battles an opponent (Section 6.3)."""

TABLE_4 = (
    WinRate(_LLAMA, "crowd", 81.2),
    WinRate(_LLAMA, "expert 1", 89.4),
    WinRate(_LLAMA, "expert 2", 86.9),
    WinRate(_LLAMA, "gpt-4", 78.8),
    WinRate(_GPT, "crowd", 76.3),
    WinRate(_GPT, "expert 1", 82.5),
    WinRate(_GPT, "expert 2", 89.4),
    WinRate(_GPT, "gpt-4", 79.4),
)
"""Table 4, on the battles of Table 3."""

TABLE_5 = (
    Confusion(0.1, (13, 14), (12, 36), (1, 14), (24, 36)),
    Confusion(0.3, (21, 29), (4, 21), (8, 29), (17, 21)),
)
"""Table 5: 25 users marked anomalous and 25 normal ones."""

FIGURE_7 = (
    SampleSize("win matrix", 0.2, 6800, 4400, 54),
    SampleSize("Bradley–Terry score", 0.3, 17200, 16400, 5),
)
"""Section 7.1, on Figure 7."""

RATINGS_2023 = {
    "gpt-4-0314": 1201,
    "gpt-4-0613": 1152,
    "gpt-3.5-turbo-0613": 1112,
    "gpt-3.5-turbo-0314": 1106,
}
"""Post of 2023-12-07, text."""
TABLE_2023 = {"gpt-4-0613": 1153}
"""The same post, table."""

ARENA_HARD = {
    "chatbot arena": Separability(None, 85.8),
    "mt-bench": Separability(26.1, 22.6),
    "alpacaeval 2.0 lc": Separability(81.2, 83.2),
    "arena-hard-auto 0.1": Separability(89.1, 87.4),
}
"""Post of 2024-04-19, Table 1."""
TEXT_MT_BENCH_AGREEMENT = 22.6
"""The same post, text: MT-bench's agreement with the Arena, in per cent."""

BEST_OF_20 = {"tests": 20, "elo": 50}
"""Figure 7 of arXiv 2504.20879, as others summarise it: what the best of 20 variants gains in simulation."""
BEST_OF_50 = {"tests": 50, "votes": 3000, "elo": 11}
"""Response of 2025-05-09: "around +11 Elo after 50 tests and 3000 votes"."""

IDENTICAL = (Score(1069, 27, 27), Score(1054, 18, 22))
"""Response of 2025-05-09: one checkpoint submitted twice; 1069 and 1052 in arXiv 2504.20879."""

EVALICA_SECONDS = {
    "bradley_terry": {"arena": 51.69, "evalica": 1.173},
    "elo": {"arena": 3.76, "evalica": 1.255},
}
"""Means of ten runs in Evalica's repository (coling2025/chatbot_arena.csv), on 1.67 million votes."""
