"""What the harness adds to a trial beyond imports and the work itself: an empty trial, forked, one at a time.

    .venv/bin/python -P benchmarks/harness_overhead.py [trials]

The bar is 30 ms a trial, from asking for a process until its record is on the disk.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from claimbench.trial import Exact, Trial

BAR_S = 0.030


def nothing(trial: Trial) -> Exact:
    """An experiment without work."""
    return Exact({"nothing": 0.0})


class Drafts:
    """A lock in which nothing is locked."""

    def state(self, claim: object) -> str:
        """Every claim is a draft."""
        return "draft"


def measure(trials: int) -> list[float]:
    """Seconds of each of `trials` empty trials, after a first that starts the server."""
    # Imported here: a trial imports this module too, and imports are not what is measured.
    from claimbench.expectation import Box
    from claimbench.expectation import Exact as Inside
    from claimbench.run.events import TrialEnded
    from claimbench.run.session import run_claims
    from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Source, Workload
    from claimbench.store import Store

    claim = Claim(
        id="overhead.nothing",
        label="OV-1",
        statement="A trial without work.",
        source=Source(arxiv="0000.00000v1", where="nowhere"),
        kind="identity",
        experiment="harness_overhead:nothing",
        arms=(Arm(name="only"),),
        workloads={"smoke": Workload()},
        metric=Metric(name="nothing", unit="1", better="lower"),
        expectation=Inside(boxes={"nothing": Box(low=0.0, high=0.0)}),
        protocol=Protocol(unit="seed", n={"smoke": trials + 1}),
        needs=Needs(core_seconds={"smoke": 1.0}),
    )
    ends: list[float] = []

    def note(event: object) -> None:
        if isinstance(event, TrialEnded):
            if event.status != "ok":
                sys.exit(event.reason)
            ends.append(time.perf_counter())

    with tempfile.TemporaryDirectory() as folder:
        run_claims([claim], "smoke", Store(Path(folder)), workers=1, lock=Drafts(), controls=(), on_event=note)
    return [later - earlier for earlier, later in pairwise(ends)]


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))  # so that workers find this module
    spans = sorted(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
    median, most = statistics.median(spans), spans[int(0.95 * len(spans))]
    print(
        f"per trial: median {median * 1e3:.1f} ms, 95 % under {most * 1e3:.1f} ms, bar {BAR_S * 1e3:.0f} ms "
        f"on an idle machine (load average {os.getloadavg()[0]:.1f})"
    )
    sys.exit(median > BAR_S)
