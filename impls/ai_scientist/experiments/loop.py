"""Claims about the loop itself: what it finds against random search, and what its papers print."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from claimbench.errors import UnknownName
from claimbench.impls.ai_scientist.loop.document import Document, numbers
from claimbench.impls.ai_scientist.loop.evidence import Evidence, Index
from claimbench.impls.ai_scientist.loop.explore import Effort, control, extend, grid, untaken
from claimbench.impls.ai_scientist.loop.in_process import InProcess
from claimbench.impls.ai_scientist.loop.latex import latex
from claimbench.impls.ai_scientist.loop.loop import Loop
from claimbench.impls.ai_scientist.loop.markdown import markdown
from claimbench.impls.ai_scientist.loop.proposer import AdditiveBandit, best
from claimbench.impls.ai_scientist.loop.publish import INDEX, RUNS
from claimbench.impls.ai_scientist.loop.template import Seeds, Settings, Template
from claimbench.impls.ai_scientist.loop.verify import PaperRefused, verify
from claimbench.impls.ai_scientist.sandbox.limits import Limits, Outcome
from claimbench.impls.ai_scientist.templates import diffusion, grokking, planted
from claimbench.impls.ai_scientist.templates.diffusion import experiment as diffusion_experiment
from claimbench.impls.ai_scientist.templates.grokking import experiment as grokking_experiment
from claimbench.impls.ai_scientist.templates.planted import experiment as planted_experiment
from claimbench.impls.common.workload import workload_of
from claimbench.papers.ai_scientist.workloads import Planted, Searched
from claimbench.trial import Exact, Quality, Trial

__all__ = ["paper", "right", "search"]

Run = Callable[[dict[str, Any], list[int], str], dict[str, Any]]
_TEMPLATES: dict[str, tuple[Template, Run]] = {
    "diffusion": (diffusion.TEMPLATE, diffusion_experiment.run),
    "grokking": (grokking.TEMPLATE, grokking_experiment.run),
}
_PROPOSERS = ("loop", "random")
_EFFECTS = {"planted": 1.0, "none": 0.0}
_FIRST, _UNIT, _HELD_OUT = 10_000, 100, 50
"""A unit's seeds begin at 10,000 and a hundred times its number; those held out fifty later."""


def search(trial: Trial) -> Quality:
    """AIS-16b: what the arm's proposer finds in a template's space, on held-out seeds and test data, one value a unit.

    A unit is a whole search with tuning and held-out seeds of its own, the same for all arms. `held_out` is the mean of
    the template's metric over the held-out seeds, geometric where the template compares by ratios; `tuning` is the same
    over the tuning seeds, by which the settings were chosen.
    """
    work = workload_of(trial, Searched)
    if (proposer := str(trial.option("proposer"))) not in _PROPOSERS:
        raise UnknownName("proposer", proposer, _PROPOSERS)
    template, run = _TEMPLATES[work.template]
    values: dict[str, list[float]] = {"held_out": [], "tuning": []}
    for place, unit in enumerate(trial.seeds):
        first = _FIRST + _UNIT * unit
        tuning = list(range(first, first + work.tuning_seeds))
        held_out = list(range(first + _HELD_OUT, first + _HELD_OUT + work.held_out_seeds))
        measured = _Measured(template, run)
        chosen = _chosen(template, partial(measured, tuning, "validation"), unit, proposer, work)
        values["tuning"].append(template.undo(measured(tuning, "validation", "chosen", chosen)))
        values["held_out"].append(template.undo(measured(held_out, "test", "held_out", chosen)))
        trial.progress(place + 1, len(trial.seeds))
    return Quality(values)


class _Measured:
    """Losses of a template, each measured once."""

    def __init__(self, template: Template, run: Run) -> None:
        self._template = template
        self._run = run
        self._known: dict[str, float] = {}

    def __call__(self, seeds: list[int], part: str, stage: str, settings: Settings) -> float:
        key = json.dumps((seeds, part, settings))
        if key not in self._known:
            found = self._run(settings, seeds, part)["values"][self._template.metric.name]
            self._known[key] = self._template.loss(found) if all(map(math.isfinite, found)) else math.inf
        return self._known[key]


def _chosen(
    template: Template, evaluate: Callable[[str, Settings], float], seed: int, proposer: str, work: Searched
) -> Settings:
    """What a search ends with; all have as many runs."""
    space, effort = template.space, Effort(pilot=0, search=work.search)
    if proposer == "random":
        return best(control(space, evaluate, seed, effort.control(space))).settings
    tried = extend("search", space, evaluate, AdditiveBandit(seed), grid(space, evaluate), space.names, work.search)
    return best(untaken(space, tried, set())).settings


