"""Random draws for numba: Philox's counters, Poisson and multinomial draws. README.md defines them, naive draws too.

A draw depends on the seed, the replicate and the cell alone, so it does not matter who draws it.
"""

from __future__ import annotations

import math

import numpy as np

from claimbench.kernels._cache import compiled
from claimbench.kernels._simd import LANES

__all__ = ["draw_poisson", "top_up", "uniform", "words"]

_64 = np.uint64
_LOW32 = np.uint64(0xFFFFFFFF)
_MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_PER_DEVIATION = 8
"""Entries of the index of a Poisson distribution for each of its standard deviations: in the bulk at most one value
begins in each.
"""


@compiled
def _round(c0, c1, c2, c3, key, turn):
    """One of Philox's rounds, 32-bit words in 64 bits, which is how processors multiply them in vectors."""
    a, b = _MULTIPLIERS[0] * c0, _MULTIPLIERS[1] * c2
    k0 = ((key & _LOW32) + _64(turn) * _WEYL[0]) & _LOW32
    k1 = ((key >> _64(32)) + _64(turn) * _WEYL[1]) & _LOW32
    return (b >> _64(32)) ^ c1 ^ k0, b & _LOW32, (a >> _64(32)) ^ c3 ^ k1, a & _LOW32


@compiled
def words(key, start, item, stream, even, odd):
    """Philox4x32-10 at the counters (start + i, item, stream, 0): its first two words in even, the others in odd.

    The ten rounds are written out because LLVM vectorises the innermost loop alone.
    """
    for i in range(even.size):
        c0, c1, c2, c3 = _64(start + i) & _LOW32, _64(item), _64(stream), _64(0)
        c0, c1, c2, c3 = _round(c0, c1, c2, c3, key, 0)
        c0, c1, c2, c3 = _round(c0, c1, c2, c3, key, 1)
        c0, c1, c2, c3 = _round(c0, c1, c2, c3, key, 2)
        c0, c1, c2, c3 = _round(c0, c1, c2, c3, key, 3)
        c0, c1, c2, c3 = _round(c0, c1, c2, c3, key, 4)
        c0, c1, c2, c3 = _round(c0, c1, c2, c3, key, 5)
        c0, c1, c2, c3 = _round(c0, c1, c2, c3, key, 6)
        c0, c1, c2, c3 = _round(c0, c1, c2, c3, key, 7)
        c0, c1, c2, c3 = _round(c0, c1, c2, c3, key, 8)
        c0, c1, c2, c3 = _round(c0, c1, c2, c3, key, 9)
        even[i] = (c1 << _64(32)) | c0
        odd[i] = (c3 << _64(32)) | c2


@compiled
def uniform(word):
    """The middle of one of 2^52 equal parts of (0, 1)."""
    return (np.float64(np.int64(word >> _64(12))) + 0.5) * 2.0**-52


@compiled
def _tabulate(rate, cdf, index):
    """Fills cdf with the Poisson distribution function from the returned value on, and index with where to begin.

    Returns that first value and the bits of a word that select an entry of index: entry g is the first value whose
    probability exceeds g / 2^bits.
    """
    deviation = math.sqrt(rate)
    first = max(0, math.floor(rate - 8.66 * deviation))
    size = math.ceil(rate + 12.5 + math.sqrt(156.0 + 75.0 * rate)) - first + 1
    mode = math.floor(rate) - first
    cdf[mode] = 1.0
    for j in range(mode + 1, size):
        cdf[j] = cdf[j - 1] * (rate / (first + j))
    for j in range(mode - 1, -1, -1):
        cdf[j] = cdf[j + 1] * ((first + j + 1) / rate)
    total = 0.0
    for j in range(size):
        total += cdf[j]
        cdf[j] = total
    for j in range(size):
        cdf[j] /= total
    cdf[size - 1] = 1.0  # above every uniform
    bits = 3
    while (1 << bits) < _PER_DEVIATION * deviation:
        bits += 1
    j = 0
    for g in range(1 << bits):
        while cdf[j] * (1 << bits) <= g:
            j += 1
        index[g] = j
    return first, bits


@compiled
def _quantile(word, first, bits, cdf, index):
    """The smallest value whose probability exceeds the word's uniform."""
    u = uniform(word)
    k = np.int64(index[word >> _64(64 - bits)])
    k += cdf[k] <= u
    while cdf[k] <= u:
        k += 1
    return first + k


@compiled
def draw_poisson(key, rates, start, half_votes):
    """Fills half_votes (blocks, pairs, 2 · LANES), int32: first's, then second's, of replicates start, start + 1, …

    rates (pairs, 3) and start is a multiple of LANES. Cell by cell, so that a distribution is tabulated once.
    """
    blocks, pairs, _ = half_votes.shape
    replicates = blocks * LANES
    even, odd = np.empty(replicates // 2, np.uint64), np.empty(replicates // 2, np.uint64)
    won, lost = np.empty(replicates, np.int32), np.empty(replicates, np.int32)
    most = rates.max() if pairs else 0.0
    cdf = np.empty(int(18 * math.sqrt(most) + 64))
    index = np.empty(int(2 * _PER_DEVIATION * math.sqrt(most) + 8), np.int32)
    for pair in range(pairs):
        won[:] = 0
        lost[:] = 0
        for outcome in range(3):
            rate = rates[pair, outcome]
            if rate <= 0:
                continue
            first, bits = _tabulate(rate, cdf, index)
            words(key, start // 2, 3 * pair + outcome, 0, even, odd)
            for i in range(even.size):
                k = _quantile(even[i], first, bits, cdf, index)
                won[2 * i] += outcome * k
                lost[2 * i] += (2 - outcome) * k
                k = _quantile(odd[i], first, bits, cdf, index)
                won[2 * i + 1] += outcome * k
                lost[2 * i + 1] += (2 - outcome) * k
        for block in range(blocks):
            for lane in range(LANES):
                half_votes[block, pair, lane] = won[block * LANES + lane]
                half_votes[block, pair, LANES + lane] = lost[block * LANES + lane]


@compiled
def top_up(key, cumulative, start, half_votes):
    """Adds votes, drawn one by one, until each replicate has cumulative[-1] of them; cumulative (cells,) counts."""
    blocks, pairs, _ = half_votes.shape
    votes = cumulative[-1]
    even, odd = np.empty(512, np.uint64), np.empty(512, np.uint64)
    # Entry g of index: the cell of vote g · width, at or before that of any vote of its run.
    width = max(1, votes // (4 * cumulative.size))
    index = np.empty(votes // width + 1, np.int32)
    cell = 0
    for g in range(index.size):
        while cell < cumulative.size - 1 and cumulative[cell] <= g * width:
            cell += 1
        index[g] = cell
    for block in range(blocks):
        for lane in range(LANES):
            missing = 2 * votes
            for pair in range(pairs):
                missing -= half_votes[block, pair, lane] + half_votes[block, pair, LANES + lane]
            missing //= 2
            for begin in range(0, missing, 2 * even.size):
                words(key, begin // 2, start + block * LANES + lane, 1, even, odd)
                for t in range(min(2 * even.size, missing - begin)):
                    u = uniform(odd[t // 2] if t % 2 else even[t // 2])
                    vote = min(np.int64(u * votes), votes - 1)
                    cell = index[vote // width]
                    while cumulative[cell] <= vote:
                        cell += 1
                    outcome = cell % 3
                    half_votes[block, cell // 3, lane] += outcome
                    half_votes[block, cell // 3, LANES + lane] += 2 - outcome
