"""Tensors as numba's kernels take them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

__all__ = ["array", "optional_array", "optional_rows", "rows", "strided"]

_NUMPY = {torch.float32: np.float32, torch.float64: np.float64}


def strided(x: Tensor, dtype: torch.dtype) -> tuple[np.ndarray, tuple[int, ...]]:
    """The storage that a tensor spans as a flat array, and its strides; nothing is copied but to change the dtype."""
    x = _of_dtype(x, dtype)
    strides, extent = x.stride(), 1
    for size, stride in zip(x.shape, strides, strict=True):
        extent += (size - 1) * stride
    return x.as_strided((extent,), (1,)).numpy(), strides


def rows(x: Tensor, dtype: torch.dtype) -> tuple[np.ndarray, int, int]:
    """(batch, dim, length) as a flat array with the strides of batch and time, channels contiguous.

    A tensor whose channels are contiguous, such as a transposed (batch, length, dim) or a slice of one, is not copied.
    """
    if x.dtype != dtype or (x.shape[1] > 1 and x.stride(1) != 1):
        x = x.detach().transpose(1, 2).to(dtype).contiguous().transpose(1, 2)
    flat, (batch, _, time) = strided(x, dtype)
    return flat, batch, time


def array(x: Tensor, dtype: torch.dtype) -> np.ndarray:
    """A contiguous array of `dtype`."""
    return _of_dtype(x, dtype).contiguous().numpy()


def optional_rows(x: Tensor | None, dtype: torch.dtype) -> tuple[np.ndarray, int, int]:
    """`rows`, or an empty array for a tensor that was not given."""
    return (np.empty(0, _NUMPY[dtype]), 0, 0) if x is None else rows(x, dtype)


def optional_array(x: Tensor | None, dtype: torch.dtype, ndim: int) -> np.ndarray:
    """`array`, or an empty one of `ndim` dimensions for a tensor that was not given."""
    return np.empty((0,) * ndim, _NUMPY[dtype]) if x is None else array(x, dtype)


def _of_dtype(x: Tensor, dtype: torch.dtype) -> Tensor:
    x = x.detach()
    return x if x.dtype == dtype else x.to(dtype)
