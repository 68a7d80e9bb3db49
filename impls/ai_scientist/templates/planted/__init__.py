"""Planted effects, for seeing whether a loop finds what is there and claims nothing else; nothing is trained."""

from __future__ import annotations

from pathlib import Path

from claimbench.impls.ai_scientist.loop.template import Known, Lever, Metric, Seeds, Space, Template
from claimbench.impls.ai_scientist.sandbox.limits import Limits

__all__ = ["TEMPLATE"]

TEMPLATE = Template(
    name="planted",
    subject="a sum of planted effects",
    about="Nothing is trained here. A run is a sum of effects of its settings, which are written in its program, and "
    "of noise. What a loop should find is therefore known.",
    fixed=(
        "an error of 20 for the default",
        "noise that a seed gives to all settings, and a third as much that it does not",
    ),
    space=Space(
        levers=(
            Lever(name="rate", label="step size", levels=(0.1, 0.3, 1.0), baseline=0.1, about="a number", tuned=True),
            Lever(name="shape", label="shape", levels=("round", "square", "flat"), baseline="round", about="a name"),
            Lever(name="size", label="size", levels=(1, 2, 4, 8), baseline=2, about="a number that has no effect"),
            Lever(name="trick", label="trick", levels=("no", "yes"), baseline="no", about="another name"),
        )
    ),
    metrics=(
        Metric(
            name="error",
            label="error",
            unit="%",
            better="lower",
            compare="difference",
            digits=2,
            about="The sum of all effects and the noise.",
        ),
    ),
    seeds=Seeds(tuning=(1000, 1001), held_out=tuple(range(2000, 2008)), second=tuple(range(3000, 3008))),
    curve=("", "error (%)"),
    known=(
        Known(
            levers=("shape",),
            says="squares are best",
            reference="The authors (2024), The program of this experiment, experiment.py",
        ),
    ),
    caveats=("Nothing is trained: the effects were planted, and are no finding.",),
    experiment=Path(__file__).parent / "experiment.py",
    limits=Limits(seconds=20.0, memory_bytes=2**30, processes=16, disk_bytes=2**20),
)
