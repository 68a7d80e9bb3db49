"""Tensors as numba's kernels take them: of one dtype, their memory in order; whoever passes an address keeps them."""

from __future__ import annotations

import torch
from torch import Tensor

from claimbench.kernels._memory import address

__all__ = ["contiguous", "of_dtype", "placed", "rows"]


def of_dtype(x: Tensor, dtype: torch.dtype) -> Tensor:
    """x in `dtype`; x itself where nothing has to change."""
    if x.is_neg():  # the imaginary part of a conjugate, whose memory has the other sign
        x = x.resolve_neg()
    return x if x.dtype is dtype else x.to(dtype)


def contiguous(x: Tensor | None, dtype: torch.dtype) -> Tensor | None:
    """x in `dtype`, contiguous; None if it was not given."""
    return None if x is None else of_dtype(x, dtype).contiguous()


def rows(x: Tensor | None, dtype: torch.dtype) -> Tensor | None:
    """(batch, dim, length) in `dtype`, channels contiguous; None if it was not given.

    A tensor whose channels are contiguous, such as a transposed (batch, length, dim) or a slice of one, is not copied.
    """
    if x is None:
        return None
    x = of_dtype(x, dtype)
    return x if x.stride(1) == 1 or x.shape[1] == 1 else x.transpose(1, 2).contiguous().transpose(1, 2)


def placed(x: Tensor | None) -> tuple[int, int, int]:
    """Address of (batch, dim, length) and the strides of batch and time; zeros if it was not given."""
    if x is None:
        return 0, 0, 0
    batch, _, time = x.stride()
    return address(x), batch, time
