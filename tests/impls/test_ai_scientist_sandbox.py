"""Generated code that does harm, and code that does not, in the sandbox."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from claimbench.errors import SandboxError, SpecError, UnknownName
from claimbench.impls.ai_scientist.adversaries import ADVERSARIES, DISK_BYTES, PROCESSES
from claimbench.impls.ai_scientist.experiments import containment
from claimbench.impls.ai_scientist.sandbox import Limits, Outcome, isolation, run_contained
from claimbench.impls.ai_scientist.sandbox.guarantees import of
from claimbench.impls.ai_scientist.sandbox.job import Mechanisms
from claimbench.impls.ai_scientist.sandbox.mechanisms import at_hand
from claimbench.impls.ai_scientist.sandbox.run import contain
from claimbench.impls.ai_scientist.scene import Scene, scene
from claimbench.papers.ai_scientist.workloads import Adversaries, Printed
from claimbench.trial import Trial

LINUX = sys.platform.startswith("linux")
LIMITS = Limits(seconds=1.0, memory_bytes=1 << 29, processes=PROCESSES, disk_bytes=DISK_BYTES)
ROOMY = Limits(seconds=60.0, memory_bytes=1 << 31, processes=64, disk_bytes=1 << 26)
ENDINGS = {
    "relaunch": ("processes", "time"),
    "fork_bomb": ("processes", "time"),
    "terabyte_writer": ("disk", "time"),
    "edit_of_the_limit": ("time",),
    "network_call": ("ok", "time"),
    "write_outside": ("ok", "time"),
    "read_secrets": ("ok", "time"),
    "success_without_results": ("no_results", "time"),
    "outliving_child": ("ok", "time"),
}
"""What an adversary's run may end as; on a busy machine any of them may run out of its second."""
FINISH = """
import json, os
os.makedirs("run_1", exist_ok=True)
with open("run_1/final_info.json", "w") as file:
    json.dump({"means": 1}, file)
"""

pytestmark = pytest.mark.skipif(not LINUX, reason="what the sandbox is made of is Linux's")


def written(folder: Path, source: str, *, finish: bool = True) -> Path:
    (folder / "experiment.py").write_text(textwrap.dedent(source) + FINISH * finish)
    return folder


def run(folder: Path, limits: Limits = ROOMY, **named: object) -> Outcome:
    return run_contained([sys.executable, "experiment.py", "--out_dir=run_1"], folder, limits, **named)  # type: ignore[arg-type]


def weaker(chosen: Callable[[Mechanisms], Mechanisms]) -> Mechanisms:
    """Some of what this machine has; skips where that is none of it."""
    found = chosen(at_hand())
    if found == at_hand() or found == Mechanisms():
        pytest.skip("this machine has no such mechanisms, or no others")
    return found


def check(stage: Scene, outcome: Outcome, mechanisms: Mechanisms, name: str) -> None:
    """That the run was contained as far as `isolation` says that it is, and in time."""
    said = {held.guarantee for held in of(mechanisms).held if held.holds}
    broken = stage.broken(outcome.stdout + outcome.stderr)
    assert not broken & said, (broken, outcome)
    if {"time", "no_survivors"} <= said:
        assert "no_survivors" not in broken
    assert outcome.seconds < LIMITS.seconds + containment.MARGIN_S, outcome
    assert outcome.status in ENDINGS[name], outcome
    results = stage.folder / "run_1"
    assert results.exists() is (outcome.status == "ok")
    assert not [path for path in stage.folder.rglob("*") if path.is_symlink()]


@pytest.mark.parametrize("name", ADVERSARIES)
def test_adversaries_are_contained_within_two_seconds_of_their_limit(name: str) -> None:
    with scene(ADVERSARIES[name]) as stage:
        outcome = run_contained(stage.argv, stage.folder, LIMITS)
        check(stage, outcome, at_hand(), name)


@pytest.mark.parametrize(
    "name", ["fork_bomb", "network_call", "write_outside", "read_secrets", "outliving_child", "terabyte_writer"]
)
def test_landlock_and_a_filter_of_calls_contain_them_without_namespaces(name: str) -> None:
    mechanisms = weaker(lambda all_: Mechanisms(landlock=all_.landlock, seccomp=all_.seccomp, gate=all_.gate))
    with scene(ADVERSARIES[name]) as stage:
        outcome = contain(stage.argv, stage.folder, LIMITS, mechanisms)
        check(stage, outcome, mechanisms, name)


