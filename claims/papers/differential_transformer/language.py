"""Differential Transformer's claims about language modelling, on bytes in small."""

from __future__ import annotations

from claimbench.expectation import AllOf, Difference, Equivalent, Ratio
from claimbench.papers.differential_transformer.workloads import Language
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Published, Source
from claimbench.workloads import Text

__all__ = ["CLAIMS"]

ARXIV = "2410.05258v2"
_EXPERIMENT = "claimbench.impls.differential_transformer.experiments.language:language"
_LOSS = Metric(name="loss", unit="nats", better="lower", units={f"rise_{bits}": "nats" for bits in (8, 6, 4)})
_NOVELS = Text(corpus="english_novels", length=64, batch_size=16, n_layer=2, d_model=64, steps=600, test_windows=256)
_WORK = Language(text=_NOVELS, n_head=4, bits=3.0, evaluations=20, low=-10, high=-7, pilots=(1000,))
_SEEDS = 12
_GATES = {"rate_on_edge": 0.0, "not_reached": 0.0}
_ANY_LOSS = {"rate_on_edge": 0.0, "not_reached": float(_SEEDS)}
"""Of claims that do not ask when a loss is reached."""
_DIFF = Arm(name="diff", options={"attention": "paper"}, competitor="DIFF Transformer")
_TRANSFORMER = Arm(
    name="transformer",
    role="baseline",
    options={"attention": "softmax"},
    why_fair="Transformer++ with twice as many heads, a hundredth or less fewer parameters, and the same start, text, "
    "steps, grid of rates and pilot seed",
    competitor="Transformer++",
)
_SMALL = (
    "Bytes of English novels in windows of 64, two layers of width 64, some hundred steps at a constant rate after a "
    "warm-up. The paper's smallest model has 830M parameters; what shows at scale alone can't show here."
)
_RATES = (
    "Rates are powers of two, the best for each arm in held-out loss chosen on a pilot seed, which is tested on the "
    "same held-out text. A best rate at an end of the grid voids the claim."
)


def _ablation(name: str, what: str, **options: bool | float) -> Arm:
    return Arm(
        name=name,
        role="baseline",
        options={"attention": "paper", **options},
        why_fair=f"the same model {what}; the same start, text, steps, grid of rates and pilot seed",
        competitor=f"DIFF Transformer {what}",
    )


TOKENS = Claim(
    id="differential_transformer.tokens_to_loss",
    label="DT-02c",
    statement="On novels DIFF Transformer needs fewer bytes than Transformer of equal size for the same held-out loss.",
    source=Source(arxiv=ARXIV, where="Section 3.2 and Figure 3b"),
    published=(
        Published(arm="DIFF", metric="tokens for Transformer's loss", value=63.7, unit="%", where="Section 3.2"),
    ),
    kind="quality",
    experiment=_EXPERIMENT,
    arms=(_DIFF, _TRANSFORMER),
    workloads={"cpu": _WORK},
    metric=_LOSS,
    expectation=Ratio(subject="diff", baseline="transformer", metric="steps_to_bits", at_least=1.05, published=1.57),
    protocol=Protocol(
        unit="seed", n={"cpu": _SEEDS}, n_min=_SEEDS, paired=True, first_seed=660, seeds_per_trial=_SEEDS
    ),
    gates=_GATES,
    needs=Needs(core_seconds={"cpu": 580.0}, data=("english_novels",), memory_bytes=3 * 2**30, trial_seconds=3600.0),
    setups_tried=3,
    keywords=("scaling", "tokens", "language"),
    caveats=(
        "Steps to three bits a byte, each of as many bytes; their ratio is that of tokens at equal loss. The paper has "
        "1.57 = 251B / 160B, without an interval; a twentieth is a bar of ours.",
        _SMALL,
        _RATES,
    ),
)

OUTLIERS = TOKENS.model_copy(
    update={
        "id": "differential_transformer.activation_outliers_in_text",
        "label": "DT-10b",
        "statement": "On novels DIFF Transformer's largest attention logit and hidden state are smaller than "
        "Transformer's.",
        "source": Source(arxiv=ARXIV, where="Section 3.7 and Table 5"),
        "published": (
            Published(arm="DIFF", metric="largest hidden state", value=1688.2, unit="1", where="Table 5"),
            Published(arm="Transformer", metric="largest hidden state", value=3608.6, unit="1", where="Table 5"),
        ),
        "arms": tuple(arm.model_copy(update={"competitor": ""}) for arm in TOKENS.arms),
        "expectation": AllOf(
            parts=tuple(
                Ratio(subject="diff", baseline="transformer", metric=metric, at_least=1.2)
                for metric in ("top_logit", "top_state")
            )
        ),
        "keywords": ("outlier", "activation", "language"),
        "caveats": (
            "Of |q · k| / √d, and of the residual stream after a layer, over 16 windows. A fifth is a bar of ours; the "
            "paper has factors of 8 and 2.",
            _SMALL,
            _RATES,
        ),
    }
)

