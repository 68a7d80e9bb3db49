"""Which of PyTorch's kernels for attention an arm takes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

from torch.nn.attention import SDPBackend, sdpa_kernel

from claimbench.errors import UnknownName
from claimbench.trial import Trial

__all__ = ["chosen_kernel"]

_KERNELS = {
    "flash": SDPBackend.FLASH_ATTENTION,
    "cudnn": SDPBackend.CUDNN_ATTENTION,
    "efficient": SDPBackend.EFFICIENT_ATTENTION,
}


def chosen_kernel(trial: Trial) -> Callable[[], AbstractContextManager[Any]]:
    """A context in which attention on a GPU is the one of the arm's option `kernel`; without the option, any.

    Elsewhere PyTorch has one of its own and nothing to choose. Raises UnknownName for a kernel that there is not.
    """
    name = trial.options.get("kernel")
    if name is None:
        return nullcontext
    if name not in _KERNELS:
        raise UnknownName("attention kernel", str(name), _KERNELS)
    return partial(sdpa_kernel, _KERNELS[str(name)]) if trial.device == "cuda" else nullcontext
