"""A language model of bytes: what lets a small Transformer learn more from a fixed amount of text?"""

from __future__ import annotations

from pathlib import Path

from claimbench.impls.ai_scientist.loop.template import Known, Lever, Metric, Seeds, Space, Template
from claimbench.impls.ai_scientist.sandbox.limits import Limits

__all__ = ["TEMPLATE"]

TEMPLATE = Template(
    name="language",
    subject="a small language model of bytes",
    about="A Transformer with one layer learns to predict the next byte of the reference text that comes with CPython. "
    "It reads a fixed amount of text, about 90 thousand bytes, once. The question is what lets it learn more from "
    "that.",
    fixed=(
        "one layer of width 48 with three heads, windows of 48 bytes",
        "1920 windows, however large the batch; AdamW, beta1 0.9, gradients clipped to a norm of 1",
        "eight blocks of the text in ten for training, one for choosing settings, one for the comparison; a seed "
        "draws the windows and the first weights, and all seeds are tested on the same 192 windows",
    ),
    space=Space(
        levers=(
            Lever(
                name="learning_rate",
                label="step size",
                levels=(0.001, 0.003, 0.01, 0.03, 0.1),
                baseline=0.003,
                about="AdamW's largest step size",
                tuned=True,
            ),
            Lever(
                name="schedule",
                label="schedule",
                levels=("constant", "linear", "cosine"),
                baseline="cosine",
                about="the schedule of the step size after the warm-up",
            ),
            Lever(
                name="warmup",
                label="warm-up",
                levels=(0.0, 0.1, 0.3),
                baseline=0.1,
                about="share of the training over which the step size rises",
            ),
            Lever(
                name="batch_size",
                label="batch size",
                levels=(4, 8, 16, 32),
                baseline=8,
                about="windows a step, of a fixed number of windows in all",
            ),
            Lever(
                name="weight_decay",
                label="weight decay",
                levels=(0.0, 0.1, 0.3, 1.0),
                baseline=0.1,
                about="AdamW's decoupled weight decay",
            ),
            Lever(
                name="beta2",
                label="beta2",
                levels=(0.9, 0.95, 0.99, 0.999),
                baseline=0.95,
                about="decay of AdamW's second moment",
            ),
            Lever(
                name="activation",
                label="activation",
                levels=("relu", "gelu", "squared_relu"),
                baseline="gelu",
                about="the MLP's nonlinearity",
            ),
            Lever(
                name="head",
                label="head",
                levels=("own", "tied"),
                baseline="own",
                about="whether the output matrix is the embedding",
            ),
        )
    ),
    metrics=(
        Metric(
            name="bits",
            label="cross-entropy",
            unit="bits a byte",
            better="lower",
            compare="difference",
            digits=3,
            about="That of the next byte of held-out text after training.",
        ),
    ),
    seeds=Seeds(tuning=(1000, 1001), held_out=tuple(range(2000, 2008)), second=tuple(range(3000, 3008))),
    curve=("windows", "cross-entropy of held-out text (bits a byte)"),
    known=(
        Known(
            levers=("schedule",),
            says="a step size that falls linearly to zero is the best of the common schedules",
            reference="Defazio et al. (2023), When, Why and How Much? Adaptive Learning Rate Scheduling by Refinement, "
            "arXiv 2310.07831",
        ),
        Known(
            levers=("batch_size",),
            says="at a fixed number of examples small batches learn more, up to a critical size",
            reference="McCandlish et al. (2018), An Empirical Model of Large-Batch Training, arXiv 1812.06162",
        ),
        Known(
            levers=("warmup",),
            says="a warm-up allows larger step sizes",
            reference="Goyal et al. (2017), Accurate, Large Minibatch SGD, arXiv 1706.02677",
        ),
        Known(
            levers=("activation",),
            says="squared ReLU saves compute in language models",
            reference="So et al. (2021), Primer: Searching for Efficient Transformers for Language Modeling, "
            "arXiv 2109.08668",
        ),
        Known(
            levers=("head",),
            says="a head that is the embedding saves parameters and lowers perplexity",
            reference="Press and Wolf (2016), Using the Output Embedding to Improve Language Models, arXiv 1608.05859",
        ),
        Known(
            levers=("weight_decay",),
            says="weight decay apart from the gradient improves Adam's generalisation",
            reference="Loshchilov and Hutter (2017), Decoupled Weight Decay Regularization, arXiv 1711.05101",
        ),
    ),
    caveats=(
        "A model of about 50 thousand weights that reads 90 thousand bytes: what holds for training that has hardly "
        "begun need not hold for more of it.",
        "A batch half as large takes twice as many steps, which is part of what differs between batch sizes.",
        "All seeds are tested on the same text, so that the interval is about training anew, not about other text.",
    ),
    experiment=Path(__file__).parent / "experiment.py",
    limits=Limits(seconds=300.0, memory_bytes=2 * 2**30, processes=64, disk_bytes=32 * 2**20),
)
