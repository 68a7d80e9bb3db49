"""Differential Transformer's claim about gradients at initialisation."""

from __future__ import annotations

from claimbench.expectation import Box, Exact
from claimbench.papers.differential_transformer.workloads import Gradients
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Source

__all__ = ["CLAIMS"]

ARXIV = "2410.05258v2"
_EXPERIMENTS = "claimbench.impls.differential_transformer.experiments.gradients"
_WHERE = Source(arxiv=ARXIV, where="Section 2.1 and Appendix G")
_MATRICES = ("q", "k", "v", "o")
_RATIO = Metric(name="v_least", unit="1", better="higher")
_SMALL = (
    "Eight layers of width 64 on windows of 128 bytes of text, matrices drawn with variance 1 / fan-in and the "
    "branches' last ones smaller by the root of their number; geometric means over four initialisations, each paired "
    "with a Transformer that starts from the same values. The paper does not print its initialisation."
)

WITH_FACTOR = Claim(
    id="differential_transformer.gradient_scale",
    label="DT-16",
    statement="At initialisation the gradients of W_Q, W_K, W_V and W_O are in every layer within a factor of two of "
    "Transformer's.",
    source=_WHERE,
    kind="identity",
    experiment=f"{_EXPERIMENTS}:gradients_with_factor",
    arms=(Arm(name="ours"),),
    workloads={
        "smoke": Gradients(n_layer=8, d_model=64, n_head=4, length=128, batch_size=8, batches=2, models=4),
    },
    metric=_RATIO,
    expectation=Exact(
        boxes={f"{matrix}_{end}": Box(low=0.5, high=2.0) for matrix in _MATRICES for end in ("least", "greatest")}
    ),
    protocol=Protocol(unit="deterministic", first_seed=610),
    needs=Needs(core_seconds={"smoke": 8.0}),
    setups_tried=3,
    keywords=("gradient", "init"),
    caveats=(
        "The paper derives that gradients have the same magnitude and prints no bound; a factor of two is a bar of "
        "ours.",
        "In pilots W_V's and W_O's shrink with depth, as 1 − λ_init does, to .36 of Transformer's, and W_Q's and W_K's "
        "grow to 2.1 to 2.9 times. An optimiser that divides by the gradient's size, as the paper's AdamW does, hardly "
        "sees it.",
        _SMALL,
    ),
)

WITHOUT_FACTOR = WITH_FACTOR.model_copy(
    update={
        "id": "differential_transformer.gradient_scale_without_factor",
        "label": "DT-16b",
        "role": "exploratory",
        "statement": "Without the factor 1 − λ_init some gradient of an attention matrix is farther from Transformer's "
        "than a factor of two.",
        "experiment": f"{_EXPERIMENTS}:gradients_without_factor",
        "metric": Metric(name="worst", unit="1", better="higher"),
        "expectation": Exact(boxes={"worst": Box(low=2.0)}),
        "caveats": (
            "The gradient that is farthest, of all matrices and layers. With the factor one is beyond two as well "
            "(DT-16), so that this alone does not speak for the factor; DT-16c compares.",
            _SMALL,
        ),
    }
)

NEARER = WITH_FACTOR.model_copy(
    update={
        "id": "differential_transformer.factor_brings_nearer",
        "label": "DT-16c",
        "role": "exploratory",
        "statement": "The factor 1 − λ_init brings the gradients of all four matrices nearer to Transformer's.",
        "experiment": f"{_EXPERIMENTS}:factor_brings_nearer",
        "metric": Metric(name="v", unit="octaves", better="higher"),
        "expectation": Exact(boxes={matrix: Box(low=0.0, unit="octaves") for matrix in _MATRICES}),
        "caveats": (
            "Octaves of the ratio, a root mean square over layers, without the factor less with it. In pilots W_Q and "
            "W_K come nearer, and W_V and W_O, which were where Transformer's are, are moved away.",
            _SMALL,
        ),
    }
)

CLAIMS = (WITH_FACTOR, WITHOUT_FACTOR, NEARER)