LOW_BIT = OUTLIERS.model_copy(
    update={
        "id": "differential_transformer.low_bit_logits_in_text",
        "label": "DT-11b",
        "statement": "On novels, with attention logits of 4 bits, DIFF Transformer's loss rises by less than "
        "Transformer's.",
        "source": Source(arxiv=ARXIV, where="Section 3.7 and Figure 8"),
        "published": (),
        "expectation": Difference(subject="diff", baseline="transformer", metric="rise_4", at_least=0.01),
        "keywords": ("quantisation", "activation", "language"),
        "caveats": (
            "Logits of every layer rounded after training, to a grid up to their largest. A hundredth of a nat is a "
            "bar of ours.",
            _SMALL,
            _RATES,
        ),
    }
)

NORM = TOKENS.model_copy(
    update={
        "id": "differential_transformer.head_norm_in_text",
        "label": "DT-13d",
        "statement": "On novels the loss of DIFF Transformer is higher without the head-wise norm, with the factor 1 − "
        "λ_init and without.",
        "source": Source(arxiv=ARXIV, where="Section 3.8 and Table 6"),
        "published": (
            Published(arm="DIFF", metric="validation loss", value=3.062, unit="nats", where="Table 6"),
            Published(arm="DIFF, no GroupNorm", metric="validation loss", value=3.122, unit="nats", where="Table 6"),
        ),
        "kind": "ablation",
        "arms": (
            _DIFF.model_copy(update={"competitor": ""}),
            _ablation("no_norm", "without the head-wise norm", norm=False),
            _ablation("bare", "without the head-wise norm and 1 − λ_init", norm=False, factor=False),
            _ablation("constant_08", "with λ_init .8 in every layer", constant=0.8),
            _ablation("constant_05", "with λ_init .5 in every layer", constant=0.5),
        ),
        "expectation": AllOf(
            parts=tuple(Difference(subject="diff", baseline=arm, at_least=0.01) for arm in ("no_norm", "bare"))
        ),
        "protocol": TOKENS.protocol.model_copy(update={"first_seed": 680}),
        "gates": _ANY_LOSS,
        "needs": TOKENS.needs.model_copy(update={"core_seconds": {"cpu": 1450.0}}),
        "keywords": ("norm", "ablation", "language"),
        "caveats": (
            "Nats a byte; a hundredth is a bar of ours, where the paper has .06 a token at 1.4B.",
            _SMALL,
            _RATES,
        ),
    }
)

STARTS = NORM.model_copy(
    update={
        "id": "differential_transformer.lambda_start_in_text",
        "label": "DT-14",
        "statement": "On novels the loss of DIFF Transformer is the same whether λ_init depends on depth or is .8 or "
        ".5 in every layer.",
        "published": (
            Published(arm="DIFF", metric="validation loss", value=3.062, unit="nats", where="Table 6"),
            Published(arm="DIFF, λ_init .5", metric="validation loss", value=3.066, unit="nats", where="Table 6"),
        ),
        "arms": tuple(arm.model_copy(update={"competitor": ""}) for arm in NORM.arms),
        "expectation": AllOf(
            parts=tuple(Equivalent(subject="diff", baseline=arm, margin=0.01) for arm in ("constant_08", "constant_05"))
        ),
        "keywords": ("lambda", "ablation", "language"),
        "caveats": ("The same is read as within a hundredth of a nat a byte, a bar of ours.", _SMALL, _RATES),
    }
)

HEADS = TOKENS.model_copy(
    update={
        "id": "differential_transformer.half_heads_in_text",
        "label": "DT-15",
        "statement": "On novels Transformer's loss is the same with half as many heads of twice the width.",
        "source": Source(arxiv=ARXIV, where="Section 3.8 and Table 6"),
        "published": (
            Published(arm="Transformer, 8 heads", metric="validation loss", value=3.088, unit="nats", where="Table 6"),
            Published(arm="Transformer, 16 heads", metric="validation loss", value=3.087, unit="nats", where="Table 6"),
        ),
        "kind": "ablation",
        "arms": (
            Arm(name="half", options={"attention": "softmax", "n_head": 2}),
            Arm(
                name="all",
                role="baseline",
                options={"attention": "softmax", "n_head": 4},
                why_fair="the same model with twice as many heads; the same start, text, steps, grid of rates and "
                "pilot seed",
            ),
        ),
        "expectation": Equivalent(subject="half", baseline="all", margin=0.01),
        "protocol": TOKENS.protocol.model_copy(update={"first_seed": 700}),
        "gates": _ANY_LOSS,
        "keywords": ("heads", "ablation", "language"),
        "caveats": ("The same is read as within a hundredth of a nat a byte, a bar of ours.", _SMALL, _RATES),
    }
)

CLAIMS = (TOKENS, OUTLIERS, LOW_BIT, NORM, STARTS, HEADS)
