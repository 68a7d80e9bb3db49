"""Mamba's claims about language modelling, on bytes: what selection adds, what states add, and Transformer++."""

from __future__ import annotations

from typing import Literal

from claimbench.expectation import AllOf, Difference, Equivalent, NotWorse
from claimbench.papers.mamba.competitors import LAYER_IN_BLOCK, SELECTIVE_DELTA, TRANSFORMER
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Published, Scalar, Source, Tuning
from claimbench.workloads import Text

__all__ = ["CLAIMS"]

ARXIV = "2312.00752v2"
_LANGUAGE_MODEL = "claimbench.impls.mamba.experiments.language:language_model"
_AGAINST_TRANSFORMER = "claimbench.impls.mamba.experiments.language:against_transformer"
_BITS = Metric(name="bits_per_byte", unit="bit", better="lower")
_SELECTIVE = "delta B C"
_SAME_BLOCK = (
    "the same block, optimiser, data order and initial values where parameters are shared; its learning rate has the "
    "same grid, seeds and steps"
)
_GRID = (2e-3, 4e-3, 8e-3, 16e-3, 32e-3)
_PILOTS = Tuning(option="learning_rate", grid=_GRID, seeds=(1000, 1001))
_NOVELS = "34 English novels, three of which are held out whole; "
_ON_HELD_OUT = (
    "Learning rates were chosen on the held-out text that judges, with pilot seeds, the same way for every arm."
)

ON_REFERENCE_TEXT = Claim(
    id="mamba.language_model",
    label="MA-04a",
    version=2,
    statement="On English text a model with selective Δ, B and C predicts better than the same model without.",
    source=Source(arxiv=ARXIV, where="Table 7"),
    published=(
        Published(arm="Δ, B, C selective", metric="perplexity", value=8.71, unit="1", where="Table 7"),
        Published(arm="none selective", metric="perplexity", value=10.93, unit="1", where="Table 7"),
    ),
    kind="quality",
    role="exploratory",
    experiment=_LANGUAGE_MODEL,
    arms=(
        Arm(name="s6", options={"selective": _SELECTIVE, "learning_rate": 8e-3}),
        Arm(name="s4", role="baseline", options={"selective": "", "learning_rate": 8e-3}, why_fair=_SAME_BLOCK),
        Arm(name="bigram", role="control", options={"ngram": 2}),
    ),
    workloads={"smoke": Text(corpus="cpython_topics", length=128, batch_size=16, d_model=64, steps=100)},
    metric=_BITS,
    expectation=AllOf(
        parts=(
            Difference(subject="s6", baseline="s4", at_least=0.05),
            Difference(subject="s6", baseline="bigram", at_least=0.5),
        )
    ),
    protocol=Protocol(unit="seed", n={"smoke": 2}, n_min=2, paired=True),
    needs=Needs(core_seconds={"smoke": 30.0}, memory_bytes=2 * 2**30, trial_seconds=120.0),
    keywords=("text", "s4", "s6"),
    caveats=(
        "Bytes of CPython's reference text, 460 kB, and some hundred steps: a check that the model learns real text, "
        "not language modelling at any scale the paper speaks of.",
        "The text differs between versions of Python; compare numbers of one version only.",
    ),
)


def _table_7(arm: str, value: float) -> Published:
    return Published(arm=arm, metric="perplexity", value=value, unit="1", where="Table 7")


_ABLATION = Text(corpus="english_novels", length=256, batch_size=8, n_layer=2, d_model=64, steps=600)
_PARTS = {"all": _SELECTIVE, "delta": "delta", "B": "B", "C": "C", "none": ""}
_SELECTIVITY = {
    "all": LAYER_IN_BLOCK["mamba_s6"],
    "selective_16": LAYER_IN_BLOCK["mamba_s6"],
    "delta": SELECTIVE_DELTA,
    "constant_16": SELECTIVE_DELTA,
    "none": LAYER_IN_BLOCK["mamba_s4"],
}

