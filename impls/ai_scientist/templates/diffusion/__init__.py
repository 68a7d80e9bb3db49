"""Diffusion of points in two dimensions: what makes the samples of a small network more like the data?"""

from __future__ import annotations

from pathlib import Path

from claimbench.impls.ai_scientist.loop.template import Known, Lever, Metric, Seeds, Space, Template
from claimbench.impls.ai_scientist.sandbox.limits import Limits

__all__ = ["TEMPLATE"]

TEMPLATE = Template(
    name="diffusion",
    subject="diffusion of points in two dimensions",
    about="A small network learns to denoise points of a noisy spiral at 40 levels of noise, and samples new points by "
    "going through the levels backwards. The question is what brings its samples closer to points that it has not "
    "seen.",
    fixed=(
        "three hidden layers of 64 units; the noise level enters as 16 sines and cosines",
        "76800 training examples from 2000 points, however large the batch; AdamW without weight decay",
        "1000 samples by ancestral sampling through all levels, against 1000 points for choosing settings or 1000 "
        "others for the comparison; a seed draws the points, the first weights and the noise",
    ),
    space=Space(
        levers=(
            Lever(
                name="learning_rate",
                label="step size",
                levels=(0.001, 0.003, 0.01, 0.03, 0.1),
                baseline=0.003,
                about="AdamW's step size",
                tuned=True,
            ),
            Lever(
                name="noise_schedule",
                label="noise schedule",
                levels=("linear", "cosine"),
                baseline="linear",
                about="how the noise grows with its level",
            ),
            Lever(
                name="target",
                label="target",
                levels=("noise", "velocity", "clean"),
                baseline="noise",
                about="what the network predicts",
            ),
            Lever(
                name="averaging",
                label="averaging",
                levels=(0.0, 0.8, 0.9, 0.97),
                baseline=0.97,
                about="memory of the weights' moving average that samples, for each 128 examples",
            ),
            Lever(
                name="batch_size",
                label="batch size",
                levels=(64, 128, 256, 512),
                baseline=128,
                about="examples a step, of a fixed number of examples in all",
            ),
            Lever(
                name="activation",
                label="activation",
                levels=("relu", "silu", "tanh"),
                baseline="silu",
                about="the hidden layers' nonlinearity",
            ),
            Lever(
                name="decay",
                label="decay of the step size",
                levels=("constant", "linear", "cosine"),
                baseline="constant",
                about="the schedule of the step size",
            ),
        )
    ),
    metrics=(
        Metric(
            name="distance",
            label="energy distance",
            unit="",
            better="lower",
            compare="ratio",
            digits=2,
            about="A thousand times the energy distance between 1000 samples and 1000 held-out points.",
        ),
        Metric(
            name="floor",
            label="distance of training points",
            unit="",
            better="lower",
            compare="ratio",
            digits=2,
            about="The same for 1000 training points in the samples' place: about what a perfect sampler would have.",
        ),
    ),
    seeds=Seeds(tuning=(1000, 1001, 1002), held_out=tuple(range(2000, 2010)), second=tuple(range(3000, 3010))),
    curve=("", ""),
    known=(
        Known(
            levers=("noise_schedule",),
            says="a cosine schedule of the noise is better than a linear one on small images",
            reference="Nichol and Dhariwal (2021), Improved Denoising Diffusion Probabilistic Models, arXiv 2102.09672",
        ),
        Known(
            levers=("target",),
            says="predicting a velocity is more stable than predicting noise where few steps are taken",
            reference="Salimans and Ho (2022), Progressive Distillation for Fast Sampling of Diffusion Models, "
            "arXiv 2202.00512",
        ),
        Known(
            levers=("averaging",),
            says="samples of averaged weights are better, and how long the average should be depends on the training",
            reference="Karras et al. (2023), Analyzing and Improving the Training Dynamics of Diffusion Models, "
            "arXiv 2312.02696",
        ),
        Known(
            levers=("batch_size",),
            says="beyond a critical size larger batches need more examples",
            reference="McCandlish et al. (2018), An Empirical Model of Large-Batch Training, arXiv 1812.06162",
        ),
    ),
    caveats=(
        "One distribution in two dimensions, and a network of a few thousand weights; nothing here is an image.",
        "The distance is of finite sets of points: that of two sets of real points, printed beside it, is not zero.",
    ),
    experiment=Path(__file__).parent / "experiment.py",
    limits=Limits(seconds=300.0, memory_bytes=2 * 2**30, processes=64, disk_bytes=32 * 2**20),
)
