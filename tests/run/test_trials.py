"""Whatever a trial does is a record with its cause, and the run goes on."""

from __future__ import annotations

import re
import time
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
from run.builders import FakeLock, make_claim

from claimbench.record import Record
from claimbench.run.events import Event, PlanReady, TrialEnded, TrialProgress, TrialStarted
from claimbench.run.session import RunSummary, run_claims
from claimbench.spec import Arm, Claim, Workload
from claimbench.store import Store


def run(root: Path, *claims: Claim, **more: object) -> tuple[RunSummary, list[Record], list[Event]]:
    events: list[Event] = []
    tier = next(iter(claims[0].workloads))
    options = {"lock": FakeLock(), "controls": (), "on_event": events.append} | more
    summary = run_claims(claims, tier, Store(root), **options)  # type: ignore[arg-type]
    return summary, Store(root).records(), events


@pytest.mark.parametrize(
    ("function", "limits", "reason"),
    [
        pytest.param("raises", {}, r"^ValueError: the loss is a banana \(experiments\.py:\d+\)$", id="raises"),
        pytest.param("exits", {}, r"called exit\(3\)", id="exits"),
        pytest.param("leaves", {}, r"exited with code 7 before it reported", id="leaves at once"),
        pytest.param("segfaults", {}, r"died of SIGSEGV", id="segfaults"),
        pytest.param("hangs", {"trial_seconds": 0.5}, r"stopped after 0\.5 s \(needs\.trial_seconds\)", id="hangs"),
        pytest.param("hoards", {"memory_bytes": 500 * 2**20}, r"over 500 MiB \(needs\.memory_bytes\)", id="hoards"),
        pytest.param("nonsense", {}, r"returned a str; return a Quality", id="returns nonsense"),
        pytest.param("banana_values", {}, r"must hold numbers only", id="returns what cannot be sent"),
        pytest.param("undeclared_gate", {}, r"gate 'nowhere' is not in the spec", id="undeclared gate"),
        pytest.param("absent", {}, r"the module has no function 'absent'", id="no such function"),
    ],
)
def test_a_failure_has_its_cause_and_takes_nothing_with_it(
    tmp_path: Path, function: str, limits: dict[str, float], reason: str
) -> None:
    bad = make_claim(function, needs=limits)
    summary, records, _ = run(tmp_path, bad, make_claim("good", n=2))
    assert (summary.ok, summary.failed, summary.skipped) == (2, 1, 0)
    (failed,) = [record for record in records if record.status == "failed"]
    assert failed.claim == bad.id
    assert re.search(reason, failed.reason), failed.reason
    assert not failed.samples


def test_every_failure_is_tried_again_and_what_is_ok_is_kept(tmp_path: Path) -> None:
    claims = (make_claim("good", n=3), make_claim("raises", n=2))
    assert run(tmp_path, *claims)[0].kept == 0
    again, records, _ = run(tmp_path, *claims)
    assert (again.ok, again.failed, again.kept) == (0, 2, 3)
    assert {record.attempt for record in records} == {0}


def test_a_measurement_of_two_claims_runs_once_and_both_have_its_record(tmp_path: Path) -> None:
    claim = make_claim("good", n=2)
    other = claim.model_copy(update={"id": "test.other", "label": "TE-77"})
    summary, records, events = run(tmp_path, claim, other)
    assert summary.ok == 2
    assert sorted(record.claim for record in records) == ["test.good", "test.good", "test.other", "test.other"]
    assert len({(record.trial, record.samples["score"], record.started) for record in records}) == 2
    assert len([event for event in events if isinstance(event, TrialStarted)]) == 2
    assert run(tmp_path, claim, other)[0].kept == 4


