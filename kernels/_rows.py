"""Tensors as matrices of rows: the last dimension contiguous, one stride between rows."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["matrix", "sizes"]


def matrix(x: Tensor, dtype: torch.dtype | None = None) -> tuple[Tensor, int]:
    """A tensor that holds the rows of x (..., dim), and the stride from one to the next, in elements.

    It is x itself or a view of it, such as a slice of a wider matrix, unless the dtype changes or rows are not evenly
    spaced and contiguous.
    """
    if x.is_neg():  # the imaginary part of a conjugate, whose memory has the other sign
        x = x.resolve_neg()
    if dtype is not None and x.dtype is not dtype:
        x = x.to(dtype)
    if x.is_contiguous():
        return x, x.shape[-1]
    x = x.reshape(-1, x.shape[-1])
    if x.shape[1] > 1 and x.stride(1) != 1:
        x = x.contiguous()
    return x, x.stride(0)


def sizes(x: Tensor, *strides: int) -> tuple[int, int]:
    """Rows of x (..., dim) and their length, for work element by element on matrices with these strides.

    Where nothing lies between the rows of any, all of them are a single row.
    """
    dim, elements = x.shape[-1], x.numel()
    return (1, elements) if strides.count(dim) == len(strides) else (elements // dim, dim)
