"""A runner without a process, for programs of this suite that nobody changed: claims about the loop measure with it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from claimbench.impls.ai_scientist.sandbox.limits import Limits, Outcome

__all__ = ["InProcess"]

Experiment = Callable[[dict[str, Any], list[int], str], dict[str, Any]]


class InProcess:
    """Calls a template's function in the place of its program; limits are not looked at."""

    def __init__(self, experiment: Experiment) -> None:
        self._experiment = experiment

    def __call__(self, argv: Sequence[str], folder: Path, limits: Limits) -> Outcome:
        """As the protocol says; the command is not looked at either."""
        began = time.perf_counter()
        asked = json.loads((folder / "settings.json").read_text())
        found = self._experiment(asked["settings"], asked["seeds"], asked["evaluate_on"])
        seconds = time.perf_counter() - began
        (folder / "results").mkdir()
        (folder / "results" / "final_info.json").write_text(json.dumps({**found, "wall_seconds": seconds}))
        return Outcome("ok", 0, seconds, "", "")
