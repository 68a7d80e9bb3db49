"""Memory as numba's kernels see it where a call must be cheap: by address.

An address costs a tenth of an array on the way into a kernel; whoever passes one keeps its tensor alive.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from torch import Tensor

__all__ = ["SCALARS", "address", "flat"]

SCALARS: dict[torch.dtype, Any] = {torch.float32: np.float32, torch.float64: np.float64}
"""What makes of a number the scalar whose type tells a kernel its dtype."""


def address(x: Tensor | None) -> int:
    """Where a tensor lies, 0 for one that was not given."""
    return 0 if x is None else x.data_ptr()


@intrinsic
def flat(typing, address, scalar):
    """The memory at `address` as a flat array of the scalar's dtype, of unknown length."""
    kind = types.Array(scalar, 1, "C")

    def generate(context, builder, signature, arguments):
        array = cgutils.create_struct_proxy(kind)(context, builder)
        array.data = builder.inttoptr(arguments[0], array.data.type)
        return array._getvalue()

    return kind(types.intp, scalar), generate
