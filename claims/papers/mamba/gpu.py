"""Mamba's claims about one data-centre GPU, at the paper's shapes."""

from __future__ import annotations

from claimbench.expectation import AllOf, Box, Exact, Ratio
from claimbench.papers.mamba.competitors import ATTENTION, FUSED_SCAN, LAYER_IN_BLOCK, PARALLEL_SCAN, TRANSFORMER
from claimbench.papers.mamba.workloads import AttentionShape, Decoding, LayerShape, TrainingMemory
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Published, Source

__all__ = ["CLAIMS"]

ARXIV = "2312.00752v2"
_LATENCY = Metric(name="latency_s", unit="s", better="lower")
_PROCESSES = Protocol(unit="process", n={"gpu": 10}, n_min=10)
_GATES = {"before": 2e-2, "after": 2e-2}
_LAYER = "claimbench.impls.mamba.experiments.speed:half_precision"
_ATTENTION = AttentionShape(heads=16, head_dim=64)
_FUSED = Arm(name="fused", competitor=FUSED_SCAN)
_BASELINES = tuple(
    Arm(
        name=name,
        role="baseline",
        why_fair=f"{kernel} through torch.nn.functional.scaled_dot_product_attention, is_causal, bfloat16",
        competitor=ATTENTION[name],
    )
    for name, kernel in (("flash", "FlashAttention-2"), ("cudnn", "cuDNN's attention, the fastest on newer GPUs"))
)
_SHAPE = (
    "Batch 1, 1024 channels of 16 states against 16 heads of 64: the sizes of the paper's Figure 8. The paper's GPU is "
    "an A100 80GB PCIe; attention has gained more from newer GPUs than exponentials have."
)

FUSED_ON_GPU = Claim(
    id="mamba.fused_scan_gpu",
    label="MA-09c",
    statement="On a GPU the fused scan is 20 times as fast as a parallel scan in PyTorch at 32K tokens.",
    source=Source(arxiv=ARXIV, where="Section 4.5, Figure 8"),
    published=(
        Published(
            arm="fused over standard scan, lower end", metric="time ratio", value=20, unit="1", where="Section 4.5"
        ),
        Published(arm="upper end", metric="time ratio", value=40, unit="1", where="Section 4.5"),
    ),
    kind="speed",
    experiment=_LAYER,
    arms=(
        _FUSED,
        Arm(
            name="parallel",
            role="baseline",
            why_fair="a work-efficient parallel scan over materialised states in vectorised PyTorch, of those that we "
            "tried on a processor the fastest; in float32, because it keeps its states in the dtype that it is given",
            competitor=PARALLEL_SCAN,
        ),
    ),
    workloads={"gpu": LayerShape(channels=1024, length=2**15, attention=_ATTENTION)},
    metric=_LATENCY,
    expectation=Ratio(subject="fused", baseline="parallel", at_least=20.0, published=20.0),
    protocol=_PROCESSES,
    gates=_GATES,
    needs=Needs(device="cuda", memory_bytes=24 * 2**30, core_seconds={"gpu": 80.0}),
    keywords=("kernel", "scan"),
    caveats=("Forward only, on another GPU than the paper's A100; the parallel scan is not compiled.",),
)


def _against_attention(
    label: str,
    name: str,
    statement: str,
    length: int,
    at_least: float,
    published: Published,
    figure: float | None = None,
) -> Claim:
    return Claim(
        id=f"mamba.{name}",
        label=label,
        statement=statement,
        source=Source(arxiv=ARXIV, where="Section 4.5, Figure 8"),
        published=(published,),
        kind="speed",
        experiment=_LAYER,
        arms=(_FUSED, *_BASELINES),
        workloads={"gpu": LayerShape(channels=1024, length=length, attention=_ATTENTION)},
        metric=_LATENCY,
        expectation=AllOf(
            parts=tuple(
                Ratio(subject="fused", baseline=arm.name, at_least=at_least, published=figure) for arm in _BASELINES
            )
        ),
        protocol=_PROCESSES,
        gates=_GATES,
        needs=Needs(device="cuda", memory_bytes=24 * 2**30, core_seconds={"gpu": 60.0}),
        keywords=("kernel", "scan", "attention"),
        caveats=(_SHAPE, "Forward only."),
    )


