"""`Build`: one way in which a Triton kernel is compiled ahead of time; each family lists its own in builds.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Build"]


@dataclass(frozen=True)
class Build:
    """A kernel as it is launched at the paper's shapes: bfloat16 in the fast layout, parameters in float32."""

    family: str
    """Folder of the kernel."""
    kernel: Any
    constants: Mapping[str, float | bool]
    """Constants, and strides known to be 1."""
    num_warps: int
    float32: tuple[str, ...]
    """Pointers to float32; the others point to bfloat16."""
    variant: str = ""
    """What sets this build apart, where a kernel has several."""
    types: Mapping[str, str] = field(default_factory=dict)
    """Triton's types of other arguments; numbers among them are not taken for multiples of 16."""
    targets: tuple[str, ...] = ()
    """Those of `aot.TARGETS` that it is for, where each has tiles of its own; all if there are none."""

    @property
    def name(self) -> str:
        """The kernel's name in the table."""
        name = self.kernel.__name__.removesuffix("_kernel")
        return f"{name} {self.variant}" if self.variant else name

    def serves(self, target: str) -> bool:
        """Whether it is for this one of `aot.TARGETS`."""
        return not self.targets or target in self.targets
