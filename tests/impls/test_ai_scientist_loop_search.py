"""What is tried next, ideas and whether they are new, and how many runs there is time for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loops import SPACE, error, toy
from pydantic import ValidationError

from claimbench.errors import SpecError, UnknownName
from claimbench.impls.ai_scientist.loop.archive import Archive
from claimbench.impls.ai_scientist.loop.effort import MOST, fitted
from claimbench.impls.ai_scientist.loop.explore import Effort, control, extend, grid, untaken, within
from claimbench.impls.ai_scientist.loop.ideas import Entry, Idea, described, idea_of, novelty, taken
from claimbench.impls.ai_scientist.loop.proposer import (
    AdditiveBandit,
    Proposer,
    RandomSearch,
    Tried,
    best,
    normal_scores,
)
from claimbench.impls.ai_scientist.loop.stages import LoopStopped
from claimbench.impls.ai_scientist.loop.template import Lever, Seeds, Settings, Space, printed

WIDE = Space(
    levers=tuple(
        Lever(name=f"lever_{n}", label=f"lever {n}", levels=(0, 1, 2, 3), baseline=0, about="x", tuned=n == 0)
        for n in range(5)
    )
)


def landscape(seed: int, interactions: float) -> dict[tuple[int, ...], float]:
    """Losses of all 1024 settings: every level adds its amount, every pair of neighbours adds a little more."""
    random = np.random.default_rng(seed)
    alone, paired = random.normal(size=(5, 4)), random.normal(size=(4, 4, 4))
    places = np.array(list(np.ndindex(4, 4, 4, 4, 4)))
    losses = alone[np.arange(5), places].sum(axis=1)
    losses += interactions * paired[np.arange(4), places[:, :-1], places[:, 1:]].sum(axis=1)
    return {tuple(place): float(loss) for place, loss in zip(places.tolist(), losses, strict=True)}


def reached(proposer: Proposer, losses: dict[tuple[int, ...], float], runs: int, seed: int) -> float:
    """Share of all settings that are better than the best of so many runs."""
    noise = np.random.default_rng(seed)
    first = [Tried(WIDE.baseline(), losses[0, 0, 0, 0, 0])]

    def evaluate(stage: str, settings: Settings) -> float:
        return losses[tuple(int(level) for level in settings.values())] + 0.3 * float(noise.normal())

    tried = extend("search", WIDE, evaluate, proposer, first, WIDE.names, runs - 1)
    chosen = losses[tuple(int(level) for level in best(tried).settings.values())]
    return float(np.mean([loss < chosen for loss in losses.values()]))


@pytest.mark.parametrize("interactions", [0.0, 0.5])
def test_the_bandit_beats_random_search_over_many_landscapes(interactions: float) -> None:
    ours, theirs = [], []
    for seed in range(12):
        losses = landscape(seed, interactions)
        ours.append(reached(AdditiveBandit(seed), losses, 24, seed))
        theirs.append(reached(RandomSearch(seed), losses, 24, seed))
    assert np.mean(ours) < 0.5 * np.mean(theirs)
    assert sum(a < b for a, b in zip(ours, theirs, strict=True)) >= 9


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 2**32), runs=st.integers(1, 30), names=st.sets(st.sampled_from(SPACE.names), min_size=1))
def test_proposals_are_new_and_change_what_is_open_only(seed: int, runs: int, names: set[str]) -> None:
    for proposer in (AdditiveBandit(seed), RandomSearch(seed)):
        tried = extend("x", SPACE, lambda _, one: error(one, seed % 7), proposer, [], names, runs)
        found = [tuple(one.settings.items()) for one in tried]
        open_size = math.prod(len(SPACE.lever(name).levels) for name in names)
        assert len(set(found)) == len(found) == min(runs, open_size)
        for one in tried:
            assert SPACE.checked(one.settings) == one.settings
            assert all(one.settings[name] == SPACE.lever(name).baseline for name in SPACE.names if name not in names)


def test_proposals_depend_on_what_was_tried_and_on_nothing_before() -> None:
    bandit, tried = AdditiveBandit(3), [Tried(SPACE.baseline(), 1.0)]
    first = bandit.propose(SPACE, tried, SPACE.names)
    assert bandit.propose(SPACE, tried, SPACE.names) == first == AdditiveBandit(3).propose(SPACE, tried, SPACE.names)
    assert first is not None
    assert bandit.propose(SPACE, [*tried, Tried(first, 2.0)], SPACE.names) != first


def test_a_failed_run_counts_as_the_worst_whatever_its_loss() -> None:
    assert normal_scores([1.0, math.inf, 2.0]).tolist() == normal_scores([1.0, 3.0, 2.0]).tolist()
    assert normal_scores([1.0, 1.0]).tolist() == [0.0, 0.0]
    tried = [Tried(SPACE.baseline(), math.inf)]
    assert AdditiveBandit(0).propose(SPACE, tried, SPACE.names) is not None
    with pytest.raises(ValueError, match="no run had a result"):
        best(tried)


def test_the_control_has_as_many_runs_as_the_search_and_begins_with_the_default() -> None:
    stages: list[str] = []

    def evaluate(stage: str, settings: Settings) -> float:
        stages.append(stage)
        return error(settings, 0)

    effort = Effort(pilot=4, search=5)
    tried = grid(SPACE, evaluate)
    tried = extend("pilot", SPACE, evaluate, AdditiveBandit(0), tried, SPACE.names, effort.pilot)
    tried = extend("search", SPACE, evaluate, AdditiveBandit(0), tried, SPACE.names, effort.search)
    found = control(SPACE, evaluate, 0, effort.control(SPACE))
    assert len(found) == len(tried) == stages.count("control") == 12
    assert found[0].settings == SPACE.baseline()


def test_found_settings_change_the_idea_and_nothing_else() -> None:
    changes: Sequence[Settings] = ({"rate": 0.3}, {"shape": "flat"}, {"size": 8}, {"shape": "flat", "rate": 1.0})
    tried = [Tried(SPACE.baseline() | change, 0.0) for change in changes]
    assert [one.settings["shape"] for one in within(SPACE, tried, {"shape", "rate"})] == ["flat", "flat"]
    assert [one.settings["size"] for one in untaken(SPACE, tried, {frozenset({"shape"})})] == [8]


def test_settings_are_checked_level_by_level() -> None:
    assert SPACE.checked({"trick": "no", "rate": 1, "shape": "flat", "size": 8.0})["rate"] == 1.0
    for wrong, says in (
        (SPACE.baseline() | {"rate": 0.2}, "rate: 0.2 is not one of"),
        (SPACE.baseline() | {"tick": 1}, "no lever 'tick'"),
        ({"rate": 0.1}, "shape is missing"),
    ):
        with pytest.raises(SpecError, match=says):
            SPACE.checked(wrong)
    with pytest.raises(UnknownName):
        SPACE.lever("rat")


def test_spaces_and_seeds_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValidationError, match="hold the baseline"):
        Lever(name="a", label="a", levels=(1, 2), baseline=3, about="x")
    with pytest.raises(ValidationError, match="must ascend"):
        Lever(name="a", label="a", levels=(2, 1), baseline=1, about="x")
    with pytest.raises(ValidationError, match="must not share a seed"):
        Seeds(tuning=(1,), held_out=(1, 2), second=(3, 4))


def test_levels_are_printed_as_people_write_them() -> None:
    assert [printed(level) for level in (0.003, 1.0, 0.0, 64, "squared_relu")] == [
        "0.003",
        "1",
        "0",
        "64",
        "squared relu",
    ]
    assert described(SPACE, SPACE.baseline() | {"rate": 1.0, "trick": "yes"}) == "step size 1, trick yes"


def test_an_idea_is_looked_up_in_the_archive_and_on_the_list(tmp_path: Path) -> None:
    template, archive = toy(tmp_path), Archive(tmp_path / "archive.jsonl")
    assert archive.entries() == []
    entry = Entry(
        template="toy", title="Size in a toy", levers=("size",), outcome="undecided", estimate=0.0, paper="somewhere"
    )
    archive.add(entry)
    archive.add(entry)
    archive.add(entry.model_copy(update={"template": "another", "levers": ("shape",), "title": "Shape in a toy"}))
    entries = archive.entries()
    assert len(entries) == 2
    assert taken(entries, template) == {frozenset({"size"})}

    def status(*levers: str, title: str = "New") -> str:
        return novelty(Idea(title=title, hypothesis="h", levers=levers), entries, template).status

    assert status("size") == status("trick", title="in a toy: SIZE") == "archived"
    assert status("shape") == "known"
    assert status("shape", "size") == "partly known"
    assert status("trick") == "not on the lists"
    (tmp_path / "archive.jsonl").write_text("nonsense\n")
    with pytest.raises(LoopStopped, match="line 1 is not a paper"):
        archive.entries()


def test_titles_name_what_is_changed_and_not_what_is_tuned(tmp_path: Path) -> None:
    idea = idea_of(toy(tmp_path), SPACE.baseline() | {"trick": "yes", "rate": 0.3, "shape": "flat"})
    assert idea.title == "Shape and trick in a toy"
    assert idea.levers == ("shape", "trick")
    assert "shape flat, trick yes lower the error further than the step size alone does" in idea.hypothesis
    assert (idea.interestingness, idea.novelty) == (None, None)


def test_runs_fit_into_the_budget(tmp_path: Path) -> None:
    template = toy(tmp_path)
    assert fitted(template, 1e6, 3.0, 3) == MOST
    small = fitted(template, 70.0, 3.0, 3)
    # Grid and search, as many at random, and eight arms of eight seeds where a run has two.
    assert 2 * (3 + small.pilot + small.search) + 8 * 4 <= 70
    with pytest.raises(LoopStopped, match="at least 52 s"):
        fitted(template, 50.0, 3.0, 3)
