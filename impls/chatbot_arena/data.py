"""Real votes, as typed arrays: the Arena's own, a crowd's, three annotators', and judges that are models.

Every loader takes the path that `trial.data(name)` gives and raises HostError, which names the file, where it is
missing, empty or damaged, a column is missing, an outcome is unknown, or one model seems to bear two names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from claimbench.data import arena_votes
from claimbench.errors import HostError, VotesError
from claimbench.impls.chatbot_arena.files import indices, json_rows, known, loader, members, model_indices, rows
from claimbench.impls.chatbot_arena.votes import JudgedVotes, Votes
from claimbench.stats.ranking.arrays import Floats, Integers
from claimbench.stats.ranking.names import refuse_lookalikes
from claimbench.stats.ranking.votes import Battles, from_counts

__all__ = ["ArenaTable", "Panel", "Preferences", "alpaca", "arena_table", "llmfao", "pandalm", "qlora"]

BothBad = Literal["tie", "drop"]
NO_VERDICT = 255
"""Outcome of a judge who gave none."""


@dataclass(frozen=True, eq=False)
class ArenaTable:
    """The Arena's votes, counted by pair and outcome; the order in which they were cast is not known."""

    models: tuple[str, ...]
    """Names, in alphabetical order."""
    first: Integers
    """(E,), the smaller index of each pair."""
    second: Integers
    """(E,), the larger."""
    counts: Integers
    """(E, 4), votes that the first won, that the second won, ties, and "both are bad"."""

    @property
    def votes(self) -> int:
        """Votes of all four kinds."""
        return int(self.counts.sum())

    def by_outcome(self, both_bad: BothBad = "tie") -> Integers:
        """(E, 3), votes that the second won, ties, that the first won; "both are bad" is a tie or left out."""
        won, lost, tie, bad = self.counts.T
        return np.stack([lost, tie + bad if both_bad == "tie" else tie, won], axis=1)

    def battles(self, both_bad: BothBad = "tie") -> Battles:
        """What Bradley–Terry sees of the votes."""
        return from_counts(self.first, self.second, self.by_outcome(both_bad), self.models)

    def sequence(self, both_bad: BothBad = "tie") -> Votes:
        """The votes one by one, pair after pair and within a pair those that the second won, ties, the first won."""
        counts = self.by_outcome(both_bad)
        cell = np.repeat(np.arange(counts.size), counts.ravel())
        pair = cell // 3
        return Votes(self.models, self.first[pair], self.second[pair], (cell % 3).astype(np.uint8))


@dataclass(frozen=True, eq=False)
class Panel:
    """Pairs of answers that several judges saw, all of them the same."""

    models: tuple[str, ...]
    """Names of the models."""
    first: Integers
    """(n,), index of the model of the first answer."""
    second: Integers
    """(n,), index of the model of the second."""
    outcome: NDArray[np.uint8]
    """(n, J), 2 the first is better, 1 tie, 0 the second; NO_VERDICT where a judge gave none."""
    judges: tuple[str, ...]
    """Names of the J judges."""

    def votes(self) -> JudgedVotes:
        """All verdicts, judge after judge."""
        judge, item = np.nonzero(self.outcome.T != NO_VERDICT)
        return JudgedVotes(
            self.models,
            self.first[item],
            self.second[item],
            self.outcome[item, judge],
            item,
            judge,
            self.judges,
            int((self.outcome == NO_VERDICT).sum()),
        )


@dataclass(frozen=True, eq=False)
class Preferences:
    """How much a judge prefers a model's answer to the baseline's, for many models and one baseline a judge."""

    models: tuple[str, ...]
    """Names of the models."""
    judges: tuple[str, ...]
    """Names of the judges."""
    model: Integers
    """(n,), index of the model."""
    judge: Integers
    """(n,), index of the judge."""
    score: Floats
    """(n,), 1 the model's answer is better, 0 the baseline's; the judge's probability where it gives one."""
    characters: Integers
    """(n, 2), length of the baseline's answer and of the model's."""
    without_verdict: int
    """Rows that hold no verdict; they are left out."""

    def win_rates(self, judge: str) -> dict[str, float]:
        """Mean score of every model that this judge saw; raises VotesError where there is none of that name."""
        if judge not in self.judges:
            raise VotesError(f"no judge {judge!r}: known are {', '.join(self.judges[:12])}")
        mine = self.judge == self.judges.index(judge)
        total = np.bincount(self.model[mine], self.score[mine], len(self.models))
        seen = np.bincount(self.model[mine], minlength=len(self.models))
        return {name: float(total[m] / seen[m]) for m, name in enumerate(self.models) if seen[m]}


def arena_table() -> ArenaTable:
    """The 1,670,250 deduplicated votes that ship with leaderbot: 129 models, 3,460 pairs, until August 2024."""
    table = json.loads(arena_votes())
    models = tuple(table.get("models", ()))
    pairs, counts = (np.array(table.get(name, ()), dtype=np.int64) for name in ("X", "Y"))
    if pairs.ndim != 2 or counts.shape != (len(pairs), 4) or not (pairs[:, 0] < pairs[:, 1]).all() or counts.min() < 0:
        raise HostError("leaderbot's table has another form: pip install leaderbot==0.4.3")
    if pairs.min() < 0 or pairs.max() >= len(models):
        raise HostError("leaderbot's table names fewer models than it has: pip install leaderbot==0.4.3")
    refuse_lookalikes(models)
    return ArenaTable(models, pairs[:, 0], pairs[:, 1], counts)