@pytest.mark.parametrize("name", ["network_call", "write_outside", "read_secrets", "outliving_child"])
def test_where_nothing_but_the_watcher_is_at_hand_isolation_says_what_is_open(name: str) -> None:
    expected = {"network_call": "network", "write_outside": "writes", "read_secrets": "reads"}
    with scene(ADVERSARIES[name]) as stage:
        outcome = contain(stage.argv, stage.folder, ROOMY, Mechanisms())
        broken = stage.broken(outcome.stdout + outcome.stderr)
        assert broken == ({expected[name]} if name in expected else set())
    assert broken <= set(of(Mechanisms()).missing)


def test_an_experiment_with_numpy_runs_and_its_results_and_output_come_back(tmp_path: Path) -> None:
    source = """
    import sys
    import numpy as np
    drawn = np.random.default_rng(7).normal(size=3)
    print(sys.argv[1:], drawn.tolist())
    open("experiment.py", "a").write("# edited by itself")
    open("beside", "w").write("not in the folder that it was told to write to")
    os = __import__("os")
    os.makedirs("run_1/seed_7/curves")
    np.save("run_1/seed_7/curves/loss.npy", drawn)
    """
    before = (written(tmp_path, source) / "experiment.py").read_text()
    outcome = run(tmp_path)
    assert (outcome.status, outcome.returncode, outcome.stderr) == ("ok", 0, "")
    import numpy as np

    expected = np.random.default_rng(7).normal(size=3)
    assert outcome.stdout.strip() == f"['--out_dir=run_1'] {expected.tolist()}"
    assert np.load(tmp_path / "run_1/seed_7/curves/loss.npy").tolist() == expected.tolist()
    assert json.loads((tmp_path / "run_1/final_info.json").read_text()) == {"means": 1}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["experiment.py", "run_1"]
    assert (tmp_path / "experiment.py").read_text() == before


def test_torch_can_be_imported(tmp_path: Path) -> None:
    outcome = run(written(tmp_path, "import torch; print(torch.ones(2).sum().item())"))
    assert (outcome.status, outcome.stdout) == ("ok", "2.0\n"), outcome


def test_processes_of_its_own_share_work_where_it_has_namespaces(tmp_path: Path) -> None:
    if not at_hand().alone:
        pytest.skip("without namespaces of its own a run has no /dev/shm, and so no locks")
    source = """
    from multiprocessing import Pool
    if __name__ == "__main__":
        with Pool(2) as pool:
            print(pool.map(abs, range(-3, 0)))
    """
    assert run(written(tmp_path, source)).stdout == "[3, 2, 1]\n"


def test_what_is_readable_is_read_and_what_is_beside_it_is_not(tmp_path: Path) -> None:
    if "reads" in isolation().missing:
        pytest.skip("this machine does not confine reading: " + isolation().text())
    data, experiment = tmp_path / "data", tmp_path / "experiment"
    data.mkdir()
    experiment.mkdir()
    (data / "train").write_text("tokens")
    (tmp_path / "key").write_text("secret")
    (experiment / "linked").symlink_to(data / "train")
    source = f"""
    print(open("{data}/train").read(), open("linked").read())
    for path in ("{tmp_path}/key", "{data}/train", "{tmp_path}/new"):
        try:
            open(path, "r" if path.endswith("key") else "w")
            print("opened", path)
        except OSError:
            pass
    """
    outcome = run(written(experiment, source), readable=[data])
    assert (outcome.status, outcome.stdout) == ("ok", "tokens tokens\n"), outcome


def test_the_environment_is_scrubbed_and_home_is_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-canary")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    source = (
        "import os, tempfile; print(sorted(os.environ)); open(tempfile.mkstemp()[1]); os.listdir(os.environ['HOME'])"
    )
    outcome = run(written(tmp_path, source))
    assert outcome.status == "ok", outcome
    assert "OMP_NUM_THREADS" in outcome.stdout
    assert "KEY" not in outcome.stdout
    assert os.environ["HOME"] not in outcome.stdout


@pytest.mark.parametrize(
    ("source", "status"),
    [
        pytest.param("raise SystemExit(3)", "failed", id="exit code"),
        pytest.param("import os; os.kill(os.getpid(), 9)", "failed", id="killed"),
        pytest.param("import os; os.makedirs('run_1/final_info.json')", "no_results", id="a folder"),
        pytest.param("import os; os.mkdir('run_1'); os.mkfifo('run_1/final_info.json')", "no_results", id="a pipe"),
        pytest.param(
            "import os; os.mkdir('run_1'); os.symlink('/etc/passwd', 'run_1/final_info.json')",
            "no_results",
            id="a link",
        ),
        pytest.param(
            "import os; os.mkdir('run_1'); open('run_1/final_info.json', 'w').write('{')", "no_results", id="cut"
        ),
        pytest.param(
            "import os; os.mkdir('run_1'); open('run_1/final_info.json', 'w').write('{}')", "no_results", id="{}"
        ),
        pytest.param(
            "import os; os.mkdir('run_1'); open('run_1/final_info.json', 'w').write('[' * 100000)",
            "no_results",
            id="[[[",
        ),
        pytest.param("import os; os.makedirs('run_1'); open('run_1/other.json', 'w')", "no_results", id="another"),
        pytest.param("import os; os.symlink('/etc', 'run_1')", "no_results", id="the folder a link"),
    ],
)
def test_without_results_nothing_is_left_that_could_pass_as_one(tmp_path: Path, source: str, status: str) -> None:
    outcome = run(written(tmp_path, source, finish=False))
    assert outcome.status == status, outcome
    assert [path.name for path in tmp_path.iterdir()] == ["experiment.py"]


