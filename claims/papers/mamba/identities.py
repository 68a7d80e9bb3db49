"""Mamba's claims that hold exactly or not at all, and one about bytes."""

from __future__ import annotations

from claimbench.expectation import Box, Exact
from claimbench.papers.mamba.workloads import BlockShape, StateSizes
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Published, Source

__all__ = ["CLAIMS"]

ARXIV = "2312.00752v2"
_OURS = (Arm(name="ours"),)
_ONCE = Protocol(unit="deterministic")
_ERROR = Metric(name="relative_error", unit="1", better="lower")

RECURRENT_IS_PARALLEL = Claim(
    id="mamba.recurrent_is_parallel",
    label="MA-16",
    statement="One token at a time by the recurrence, the model computes what it computes for all tokens at once.",
    source=Source(arxiv=ARXIV, where="Section 3.3"),
    kind="identity",
    experiment="claimbench.impls.mamba.experiments.identities:recurrent_is_parallel",
    arms=_OURS,
    workloads={"smoke": BlockShape(batch=2, length=65, d_model=32)},
    metric=_ERROR,
    expectation=Exact(
        boxes={
            "step_float32": Box(high=1e-5),
            "step_float64": Box(high=1e-12),
            "split_float32": Box(high=1e-5),
            "split_float64": Box(high=1e-12),
        }
    ),
    protocol=_ONCE,
    needs=Needs(core_seconds={"smoke": 5.0}),
    keywords=("recurrence", "decode"),
    caveats=("Random weights; the largest relative error by norm over the logits and every state.",),
)

GATED_RNN = Claim(
    id="mamba.gated_rnn",
    label="MA-17",
    statement="With N = 1, A = −1, B = 1 and a softplus Δ, the selective SSM is the gated RNN h = (1 − g) h + g x.",
    source=Source(arxiv=ARXIV, where="Theorem 1 and Appendix C"),
    kind="identity",
    experiment="claimbench.impls.mamba.experiments.identities:gated_rnn",
    arms=_OURS,
    workloads={"smoke": BlockShape(batch=2, length=65, d_model=8, d_state=1)},
    metric=_ERROR,
    expectation=Exact(boxes={"zoh": Box(high=1e-12), "euler": Box(low=1e-2)}),
    protocol=_ONCE,
    needs=Needs(core_seconds={"smoke": 3.0}),
    keywords=("theorem", "rnn"),
    caveats=(
        "It holds for the zero-order hold of the paper's Equation 4. The authors' code discretises B by Euler's rule, "
        "for which it must fail: that is the check `euler`.",
    ),
)

ACTIVATION_BYTES = Claim(
    id="mamba.activation_bytes",
    label="MA-11",
    version=2,
    statement="With recomputation a Mamba layer keeps about 16 bytes a token and unit of width for backward.",
    source=Source(arxiv=ARXIV, where="Appendix D"),
    published=(
        Published(arm="selective SSM layer, 16-bit", metric="bytes a token", value=16, unit="B", where="Appendix D"),
        Published(arm="attention and MLP, 16-bit", metric="bytes a token", value=32, unit="B", where="Appendix D"),
    ),
    kind="memory",
    experiment="claimbench.impls.mamba.experiments.memory:activation_bytes",
    arms=_OURS,
    workloads={"smoke": BlockShape(batch=1, length=256, d_model=256)},
    metric=Metric(name="bytes", unit="B", better="lower"),
    expectation=Exact(
        boxes={
            "float32": Box(high=40.0, unit="B"),
            "bfloat16": Box(high=20.0, published=16.0, unit="B"),
            "float32_unfused": Box(low=200.0, unit="B"),
            "growth_with_length": Box(low=0.99, high=1.01),
        }
    ),
    protocol=_ONCE,
    needs=Needs(core_seconds={"smoke": 3.0}),
    keywords=("memory", "recompute"),
    caveats=(
        "The paper says bytes a token and leaves the unit of width to the reader. Ours is D, the residual stream's "
        "(half the scan's channels), under which its 12 and 20 bytes for attention and MLP come out as well.",
        "Kept are the layer's input, x and z after the first projection and the gated output; the norm and the "
        "residual are not counted. The scan runs once more in the backward pass, which the authors' code avoids.",
    ),
)

STATE_BYTES = Claim(
    id="mamba.state_bytes",
    label="MA-15",
    statement="What decoding carries from token to token does not grow with the tokens before.",
    source=Source(arxiv=ARXIV, where="Sections 1 and 3.4"),
    kind="memory",
    experiment="claimbench.impls.mamba.experiments.memory:state_bytes",
    arms=_OURS,
    workloads={"smoke": StateSizes(short=64, long=65536, d_model=16)},
    metric=Metric(name="bytes", unit="B", better="lower"),
    expectation=Exact(
        boxes={
            "growth": Box(low=1.0, high=1.0),
            "mamba_1.4B": Box(high=15.0, unit="MB"),
            "cache_tokens": Box(high=100.0, unit="tokens"),
        }
    ),
    protocol=_ONCE,
    needs=Needs(core_seconds={"smoke": 5.0}),
    keywords=("decode", "state", "memory"),
    caveats=(
        "The paper says constant and gives no bytes; the two bounds are ours: the state of a 1.4B model, which a "
        "GPT-3 of 1.3B parameters fills with keys and values within a hundred tokens.",
    ),
)

CLAIMS = (RECURRENT_IS_PARALLEL, GATED_RNN, ACTIVATION_BYTES, STATE_BYTES)
