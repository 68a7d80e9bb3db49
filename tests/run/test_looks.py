"""A claim that is looked at: the plan goes on where it is undecided, a run goes from look to look, and never past."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from pathlib import Path

import pytest
from run.builders import FakeLock, make_claim

from claimbench.expectation import AtLeast
from claimbench.run.events import PlanReady
from claimbench.run.job import Ended, Job, Payload
from claimbench.run.plan import plan
from claimbench.run.session import RunSummary, run_claims
from claimbench.spec import Claim
from claimbench.store import Store

LOOKS = {"interim": {"smoke": (8, 16)}, "n_min": 4, "seeds_per_trial": 4}


class Made:
    """A launcher that makes the values up instead of measuring them."""

    def __init__(self, value: Callable[[int], float | None]) -> None:
        self.value = value
        self.seen: list[tuple[int, ...]] = []

    def run(
        self,
        jobs: Iterable[Job],
        on_started: Callable[[Job], None],
        on_progress: Callable[[Job, int, int], None],
    ) -> Generator[Ended, None, None]:
        for job in jobs:
            on_started(job)
            self.seen.append(job.seeds)
            found = [self.value(seed) for seed in job.seeds]
            payload = Payload(status="failed", reason="it did")
            if None not in found:
                payload = Payload(status="ok", samples={"score": tuple(x for x in found if x is not None)})
            yield Ended(job, payload, f"2026-01-01T00:00:{len(self.seen):02d}+00:00", 1.0, 0.0, None)


def looked_at(**protocol: object) -> Claim:
    return make_claim(
        "good", n=24, protocol=LOOKS | protocol, expectation=AtLeast(arm="ours", floor=1.0, reference=0.0)
    )


def noise(seed: int) -> float:
    return ((seed * 37) % 11 - 5) / 10


def near(seed: int) -> float:
    """Undecided: about the floor."""
    return 1.0 + noise(seed)


def run(root: Path, launcher: Made, *claims: Claim, **more: object) -> tuple[RunSummary, list[PlanReady]]:
    events: list[object] = []
    options = {"lock": FakeLock(), "controls": (), "launcher": launcher, "on_event": events.append} | more
    summary = run_claims(claims, "smoke", Store(root), **options)  # type: ignore[arg-type]
    return summary, [event for event in events if isinstance(event, PlanReady)]


def test_a_clear_effect_stops_at_the_first_look_and_stays_there(tmp_path: Path) -> None:
    of, launcher = looked_at(), Made(lambda seed: 5.0 + noise(seed))
    summary, plans = run(tmp_path, launcher, of)
    assert launcher.seen == [(0, 1, 2, 3), (4, 5, 6, 7)]
    assert (summary.ok, len(plans)) == (2, 1)
    again, _ = run(tmp_path, launcher, of)
    assert (again.ok, again.kept) == (0, 2)
    (row,) = plan([of], "smoke", Store(tmp_path), FakeLock(), controls=()).rows
    assert (row.to_run, row.kept, row.trials) == (0, 2, 6)


def test_an_undecided_claim_goes_from_look_to_look_and_no_further_than_the_last(tmp_path: Path) -> None:
    of, launcher = looked_at(), Made(near)
    summary, plans = run(tmp_path, launcher, of)
    assert summary.ok == 6
    assert [seed for seeds in launcher.seen for seed in seeds] == list(range(24))
    assert [one.to_run for one in plans] == [2, 2, 2]
    again, _ = run(tmp_path, launcher, of)
    assert (again.ok, again.kept) == (0, 6)


def test_the_end_of_one_run_is_where_the_next_goes_on(tmp_path: Path) -> None:
    of = looked_at()

    def stops(seed: int) -> float:
        if seed >= 12:
            raise KeyboardInterrupt
        return near(seed)

    launcher = Made(stops)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, launcher, of)
    later = Made(near)
    summary, _ = run(tmp_path, later, of)
    assert summary.kept == 3
    assert later.seen == [(12, 13, 14, 15), (16, 17, 18, 19), (20, 21, 22, 23)]


def test_a_unit_that_fails_is_tried_once_a_run_and_holds_nothing_up(tmp_path: Path) -> None:
    of, launcher = looked_at(), Made(lambda seed: None if seed == 5 else near(seed))
    summary, _ = run(tmp_path, launcher, of)
    assert (summary.ok, summary.failed) == (5, 1)
    assert launcher.seen.count((4, 5, 6, 7)) == 1


def test_fresh_measures_all_that_was_looked_at_again(tmp_path: Path) -> None:
    of = looked_at()
    run(tmp_path, Made(lambda seed: 5.0 + noise(seed)), of)
    launcher = Made(near)
    summary, _ = run(tmp_path, launcher, of, fresh=True)
    assert [seed for seeds in launcher.seen for seed in seeds] == list(range(24))
    assert summary.ok == 6
    attempts = {(record.seeds, record.attempt) for record in Store(tmp_path).records()}
    assert {attempt for seeds, attempt in attempts if seeds == (0, 1, 2, 3)} == {0, 1}
    assert {attempt for seeds, attempt in attempts if seeds == (20, 21, 22, 23)} == {0}


def test_other_claims_are_planned_once_and_given_seeds_are_not_looked_at(tmp_path: Path) -> None:
    launcher = Made(near)
    plain = make_claim("exact", name="plain", n=2, protocol={"seeds_per_trial": 2})
    summary, plans = run(tmp_path, launcher, looked_at(), plain)
    assert (summary.ok, [one.to_run for one in plans]) == (7, [3, 2, 2])
    tuned = Made(near)
    summary, _ = run(tmp_path / "tuned", tuned, looked_at(), seeds=(1000, 1001), role="tuning")
    assert (summary.ok, tuned.seen) == (1, [(1000, 1001)])


def test_the_estimate_counts_what_is_left_for_later_looks(tmp_path: Path) -> None:
    made = plan([looked_at()], "smoke", Store(tmp_path), FakeLock(), controls=())
    assert made.core_seconds_to_run == pytest.approx(2 / 6)
