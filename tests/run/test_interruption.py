"""A run that is killed or interrupted loses the trials in flight and nothing else."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from run import campaign
from run.builders import FakeLock, make_claim

from claimbench.errors import HostError, StoreError
from claimbench.run import prepare, session
from claimbench.run.job import Ended, Job, Payload
from claimbench.run.local import LocalLauncher
from claimbench.run.server import Server
from claimbench.run.session import run_claims
from claimbench.store import RunWriter, Store


@pytest.fixture
def started(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The campaign, with some trials done and some in flight."""
    search_path = os.pathsep.join([str(Path(campaign.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [sys.executable, "-P", str(campaign.__file__), str(tmp_path)],
        env=os.environ | {"PYTHONPATH": search_path},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    # With two workers, five starts have to come with three ends, or four with four.
    said = [process.stdout.readline().strip() for _ in range(8)]
    assert said.count("TrialEnded") >= 3
    yield process
    process.stdout.close()
    with suppress(ProcessLookupError):
        process.kill()
    process.wait()


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def wait_until_gone(processes: list[psutil.Process]) -> list[psutil.Process]:
    return psutil.wait_procs(processes, timeout=10)[1]


def test_kill_9_loses_what_was_in_flight(started: subprocess.Popen[str], tmp_path: Path) -> None:
    workers = family(started)
    assert len(workers) >= 2
    started.send_signal(signal.SIGKILL)
    started.wait()
    assert wait_until_gone(workers) == []
    kept = Store(tmp_path).ok_trials()
    assert 3 <= len(kept) < campaign.TRIALS
    summary = campaign.campaign(tmp_path)
    assert (summary.kept, summary.ok) == (len(kept), campaign.TRIALS - len(kept))
    assert len(Store(tmp_path).records()) == campaign.TRIALS


def test_an_interrupt_keeps_every_finished_trial(started: subprocess.Popen[str], tmp_path: Path) -> None:
    workers = family(started)
    started.send_signal(signal.SIGINT)
    assert started.wait(timeout=10) == 130
    assert wait_until_gone(workers) == []
    assert started.stdout is not None
    ended = 3 + started.stdout.read().split().count("TrialEnded")
    kept = Store(tmp_path).ok_trials()
    assert len(kept) >= ended
    assert campaign.campaign(tmp_path).kept == len(kept)


def test_workers_die_with_the_process_that_starts_them(started: subprocess.Popen[str]) -> None:
    everyone = family(started)
    (server,) = psutil.Process(started.pid).children()
    server.kill()
    assert wait_until_gone(everyone) == []
    assert started.wait(timeout=10) == 1  # HostError, uncaught in the campaign


def test_a_launcher_that_dies_is_one_clear_error(tmp_path: Path) -> None:
    def die(event: object) -> None:
        for child in psutil.Process().children():
            child.kill()

    with pytest.raises(HostError, match=r"starts the trials has died; see .*server\.log") as caught:
        run_claims(
            [make_claim("hangs")], "smoke", Store(tmp_path), lock=FakeLock(), controls=(), on_event=_on_start(die)
        )
    assert caught.value.exit_code == 3
    summary = run_claims([make_claim("good")], "smoke", Store(tmp_path), lock=FakeLock(), controls=())
    assert summary.ok == 1  # a new one was started


def test_a_launcher_that_breaks_off_is_not_alive_any_more(tmp_path: Path) -> None:
    """Also while its process still is: one that dies closes its socket first, and may not be asked again."""
    server = Server((), tmp_path / "server.log")
    server.wait_until_ready()
    assert server.alive
    with socket.socket(fileno=os.dup(server.fileno())) as connection:
        connection.shutdown(socket.SHUT_RDWR)
    with pytest.raises(HostError, match="has died"):
        list(server.exited())
    assert not server.alive
    server.close()


def _on_start(act: object) -> object:
    def watch(event: object) -> None:
        if type(event).__name__ == "TrialStarted":
            act(event)  # type: ignore[operator]

    return watch


def test_an_error_of_who_watches_stops_the_workers_at_once(tmp_path: Path) -> None:
    """Also those that were forked a moment ago, again and again: a kill must not come too early for them."""
    for _ in range(10):
        workers: list[psutil.Process] = []

        def fail(event: object, workers: list[psutil.Process] = workers) -> None:
            workers += [one for child in psutil.Process().children() for one in child.children()]
            raise RuntimeError("the watcher")

        with pytest.raises(RuntimeError, match="the watcher"):
            run_claims(
                [make_claim("hangs")], "smoke", Store(tmp_path), lock=FakeLock(), controls=(), on_event=_on_start(fail)
            )
        assert len(workers) == 1
        assert wait_until_gone(workers) == []


def test_a_full_disk_ends_the_run_and_keeps_what_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append = RunWriter.append

    def fills_up(self: RunWriter, record: object) -> None:
        if len(Store(tmp_path).records()) == 2:
            raise StoreError("the disk is full; free some space and give the same command again")
        append(self, record)  # type: ignore[arg-type]

    monkeypatch.setattr(RunWriter, "append", fills_up)
    with pytest.raises(StoreError, match="disk is full"):
        run_claims([make_claim("good", n=4)], "smoke", Store(tmp_path), lock=FakeLock(), controls=())
    monkeypatch.undo()
    summary = run_claims([make_claim("good", n=4)], "smoke", Store(tmp_path), lock=FakeLock(), controls=())
    assert (summary.kept, summary.ok) == (2, 2)


def test_a_store_that_cannot_be_written_ends_the_run_before_any_trial(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    events: list[object] = []
    with pytest.raises(StoreError, match="--store"):
        run_claims(
            [make_claim("good")],
            "smoke",
            Store(tmp_path / "file" / "runs"),
            lock=FakeLock(),
            controls=(),
            on_event=events.append,
        )
    assert [type(event).__name__ for event in events] == ["PlanReady"]


def test_another_engine_needs_only_run(tmp_path: Path) -> None:
    class Instant:
        def run(self, jobs: object, on_started: object, on_progress: object) -> Iterator[Ended]:
            job: Job
            for job in jobs:  # type: ignore[attr-defined]
                yield Ended(job, Payload(status="ok", samples={"score": (0.0,)}), "2026", 0.1, 0.0, None)

    claim = make_claim("hangs", n=3)
    summary = run_claims([claim], "smoke", Store(tmp_path), lock=FakeLock(), controls=(), launcher=Instant())  # type: ignore[arg-type]
    assert summary.ok == 3


def test_nothing_to_do_starts_nothing_and_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    claim = make_claim("good")
    run_claims([claim], "smoke", Store(tmp_path), lock=FakeLock(), controls=())
    before = sorted(tmp_path.glob("*.jsonl"))

    def refuse(*_: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(LocalLauncher, "run", refuse)
    summary = run_claims([claim], "smoke", Store(tmp_path), lock=FakeLock(), controls=())
    assert (summary.kept, summary.ok) == (1, 0)
    assert sorted(tmp_path.glob("*.jsonl")) == before


def test_kernels_are_compiled_once_before_ours_and_never_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []

    def note(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 1, "", "no such kernel")

    monkeypatch.setattr(prepare.subprocess, "run", note)
    monkeypatch.setattr(session.provenance, "commit", lambda: "unknown")
    run_claims([make_claim("good")], "smoke", Store(tmp_path), lock=FakeLock(), controls=())
    assert commands == []
    ours = make_claim("good", name="ours", experiment="claimbench.impls.mamba:nothing")
    summary = run_claims([ours], "smoke", Store(tmp_path), lock=FakeLock(), controls=())
    assert len(commands) == 1
    assert summary.failed == 1  # the trial says itself what is wrong
    assert next((tmp_path / "logs").rglob("prepare.log")).read_text() == "no such kernel"


def test_interrupts_do_not_reach_the_server(tmp_path: Path) -> None:
    """A Ctrl-C on a terminal goes to the whole foreground group, which must not hold the server."""
    run_claims([make_claim("good")], "smoke", Store(tmp_path), lock=FakeLock(), controls=())
    server = next(child for child in psutil.Process().children() if "serve" in " ".join(child.cmdline()))
    assert os.getpgid(server.pid) != os.getpgid(0)


def test_code_that_is_edited_during_a_run_fails_the_trial_and_is_measured_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, true_sha = make_claim("good", n=2), session.provenance.code_sha
    seen: list[str] = []

    def edited(experiment: str) -> str:
        seen.append(experiment)
        return true_sha(experiment) if len(seen) == 1 else "e" * 64

    monkeypatch.setattr(session.provenance, "code_sha", edited)
    summary = run_claims([claim], "smoke", Store(tmp_path), lock=FakeLock(), controls=())
    assert (summary.ok, summary.failed) == (0, 2)
    assert {(record.samples == {}, "edited" in record.reason) for record in Store(tmp_path).records()} == {(True, True)}
    monkeypatch.setattr(session.provenance, "code_sha", true_sha)
    assert run_claims([claim], "smoke", Store(tmp_path), lock=FakeLock(), controls=()).ok == 2


def test_a_trial_finds_its_checkpoint_again_and_leaves_none_when_it_has_ended(tmp_path: Path) -> None:
    claim, store, scratch = make_claim("resumes", n=2), Store(tmp_path), tmp_path / "scratch"
    assert run_claims([claim], "smoke", store, lock=FakeLock(), controls=()).failed == 2
    assert len(list(scratch.iterdir())) == 2
    assert run_claims([claim], "smoke", store, lock=FakeLock(), controls=()).ok == 2
    assert list(scratch.iterdir()) == []


def test_fresh_goes_on_from_nothing(tmp_path: Path) -> None:
    claim, store = make_claim("resumes"), Store(tmp_path)
    for _ in range(2):
        assert run_claims([claim], "smoke", store, lock=FakeLock(), controls=(), fresh=True).failed == 1
