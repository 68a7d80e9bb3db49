"""The plan: what is run, kept, skipped, in which order, and under which identity."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from run.builders import FakeLock, make_claim

from claimbench import data, provenance
from claimbench.errors import SpecError
from claimbench.record import Machine, Record
from claimbench.run import plan as module
from claimbench.run.job import Ended, Job, Payload
from claimbench.run.plan import Plan, plan
from claimbench.spec import Arm, Claim
from claimbench.store import Store

MACHINE = Machine(cpu="abacus", cores=2, memory_bytes=1, os="none", arch="wood")
TWO = (Arm(name="a"), Arm(name="b", role="baseline", why_fair="it is the best known"))
SPEED = {"kind": "speed", "protocol": {"unit": "process"}}
PLACEBO = make_claim("good", name="placebo", arms=TWO, n=2, role="placebo", **SPEED)  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def make(store: Store, *claims: Claim, tier: str = "smoke", **more: object) -> Plan:
    options = {"controls": (), "run": "r"} | more
    return plan(claims, tier, store, options.pop("lock", FakeLock()), **options)  # type: ignore[arg-type]


def keep(store: Store, jobs: tuple[Job, ...], run: str, status: str = "ok") -> list[Record]:
    payload = Payload.model_validate({"status": status, "reason": "" if status == "ok" else "it did"})
    ended = [Ended(job, payload, "2026", 1.0, 0.0, None) for job in jobs]
    records = [record for one in ended for record in one.records(MACHINE, {}, "unknown")]
    with store.run(run) as writer:
        for record in records:
            writer.append(record)
    return records


def order(made: Plan) -> str:
    return " ".join(f"{job.arm}{job.seeds[0]}" for job in made.jobs)


def test_what_is_ok_is_kept_and_the_rest_is_run(store: Store) -> None:
    claim = make_claim("good", arms=TWO, n=3)
    first = make(store, claim)
    assert len(first.jobs) == 6
    keep(store, first.jobs[:2], "r1")
    keep(store, first.jobs[2:4], "r2", "failed")
    keep(store, first.jobs[4:5], "r3", "skipped")
    second = make(store, claim)
    assert second.kept == 2
    assert [job.identity for job in second.jobs] == [job.identity for job in first.jobs[2:]]
    assert {job.attempt for job in second.jobs} == {0}


def test_fresh_raises_the_attempt(store: Store) -> None:
    claim = make_claim("good", n=2)
    keep(store, make(store, claim).jobs, "r1")
    again = make(store, claim, fresh=True).jobs
    assert [job.attempt for job in again] == [1, 1]
    keep(store, again[:1], "r2")
    assert make(store, claim).kept == 2
    assert [job.attempt for job in make(store, claim, fresh=True).jobs] == [2, 1]


def test_changed_code_is_measured_again_as_a_further_attempt(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    claim = make_claim("good")
    keep(store, make(store, claim).jobs, "r1")
    monkeypatch.setattr(provenance, "code_sha", lambda experiment: "new code")
    (job,) = make(store, claim).jobs
    assert (job.attempt, job.code_sha) == (1, "new code")


def test_identity_follows_what_it_names(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    base = make_claim("good", needs={"data": ("cpython_topics",)})
    seen = {make(store, base).jobs[0].identity}
    assert make(store, base, run="another", lock=FakeLock("draft")).jobs[0].identity in seen
    seen.add(make(store, base.model_copy(update={"arms": (Arm(name="ours", options={"x": 1}),)})).jobs[0].identity)
    seen.add(make(store, base, seeds=(5,)).jobs[0].identity)
    with monkeypatch.context() as patch:
        patch.setattr(provenance, "code_sha", lambda experiment: "new")
        seen.add(make(store, base).jobs[0].identity)
    with monkeypatch.context() as patch:
        patch.setattr(data, "identity", lambda name: "new")
        seen.add(make(store, base).jobs[0].identity)
    with monkeypatch.context() as patch:
        patch.setattr(provenance, "versions", lambda: {"python": "4"})
        seen.add(make(store, base).jobs[0].identity)
    assert len(seen) == 6
    prose = base.model_copy(update={"statement": "In other words.", "caveats": ("none",)})
    assert make(store, prose).jobs[0].identity in seen


def test_drafts_explore_and_locked_claims_confirm(store: Store) -> None:
    claim = make_claim("good")
    roles = {state: make(store, claim, lock=FakeLock(state)).jobs[0].role for state in ("draft", "changed", "locked")}
    assert roles == {"draft": "exploratory", "changed": "exploratory", "locked": "confirmatory"}
    exploratory = claim.model_copy(update={"role": "exploratory"})
    assert make(store, exploratory).jobs[0].role == "exploratory"


def test_what_a_draft_measured_confirms_nothing_once_it_is_locked(store: Store) -> None:
    claim = make_claim("good")
    keep(store, make(store, claim, lock=FakeLock("draft")).jobs, "r1")
    assert make(store, claim, lock=FakeLock("draft")).kept == 1
    assert [job.role for job in make(store, claim, lock=FakeLock("locked")).jobs] == ["confirmatory"]


def test_one_measurement_of_two_claims_runs_once_and_gives_each_its_records(store: Store) -> None:
    claim = make_claim("good", arms=TWO, n=2, needs={"core_seconds": {"smoke": 8.0}})
    other = claim.model_copy(update={"id": "test.other", "label": "TE-77", "role": "exploratory"})
    made = make(store, claim, other)
    assert [(len(job.twins), job.twins[0].claim.id, job.twins[0].role) for job in made.jobs] == [
        (1, "test.other", "exploratory")
    ] * 4
    assert [(row.to_run, row.kept) for row in made.rows] == [(4, 0), (0, 0)]
    assert sum(made.core_seconds.values()) == made.core_seconds_to_run == 8.0
    records = keep(store, made.jobs[:3], "r1")
    assert [(record.claim, record.role, record.attempt) for record in records] == [
        (claim.id, "confirmatory", 0),
        ("test.other", "exploratory", 0),
    ] * 3
    assert len({record.trial for record in records}) == 3
    rest = make(store, claim, other)
    assert (rest.kept, len(rest.jobs), len(rest.jobs[0].twins)) == (6, 1, 1)


def test_what_was_measured_for_one_claim_is_measured_again_for_another(store: Store) -> None:
    claim = make_claim("good")
    keep(store, make(store, claim).jobs, "r1")
    other = claim.model_copy(update={"id": "test.other", "label": "TE-77"})
    (job,) = make(store, claim, other).jobs
    assert (job.claim.id, job.attempt, job.twins) == ("test.other", 0, ())


def test_tuning_replaces_role_and_seeds_and_brings_no_controls(store: Store) -> None:
    claim = make_claim("good", arms=TWO, n=4, **SPEED)  # type: ignore[arg-type]
    made = make(store, claim, role="tuning", seeds=(1000, 1001), arms=("b",), controls=(PLACEBO,))
    assert order(made) == "b1000 b1001"
    assert {job.role for job in made.jobs} == {"tuning"}


def test_units_are_interleaved_there_and_back(store: Store) -> None:
    three = (*TWO, Arm(name="c", role="control"))
    made = make(store, make_claim("good", arms=three, n=4, **SPEED))  # type: ignore[arg-type]
    assert order(made) == "a0 b0 c0 c1 b1 a1 a2 b2 c2 c3 b3 a3"
    assert all(job.alone for job in made.jobs)


def test_seeds_are_batched(store: Store) -> None:
    made = make(store, make_claim("good", n=5, protocol={"seeds_per_trial": 2, "first_seed": 10}))
    assert [job.seeds for job in made.jobs] == [(10, 11), (12, 13), (14,)]


def test_training_comes_before_timing(store: Store) -> None:
    timing = make_claim("good", name="timing", n=2, **SPEED)  # type: ignore[arg-type]
    made = make(store, timing, make_claim("exact", name="training", n=2))
    assert [job.claim.id for job in made.jobs] == ["test.training"] * 2 + ["test.timing"] * 2


def test_a_timing_brings_the_controls_each_run_anew(store: Store) -> None:
    timing = make_claim("good", name="timing", n=2, **SPEED)  # type: ignore[arg-type]
    first = make(store, timing, controls=(PLACEBO,), run="r1")
    placebos = [job for job in first.jobs if job.role == "placebo"]
    assert len(placebos) == 4
    assert first.core_seconds == {"test": 1.0}
    keep(store, first.jobs[:2], "r1")
    keep(store, tuple(placebos), "r1b")
    second = make(store, timing, fresh=True, controls=(PLACEBO,), run="r2")
    again = [job for job in second.jobs if job.role == "placebo"]
    assert not {job.identity for job in again} & {job.identity for job in placebos}
    assert {job.attempt for job in again} == {0}


def test_no_timing_no_controls(store: Store) -> None:
    timing = make_claim("good", name="timing", **SPEED)  # type: ignore[arg-type]
    assert {job.role for job in make(store, make_claim("good"), controls=(PLACEBO,)).jobs} == {"confirmatory"}
    keep(store, make(store, timing).jobs, "r1")
    assert make(store, timing, controls=(PLACEBO,)).jobs == ()


def test_over_budget_is_refused_with_the_sum_and_the_dearest(store: Store) -> None:
    claims = [
        make_claim("good", name="cheap", core_seconds=100),
        make_claim("good", name="dear", n=2, core_seconds=141),
    ]
    with pytest.raises(
        SpecError, match=r"declare 241 core-seconds at smoke, over the budget of 240.*test\.dear \(141\)"
    ):
        make(store, *claims)
    claims[1] = make_claim("good", name="dear", n=2, core_seconds=140)
    made = make(store, *claims)
    assert made.core_seconds == {"test": 240.0}
    assert made.budget_core_seconds == 240.0
    assert made.core_seconds_to_run == 240.0


def test_rows_add_up(store: Store) -> None:
    claim = make_claim("good", n=4, core_seconds=8.0)
    keep(store, make(store, claim).jobs[:3], "r1")
    made = make(store, claim)
    (row,) = made.rows
    assert (row.claim, row.to_run, row.kept, row.skipped, row.note) == ("test.good", 1, 3, 0, "confirmatory")
    assert made.core_seconds_to_run == 2.0


@pytest.mark.parametrize(
    ("needs", "said"),
    [
        pytest.param({"device": "cuda"}, "claimbench doctor", id="GPU"),
        pytest.param({"packages": ("no_such_package.part",)}, "pip install", id="package"),
        pytest.param({"data": ("tinyshakespeare",)}, "claimbench data fetch tinyshakespeare", id="data"),
    ],
)
def test_what_cannot_run_here_is_skipped_with_what_to_do(
    store: Store, needs: dict[str, object], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from claimbench.measure import machine

    monkeypatch.setattr(machine, "machine", lambda: MACHINE)
    monkeypatch.setattr(data, "available", lambda name: False)
    made = make(store, make_claim("good", n=2, needs=needs))
    assert made.jobs == ()
    assert [said in skip.reason for skip in made.skips] == [True, True]
    assert made.rows[0].skipped == 2


def test_a_gpu_is_never_shared(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from claimbench.measure import machine

    monkeypatch.setattr(machine, "machine", lambda: MACHINE.model_copy(update={"gpu": "slide rule"}))
    made = make(store, make_claim("good", tier="gpu", needs={"device": "cuda"}), tier="gpu")
    assert (made.jobs[0].alone, made.jobs[0].fresh_process) == (True, True)


def test_timings_on_a_gpu_bring_the_house_s_controls_on_a_gpu(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from claimbench.measure import machine
    from claimbench.papers.house import CLAIMS

    monkeypatch.setattr(machine, "machine", lambda: MACHINE.model_copy(update={"gpu": "slide rule"}))
    for tier, device, brought in (("gpu", "cuda", CLAIMS[2:]), ("cpu", "cpu", CLAIMS[:2])):
        timing = make_claim("good", tier=tier, needs={"device": device}, **SPEED)  # type: ignore[arg-type]
        made = make(store, timing, tier=tier, controls=None)
        assert [row.claim for row in made.rows] == [*(claim.id for claim in brought), timing.id]
        assert [row.to_run for row in made.rows] == [20, 20, 1]


def test_a_tier_without_workload_plans_nothing(store: Store) -> None:
    assert make(store, make_claim("good"), tier="cpu").jobs == ()


@given(n=st.integers(1, 30), size=st.integers(1, 7), first=st.integers(0, 900), arms=st.integers(1, 4))
def test_every_arm_gets_every_seed_once(n: int, size: int, first: int, arms: int) -> None:
    claim = make_claim(
        "good",
        arms=tuple(Arm(name=f"arm{i}") for i in range(arms)),
        n=n,
        protocol={"seeds_per_trial": size, "first_seed": first},
    )
    units = module._units(claim, claim.seeds("smoke"), None)  # pyright: ignore[reportPrivateUsage]
    for i in range(arms):
        assert [seed for arm, batch in units if arm == f"arm{i}" for seed in batch] == list(range(first, first + n))
