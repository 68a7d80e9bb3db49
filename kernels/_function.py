"""Autograd functions that are cheap to call, known to the transforms of `torch.func`, and never silently wrong."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

from claimbench.kernels._vmap import sequential

__all__ = ["Function", "Gradient", "recorded"]


def recorded(*tensors: Tensor | None) -> bool:
    """Whether somebody may ask for gradients of a call on these tensors, so that it must keep what backward needs."""
    if torch._C._are_functorch_transforms_active():
        return True  # a tensor inside vmap does not tell what the one outside asks for
    return torch.is_grad_enabled() and any(x is not None and x.requires_grad for x in tensors)


class Function(torch.autograd.Function):
    """A forward pass; its `backward` calls a `Gradient`. Subclasses define `forward` and `setup_context`."""

    @classmethod
    def call(cls, *arguments: Any) -> Any:
        """`apply` with every argument given: PyTorch's own looks up defaults, for longer than a small kernel runs."""
        if torch._C._are_functorch_transforms_active():
            return cls.apply(*arguments)
        if not torch.is_grad_enabled() and forward_ad._current_level < 0:  # nobody asks for a derivative
            return cls.forward(*arguments)
        return super(torch.autograd.Function, cls).apply(*arguments)  # pyright: ignore[reportAttributeAccessIssue]

    @classmethod
    def vmap(cls, info: Any, in_dims: tuple[int | None, ...], *arguments: Any) -> tuple[Any, Any]:
        return sequential(cls.call, info, in_dims, *arguments)


class Gradient(Function):
    """A backward pass, itself a function: transforms see it, and a second derivative is an error.

    PyTorch's `once_differentiable` lets `torch.autograd.grad` leave the second derivative out without a word.
    """

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        pass

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        raise RuntimeError("this kernel has first derivatives only: pass backend='naive' for higher ones")
