"""Which of a kernel's three backends serves a call, and what all of them ask of their tensors."""

from __future__ import annotations

import os
from typing import Literal, get_args

import torch
from torch import Tensor

__all__ = ["Backend", "choose", "working_dtype"]

Backend = Literal["naive", "cpu", "triton"]

_DTYPES = (torch.float32, torch.bfloat16, torch.float16, torch.float64)


def choose(backend: Backend | None, **tensors: Tensor | None) -> Backend:
    """The backend asked for, or the fast one for the tensors' device: in float64 on a GPU that is the naive one.

    Raises TypeError, naming the tensor, where one is not real floating point or Triton is asked for in float64;
    ValueError for tensors on several devices, a device that the backend cannot serve, or a name that is none of the
    three.
    """
    first = device = wide = None
    for name, tensor in tensors.items():
        if tensor is None:
            continue
        if tensor.dtype not in _DTYPES:
            known = ", ".join(str(dtype).removeprefix("torch.") for dtype in _DTYPES)
            raise TypeError(f"{name} is {str(tensor.dtype).removeprefix('torch.')}; the dtypes known here are {known}")
        if tensor.dtype is torch.float64:
            wide = wide or name
        if device is None:
            first, device = name, tensor.device
        elif tensor.device != device:
            raise ValueError(f"{name} is on {tensor.device}, {first} on {device}: move them to one device")
    assert device is not None
    if backend is None:
        if device.type == "cpu":
            return "cpu"
        return "triton" if device.type == "cuda" and not wide else "naive"
    if backend not in get_args(Backend):
        raise ValueError(f"backend={backend!r}: choose one of {', '.join(get_args(Backend))}, or None for the fastest")
    if backend == "cpu" and device.type != "cpu":
        raise ValueError(f"backend='cpu' needs tensors on the CPU, not on {device}: move them, or leave it out")
    if backend == "triton":
        if device.type == "cpu" and os.environ.get("TRITON_INTERPRET") != "1":
            raise ValueError(
                "backend='triton' needs tensors on a GPU: move them, or set TRITON_INTERPRET=1 to interpret it"
            )
        if wide:
            raise TypeError(f"{wide} is float64, which the Triton kernels do not compute in: pass backend='naive'")
    return backend


def working_dtype(*tensors: Tensor | None) -> torch.dtype:
    """What a kernel computes in: float64 where a tensor has it, else float32."""
    for tensor in tensors:
        if tensor is not None and tensor.dtype is torch.float64:
            return torch.float64
    return torch.float32