SELECTIVE_PARAMETERS = Claim(
    id="mamba.selective_parameters",
    label="MA-04",
    statement="On text Δ is the most valuable single parameter to make selective, and all three do better than it.",
    source=Source(arxiv=ARXIV, where="Table 7"),
    published=(
        _table_7("none", 10.93),
        _table_7("B", 10.15),
        _table_7("C", 9.98),
        _table_7("Δ", 9.81),
        _table_7("Δ, B, C", 8.71),
    ),
    kind="ablation",
    experiment=_LANGUAGE_MODEL,
    arms=tuple(
        Arm(
            name=name.lower(),
            role="subject" if name in ("all", "delta") else "baseline",
            options={"selective": selective, "learning_rate": 16e-3},
            why_fair="" if name in ("all", "delta") else _SAME_BLOCK,
            configurations_tuned=len(_GRID),
            competitor=_SELECTIVITY.get(name, ""),
        )
        for name, selective in _PARTS.items()
    ),
    workloads={"cpu": _ABLATION},
    metric=_BITS,
    expectation=AllOf(
        parts=(
            Difference(subject="all", baseline="none", at_least=0.01),
            Difference(subject="all", baseline="delta", at_least=0.01),
            Difference(subject="delta", baseline="b", at_least=0.01),
            Difference(subject="delta", baseline="c", at_least=0.01),
        )
    ),
    protocol=Protocol(unit="seed", n={"cpu": 10}, n_min=10, paired=True, seeds_per_trial=2),
    needs=Needs(core_seconds={"cpu": 800.0}, data=("english_novels",), memory_bytes=3 * 2**30),
    tuning=_PILOTS,
    setups_tried=2,
    keywords=("text", "ablation", "delta"),
    caveats=(
        _NOVELS + "two layers of width 64 and 1.2 million bytes, not 350M parameters and 7B tokens.",
        _ON_HELD_OUT,
    ),
)

STATE_SIZE = Claim(
    id="mamba.state_size",
    label="MA-05",
    statement="More states a channel help a model on text where B and C are selective, and hardly where they are not.",
    source=Source(arxiv=ARXIV, where="Table 10"),
    published=tuple(
        Published(arm=f"{kind} B and C, N = {states}", metric="perplexity", value=value, unit="1", where="Table 10")
        for kind, found in (("constant", (9.88, 9.81)), ("selective", (9.73, 8.71)))
        for states, value in zip((1, 16), found, strict=True)
    ),
    kind="ablation",
    experiment=_LANGUAGE_MODEL,
    arms=tuple(
        Arm(
            name=f"{kind}_{states}",
            role="subject" if states == 16 else "baseline",
            options={"selective": selective, "d_state": states, "learning_rate": 16e-3},
            why_fair="" if states == 16 else _SAME_BLOCK,
            configurations_tuned=len(_GRID),
            competitor=_SELECTIVITY.get(f"{kind}_{states}", ""),
        )
        for kind, selective in (("selective", _SELECTIVE), ("constant", "delta"))
        for states in (16, 1)
    ),
    workloads={"cpu": _ABLATION},
    metric=_BITS,
    expectation=AllOf(
        parts=(
            Difference(subject="selective_16", baseline="selective_1", at_least=0.01),
            Equivalent(subject="constant_16", baseline="constant_1", margin=0.01),
        )
    ),
    protocol=Protocol(unit="seed", n={"cpu": 10}, n_min=10, paired=True, first_seed=10, seeds_per_trial=2),
    needs=Needs(core_seconds={"cpu": 600.0}, data=("english_novels",), memory_bytes=3 * 2**30),
    tuning=_PILOTS,
    setups_tried=2,
    keywords=("text", "state"),
    caveats=(
        _NOVELS + "two layers of width 64 and 1.2 million bytes, not 350M parameters and 7B tokens.",
        "Δ is selective in all arms, as in the paper. A hundredth of a bit is what we would report, and the margin.",
        _ON_HELD_OUT,
    ),
)

_TRANSFORMER: dict[str, Scalar] = {"n_layer": 2, "n_head": 8, "d_ff": 256}
_FAIR_TRANSFORMER = (
    "RMSNorm, SwiGLU, rotary positions, no bias, tied head: the paper's strongest Transformer recipe, at the same "
    "parameters, tokens and data order; its learning rate has the same grid, seeds and steps{more}"
)
_ON_PILOTS = (
    ". Initialised by fan-in, which beat the usual .02 on pilots, with 8 heads of width 8, which beat 4 of width 16"
)


