"""Mamba's claims about the number of parameters."""

from __future__ import annotations

from decimal import Decimal

from claimbench.expectation import Box, Exact, printed
from claimbench.papers.mamba.workloads import ModelSize, ModelSizes
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Published, Source

__all__ = ["CLAIMS"]

ARXIV = "2312.00752v2"
_EXPERIMENT = "claimbench.impls.mamba.experiments.counts:parameters"
_PADDED_VOCABULARY = 50280
_SIZES = {
    "130M": (24, 768),
    "370M": (48, 1024),
    "790M": (48, 1536),
    "1.4B": (48, 2048),
    "2.8B": (64, 2560),
}


def _two_digits(name: str) -> Box:
    """The box of every count that rounds to `name`, whose trailing zero is no digit: 130M is 1.3 · 10²."""
    return printed(f"{Decimal(name[:-1]).normalize():e}", unit=name[-1])


_COUNT = Metric(name="parameters", unit="1", better="lower")
_ONCE = Protocol(unit="deterministic")

MODEL_SIZES = Claim(
    id="mamba.model_sizes",
    label="MA-22",
    statement="The models called 130M, 370M, 790M, 1.4B and 2.8B have that many parameters.",
    source=Source(arxiv=ARXIV, where="Table 3"),
    published=tuple(
        Published(arm=f"Mamba-{name}", metric="parameters", value=float(name[:-1]), unit=name[-1], where="Table 3")
        for name in _SIZES
    ),
    kind="arithmetic",
    experiment=_EXPERIMENT,
    arms=(Arm(name="ours"),),
    workloads={
        "smoke": ModelSizes(
            sizes={
                name: ModelSize(n_layer=layers, d_model=width, vocabulary=_PADDED_VOCABULARY)
                for name, (layers, width) in _SIZES.items()
            }
        )
    },
    metric=_COUNT,
    expectation=Exact(boxes={name: _two_digits(name) for name in _SIZES}),
    protocol=_ONCE,
    needs=Needs(core_seconds={"smoke": 3.0}),
    keywords=("parameters",),
    caveats=(
        "Layers and widths as the authors' repository lists them for these names; head tied to the embedding, "
        "50,277 tokens padded to 50,280.",
    ),
)

INDUCTION_MODEL = Claim(
    id="mamba.induction_model_size",
    label="MA-23",
    statement="The two-layer Mamba of width 64 that learns induction heads has 74K parameters.",
    source=Source(arxiv=ARXIV, where="Table 11"),
    published=(Published(arm="Mamba", metric="parameters", value=74, unit="K", where="Table 11"),),
    kind="arithmetic",
    experiment=_EXPERIMENT,
    arms=(Arm(name="ours"),),
    workloads={
        "smoke": ModelSizes(
            sizes={
                "74K": ModelSize(n_layer=2, d_model=64, vocabulary=16),
                "74K untied": ModelSize(n_layer=2, d_model=64, vocabulary=16, tied=False),
            }
        )
    },
    metric=_COUNT,
    expectation=Exact(boxes={name: printed("74", unit="K") for name in ("74K", "74K untied")}),
    protocol=_ONCE,
    needs=Needs(core_seconds={"smoke": 3.0}),
    keywords=("parameters", "induction"),
    caveats=(
        "The count takes N = 16, E = 2, a convolution of width 4 and Δ of rank 4, the defaults of the authors' code; "
        "the paper gives layers, width and vocabulary only. A vocabulary padded to 128 would account for the rest.",
        "Nothing that the paper concludes from the table depends on it.",
    ),
)

CLAIMS = (MODEL_SIZES, INDUCTION_MODEL)
