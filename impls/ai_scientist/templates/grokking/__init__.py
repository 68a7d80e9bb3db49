"""Addition modulo 23, learned from part of its table: when does a network that fits begin to generalise?"""

from __future__ import annotations

from pathlib import Path

from claimbench.impls.ai_scientist.loop.template import Known, Lever, Metric, Seeds, Space, Template
from claimbench.impls.ai_scientist.sandbox.limits import Limits

__all__ = ["TEMPLATE"]

TEMPLATE = Template(
    name="grokking",
    subject="grokking of modular addition",
    about="A network with one hidden layer learns addition modulo 23 from 320 of the 529 cells of its table. It fits "
    "these within a few dozen steps and is at first no better than chance on the others; generalisation comes later, "
    "if it comes at all, which is known as grokking. The question is what makes it come sooner.",
    fixed=(
        "one hidden layer of 96 units, no biases, one-hot inputs",
        "1200 steps of AdamW on all 320 training cells at once, beta1 0.9, a constant step size",
        "100 cells for choosing settings and 109 for the comparison; a seed draws the split and the first weights",
    ),
    space=Space(
        levers=(
            Lever(
                name="learning_rate",
                label="step size",
                levels=(0.003, 0.01, 0.03, 0.1, 0.3),
                baseline=0.01,
                about="AdamW's step size",
                tuned=True,
            ),
            Lever(
                name="weight_decay",
                label="weight decay",
                levels=(0.0, 0.1, 0.3, 1.0, 3.0),
                baseline=1.0,
                about="AdamW's decoupled weight decay",
            ),
            Lever(
                name="activation",
                label="activation",
                levels=("relu", "gelu", "square"),
                baseline="relu",
                about="the hidden layer's nonlinearity",
            ),
            Lever(
                name="init_scale",
                label="scale of the first weights",
                levels=(0.25, 0.5, 1.0, 2.0),
                baseline=1.0,
                about="a factor of all initial weights",
            ),
            Lever(
                name="beta2",
                label="beta2",
                levels=(0.9, 0.98, 0.999),
                baseline=0.98,
                about="decay of AdamW's second moment",
            ),
            Lever(
                name="loss",
                label="loss",
                levels=("cross_entropy", "squared_error"),
                baseline="cross_entropy",
                about="the training loss",
            ),
        )
    ),
    metrics=(
        Metric(
            name="error",
            label="mean error",
            unit="%",
            better="lower",
            compare="difference",
            digits=2,
            about="The error on held-out cells, averaged over all of training (41 evaluations), so that it is low "
            "where generalisation comes early and stays.",
        ),
        Metric(
            name="last_error",
            label="last error",
            unit="%",
            better="lower",
            compare="difference",
            digits=2,
            about="The error on these cells after the last step.",
        ),
        Metric(
            name="last_training_error",
            label="training error",
            unit="%",
            better="lower",
            compare="difference",
            digits=2,
            about="The error on the training cells after the last step.",
        ),
    ),
    seeds=Seeds(tuning=(1000, 1001), held_out=tuple(range(2000, 2010)), second=tuple(range(3000, 3010))),
    curve=("steps", "error on held-out cells (%)"),
    known=(
        Known(
            levers=("weight_decay",),
            says="weight decay makes generalisation come sooner",
            reference="Power et al. (2022), Grokking: Generalization Beyond Overfitting on Small Algorithmic Datasets, "
            "arXiv 2201.02177",
        ),
        Known(
            levers=("init_scale",),
            says="a small norm of the first weights takes away the delay",
            reference="Liu, Michaud and Tegmark (2022), Omnigrok: Grokking Beyond Algorithmic Data, arXiv 2210.01117",
        ),
        Known(
            levers=("activation", "loss"),
            says="networks with one hidden layer of squares, trained on the squared error, learn modular addition and "
            "have a solution in closed form",
            reference="Gromov (2023), Grokking Modular Arithmetic, arXiv 2301.02679",
        ),
    ),
    caveats=(
        "One table of 529 cells and a network with one hidden layer; published work trains Transformers on moduli "
        "around 100 for many thousands of steps.",
        "All seeds share one table: what is new with a seed is which cells are held out, and the first weights.",
        "Training stops after 1200 steps: a setting that generalises later counts as bad here.",
    ),
    experiment=Path(__file__).parent / "experiment.py",
    limits=Limits(seconds=300.0, memory_bytes=2 * 2**30, processes=64, disk_bytes=32 * 2**20),
)
