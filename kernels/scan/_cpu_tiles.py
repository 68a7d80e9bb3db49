"""How the scan's numba kernels lay out their numbers.

Channels lie in tiles of LANES; what belongs to a channel and a state is stored [tile, state, lane]. Time is worked
through in chunks of CHUNK steps, all channels of a chunk before the next, so that a chunk's inputs and its B and C stay
in cache. Within a tile and chunk, states are worked through a stack at a time, each over all steps, so that a state
stays in registers from step to step.

Whatever those inner loops touch lies in one array, `work`, and is known by where it begins in it: numba counts the
references to every array that a function is given, and would do so more often than a short loop can bear.
"""

from __future__ import annotations

from claimbench.kernels._cache import compiled
from claimbench.kernels._simd import EXP2_RANGE, LANES, aligned, like, load, magnitude, maximum, store, total, totals

__all__ = [
    "CHUNK",
    "LN2",
    "LOG2E",
    "add",
    "from_tiles",
    "gather",
    "place",
    "reach",
    "sum_lanes",
    "tiles",
    "to_tiles",
    "weights_size",
]

CHUNK = 16
"""Steps between checkpoints."""

LOG2E = 1.4426950408889634
LN2 = 0.6931471805599453


def tiles(dim: int, groups: int) -> int:
    """Tiles of `dim` channels; none holds channels of two groups."""
    return groups * -(-(dim // groups) // LANES)


@compiled
def place(tile, per_group, width):
    """Group of a tile, its first channel, how many channels it has."""
    group = tile // per_group
    channel = group * width + (tile % per_group) * LANES
    return group, channel, min(LANES, (group + 1) * width - channel)


@compiled
def to_tiles(matrix, start, dim, states, groups, scale, work, at):
    """(dim, state) from `start` on, times `scale`, to [tile, state, lane] from `at` on; lanes without channel are 0."""
    width = dim // groups
    per_group = (width + LANES - 1) // LANES
    work[at : at + groups * per_group * states * LANES] = 0
    for d in range(dim):
        group, channel = d // width, d % width
        tile, lane = group * per_group + channel // LANES, channel % LANES
        for n in range(states):
            work[at + (tile * states + n) * LANES + lane] = matrix[start + d * states + n] * scale


@compiled
def from_tiles(work, at, dim, states, groups, out, start):
    """[tile, state, lane] from `at` on to (dim, state) from `start` on."""
    width = dim // groups
    per_group = (width + LANES - 1) // LANES
    for d in range(dim):
        group, channel = d // width, d % width
        tile, lane = group * per_group + channel // LANES, channel % LANES
        for n in range(states):
            out[start + d * states + n] = work[at + (tile * states + n) * LANES + lane]


@compiled
def reach(work, a2_at, n_tiles, states):
    """[tile, lane]: the largest |Δ| whose exponents Δ A log2(e) all lie within what `exp2_product` takes."""
    found = aligned(n_tiles * LANES, work)
    for tile in range(n_tiles):
        steepest = like(load(work, a2_at), 1e-30)
        for n in range(states):
            steepest = maximum(magnitude(load(work, a2_at + (tile * states + n) * LANES)), steepest)
        store(found, tile * LANES, like(steepest, EXP2_RANGE) / steepest)
    return found


@compiled
def weights_size(fixed, n_tiles, groups, states):
    """Numbers that B or C takes in `work`: [tile, state, lane] where fixed, else a chunk's [group, step, state]."""
    return n_tiles * states * LANES if fixed else groups * CHUNK * states


@compiled
def gather(weights, layout, b, groups, states, start, steps, work, at):
    """Steps `start` to `start + steps` of B or C to [group, step, state] from `at` on."""
    own, by_batch, by_group, by_state, by_time = layout
    for group in range(groups):
        for t in range(steps):
            source = b * by_batch + group * own // groups * by_group + (start + t) * by_time
            to = at + (group * CHUNK + t) * states
            whole = states - states % LANES if by_state == 1 else 0
            for n in range(0, whole, LANES):
                store(work, to + n, load(weights, source + n))
            for n in range(whole, states):
                work[to + n] = weights[source + n * by_state]


@compiled
def add(work, to, at, size):
    """Adds `size` numbers from `at` on to those from `to` on."""
    for i in range(0, size, LANES):
        store(work, to + i, load(work, to + i) + load(work, at + i))


@compiled
def sum_lanes(work, at, steps, states, out, to, stride):
    """Sums over the lanes of [step, state, lane] from `at` on, to `out` from `to` on, a step every `stride`."""
    whole = states - states % LANES
    for t in range(steps):
        for n in range(0, whole, LANES):
            store(out, to + t * stride + n, totals(work, at + (t * states + n) * LANES))
        for n in range(whole, states):
            out[to + t * stride + n] = total(load(work, at + (t * states + n) * LANES))
