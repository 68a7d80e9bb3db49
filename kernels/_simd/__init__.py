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
    aligned,
    broadcast_at,
    load,
    load_first,
    prefetch,
    scratch,
    store,
    store_first,
)
from claimbench.kernels._simd.stacks import (
    broadcast_rows,
    fold,
    load_like,
    load_stack,
    repeat,
    rows_of,
    stack_rows,
    totals,
)
from claimbench.kernels._simd.vectors import (
    LANES,
    all_at_most,
    broadcast,
    like,
    magnitude,
    maximum,
    square_root,
    total,
)

__all__ = [
    "EXP2_RANGE",
    "LANES",
    "aligned",
    "all_at_most",
    "broadcast",
    "broadcast_at",
    "broadcast_rows",
    "exp2",
    "exp2_product",
    "exp_negative",
    "fold",
    "like",
    "load",
    "load_first",
    "load_like",
    "load_stack",
    "magnitude",
    "maximum",
    "prefetch",
    "repeat",
    "rows_of",
    "scratch",
    "sigmoid",
    "softplus",
    "square_root",
    "stack_rows",
    "store",
    "store_first",
    "total",
    "totals",
]
