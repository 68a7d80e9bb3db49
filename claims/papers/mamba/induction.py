"""Mamba's claim about induction heads."""

from __future__ import annotations

from claimbench.expectation import AllOf, AtLeast, Difference
from claimbench.papers.mamba.competitors import LAYER_IN_BLOCK
from claimbench.papers.mamba.workloads import Induction
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Published, Source, Tuning

__all__ = ["CLAIMS"]

ARXIV = "2312.00752v2"


def _table_11(arm: str, length: str, value: float) -> Published:
    return Published(arm=f"{arm}, length {length}", metric="accuracy", value=value, unit="%", where="Table 11")


INDUCTION_HEADS = Claim(
    id="mamba.induction_heads",
    label="MA-03",
    statement="An S6 model that learned induction heads at one length answers at lengths many times as long; attention "
    "and LTI models do not.",
    source=Source(arxiv=ARXIV, where="Table 11"),
    published=(
        _table_11("Mamba, trained at 256", "2^20", 100.0),
        _table_11("MHA-xPos", "512", 99.6),
        _table_11("MHA-xPos", "1K", 67.6),
        _table_11("MHA-RoPE", "512", 83.6),
        _table_11("H3", "512", 80.9),
        _table_11("Hyena", "1K", 44.1),
    ),
    kind="quality",
    experiment="claimbench.impls.mamba.experiments.induction:induction_heads",
    arms=(
        Arm(
            name="s6",
            options={"selective": "delta B C", "learning_rate": 4e-3},
            configurations_tuned=6,
            competitor=LAYER_IN_BLOCK["mamba_s6"],
        ),
        Arm(
            name="h3",
            role="baseline",
            options={"architecture": "h3", "selective": "", "d_model": 128, "expand": 1, "learning_rate": 2e-3},
            why_fair="H3's block around the time-invariant S4 with real A, of width 128 as the paper's other models, "
            "with twice the parameters of the S6 model and as many channels; its learning rate has the same grid, "
            "seeds and steps",
            configurations_tuned=6,
            competitor=LAYER_IN_BLOCK["h3_s4"],
        ),
        Arm(
            name="xpos",
            role="baseline",
            options={"d_model": 128, "n_head": 8, "d_ff": 0, "positions": "xpos", "learning_rate": 5e-4},
            why_fair="two layers of attention without MLP, width 128 and 8 heads as in the paper, with xPos, whose "
            "extrapolation is the best of attention in its Table 11; its learning rate has the same "
            "grid, seeds and steps",
            configurations_tuned=6,
        ),
    ),
    workloads={
        "cpu": Induction(length=64, d_model=64, batch_size=16, steps=2000, doublings=10, longest_attention=1024)
    },
    metric=Metric(name="octaves", unit="1", better="higher"),
    expectation=AllOf(
        parts=(
            Difference(subject="s6", baseline="h3", at_least=2.0),
            Difference(subject="s6", baseline="xpos", at_least=2.0),
            AtLeast(arm="s6", floor=3.0, reference=0.0),
            *(AtLeast(arm=arm, floor=0.0, reference=-1.0) for arm in ("h3", "xpos")),
        )
    ),
    protocol=Protocol(unit="seed", n={"cpu": 10}, n_min=10, paired=True, seeds_per_trial=2),
    needs=Needs(core_seconds={"cpu": 1500.0}, memory_bytes=3 * 2**30, trial_seconds=600.0),
    tuning=Tuning(
        option="learning_rate", grid=(2.5e-4, 5e-4, 1e-3, 2e-3, 4e-3, 8e-3), seeds=(1000, 1001), metric="mean_accuracy"
    ),
    setups_tried=6,
    keywords=("extrapolation", "length", "attention"),
    caveats=(
        "Trained at 64 tokens for 2000 steps, not at 256 for 204,800; tested up to 65,536.",
        "The metric is the number of doublings of the training length over which accuracy stays at 99 %, on 16 "
        "sequences at the greatest lengths; −1 where the task was not learned at its own length, and every baseline is "
        "asked to have learned it.",
        "RoPE and learned absolute positions are left out, which extrapolate less than xPos in the paper's Table 11 "
        "(RoPE on pilots too), and Hyena, a long convolution that fails there as H3 does.",
    ),
)

CLAIMS = (INDUCTION_HEADS,)
