"""What the trials of Schedule-Free's claims work on, where nothing deep is trained."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from claimbench.spec import Workload
from claimbench.workloads import Count

__all__ = [
    "Bounds",
    "LargeRates",
    "Printed",
    "Quadratics",
    "Regression",
    "Resampled",
    "States",
    "Steps",
    "Training",
]

Several = Annotated[int, Field(ge=3)]
Momentum = Annotated[float, Field(ge=0, le=1)]
Exponent = Annotated[int, Field(ge=-30, le=30)]
Problem = Literal[
    "iris",
    "wine",
    "breast_cancer",
    "digits",
    "glass",
    "letter",
    "satimage",
    "segment",
    "vehicle",
    "svmguide2",
    "a9a",
    "well_conditioned",
    "ill_conditioned",
]


class Printed(Workload):
    """Numbers that the paper prints or a data set holds; there is nothing to choose."""

    kind: Literal["printed"] = "printed"
    """Discriminator."""


class Bounds(Workload):
    """Functions on which a theorem's bound is compared with what happens."""

    kind: Literal["bounds"] = "bounds"
    """Discriminator."""
    steps: Annotated[tuple[Several, ...], Field(min_length=1)]
    """T, ascending."""
    betas: tuple[Momentum, ...] = (0.0, 0.25, 0.5, 0.75, 0.9, 0.98, 1.0)
    """β."""
    draws: Count = 4
    """Functions drawn of each kind."""


class Quadratics(Workload):
    """Figure 2b: quadratics in 20 dimensions with eigenvalues log-uniform in [1e-6, 1]."""

    kind: Literal["quadratics"] = "quadratics"
    """Discriminator."""
    rates: tuple[Annotated[float, Field(gt=0)], ...]
    """γ, ascending."""
    betas: tuple[Momentum, ...]
    """β, ascending."""
    steps: Several
    """Steps; the paper does not say how many."""
    problems: Count = 10
    """Quadratics."""
    dimension: Count = 20
    """Dimensions of each."""


class LargeRates(Workload):
    """Schedule-Free runs on logistic regression, at every rate of a grid."""

    kind: Literal["large_rates"] = "large_rates"
    """Discriminator."""
    problems: Annotated[tuple[Problem, ...], Field(min_length=1)]
    """Problems."""
    epochs: Count = 100
    """Passes over the rows, in steps of 16."""
    low: Exponent
    """Least rate, as a power of two."""
    high: Exponent
    """Greatest rate, as a power of two."""


class Regression(Workload):
    """Logistic regression by the protocol of Appendix G.1, its rates tuned inside the trial on pilot seeds."""

    kind: Literal["regression"] = "regression"
    """Discriminator."""
    problems: Annotated[tuple[Problem, ...], Field(min_length=1)]
    """Problems, each tuned on its own."""
    low: Exponent
    """Least rate of the grid, as a power of two."""
    high: Exponent
    """Greatest rate of the grid, as a power of two."""
    pilots: Annotated[tuple[Annotated[int, Field(ge=1000)], ...], Field(min_length=1)]
    """Seeds that choose the rate, for every method alike; they judge nothing."""
    chosen_by: Literal["accuracy", "loss"] = "accuracy"
    """What the best rate is best in: final train accuracy, as in the paper, or train loss."""
    epochs: Count = 100
    """Passes over the rows."""
    most_steps: Count | None = None
    """Where these passes would be more steps than this, as many whole ones as are not; every problem has one."""
    batch: Count = 16
    """Rows a step."""
    every_epoch: bool = False
    """Whether accuracy is taken after each epoch too."""


class Resampled(Workload):
    """Published runs, drawn anew."""

    kind: Literal["resampled"] = "resampled"
    """Discriminator."""
    draws: Annotated[int, Field(ge=200)]
    """Bootstrap draws."""


class Training(Workload):
    """Small models trained for several lengths, each method's learning rate tuned inside the trial on pilot seeds."""

    kind: Literal["training"] = "training"
    """Discriminator."""
    task: Literal["digits_mlp", "letter_mlp", "digits_conv", "transformer", "mamba"]
    """Two hidden layers on scikit-learn's digits, a tenth of whose labels is drawn anew, or on LIBSVM's letters; two
    convolutions with BatchNorm on the digits; a Transformer or a Mamba on the bytes of novels."""
    base: Literal["adamw", "sgd"] = "adamw"
    """What Schedule-Free learning is built on, and what the schedules are for."""
    steps: Annotated[int, Field(ge=8, multiple_of=4)]
    """Steps of the longest training; results are taken after a quarter, a half and all of them."""
    low: Exponent
    """Least learning rate of the grid, as a power of two."""
    high: Exponent
    """Greatest learning rate of the grid, as a power of two."""
    pilots: Annotated[tuple[Annotated[int, Field(ge=1000)], ...], Field(min_length=1)]
    """Seeds that choose the rate, for every method alike; they judge nothing."""
    chosen_by: Annotated[tuple[Literal["train_loss", "test_loss", "test_error"], ...], Field(min_length=1)]
    """Metrics that are judged; each has the rate that is best for itself."""
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.05
    """Share of a run's steps over which its learning rate rises."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    """λ."""


class States(Workload):
    """The states of optimisers of a small model; there is nothing to choose."""

    kind: Literal["states"] = "states"
    """Discriminator."""


class Steps(Workload):
    """Three steps of an optimiser, on parameters in tensors of one size."""

    kind: Literal["steps"] = "steps"
    """Discriminator."""
    tensors: Count
    """Tensors."""
    elements: Count
    """Elements of each."""
    gradients: Literal["given", "written"] = "given"
    """Whether gradients lie ready, or every step begins by writing them, for optimisers that overwrite them."""