def _against_transformer(
    label: str, name: str, where: str, data: Literal["tinyshakespeare", "english_novels"], mamba_rate: float
) -> Claim:
    return Claim(
        id=f"mamba.{name}",
        label=label,
        statement=f"At equal parameters and tokens Mamba predicts {where} as well as Transformer++ does.",
        source=Source(arxiv=ARXIV, where="Figure 4"),
        kind="quality",
        experiment=_AGAINST_TRANSFORMER,
        arms=(
            Arm(
                name="mamba",
                options={"selective": _SELECTIVE, "n_layer": 4, "learning_rate": mamba_rate},
                configurations_tuned=len(_GRID),
                competitor=LAYER_IN_BLOCK["mamba_s6"],
            ),
            Arm(
                name="transformer",
                role="baseline",
                options={**_TRANSFORMER, "learning_rate": 8e-3},
                why_fair=_FAIR_TRANSFORMER.format(more=_ON_PILOTS),
                configurations_tuned=len(_GRID),
                competitor=TRANSFORMER,
            ),
            Arm(name="ngram", role="control", options={"ngram": 5}),
        ),
        workloads={
            "cpu": Text(corpus=data, length=128, batch_size=16, d_model=64, steps=1200, parameters=147_500),
        },
        metric=_BITS,
        expectation=NotWorse(subject="mamba", baseline="transformer", margin=0.029),
        protocol=Protocol(unit="seed", n={"cpu": 10}, n_min=10, paired=True, seeds_per_trial=2),
        needs=Needs(core_seconds={"cpu": 1250.0}, data=(data,), memory_bytes=3 * 2**30),
        tuning=_PILOTS,
        setups_tried=8,
        keywords=("text", "transformer", "scaling"),
        caveats=(
            "147,000 parameters and 2.5 million bytes, at which both models are still learning, the Transformer more "
            "slowly: one small size, not the paper's scaling law from 125M to 1.3B parameters on the Pile.",
            "The control counts 5-grams (Witten-Bell) on all of the training text, which no model sees whole.",
            "The margin of .029 bit is .02 nats, set before any pilot.",
            _ON_HELD_OUT,
        ),
    )


ON_SHAKESPEARE = _against_transformer(
    "MA-18a", "against_transformer_shakespeare", "Shakespeare", "tinyshakespeare", 8e-3
)
ON_NOVELS = _against_transformer("MA-18b", "against_transformer_novels", "novels", "english_novels", 16e-3)

ON_GPU = Claim(
    id="mamba.against_transformer_gpu",
    label="MA-18c",
    statement="With ten million parameters and equal tokens Mamba predicts novels as well as Transformer++ does.",
    source=Source(arxiv=ARXIV, where="Figure 4"),
    kind="quality",
    experiment=_AGAINST_TRANSFORMER,
    arms=(
        Arm(
            name="mamba",
            options={"selective": _SELECTIVE, "n_layer": 24, "learning_rate": 4e-3},
            competitor=LAYER_IN_BLOCK["mamba_s6"],
        ),
        Arm(
            name="transformer",
            role="baseline",
            options={"n_layer": 12, "n_head": 8, "d_ff": 800, "learning_rate": 4e-3},
            why_fair=_FAIR_TRANSFORMER.format(more=""),
            competitor=TRANSFORMER,
        ),
        Arm(name="ngram", role="control", options={"ngram": 5}),
    ),
    workloads={
        "gpu": Text(
            corpus="english_novels",
            length=1024,
            batch_size=16,
            d_model=256,
            steps=600,
            parameters=10_580_000,
        )
    },
    metric=_BITS,
    expectation=NotWorse(subject="mamba", baseline="transformer", margin=0.029),
    protocol=Protocol(unit="seed", n={"gpu": 8}, n_min=8, paired=True),
    needs=Needs(device="cuda", core_seconds={"gpu": 190.0}, data=("english_novels",), memory_bytes=16 * 2**30),
    tuning=Tuning(option="learning_rate", grid=(5e-4, 1e-3, 2e-3, 4e-3, 8e-3), seeds=(1000, 1001)),
    keywords=("text", "transformer", "scaling"),
    caveats=(
        "A draft until its learning rates were tuned on a GPU; its seconds are an estimate.",
        "Ten million parameters and ten million bytes in float32: parity at one size, not the paper's scaling law.",
    ),
)

CLAIMS = (ON_REFERENCE_TEXT, SELECTIVE_PARAMETERS, STATE_SIZE, ON_SHAKESPEARE, ON_NOVELS, ON_GPU)
