"""Claims about throughput (Table 7): layers of DIFF Transformer beside layers of Transformer."""

from __future__ import annotations

from typing import Literal

from claimbench.expectation import AllOf, NotWorse
from claimbench.papers.differential_transformer.workloads import Stack
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Published, Source

__all__ = ["CLAIMS"]

ARXIV = "2410.05258v2"
_EXPERIMENT = "claimbench.impls.differential_transformer.experiments.throughput:layers"
_TABLE_7 = Source(arxiv=ARXIV, where="Table 7")
_LATENCY = Metric(name="latency_s", unit="s", better="lower")
_DIFF = Arm(name="diff", options={"attention": "paper"}, competitor="DIFF Transformer, fused attention")
_EQUAL = "Transformer++ with twice as many heads and a thousandth or less fewer parameters, all else the same code"
_TRANSFORMER = Arm(
    name="transformer",
    role="baseline",
    options={"attention": "softmax"},
    why_fair=f"{_EQUAL}; attention by torch.nn.functional.scaled_dot_product_attention",
    competitor="Transformer++",
)
_ON_A_GPU = tuple(
    Arm(
        name=name,
        role="baseline",
        options={"attention": "softmax", "kernel": name},
        why_fair=f"{_EQUAL}; attention by {what}",
        competitor=f"Transformer++, {what}",
    )
    for name, what in (("flash", "FlashAttention-2"), ("cudnn", "cuDNN's attention"))
)
_TIME = (
    "Table 7's percentages are of the time of a token (DT-12b); so is the bound, where throughput falls by a little "
    "less."
)


def _throughput(arm: str, setting: str, value: float) -> Published:
    return Published(arm=arm, metric=f"throughput, {setting}", value=value, unit="token/s", where="Table 7")


SMALL = Claim(
    id="differential_transformer.throughput_small",
    label="DT-12c",
    statement="On a processor a training step of a small DIFF Transformer takes at most 12 % longer than "
    "Transformer's.",
    source=_TABLE_7,
    published=(
        _throughput("Transformer", "3B, 4K, training", 7491),
        _throughput("DIFF", "3B, 4K, training", 6718),
    ),
    kind="speed",
    experiment=_EXPERIMENT,
    arms=(_DIFF, _TRANSFORMER),
    workloads={"cpu": Stack(n_layer=2, d_model=256, n_head=4, batch=1, length=512, dtype="float32", of="both")},
    metric=_LATENCY,
    expectation=NotWorse(subject="diff", baseline="transformer", margin=0.12, relative=True),
    protocol=Protocol(unit="process", n={"cpu": 10}, n_min=10),
    gates={"before": 1e-3, "after": 1e-3},
    needs=Needs(core_seconds={"cpu": 110.0}),
    setups_tried=4,
    keywords=("training",),
    caveats=(
        "A processor, one thread, float32, two layers of width 256 at 512 tokens, where attention has about the share "
        "of operations that it has at 3B and 4K tokens, a seventh. A GPU's kernels are others: DT-12 and what stands "
        "beside it are about the paper's setting.",
        "A step is a forward and a backward pass, as in Table 7, without the optimiser.",
        _TIME,
    ),
)


def _at_3b(
    label: str,
    name: str,
    length: Literal[2048, 4096],
    of: Literal["forward", "both"],
    percent: int,
    transformer: float,
    diff: float,
) -> Claim:
    setting = f"3B, {length // 1024}K, {'training' if of == 'both' else 'forward'}"
    step = "forward and backward pass" if of == "both" else "forward pass"
    return Claim(
        id=f"differential_transformer.{name}",
        label=label,
        statement=f"At 3B and {length // 1024}K tokens DIFF Transformer's {step} takes at most {percent} % longer than "
        "Transformer's.",
        source=_TABLE_7,
        published=(_throughput("Transformer", setting, transformer), _throughput("DIFF", setting, diff)),
        kind="speed",
        experiment=_EXPERIMENT,
        arms=(_DIFF, *_ON_A_GPU),
        workloads={
            "gpu": Stack(
                n_layer=4, d_model=3072, n_head=24, batch=8192 // length, length=length, dtype="bfloat16", of=of
            )
        },
        metric=_LATENCY,
        expectation=AllOf(
            parts=tuple(
                NotWorse(
                    subject="diff",
                    baseline=arm.name,
                    margin=percent / 100,
                    relative=True,
                    published=round(diff / transformer, 3),
                )
                for arm in _ON_A_GPU
            )
        ),
        protocol=Protocol(unit="process", n={"gpu": 10}, n_min=10),
        gates={"before": 5e-2, "after": 5e-2},
        needs=Needs(device="cuda", memory_bytes=64 * 2**30, core_seconds={"gpu": 95.0 if of == "both" else 85.0}),
        keywords=("training" if of == "both" else "forward",),
        caveats=(
            "Four of 28 layers, with random weights and a small vocabulary: the ratio of layers, without a head of "
            "100,288 tokens, which would make it a little smaller.",
            "Parameters in bfloat16, no torch.compile, no optimiser. The paper's FlashAttention was adapted to its "
            "heads; its GPU is an H100.",
            _TIME,
        ),
    )


TRAINING_4K = _at_3b("DT-12", "throughput_3b_4k_training", 4096, "both", 12, 7491, 6718)
TRAINING_2K = _at_3b("DT-12d", "throughput_3b_2k_training", 2048, "both", 9, 7247, 6635)
FORWARD_4K = _at_3b("DT-12e", "throughput_3b_4k_forward", 4096, "forward", 10, 48762, 44521)
FORWARD_2K = _at_3b("DT-12f", "throughput_3b_2k_forward", 2048, "forward", 9, 51228, 46811)

OURS = TRAINING_4K.model_copy(
    update={
        "id": "differential_transformer.training_overhead",
        "label": "DT-22",
        "role": "exploratory",
        "statement": "With the fused kernel, DIFF Transformer's forward and backward pass at 3B and 4K tokens takes at "
        "most 3 % longer than Transformer's.",
        "expectation": AllOf(
            parts=tuple(NotWorse(subject="diff", baseline=arm.name, margin=0.03, relative=True) for arm in _ON_A_GPU)
        ),
        "caveats": (
            "Not the paper's claim, but our kernel's bar; measured together with DT-12. Operations alone are 1.5 % "
            "more of the whole model's (DT-17c).",
            *TRAINING_4K.caveats,
        ),
    }
)

CLAIMS = (SMALL, TRAINING_4K, TRAINING_2K, FORWARD_4K, FORWARD_2K, OURS)