LONG_SCAN = _against_attention(
    "MA-10a",
    "scan_against_attention_32k",
    "At 32K tokens the scan is 7 times as fast as FlashAttention-2.",
    length=2**15,
    at_least=7.0,
    figure=7.0,
    published=Published(
        arm="FlashAttention-2 over scan, 32K", metric="time ratio", value=7, unit="1", where="Section 4.5, Figure 8"
    ),
)
SHORT_SCAN = _against_attention(
    "MA-10b",
    "scan_against_attention_4k",
    "Beyond 2K tokens the scan is faster than FlashAttention-2: at 4K by a tenth or more.",
    length=2**12,
    at_least=1.1,
    published=Published(
        arm="as fast as FlashAttention-2 at", metric="length", value=2048, unit="tokens", where="Section 4.5, Figure 8"
    ),
)

_TABLE_15 = {1: (4.6, 4.8), 2: (5.2, 5.8), 4: (6.9, 7.3), 8: (11.5, 12.3), 16: (20.7, 23.1), 32: (34.5, 38.2)}
"""Batch size → GB of the Transformer and of Mamba."""

TRAINING_MEMORY = Claim(
    id="mamba.training_memory",
    label="MA-12",
    statement="A training step of a 125M Mamba takes little more memory than an optimised Transformer's.",
    source=Source(arxiv=ARXIV, where="Table 15"),
    published=tuple(
        Published(arm=f"{arm}, batch {batch}", metric="peak memory", value=value, unit="GB", where="Table 15")
        for batch, pair in _TABLE_15.items()
        for arm, value in zip(("Transformer", "Mamba"), pair, strict=True)
    ),
    kind="memory",
    experiment="claimbench.impls.mamba.experiments.memory:training_peak",
    arms=(Arm(name="ours"),),
    workloads={
        "gpu": TrainingMemory(
            batches=tuple(_TABLE_15),
            length=2048,
            d_model=768,
            mamba_layers=24,
            transformer_layers=12,
            n_head=12,
            vocabulary=50280,
        )
    },
    metric=Metric(name="ratio", unit="1", better="lower"),
    expectation=Exact(
        boxes={
            f"batch {batch}": Box(high=1.15, published=round(mamba / transformer, 3))
            for batch, (transformer, mamba) in _TABLE_15.items()
        }
    ),
    protocol=Protocol(unit="deterministic"),
    needs=Needs(device="cuda", memory_bytes=16 * 2**30, core_seconds={"gpu": 60.0}, trial_seconds=600.0),
    keywords=("memory", "training"),
    caveats=(
        "The bound of 1.15 is the largest of the paper's own ratios (1.117 at batch 16) and some room.",
        "Mixed precision in bfloat16 without torch.compile; the scan's inputs, and in both models the logits, are "
        "computed again in the backward pass.",
    ),
)

DECODING = Claim(
    id="mamba.decoding",
    label="MA-14",
    statement="After a prompt of 2048 tokens Mamba generates at least 4 times as fast as a Transformer of its size.",
    source=Source(arxiv=ARXIV, where="Section 4.5, Figure 8"),
    published=(
        Published(arm="1.4B over 1.3B, lower end", metric="throughput ratio", value=4, unit="1", where="Section 4.5"),
        Published(arm="upper end", metric="throughput ratio", value=5, unit="1", where="Section 4.5"),
    ),
    kind="speed",
    experiment="claimbench.impls.mamba.experiments.decoding:generate",
    arms=(
        Arm(name="mamba", competitor=LAYER_IN_BLOCK["mamba_s6"]),
        Arm(
            name="transformer",
            role="baseline",
            why_fair="Transformer++ of equal parameters with a static cache and scaled_dot_product_attention, "
            "captured in one CUDA graph as Mamba is; the paper's baseline, transformers' eager GPT-3, is slower",
            competitor=TRANSFORMER,
        ),
    ),
    workloads={
        "gpu": Decoding(
            batch=64,
            prompt=2048,
            tokens=8,
            d_model=2048,
            mamba_layers=4,
            transformer_layers=2,
            n_head=16,
            vocabulary=256,
        )
    },
    metric=_LATENCY,
    expectation=Ratio(subject="mamba", baseline="transformer", at_least=4.0, published=4.0),
    protocol=_PROCESSES,
    gates={"before": 5e-2, "after": 5e-2},
    needs=Needs(device="cuda", memory_bytes=24 * 2**30, core_seconds={"gpu": 150.0}),
    keywords=("decode", "generation", "throughput"),
    caveats=(
        "Four Mamba blocks and two Transformer layers at the width of the 1.4B and 1.3B models, with random weights "
        "and a small vocabulary: the ratio of layers, without embedding and head.",
        "At batch 64; at batch 1 both read their weights and little else, and the ratio is near 1.",
    ),
)

CLAIMS = (FUSED_ON_GPU, LONG_SCAN, SHORT_SCAN, TRAINING_MEMORY, DECODING)