def paper(trial: Trial) -> Exact:
    """AIS-16c: a loop on planted effects.

    `standing`: share of the numbers in the paper's tables that stand in its logs. `refused`: share of the paper's
    numbers for which another digit is refused. `resumed`: 1 if a loop that was interrupted writes the same paper.
    """
    work = workload_of(trial, Planted)
    (seed,) = trial.seeds
    with tempfile.TemporaryDirectory() as scratch:
        whole = _loop(work, Path(scratch) / "whole", seed, 1.0).run()
        broken = Path(scratch) / "broken"
        try:
            _loop(work, broken, seed, 1.0, stop_at=work.search).run()
        except _Stopped:
            _loop(work, broken, seed, 1.0).run()
        return Exact(
            {
                "standing": whole.verified.standing / whole.verified.tabulated,
                "refused": _refused(whole.paper),
                "resumed": float((broken / "paper.md").read_text() == (whole.paper / "paper.md").read_text()),
            }
        )


def right(trial: Trial) -> Quality:
    """AIS-16d: 1 where a loop's paper is right, one an item; an item is a loop with seeds of its own.

    `effects` of the arm: `planted`, where the interval of the outcome must hold the effect that the found settings
    have; `none`, where no improvement may be claimed.
    """
    work = workload_of(trial, Planted)
    if (effects := str(trial.option("effects"))) not in _EFFECTS:
        raise UnknownName("effects", effects, _EFFECTS)
    values: list[float] = []
    for place, seed in enumerate(trial.seeds):
        with tempfile.TemporaryDirectory() as scratch:
            done = _loop(work, Path(scratch), seed, _EFFECTS[effects]).run()
            if effects == "none":
                values.append(float(done.outcome != "better"))
            else:
                values.append(float(done.improvement.low <= _planted_effect(done.paper) <= done.improvement.high))
        trial.progress(place + 1, len(trial.seeds))
    return Quality({"right": values})


def _loop(work: Planted, folder: Path, seed: int, scale: float, stop_at: int | None = None) -> Loop:
    return Loop(
        replace(planted.TEMPLATE, seeds=_seeds(seed)),
        folder,
        seed,
        effort=Effort(pilot=0, search=work.search),
        runner=_Interrupted(InProcess(partial(planted_experiment.run, scale=scale)), stop_at),
        say=lambda line: None,
    )


class _Stopped(Exception):
    """The loop was interrupted."""


class _Interrupted:
    """A runner that stops before a run, once."""

    def __init__(self, runner: InProcess, stop_at: int | None) -> None:
        self._runner = runner
        self._left = stop_at

    def __call__(self, argv: Sequence[str], folder: Path, limits: Limits) -> Outcome:
        if self._left is not None:
            self._left -= 1
            if self._left == 0:
                raise _Stopped
        return self._runner(argv, folder, limits)


def _seeds(unit: int) -> Seeds:
    first = _FIRST + _UNIT * unit
    return Seeds(
        tuning=(first, first + 1),
        held_out=tuple(range(first + 50, first + 58)),
        second=tuple(range(first + 70, first + 78)),
    )


def _planted_effect(folder: Path) -> float:
    """The improvement of the found settings over the tuned default that the program says they have."""
    arms = json.loads((folder / "stages" / "plan.json").read_text())["arms"]
    effects = {
        arm: sum(levels[arms[arm][name]] for name, levels in planted_experiment.EFFECTS.items())
        for arm in ("found", "tuned")
    }
    return effects["tuned"] - effects["found"]


def _refused(folder: Path) -> float:
    """Share of the numbers of a paper for which another last digit is refused."""
    document = Document.model_validate_json((folder / "paper.json").read_bytes())
    index = Index.model_validate_json((folder / INDEX).read_bytes())
    evidence = Evidence.read(planted.TEMPLATE, index, folder / RUNS)
    written = document.model_dump_json()
    tried, refused, after = 0, 0, 0
    for number in numbers(document):
        place = written.index(f'"text":"{number.text}","quantity"', after) + len('"text":"') + len(number.text) - 1
        after = place
        other = str((int(written[place]) + 1) % 10)
        forged = Document.model_validate_json(written[:place] + other + written[place + 1 :])
        tried += 1
        try:
            verify(forged, (markdown(forged), latex(forged)), evidence)
        except PaperRefused:
            refused += 1
    return refused / tried
