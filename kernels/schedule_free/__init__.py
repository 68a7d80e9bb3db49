"""The step of Schedule-Free optimisers, fused: one pass over parameters, gradients and states."""

from claimbench.kernels.schedule_free._items import DecayAt, Scalars
from claimbench.kernels.schedule_free.cost import bytes, flops
from claimbench.kernels.schedule_free.op import schedule_free_step

__all__ = ["DecayAt", "Scalars", "bytes", "flops", "schedule_free_step"]
