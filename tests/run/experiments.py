"""Experiments that behave as badly as a trial can; workers find them through the caller's `sys.path`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from claimbench import data
from claimbench.spec import Workload
from claimbench.trial import Exact, Quality, Trial


def good(trial: Trial) -> Quality:
    return Quality({"score": [float(seed) for seed in trial.seeds]})


def exact(trial: Trial) -> Exact:
    return Exact({"answer": 42.0})


def slow(trial: Trial) -> Quality:
    for step in range(20):
        trial.progress(step + 1, 20)
        time.sleep(float(trial.options["sleep_s"]) / 20)
    return good(trial)


def raises(trial: Trial) -> Quality:
    raise ValueError("the loss is a banana")


def hangs(trial: Trial) -> Quality:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(1)


def exits(trial: Trial) -> Quality:
    sys.exit(3)


def leaves(trial: Trial) -> Quality:
    os._exit(7)


def segfaults(trial: Trial) -> Quality:
    os.kill(os.getpid(), signal.SIGSEGV)
    return good(trial)


def hoards(trial: Trial) -> Quality:
    held = []
    while True:
        held.append(bytearray(b"x" * (16 * 2**20)))
        time.sleep(0.01)


def leaks(trial: Trial) -> Quality:
    """One child in the trial's group and one that escapes it, both outliving the trial."""
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    inside = subprocess.Popen(command)
    escaped = subprocess.Popen(command, start_new_session=True)
    Path(str(trial.options["pids"])).write_text(f"{inside.pid} {escaped.pid}")
    threading.Thread(target=time.sleep, args=(600,)).start()
    return good(trial)


def prints(trial: Trial) -> Quality:
    print("hello from the trial")
    os.write(2, b"and from below python\n")
    return good(trial)


def nonsense(trial: Trial) -> str:
    return "forty-two"


def banana_values(trial: Trial) -> Quality:
    return Quality({"score": [lambda: 1.0 for _ in trial.seeds]})  # type: ignore[misc]


def diverges(trial: Trial) -> Quality:
    return Quality({"score": [float("nan"), float("inf")][: len(trial.seeds)]})


def misses_data(trial: Trial) -> Quality:
    trial.data("tinyshakespeare")
    return good(trial)


def environment(trial: Trial) -> Exact:
    import torch

    return Exact(
        {
            "threads": float(torch.get_num_threads()),
            "torch_seed": float(torch.initial_seed()),
            "offline": float(data.offline()),
        }
    )


def undeclared_gate(trial: Trial) -> Quality:
    trial.gate("nowhere", 0.0)
    return good(trial)


def failed_gate(trial: Trial) -> Quality:
    trial.gate("same", 0.5)
    return good(trial)


def stamp(trial: Trial) -> Quality:
    """When the trial began and ended, so that a test can see what ran side by side."""
    began = time.monotonic()
    time.sleep(0.15)
    return Quality({"score": [0.0 for _ in trial.seeds], "began": [began], "ended": [time.monotonic()]})


def loaded(trial: Trial) -> Exact:
    return Exact({"numba": float("numba" in sys.modules)})


class Sized(Workload):
    kind: str = "sized"
    size: int


def sized(trial: Trial) -> Exact:
    assert isinstance(trial.workload, Sized)
    return Exact({"size": float(trial.workload.size)})


def peaked(trial: Trial) -> Quality:
    """Best at rate 2 for every arm; diverges at 4."""
    rate = float(trial.options["rate"])
    return Quality({"score": [float("nan") if rate == 4 else seed / 1e4 - (rate - 2) ** 2 for seed in trial.seeds]})


def resumes(trial: Trial) -> Quality:
    """Fails at its first try and leaves a checkpoint; says at the next whether it found it."""
    assert trial.scratch is not None
    checkpoint = trial.scratch / "half"
    found = checkpoint.exists()
    trial.scratch.mkdir(parents=True, exist_ok=True)
    checkpoint.write_text("done so far")
    if not found:
        raise TimeoutError("half is done")
    return Quality({"score": [1.0 for _ in trial.seeds]})
