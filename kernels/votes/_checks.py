"""What the kernels of votes ask of their arguments."""

from __future__ import annotations

import torch
from torch import Tensor

from claimbench.kernels._backend import Backend, choose

__all__ = [
    "MODEL_BITS",
    "REFUSALS",
    "check_dtype",
    "check_refused",
    "check_seed",
    "check_votes",
    "chosen",
    "refusals",
]

MODEL_BITS = 15
"""Bits of a model's code where a vote is packed into 32."""

REFUSALS = (
    "with a model outside 0 … {last}",
    "with an outcome other than 0 (b wins), 1 (tie) or 2 (a wins)",
    "of a model against itself",
    "with a weight that is negative or not finite",
)
"""Why a vote is refused; of several reasons the first counts."""


def chosen(backend: Backend | None, **tensors: Tensor | None) -> Backend:
    """The backend that serves these tensors, of whatever dtype; raises ValueError as `choose` does."""
    given = {name: x.device for name, x in tensors.items() if x is not None}
    return choose(
        backend, **{name: torch.empty(0, dtype=torch.float32, device=device) for name, device in given.items()}
    )


def check_dtype(name: str, x: Tensor, *dtypes: torch.dtype) -> None:
    """Raises TypeError unless x has one of the dtypes."""
    if x.dtype not in dtypes:
        known = " or ".join(str(dtype).removeprefix("torch.") for dtype in dtypes)
        raise TypeError(f"{name} is {str(x.dtype).removeprefix('torch.')}; it must be {known}")


def check_votes(a: Tensor, b: Tensor, outcome: Tensor, models: int) -> None:
    """Raises TypeError or ValueError for dtypes or shapes that do not fit; what the codes say is left to the kernel."""
    check_dtype("a", a, torch.int32, torch.int64)
    check_dtype("b", b, a.dtype)
    check_dtype("outcome", outcome, torch.uint8)
    if a.ndim != 1:
        raise ValueError(f"a has shape {tuple(a.shape)}; it must be (votes,)")
    for name, x in (("b", b), ("outcome", outcome)):
        if x.shape != a.shape:
            raise ValueError(f"{name} has shape {tuple(x.shape)}; it must be that of a, {tuple(a.shape)}")
    if models < 1:
        raise ValueError(f"models is {models}; it must be at least 1")


def check_seed(seed: int) -> None:
    """Raises ValueError unless the seed is one that all backends can take."""
    if not 0 <= seed < 2**63:
        raise ValueError(f"seed is {seed}; it must be at least 0 and below 2^63")


def refusals(a: Tensor, b: Tensor, outcome: Tensor, models: int, weights: Tensor | None) -> tuple[Tensor, Tensor]:
    """Which votes can be counted (votes,), and how many are refused for each of `REFUSALS`."""
    outside = (a < 0) | (a >= models) | (b < 0) | (b >= models)
    reasons = [outside, outcome > 2, a == b]
    if weights is not None:
        reasons.append(~(weights >= 0) | weights.isinf())
    good, counts = torch.ones_like(outside), torch.zeros(len(REFUSALS), dtype=torch.int64, device=a.device)
    for i, reason in enumerate(reasons):
        counts[i] = (good & reason).sum()
        good &= ~reason
    return good, counts


def check_refused(refused: Tensor, votes: int, models: int) -> None:
    """Raises ValueError that counts the refused votes by reason, if there are any."""
    counts = refused.tolist()
    if any(counts):
        reasons = [f"{n} {reason.format(last=models - 1)}" for n, reason in zip(counts, REFUSALS, strict=True) if n]
        raise ValueError(f"{sum(counts)} of {votes} votes cannot be counted: {', '.join(reasons)}; drop or mend them")
