"""Vectors of LANES numbers inside numba: arithmetic, loads, stores, and the functions that kernels need.

numba leaves vectorisation to LLVM, which gives up at exponentials and checks short loops for overlap at run time.
A `Vector` here is an LLVM vector, so what is written is what runs; LLVM splits it into the registers that the machine
has. A product and a sum may fuse; nothing is reordered, so results do not change from run to run.
"""

from claimbench.kernels._simd.functions import (
    EXP2_RANGE,
    exp2,
    exp2_product,
    exp_negative,
    sigmoid,
    softplus,
)
from claimbench.kernels._simd.memory import (
    broadcast_at,
    load,
    load_first,
    prefetch,
    store,
    store_first,
)
from claimbench.kernels._simd.vectors import (
    LANES,
    all_at_most,
    broadcast,
    like,
    magnitude,
    maximum,
    total,
)

__all__ = [
    "EXP2_RANGE",
    "LANES",
    "all_at_most",
    "broadcast",
    "broadcast_at",
    "exp2",
    "exp2_product",
    "exp_negative",
    "like",
    "load",
    "load_first",
    "magnitude",
    "maximum",
    "prefetch",
    "sigmoid",
    "softplus",
    "store",
    "store_first",
    "total",
]
