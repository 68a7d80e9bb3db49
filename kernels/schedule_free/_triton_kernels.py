"""The Schedule-Free step for Triton: one launch over the blocks of all tensors, whose addresses lie in a table."""

from __future__ import annotations

import triton
import triton.language as tl

__all__ = ["COLUMNS", "schedule_free_step_kernel"]

COLUMNS = 7
"""Of the table of tensors: addresses of y, grad, z, v and copy, elements, number."""
_COLUMNS = tl.constexpr(COLUMNS)


@triton.jit
def _pointer(tensors_ptr, row, column: tl.constexpr, DTYPE: tl.constexpr, ALIGNED: tl.constexpr):
    pointer = tl.load(tensors_ptr + row * _COLUMNS + column).to(tl.pointer_type(DTYPE))
    if ALIGNED:
        pointer = tl.multiple_of(pointer, 16)
    return pointer


@triton.jit
def _rounded(value, bits, DTYPE: tl.constexpr, STOCHASTIC: tl.constexpr):
    """float32 value in DTYPE, by 16 random bits where that is bfloat16; NaN and infinities stay what they are."""
    if STOCHASTIC and tl.bfloat16 == DTYPE:
        moved = ((value.to(tl.uint32, bitcast=True) + bits) & 0xFFFF0000).to(tl.float32, bitcast=True)
        value = tl.where(tl.abs(value) < float("inf"), moved, value)
    return value.to(DTYPE)


@triton.jit
def _update(
    tensors_ptr, row, place, elements, scalars_ptr, seed,
    Y: tl.constexpr, G: tl.constexpr, Z: tl.constexpr, V: tl.constexpr, COPY: tl.constexpr,
    HAS_V: tl.constexpr, HAS_COPY: tl.constexpr, DECAY_AT: tl.constexpr, ADAPTIVE: tl.constexpr,
    STOCHASTIC: tl.constexpr, ALIGNED: tl.constexpr, BLOCK: tl.constexpr, WHOLE: tl.constexpr,
):  # fmt: skip
    """Updates block `place` of the tensor in `row`."""
    i = place.to(tl.int64) * BLOCK + tl.arange(0, BLOCK)  # [BLOCK]
    mask = tl.full((BLOCK,), True, tl.int1) if WHOLE else i < elements
    step_size, c, beta1 = tl.load(scalars_ptr), tl.load(scalars_ptr + 1), tl.load(scalars_ptr + 2)
    y_step = (step_size * (beta1 * (1.0 - c) - 1.0)).to(tl.float32)
    y_at = _pointer(tensors_ptr, row, 0, Y, ALIGNED) + i
    z_at = _pointer(tensors_ptr, row, 2, Z, ALIGNED) + i
    u = tl.load(_pointer(tensors_ptr, row, 1, G, ALIGNED) + i, mask=mask, other=0.0).to(tl.float32)
    y = tl.load(y_at, mask=mask, other=0.0).to(tl.float32)
    z = tl.load(z_at, mask=mask, other=0.0).to(tl.float32)
    first = tl.zeros((BLOCK,), tl.uint32)
    second = tl.zeros((BLOCK,), tl.uint32)
    if STOCHASTIC:
        count = tl.load(scalars_ptr + 7).to(tl.int64).to(tl.uint32)
        number = tl.load(tensors_ptr + row * _COLUMNS + 6).to(tl.uint32)
        pair = place.to(tl.int64) * (BLOCK // 2) + tl.arange(0, BLOCK // 2)
        none = (pair * 0).to(tl.uint32)
        w0, w1, w2, w3 = tl.philox(seed, pair.to(tl.uint32), (pair >> 32).to(tl.uint32), none + number, none + count)
        first, second = tl.interleave(w0, w2), tl.interleave(w1, w3)
    if HAS_V:
        beta2 = tl.load(scalars_ptr + 3)
        v_at = _pointer(tensors_ptr, row, 3, V, ALIGNED) + i
        v = tl.load(v_at, mask=mask, other=0.0).to(tl.float32)
        v = beta2.to(tl.float32) * v + (1.0 - beta2).to(tl.float32) * (u * u)
        tl.store(v_at, _rounded(v, second & 0xFFFF, V, STOCHASTIC), mask=mask)
        if ADAPTIVE:
            scale = 1.0 / tl.load(scalars_ptr + 4).to(tl.float32)
            u = u / (tl.sqrt(v * scale) + tl.load(scalars_ptr + 5).to(tl.float32))
    decay = tl.load(scalars_ptr + 6).to(tl.float32)
    if DECAY_AT == 1:
        u += decay * y
    elif DECAY_AT == 2:
        u += decay * z
    else:
        u += decay * (y + (1.0 - beta1).to(tl.float32) / beta1.to(tl.float32) * (y - z))
    y = (1.0 - c).to(tl.float32) * y + c.to(tl.float32) * z + y_step * u
    z = z - step_size.to(tl.float32) * u
    narrow = _rounded(y, first & 0xFFFF, Y, STOCHASTIC)
    tl.store(y_at, narrow, mask=mask)
    tl.store(z_at, _rounded(z, first >> 16, Z, STOCHASTIC), mask=mask)
    if HAS_COPY:
        tl.store(_pointer(tensors_ptr, row, 4, COPY, ALIGNED) + i, narrow.to(tl.float32).to(COPY), mask=mask)


@triton.jit(do_not_specialize=["seed"])
def schedule_free_step_kernel(
    tensors_ptr, blocks_ptr, scalars_ptr, seed,
    Y: tl.constexpr, G: tl.constexpr, Z: tl.constexpr, V: tl.constexpr, COPY: tl.constexpr,
    HAS_V: tl.constexpr, HAS_COPY: tl.constexpr, DECAY_AT: tl.constexpr, ADAPTIVE: tl.constexpr,
    STOCHASTIC: tl.constexpr, ALIGNED: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Updates one block of BLOCK elements: blocks (programs, 2) has the row of its tensor and its place there.

    tensors (tensors, COLUMNS), int64; scalars (8,), float64, as `Scalars`; Y … COPY are the dtypes. Whole blocks go
    without a mask, which would keep loads from being vectors.
    """
    program = tl.program_id(0)
    row = tl.load(blocks_ptr + 2 * program)
    place = tl.load(blocks_ptr + 2 * program + 1)
    elements = tl.load(tensors_ptr + row * _COLUMNS + 5)
    if (place.to(tl.int64) + 1) * BLOCK <= elements:
        _update(
            tensors_ptr, row, place, elements, scalars_ptr, seed, Y, G, Z, V, COPY, HAS_V, HAS_COPY, DECAY_AT, ADAPTIVE,
            STOCHASTIC, ALIGNED, BLOCK, True,
        )  # fmt: skip
    else:
        _update(
            tensors_ptr, row, place, elements, scalars_ptr, seed, Y, G, Z, V, COPY, HAS_V, HAS_COPY, DECAY_AT, ADAPTIVE,
            STOCHASTIC, ALIGNED, BLOCK, False,
        )  # fmt: skip