@loader
def llmfao(path: Path, judge: str = "gpt-4") -> JudgedVotes:
    """Votes of llmfao on pairs of answers: the crowd's, with its workers, or a model's, who is then called `judge`.

    The first model is the one on the left.
    """
    outcomes = {"left": 2, "tie": 1, "right": 0}
    table = [
        (row["left"], row["right"], known(outcomes, row["winner"], path, n), row["id"], row.get("worker", judge))
        for n, row in rows(path, ("id", "winner", "left", "right"))
    ]
    first, second, outcome, item, by = zip(*table, strict=True)
    (left, right), models = model_indices(first, second)
    (items,), _ = indices(item)
    (judged,), judges = indices(by)
    return JudgedVotes(models, left, right, np.array(outcome, dtype=np.uint8), items, judged, judges)


@loader
def pandalm(annotators: Path, judges: Mapping[str, Path] | None = None) -> Panel:
    """The three annotators of PandaLM's test set, and any models that judged the same pairs, by name."""
    table = json_rows(annotators)
    names = [row["cmp_key"].split("_") for row in table]
    (first, second), models = model_indices(*zip(*names, strict=True))
    outcomes: dict[Any, int] = {1: 2, 2: 0, 0: 1, "1": 2, "2": 0, "Tie": 1, "garbage": NO_VERDICT}
    people = ("annotator1", "annotator2", "annotator3")
    columns = [[known(outcomes, row[name], annotators, n) for n, row in enumerate(table)] for name in people]
    for path in (judges or {}).values():
        verdicts = json_rows(path)
        if [row["idx"] for row in verdicts] != [row["idx"] for row in table]:
            raise HostError(f"{path}: not the {len(table)} pairs of {annotators}; fetch both again")
        field = next((name for name in verdicts[0] if name.endswith("_result")), "result")
        columns.append([known(outcomes, row.get(field), path, n) for n, row in enumerate(verdicts)])
    return Panel(models, first, second, np.array(columns, dtype=np.uint8).T, (*people, *(judges or {})))


@loader
def qlora(path: Path) -> JudgedVotes:
    """GPT-4's verdicts on pairs of answers of eight models, every pair in both orders; the first was shown first.

    An item is a prompt. Judges are `gpt-4 on oa` (953 prompts of OpenAssistant) and `gpt-4 on vicuna` (80 prompts).
    Verdicts that could not be parsed are left out.
    """
    table: list[tuple[str, str, int, str, str]] = []
    without = 0
    outcomes = {1: 2, 2: 0, 3: 1, -1: NO_VERDICT}
    for name, text in members(path):
        bench = name.split("/")[0]
        first, second = (_answered_by(stem) for stem in Path(name).name.split("-gpt-4-reviewer")[0].split("-vs-"))
        for n, line in enumerate(text.splitlines()):
            row = json.loads(line)
            outcome = known(outcomes, row.get("score"), path / name, n)
            if outcome == NO_VERDICT:
                without += 1
                continue
            prompt = row["message_id"] if "message_id" in row else row["question_id"]
            table.append((first, second, outcome, f"{bench} {prompt}", f"gpt-4 on {bench}"))
    if not table:
        raise HostError(f"{path}: no verdicts; fetch it again")
    first, second, outcome, item, by = zip(*table, strict=True)
    (shown_first, shown_second), models = model_indices(first, second)
    (items,), _ = indices(item)
    (judged,), judges = indices(by)
    return JudgedVotes(
        models, shown_first, shown_second, np.array(outcome, dtype=np.uint8), items, judged, judges, without
    )


@loader
def alpaca(path: Path) -> Preferences:
    """Preferences of AlpacaEval's judges between each model and the judge's baseline."""
    columns = ("model", "annotator", "len_1_chars", "len_2_chars", "preference")
    table = [
        (row["model"], row["annotator"], row["preference"], row["len_1_chars"], row["len_2_chars"])
        for _, row in rows(path, columns)
    ]
    # 1 is the baseline, 2 the model, between them a probability; blank or 0, the answer could not be parsed.
    parsed = [row for row in table if row[2] and float(row[2]) != 0]
    if not parsed:
        raise HostError(f"{path}: no verdicts; restore the file")
    model, annotator, preference, one, two = zip(*parsed, strict=True)
    (models,), names = model_indices(model)
    (judged,), judges = indices(annotator)
    score = np.array(preference, dtype=np.float64) - 1
    if not ((score >= 0) & (score <= 1)).all():
        odd = score[~((score >= 0) & (score <= 1))][0] + 1
        raise HostError(f"{path}: preferences lie between 1 and 2, or are 0 for none, got {odd:g}; restore the file")
    characters = np.array([one, two], dtype=np.int64).T
    return Preferences(names, judges, models, judged, score, characters, len(table) - len(parsed))


def _answered_by(stem: str) -> str:
    """`13b-guanaco` of `13b-guanaco-oa-generations-topp0.9-temp0.7`; one name for a model on both sets of prompts."""
    name = re.sub(r"-(oa|vicuna)-generations.*$", "", stem).removeprefix("answer-")
    return {"gpt35": "gpt-3.5-turbo", "gpt-3.5": "gpt-3.5-turbo", "gpt4": "gpt-4"}.get(name, name)
