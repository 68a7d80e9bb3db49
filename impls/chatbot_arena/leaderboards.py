"""Published leaderboards, as typed rows: the Arena's over time, Arena-Hard's, AlpacaEval's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from claimbench.errors import HostError
from claimbench.impls.chatbot_arena.files import loader, rows

__all__ = ["ArenaEntry", "Scored", "WinRate", "alpaca_leaderboard", "arena_hard", "arena_leaderboard"]


@dataclass(frozen=True)
class ArenaEntry:
    """A model on the Arena's leaderboard."""

    snapshot: str
    """Date and commit of the version; empty where the file holds one version."""
    rank: int
    """Rank as published."""
    model: str
    """Name as published."""
    score: float
    """Arena score, Elo points."""
    low: float
    """Lower end of the 95 % interval."""
    high: float
    """Upper end."""
    votes: int
    """Votes on the model."""


@dataclass(frozen=True)
class Scored:
    """A model on a leaderboard with intervals."""

    model: str
    """Name as published."""
    score: float
    """Score, in per cent."""
    low: float
    """Lower end of the interval."""
    high: float
    """Upper end."""


@dataclass(frozen=True)
class WinRate:
    """A model on AlpacaEval's leaderboard."""

    model: str
    """Name as published."""
    win_rate: float
    """Win rate against the baseline, in per cent."""
    standard_error: float
    """Its standard error, in per cent."""
    length_controlled: float | None
    """Length-controlled win rate in per cent; None where it was not computed."""
    characters: int
    """Mean length of its answers."""


@loader
def arena_leaderboard(path: Path) -> list[ArenaEntry]:
    """One version of the Arena's leaderboard, or its history, in the order of the file."""
    history = "history" in path.name
    interval = "ci95" if history else "95_pct_ci"
    columns = ("rank", "model", "arena_score", interval, "votes") + (("date", "commit") if history else ())
    found: list[ArenaEntry] = []
    for number, row in rows(path, columns):
        ends = re.fullmatch(r"\+([\d.]+)/-([\d.]+)", row[interval])
        if ends is None:
            raise HostError(f"{path}: row {number}: no interval such as +5/-5 in {row[interval]!r}; restore the file")
        score = float(row["arena_score"])
        found.append(
            ArenaEntry(
                snapshot=f"{row['date']} {row['commit']}" if history else "",
                rank=int(row["rank"]),
                model=row["model"],
                score=score,
                low=score - float(ends[2]),
                high=score + float(ends[1]),
                votes=int(row["votes"]),
            )
        )
    return found


@loader
def arena_hard(path: Path) -> list[Scored]:
    """Arena-Hard's leaderboard with its 95 % intervals, best first."""
    found: list[Scored] = []
    for number, row in rows(path, ("model", "score", "rating_q025", "rating_q975")):
        low, score, high = (float(row[name]) for name in ("rating_q025", "score", "rating_q975"))
        if not low <= score <= high:
            raise HostError(f"{path}: row {number}: {score} is not within {low} and {high}; restore the file")
        found.append(Scored(row["model"], score, low, high))
    return sorted(found, key=lambda entry: -entry.score)


@loader
def alpaca_leaderboard(path: Path) -> list[WinRate]:
    """AlpacaEval's leaderboard, version 1 or 2, in the order of the file."""
    controlled = "length_controlled_winrate"
    return [
        WinRate(
            model=row[""],
            win_rate=float(row["win_rate"]),
            standard_error=float(row["standard_error"]),
            length_controlled=float(row[controlled]) if row[controlled] else None,
            characters=int(row["avg_length"]),
        )
        for _, row in rows(path, ("", "win_rate", "standard_error", controlled, "avg_length"))
    ]