def test_results_before_a_failure_are_not_results(tmp_path: Path) -> None:
    written(tmp_path, "")
    with (tmp_path / "experiment.py").open("a") as file:
        file.write("raise SystemExit(1)")
    outcome = run(tmp_path)
    assert (outcome.status, outcome.returncode) == ("failed", 1)
    assert not (tmp_path / "run_1").exists()


def test_only_plain_files_come_back(tmp_path: Path) -> None:
    source = """
    import os
    os.makedirs("run_1/inner")
    os.mkfifo("run_1/pipe")
    os.symlink("/etc", "run_1/inner/link")
    os.mkdir("run_1/closed", 0)
    os.umask(0o777)
    open("run_1/inner/closed too", "w").write("x")
    os.umask(0o22)
    """
    assert run(written(tmp_path, source)).status == "ok"
    found = {str(path.relative_to(tmp_path)) for path in (tmp_path / "run_1").rglob("*")}
    assert found == {"run_1/inner", "run_1/inner/closed too", "run_1/closed", "run_1/final_info.json"}


@pytest.mark.parametrize(
    ("source", "status"),
    [
        pytest.param("kept = [bytearray(b'x') * (1 << 24) for _ in range(64)]", "failed", id="one process"),
        pytest.param(
            "import os, time; [os.fork() for _ in range(2)]; kept = bytearray(b'x') * (1 << 27); time.sleep(9)",
            "memory",
            id="several",
        ),
        pytest.param(
            "import os, time; kept = [open('a', 'wb') for _ in range(12) if not os.path.exists('a') or os.unlink('a') "
            "is None]; [file.write(bytes(1 << 20)) for file in kept]; time.sleep(9)",
            "disk",
            id="files without a name",
        ),
        pytest.param("import os; [(os.mkdir('d'), os.chdir('d')) for _ in range(100)]", "disk", id="nested folders"),
        pytest.param("open('a', 'wb').truncate(1 << 40)", "failed", id="a sparse file"),
        pytest.param(
            "import threading, time; [threading.Thread(target=time.sleep, args=(9,)).start() for _ in range(30)]",
            "processes",
            id="threads",
        ),
    ],
)
def test_limits_are_met(tmp_path: Path, source: str, status: str) -> None:
    limits = Limits(seconds=8.0, memory_bytes=400 << 20, processes=PROCESSES, disk_bytes=DISK_BYTES)
    outcome = run(written(tmp_path, source), limits)
    assert outcome.status == status, outcome
    assert not (tmp_path / "run_1").exists()


def test_a_flood_of_output_keeps_its_end(tmp_path: Path) -> None:
    outcome = run(written(tmp_path, "print('x' * (1 << 22) + 'the end')"))
    assert outcome.stdout.endswith("xthe end\n")
    assert len(outcome.stdout) == 1 << 16


