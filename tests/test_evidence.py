"""Where records become verdicts: what a lock makes of drafts, families and past judgements."""

from __future__ import annotations

from pathlib import Path

import pytest
from synthetic import ABLATION, CLAIMS, UNTESTABLE, trained

from claimbench.evidence import judge_all, judge_history
from claimbench.expectation import Difference
from claimbench.lock import Lock
from claimbench.record import Record


@pytest.fixture
def lock(tmp_path: Path) -> Lock:
    held = Lock.load(tmp_path / "LOCK.json")
    held.freeze([ABLATION], CLAIMS)
    return held


def measured(role: str = "confirmatory") -> list[Record]:
    return trained(ABLATION, {"selective": 0.9, "invariant": 0.6}, role=role)


def test_what_was_measured_of_a_draft_confirms_nothing_once_the_claim_is_locked(lock: Lock, tmp_path: Path) -> None:
    (draft,) = judge_all([ABLATION], measured("exploratory"), Lock.load(tmp_path / "none.json"), "smoke")
    assert (draft.status, "exploratory" in draft.qualifiers) == ("REPRODUCED", True)
    (locked,) = judge_all([ABLATION], measured("exploratory"), lock, "smoke")
    assert (locked.status, locked.reason) == ("INCONCLUSIVE", "not measured yet")
    (confirmed,) = judge_all([ABLATION], measured(), lock, "smoke")
    assert (confirmed.status, confirmed.qualifiers) == ("REPRODUCED", ())


def test_the_family_widens_the_interval(lock: Lock) -> None:
    (alone,) = judge_all([ABLATION], measured(), lock, "smoke")
    lock.freeze([claim for claim in CLAIMS if claim is not UNTESTABLE], CLAIMS)  # type: ignore[misc]
    (shared,) = judge_all([ABLATION], measured(), lock, "smoke")
    narrow, wide = alone.parts[0].effect, shared.parts[0].effect
    assert narrow is not None
    assert wide is not None
    assert wide.low < narrow.low < narrow.high < wide.high
    assert wide.level > narrow.level == 0.95


def test_a_changed_judgement_judges_the_old_records_again_and_keeps_both_verdicts(lock: Lock) -> None:
    stricter = ABLATION.model_copy(
        update={"version": 2, "expectation": Difference(subject="selective", baseline="invariant", at_least=0.5)}
    )
    lock.freeze([stricter], [stricter])
    history = judge_history(stricter, "smoke", measured(), lock)
    assert [(version, verdict.status) for version, verdict in history] == [(1, "REPRODUCED"), (2, "PARTIAL")]


def test_every_tier_that_has_records_is_judged_and_an_untestable_claim_needs_none(lock: Lock) -> None:
    assert [verdict.tier for verdict in judge_all([ABLATION], measured(), lock)] == ["smoke"]
    assert judge_all([ABLATION], [], lock) == []
    assert [verdict.status for verdict in judge_all([UNTESTABLE], [], lock)] == ["NOT_TESTABLE"]
