"""What bfloat16 leaves of a difference of two maps that have nearly everything in common."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from claimbench.impls.common.initialise import generator
from claimbench.impls.common.workload import workload_of
from claimbench.impls.differential_transformer.attend import attend
from claimbench.kernels import differential_attention
from claimbench.kernels.differential.baselines import two_calls
from claimbench.papers.differential_transformer.workloads import Rounding
from claimbench.trial import Exact, Trial

__all__ = ["rounding"]

_EPS = 1e-5


@torch.no_grad()
def rounding(trial: Trial) -> Exact:
    """DT-21: relative errors, by norm, of one pair's output in bfloat16 against Equation 1 in float64.

    The inputs are rounded before, for both. `ours` is the kernel, the worst of the draws; `two_calls` one call of
    PyTorch's attention a map, whose results are rounded before they are subtracted, the best of them. The same with
    the norm behind: `ours_normed` in the kernel, `two_calls_normed` on what was rounded.
    """
    work = workload_of(trial, Rounding)
    errors: dict[str, list[float]] = {}
    for draw in range(work.draws):
        q, k, v = _correlated(work, generator(trial.seeds[0], f"rounding {draw}"))
        rate = torch.tensor(work.lambda_)
        gain = torch.ones(v.shape[-1], dtype=torch.bfloat16)
        truth = attend(q.double(), k.double(), v.double(), rate.double())
        normed: Callable[[Tensor], Tensor] = lambda x: F.rms_norm(x, x.shape[-1:], eps=_EPS)  # noqa: E731
        two = two_calls(q, k, v, rate)
        for name, found, expected in (
            ("ours", differential_attention(q, k, v, rate), truth),
            ("two_calls", two, truth),
            ("ours_normed", differential_attention(q, k, v, rate, norm_weight=gain, eps=_EPS), normed(truth)),
            ("two_calls_normed", normed(two), normed(truth)),
        ):
            errors.setdefault(name, []).append(float((found.double() - expected).norm() / expected.norm()))
    return Exact({name: (max if name.startswith("ours") else min)(found) for name, found in errors.items()})


def _correlated(work: Rounding, random: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """q, k and v of one pair: the second query is the first but for what the correlation leaves open, keys are one."""
    first, noise, keys = (torch.randn(1, 1, work.length, work.head_dim, generator=random) for _ in range(3))
    second = work.correlation * first + (1 - work.correlation**2) ** 0.5 * noise
    v = torch.randn(1, 1, work.length, 2 * work.head_dim, generator=random)
    return torch.cat((first, second), 1).bfloat16(), keys.expand(-1, 2, -1, -1).bfloat16(), v.bfloat16()