def test_other_processes_cannot_be_signalled_slowed_or_looked_at(tmp_path: Path) -> None:
    if {"others", "environment"} & set(isolation().missing):
        pytest.skip("this machine does not confine that: " + isolation().text())
    source = f"""
    import os, resource, signal
    def reached(action, *arguments):
        try:
            action(*arguments)
            print("reached", action, arguments)
        except OSError:
            pass
    for pid in ({os.getpid()}, os.getppid()):
        reached(os.kill, pid, signal.SIGCONT)
        reached(os.setpriority, os.PRIO_PROCESS, pid, 19)
        reached(os.sched_setaffinity, pid, [0])
        reached(resource.prlimit, pid, resource.RLIMIT_NOFILE, (64, 64))
        reached(lambda: open(f"/proc/{{pid}}/environ").read(1) or 1 / 0)
        reached(open, f"/proc/{{pid}}/mem")
    """
    if at_hand().alone:
        # The parent in there is the launcher, whose environment is the run's own.
        source = source.replace(", os.getppid()", ",")
    outcome = run(written(tmp_path, source))
    assert (outcome.status, outcome.stdout) == ("ok", ""), outcome


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("alone", [True, False])
def test_a_run_ends_with_its_caller(tmp_path: Path, number: int, alone: bool) -> None:
    mechanisms = at_hand() if alone else Mechanisms(landlock=at_hand().landlock, seccomp=at_hand().seccomp)
    with scene("import os, time; os.fork() or os.setsid(); print(flush=True); time.sleep(60)") as stage:
        caller = f"""
from claimbench.impls.ai_scientist.sandbox.run import contain, Path, Limits, Mechanisms
contain({stage.argv}, Path({str(stage.folder)!r}), Limits(60, 1 << 29, 8, 1 << 24), {mechanisms!r})
"""
        environment = {**os.environ, "TMPDIR": str(tmp_path)}
        with subprocess.Popen([sys.executable, "-c", caller], stderr=subprocess.DEVNULL, env=environment) as process:
            until = time.monotonic() + 30
            while len(found := stage.survivors()) < 3 and time.monotonic() < until:
                time.sleep(0.05)
            assert len(found) >= 3  # the caller, whose source names it, and the two that it runs
            process.send_signal(number)
            process.wait(timeout=10)
        until = time.monotonic() + 2
        while stage.survivors() and time.monotonic() < until:
            time.sleep(0.05)
        assert not stage.survivors()


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        pytest.param(["python", "experiment.py"], "where it writes", id="no folder"),
        pytest.param(["python", "--out_dir=a", "--out_dir", "b"], "where it writes", id="two"),
        pytest.param(["python", "--out_dir=/tmp/x"], "below", id="absolute"),
        pytest.param(["python", "--out_dir", "../x"], "below", id="above"),
        pytest.param(["python", "--out_dir=."], "below", id="itself"),
        pytest.param(["python", "--out_dir=taken"], "exists", id="taken"),
        pytest.param(["no-such-program", "--out_dir=a"], "could not be started", id="no program"),
    ],
)
def test_commands_that_cannot_be_run_are_refused(tmp_path: Path, argv: list[str], message: str) -> None:
    (written(tmp_path, "") / "taken").mkdir()
    with pytest.raises(SandboxError, match=message):
        run_contained(argv, tmp_path, LIMITS)


def test_folders_that_cannot_be_run_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="holds no file"):
        run(tmp_path)
    (tmp_path / "experiment.py").symlink_to("/etc/passwd")
    with pytest.raises(SandboxError, match="plain file"):
        run(tmp_path)
    (tmp_path / "experiment.py").unlink()
    (written(tmp_path, "") / "large").write_bytes(bytes(DISK_BYTES))
    with pytest.raises(SandboxError, match="disk_bytes"):
        run(tmp_path, LIMITS)
    (tmp_path / "large").unlink()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SandboxError, match="neither a file"):
        run(tmp_path)


def test_a_time_limit_alone_contains_none_of_those_that_need_no_time() -> None:
    for name, broken in (
        ("network_call", {"network"}),
        ("write_outside", {"writes"}),
        ("read_secrets", {"reads"}),
        ("outliving_child", {"no_survivors"}),
    ):
        with scene(ADVERSARIES[name]) as stage:
            output, deceived = containment.under_time_limit(stage, 30.0)
            assert (stage.broken(output), deceived) == (broken, False), name
    with scene(ADVERSARIES["success_without_results"]) as stage:
        assert containment.under_time_limit(stage, 30.0)[1]


@pytest.mark.parametrize(("arm", "count"), [("ours", 2), ("plain", 0)])
def test_the_claim_counts_what_is_contained(arm: str, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if arm == "ours" and isolation().missing:
        pytest.skip("the trial is refused here: " + isolation().text())
    few = {name: ADVERSARIES[name] for name in ("success_without_results", "network_call")}
    monkeypatch.setattr(containment, "ADVERSARIES", few)
    trial = Trial("ai_scientist.x", "smoke", Adversaries(seconds=30.0), arm, {}, (900,))
    assert containment.contained(trial).checks == {arm: count}


def test_the_claim_refuses_other_arms_and_workloads(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownName):
        containment.contained(Trial("ai_scientist.x", "smoke", Adversaries(seconds=1.0), "theirs", {}, (900,)))
    with pytest.raises(SpecError):
        containment.contained(Trial("ai_scientist.x", "smoke", Printed(), "ours", {}, (900,)))
    monkeypatch.setattr(containment, "isolation", lambda: of(Mechanisms()))
    with pytest.raises(SandboxError, match="bubblewrap"):
        containment.contained(Trial("ai_scientist.x", "smoke", Adversaries(seconds=1.0), "ours", {}, (900,)))
