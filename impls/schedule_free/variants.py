"""The three forms of Schedule-Free AdamW that carry its name: the paper's, the package's, the competition's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from claimbench.kernels.schedule_free import DecayAt

__all__ = ["ALG1", "ALGOPERF", "ALGOPERF_SELF_TUNING", "PACKAGE", "VARIANTS", "SelfTuning", "Variant"]


@dataclass(frozen=True)
class Variant:
    """Where the forms differ; README.md derives what that does."""

    name: str
    """`alg1`, `package` or `algoperf`."""
    corrected: Literal["step_size", "second_moment"]
    """What Adam's correction 1 - β2^t goes into: γ_t as its root, or v."""
    weight_of: Literal["step_size", "rate"]
    """What the weights of the average are powers of: γ_t, or the learning rate without the correction."""
    largest_so_far: bool
    """Whether it is the largest value of that until now."""
    decay_at: DecayAt
    """The point whose weights decay."""
    r: float
    """Power of t in the weights of the average."""
    second_moment: torch.dtype | None = None
    """What v is kept in; None for the dtype of the rest of the state."""


ALG1 = Variant("alg1", "step_size", "step_size", False, "y", 0.0)
"""Algorithm 1 of the paper."""
PACKAGE = Variant("package", "second_moment", "rate", True, "y", 0.0)
"""`AdamWScheduleFree` of schedulefree 1.3 and later."""
ALGOPERF = Variant("algoperf", "step_size", "rate", True, "x", 0.75, torch.bfloat16)
"""The submission that won AlgoPerf's self-tuning track in 2024; `DivergenceDetector` is the rest of it."""
VARIANTS = {variant.name: variant for variant in (ALG1, PACKAGE, ALGOPERF)}
"""By name."""


@dataclass(frozen=True)
class SelfTuning:
    """The one setting of the submission for all workloads of AlgoPerf."""

    lr: float = 0.0025
    betas: tuple[float, float] = (0.9, 0.9955159689799007)
    weight_decay: float = 0.08121616522670176
    warmup_share: float = 0.015
    """Share of the workload's step hint: .02, of three quarters of it."""
    label_smoothing: float = 0.2
    dropout: float = 0.1


ALGOPERF_SELF_TUNING = SelfTuning()
"""As submitted."""
