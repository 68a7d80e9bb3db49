"""Tensors as numba's kernels take them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

__all__ = ["array", "optional_array", "optional_rows", "rows", "strided"]

_NUMPY = {torch.float32: np.float32, torch.float64: np.float64}


def strided(x: Tensor, dtype: torch.dtype) -> tuple[np.ndarray, tuple[int, ...]]:
    """The storage that a tensor spans as a flat array, and its strides; nothing is copied but to change the dtype."""
    x = x.detach().to(dtype)
    extent = 1 + sum((size - 1) * stride for size, stride in zip(x.shape, x.stride(), strict=True))
    return x.as_strided((extent,), (1,)).numpy(), x.stride()


def rows(x: Tensor, dtype: torch.dtype) -> tuple[np.ndarray, int, int]:
    """(batch, dim, length) as a flat array with the strides of batch and time, channels contiguous.

    A tensor whose channels are contiguous, such as a transposed (batch, length, dim) or a slice of one, is not copied.
    """
    x = x.detach().transpose(1, 2)
    if x.shape[2] > 1 and x.stride(2) != 1:
        x = x.contiguous()
    flat, (batch, time, _) = strided(x, dtype)
    return flat, batch, time


def array(x: Tensor, dtype: torch.dtype) -> np.ndarray:
    """A contiguous array of `dtype`."""
    return x.detach().to(dtype).contiguous().numpy()


def optional_rows(x: Tensor | None, dtype: torch.dtype) -> tuple[np.ndarray, int, int]:
    """`rows`, or an empty array for a tensor that was not given."""
    return (np.empty(0, _NUMPY[dtype]), 0, 0) if x is None else rows(x, dtype)


def optional_array(x: Tensor | None, dtype: torch.dtype, ndim: int) -> np.ndarray:
    """`array`, or an empty one of `ndim` dimensions for a tensor that was not given."""
    return np.empty((0,) * ndim, _NUMPY[dtype]) if x is None else array(x, dtype)
