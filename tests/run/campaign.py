"""A run of twelve slow trials, started by the tests as a process of its own, to be killed."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from run.builders import FakeLock, make_claim

from claimbench.run.events import TrialEnded, TrialStarted
from claimbench.run.session import RunSummary, run_claims
from claimbench.spec import Arm
from claimbench.store import Store

TRIALS = 12


def campaign(root: Path, on_event: object = None) -> RunSummary:
    claim = make_claim("slow", arms=(Arm(name="ours", options={"sleep_s": 0.4}),), n=TRIALS)
    return run_claims([claim], "smoke", Store(root), lock=FakeLock(), controls=(), on_event=on_event)  # type: ignore[arg-type]


if __name__ == "__main__":
    # What a shell starts in the background ignores interrupts, and so would its children.
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def say(event: object) -> None:
        if isinstance(event, TrialStarted | TrialEnded):
            print(type(event).__name__, flush=True)

    try:
        campaign(Path(sys.argv[1]), say)
    except KeyboardInterrupt:
        sys.exit(130)
