"""The random draws in PyTorch, on any device; README.md defines them."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator

import torch
from torch import Tensor

from claimbench.kernels._philox import philox

__all__ = [
    "draw_half_votes",
    "grouped_tables",
    "half_votes_of",
    "philox",
    "poisson_quantile",
    "rates_of",
    "top_up",
    "uniforms",
]

_RESERVE = 8
"""Standard deviations of the number of votes by which a multinomial draw's Poisson part stays below it: more are drawn
with a probability under 1e-15, less than the uniforms resolve.
"""


def uniforms(seed: int, index: Tensor, item: Tensor, stream: int) -> Tensor:
    """Number `index` of an item's uniforms, the middles of 2^52 equal parts of (0, 1), float64: two from each counter.

    Of a counter's words the first two make the one, the others the other; the second word of two is the higher.
    """
    index, item = torch.broadcast_tensors(index, item)
    w0, w1, w2, w3 = philox(seed, index >> 1, item, torch.full_like(index, stream), torch.zeros_like(index))
    odd = index & 1 == 1
    low, high = torch.where(odd, w2, w0), torch.where(odd, w3, w1)
    return ((high << 20 | low >> 12).double() + 0.5) * 2.0**-52


def poisson_tables(rates: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """Poisson distribution functions (n, width) of rates (n,), and the values (n,) at which they begin.

    What is left out has less than 2^-53 on either side; the last entry is 1. width as `_width` has it, or more.
    """
    first = (rates - 8.66 * rates.sqrt()).floor().clamp_(min=0)
    values = first[:, None] + torch.arange(width, device=rates.device)
    ratios = (rates[:, None] / values).log_()  # of neighbours; the first is not used
    ratios[:, 0] = 0
    logs = ratios.cumsum_(1)
    logs -= logs.gather(1, (rates.floor() - first).long()[:, None])  # the mode's
    cdf = logs.exp_().cumsum_(1)
    cdf /= cdf[:, -1:].clone()
    cdf[:, -1] = 1
    return cdf, first.long()


def _width(rate: float) -> int:
    """Values of a Poisson distribution that a table holds."""
    return math.ceil(17.33 * math.sqrt(rate) + 28)


def grouped_tables(rates: Tensor) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Of the rates above 0, in groups of like size: where they are, and their `poisson_tables`."""
    order = rates.argsort()
    sorted_rates = rates[order].tolist()
    start = bisect_right(sorted_rates, 0.0)
    while start < len(sorted_rates):
        width = 2 * _width(sorted_rates[start])
        stop = bisect_right(sorted_rates, width, key=_width)
        yield order[start:stop], *poisson_tables(rates[order[start:stop]], width)
        start = stop


def poisson_quantile(rates: Tensor, u: Tensor) -> Tensor:
    """The smallest value whose probability is above u (n, draws), for each of the rates (n,), int64."""
    out = torch.zeros_like(u, dtype=torch.int64)
    for cells, cdf, first in grouped_tables(rates):
        out[cells] = first[:, None] + torch.searchsorted(cdf, u[cells], right=True)
    return out


def rates_of(counts: Tensor, scheme: str) -> Tensor:
    """Rates of the Poisson draws, of the shape of counts, float64: short of the counts in the multinomial scheme."""
    rates = counts.double()
    if scheme == "multinomial":
        rates = rates * max(0.0, 1 - _RESERVE / math.sqrt(max(1, int(counts.sum()))))
    return rates


def top_up(seed: int, missing: Tensor, counts: Tensor, replicates: Tensor) -> Tensor:
    """Counts (pairs, 3, replicates), int64, of as many votes as each replicate is missing, drawn one by one."""
    cumulative = counts.flatten().cumsum(0)
    votes = int(cumulative[-1])
    number = torch.arange(max(0, int(missing.max())), device=counts.device)[:, None]
    u = uniforms(seed, number, replicates[None, :], 1)
    cell = torch.searchsorted(cumulative, (u * votes).long().clamp_(max=votes - 1), right=True)
    out = torch.zeros(counts.numel(), replicates.numel(), dtype=torch.int64, device=counts.device)
    return out.scatter_add_(0, cell, (number < missing).long()).view(*counts.shape, replicates.numel())


def half_votes_of(counts: Tensor) -> Tensor:
    """Half votes (2, pairs, …) of first and of second, from counts (pairs, 3, …)."""
    lost, tied, won = counts.unbind(1)
    return torch.stack((2 * won + tied, 2 * lost + tied))


def draw_half_votes(counts: Tensor, replicates: Tensor, seed: int, scheme: str) -> Tensor:
    """Half votes (2, pairs, replicates) of the replicates with these numbers, int64."""
    cells = torch.arange(counts.numel(), device=counts.device)
    u = uniforms(seed, replicates[None, :], cells[:, None], 0)
    drawn = poisson_quantile(rates_of(counts, scheme).flatten(), u).view(*counts.shape, replicates.numel())
    if scheme == "multinomial" and counts.numel():
        drawn += top_up(seed, counts.sum() - drawn.sum((0, 1)), counts, replicates)
    return half_votes_of(drawn)
