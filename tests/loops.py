"""A template whose runs take no time, and what stands in for a machine and for a language model."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from claimbench.impls.ai_scientist.chat import Message, Reply
from claimbench.impls.ai_scientist.loop.explore import Effort
from claimbench.impls.ai_scientist.loop.loop import Loop
from claimbench.impls.ai_scientist.loop.template import Seeds, Settings, Template
from claimbench.impls.ai_scientist.sandbox.limits import Limits, Outcome
from claimbench.impls.ai_scientist.templates import planted
from claimbench.impls.ai_scientist.templates.planted import experiment as planted_experiment

EFFORT = Effort(pilot=6, search=8)
SPACE = planted.TEMPLATE.space
PROGRAM = """
import json, pathlib, random
asked = json.loads(pathlib.Path("settings.json").read_text())
values = [20 + random.Random(seed).gauss(0, 1) for seed in asked["seeds"]]
pathlib.Path("results").mkdir()
results = {**asked, "values": {"error": values}, "wall_seconds": 0.0}
pathlib.Path("results/final_info.json").write_text(json.dumps(results))
"""


def toy(folder: Path, *, compare: str = "difference", better: str = "lower") -> Template:
    """The planted template under another name, with a program in `folder` in which no setting matters."""
    program = folder / "experiment.py"
    if not program.exists():
        program.write_text(PROGRAM)
    unit = "%" if compare == "difference" else ""
    metric = planted.TEMPLATE.metric.model_copy(update={"compare": compare, "better": better, "unit": unit})
    # Seeds with which nothing is found where nothing is, as in nineteen of twenty cases.
    seeds = Seeds(tuning=(1000, 1001), held_out=tuple(range(4000, 4008)), second=tuple(range(5000, 5008)))
    return replace(planted.TEMPLATE, name="toy", subject="a toy", metrics=(metric,), seeds=seeds, experiment=program)


def error(settings: Settings, seed: int, scale: float = 1.0) -> float:
    """What a machine measures."""
    return planted_experiment.measure(settings, seed, scale)


@dataclass
class Machine:
    """Runs the toy without a process; what it is asked to do at a call, it does."""

    scale: float = 1.0
    """Of all effects; 0 for a toy in which nothing matters."""
    calls: int = 0
    """Runs so far."""
    at: dict[int, Callable[[], None]] = field(default_factory=dict)
    """Call → what happens before it."""
    wrong: Callable[[dict[str, Any]], object] = lambda results: results
    """What becomes of results before they are written."""

    def __call__(self, argv: Sequence[str], folder: Path, limits: Limits) -> Outcome:
        self.calls += 1
        if happens := self.at.get(self.calls):
            happens()
        asked = json.loads((folder / "settings.json").read_text())
        results = {**planted_experiment.run(**asked, scale=self.scale), "wall_seconds": 0.1}
        (folder / "results").mkdir()
        (folder / "results" / "final_info.json").write_text(json.dumps(self.wrong(results)))
        return Outcome("ok", 0, 0.5, "", "")


def process(argv: Sequence[str], folder: Path, limits: Limits) -> Outcome:
    """A plain process, not contained."""
    began = time.monotonic()
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=limits.seconds, check=False)
    status = "ok" if done.returncode == 0 else "failed"
    return Outcome(status, done.returncode, time.monotonic() - began, done.stdout, done.stderr)


def loop(folder: Path, name: str = "loop", **options: Any) -> Loop:
    """A loop about the toy, with few runs."""
    folder.mkdir(parents=True, exist_ok=True)
    options = {"template": toy(folder), "runner": Machine(), "effort": EFFORT, "say": lambda line: None, **options}
    return Loop(folder=folder / name, **options)


@dataclass
class Script:
    """A language model that says what it is told to: a text, or what a function makes of the messages."""

    says: Callable[[Sequence[Message]], str]
    """The next answer."""
    name: str = "a script"
    asked: list[Sequence[Message]] = field(default_factory=list)
    """All that it was asked."""

    def complete(self, messages: Sequence[Message], *, temperature: float, max_tokens: int) -> Reply:
        self.asked.append(messages)
        return Reply(self.says(messages), "stop", 10, 10, 0.01)
