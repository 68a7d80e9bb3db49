"""Memory: what autograd keeps for backward, and the peak of a process or of a GPU's allocator."""

from __future__ import annotations

import resource
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

__all__ = ["PeakMemory", "saved_bytes"]

_RESET_PEAK = "5"  # proc(5), clear_refs: resets the high-water mark of the resident set


def saved_bytes(function: Callable[..., Any], *inputs: Any) -> int:
    """Bytes that `function(*inputs)` keeps alive for its backward pass.

    Counts every storage once and whole, however many views of it are saved: tensors saved through autograd, with
    inputs and outputs, and tensors or arrays that a custom `Function` left on its context. Parameters
    (`torch.nn.Parameter`) are left out, for they live anyway. The count does not depend on the device.
    """
    import torch

    kept: dict[int, Any] = {}  # holds the storages, so that no address is used twice
    parameters: set[int] = set()

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if _is_parameter(tensor):
            parameters.add(storage.data_ptr())
        kept[storage.data_ptr()] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        found = function(*inputs)
    arrays: dict[int, int] = {}
    for value in _left_on_contexts(found):
        if isinstance(value, torch.Tensor):
            keep(value)
        else:
            owner = _owner(value)
            arrays[owner.ctypes.data] = owner.nbytes
    tensors = {address: storage.nbytes() for address, storage in kept.items() if address not in parameters}
    return sum((arrays | tensors).values())


def _is_parameter(tensor: Any) -> bool:
    import torch

    base = tensor if tensor._base is None else tensor._base
    return isinstance(base, torch.nn.Parameter)


def _left_on_contexts(found: Any) -> list[Any]:
    """Tensors and arrays that custom functions of the graph of `found` hold as attributes of their context."""
    import numpy as np
    import torch

    waiting = [root.grad_fn for root in _entries(found) if isinstance(root, torch.Tensor) and root.grad_fn is not None]
    seen: set[Any] = set()
    values: list[Any] = []
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        for value in getattr(node, "__dict__", {}).values():
            values += [entry for entry in _entries(value) if isinstance(entry, torch.Tensor | np.ndarray)]
        waiting += [following for following, _ in node.next_functions if following is not None]
    return values


def _entries(value: Any) -> Sequence[Any]:
    return cast("Sequence[Any]", value) if isinstance(value, tuple | list) else (value,)


def _owner(array: Any) -> Any:
    """The array that owns the memory of a view."""
    while getattr(array, "base", None) is not None and hasattr(array.base, "nbytes"):
        array = array.base
    return array


class PeakMemory:
    """Peak memory inside a `with` block: `peak_bytes` when it has ended.

    On the CPU it is the resident set of this process, all that it held before included; `growth_bytes` is how far
    that rose above the block's start. Where the kernel does not let a process reset its high-water mark, the peak
    is that of the whole life of the process. With `device="cuda"` both are of torch's allocator.
    """

    def __init__(self, device: str = "cpu") -> None:
        self.device = device
        self.peak_bytes = 0
        self.growth_bytes = 0
        self._before = 0

    def __enter__(self) -> Self:
        if self.device == "cuda":
            import torch

            torch.cuda.synchronize()
            torch.cuda.reset_peak_memory_stats()
            self._before = torch.cuda.memory_allocated()
            return self
        with suppress(OSError):  # forbidden in some containers
            Path("/proc/self/clear_refs").write_text(_RESET_PEAK)
        self._before = _status("VmRSS")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.device == "cuda":
            import torch

            torch.cuda.synchronize()
            self.peak_bytes = torch.cuda.max_memory_allocated()
        else:
            self.peak_bytes = _status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        self.growth_bytes = max(0, self.peak_bytes - self._before)


def _status(field: str) -> int:
    """A field of /proc/self/status in bytes; 0 where the system does not show it."""
    path = Path("/proc/self/status")
    if not path.exists():
        return 0
    for line in path.read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    return 0