def test_children_do_not_outlive_their_trial(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    summary, _, _ = run(tmp_path / "runs", make_claim("leaks", arms=(Arm(name="ours", options={"pids": str(pids)}),)))
    assert summary.ok == 1
    deadline = time.monotonic() + 10
    left = [int(pid) for pid in pids.read_text().split()]
    while any(psutil.pid_exists(pid) for pid in left) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(left) == 2
    assert not [pid for pid in left if psutil.pid_exists(pid)]


def test_output_goes_to_a_log_and_silence_leaves_none(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    _, _, events = run(tmp_path, make_claim("prints"), make_claim("good"))
    logs = {event.record.claim: event.log for event in events if isinstance(event, TrialEnded)}
    assert logs["test.good"] is None
    assert logs["test.prints"] is not None
    assert set(logs["test.prints"].read_text().splitlines()) == {"hello from the trial", "and from below python"}
    assert capfd.readouterr() == ("", "")


def test_a_diverged_run_is_data(tmp_path: Path) -> None:
    _, (record,), _ = run(tmp_path, make_claim("diverges", n=2, protocol={"seeds_per_trial": 2}))
    assert record.status == "ok"
    assert repr(record.samples["score"]) == "(nan, inf)"


def test_a_missing_data_set_is_a_skip_with_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pooch

    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / "cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CLAIMBENCH_DATA", raising=False)
    monkeypatch.setenv("CLAIMBENCH_OFFLINE", "1")
    declared = make_claim("good", name="declared", needs={"data": ("tinyshakespeare",)})
    summary, records, _ = run(tmp_path / "runs", declared, make_claim("misses_data"))
    assert (summary.ok, summary.skipped) == (0, 2)
    assert all("claimbench data fetch tinyshakespeare" in record.reason for record in records)


def test_a_failed_gate_is_recorded_with_its_error(tmp_path: Path) -> None:
    _, (record,), _ = run(tmp_path, make_claim("failed_gate", gates={"same": 0.1}))
    assert record.status == "failed"
    assert (record.gates["same"].error, record.gates["same"].passed) == (0.5, False)


@pytest.mark.parametrize("tier", ["smoke", "cpu"])
def test_a_worker_has_one_thread_its_seed_and_no_network(tmp_path: Path, tier: str) -> None:
    claim = make_claim("environment", tier=tier, protocol={"first_seed": 7})
    _, (record,), _ = run(tmp_path, claim)
    assert record.checks == {"threads": (1, 1), "torch_seed": (7, 7), "offline": (1, 1)}, record.reason


def test_fresh_interpreters_are_fresh_and_forks_are_not(tmp_path: Path) -> None:
    _, (forked,), _ = run(tmp_path / "a", make_claim("loaded"))
    _, (fresh,), _ = run(tmp_path / "b", make_claim("loaded", tier="cpu"))
    assert forked.checks == {"numba": (1, 1)}
    assert fresh.checks == {"numba": (0, 0)}


def test_trials_run_side_by_side_and_timings_alone(tmp_path: Path) -> None:
    pool = make_claim("stamp", name="pool", n=4)
    timing = make_claim("stamp", name="timing", n=3, protocol={"unit": "process"}, kind="speed")
    _, records, _ = run(tmp_path, timing, pool)
    spans = sorted((r.samples["began"][0], r.samples["ended"][0], r.claim) for r in records)
    pooled = [(began, ended) for began, ended, claim in spans if claim == pool.id]
    alone = [(began, ended) for began, ended, claim in spans if claim == timing.id]
    assert any(later[0] < earlier[1] for earlier, later in pairwise(pooled))
    assert max(end for _, end in pooled) <= alone[0][0]
    assert all(later[0] >= earlier[1] for earlier, later in pairwise(alone))


def test_events_come_in_order(tmp_path: Path) -> None:
    arm = Arm(name="ours", options={"sleep_s": 0.5})
    _, (record,), events = run(tmp_path, make_claim("slow", arms=(arm,)))
    assert events[0] == PlanReady(to_run=1, kept=0, skipped=0, core_seconds=1.0)
    assert isinstance(events[1], TrialStarted)
    assert isinstance(events[-1], TrialEnded)
    steps = [event.done for event in events if isinstance(event, TrialProgress)]
    assert steps == sorted(steps)
    assert steps[-1] == 20
    assert events[-1].label == "test.slow ours 0"
    assert events[-1].record == record


def test_a_record_says_where_it_comes_from(tmp_path: Path) -> None:
    claim = make_claim("good", n=4, protocol={"seeds_per_trial": 3})
    summary, records, _ = run(tmp_path, claim)
    records.sort(key=lambda record: record.seeds)
    assert [record.seeds for record in records] == [(0, 1, 2), (3,)]
    assert records[0].samples["score"] == (0.0, 1.0, 2.0)
    for record in records:
        assert (record.run, record.measure_sha, record.role) == (summary.run, claim.measure_sha(), "confirmatory")
        assert record.machine.cores >= 1
        assert record.peak_bytes is not None
        assert record.peak_bytes > 2**20
        assert 0 < record.duration_s < 60
        assert record.started.startswith("20")
    assert len({record.trial for record in records}) == 2


def test_a_workload_with_a_type_of_its_own_arrives(tmp_path: Path) -> None:
    from run.experiments import Sized

    claim = make_claim("sized", workloads={"smoke": Sized(size=12)})
    _, (record,), _ = run(tmp_path, claim)
    assert record.checks == {"size": (12, 12)}, record.reason
    assert isinstance(claim.workloads["smoke"], Workload)
