"""The random draws in PyTorch, on any device; README.md defines them."""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["draw_half_votes", "philox", "poisson_quantile", "poisson_tables", "rates_of", "top_up", "uniforms"]

_LOW32 = 0xFFFFFFFF
_MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
_WEYL = 0x9E3779B9, 0xBB67AE85
_RESERVE = 8
"""Standard deviations of the number of votes by which a multinomial draw's Poisson part stays below it: more are drawn
with a probability under 1e-15, less than the uniforms resolve.
"""


def philox(seed: int, c0: Tensor, c1: Tensor, c2: int = 0) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Philox4x32-10 (Salmon et al. 2011) at the counters (c0, c1, c2, 0): four 32-bit words in int64."""
    c0, c1 = torch.broadcast_tensors(c0, c1)
    c2, c3 = torch.full_like(c0, c2), torch.zeros_like(c0)
    k0, k1 = seed & _LOW32, seed >> 32
    for _ in range(10):
        a, b = c0 * _MULTIPLIERS[0], c2 * _MULTIPLIERS[1]  # modulo 2^64, whatever the sign
        c0, c1, c2, c3 = (b >> 32 & _LOW32) ^ c1 ^ k0, b & _LOW32, (a >> 32 & _LOW32) ^ c3 ^ k1, a & _LOW32
        k0, k1 = k0 + _WEYL[0] & _LOW32, k1 + _WEYL[1] & _LOW32
    return c0, c1, c2, c3


def uniforms(seed: int, index: Tensor, item: Tensor, stream: int) -> Tensor:
    """Number `index` of an item's uniforms, the middles of 2^52 equal parts of (0, 1), float64: two from each counter.

    Of a counter's words the first two make the one, the others the other; the second word of two is the higher.
    """
    w0, w1, w2, w3 = philox(seed, index >> 1, item, stream)
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


def poisson_quantile(rates: Tensor, u: Tensor) -> Tensor:
    """The smallest value whose probability is above u (n, draws), for each of the rates (n,), int64."""
    out = torch.zeros_like(u, dtype=torch.int64)
    order = rates.argsort()
    sizes = rates[order].tolist()
    start = next((i for i, rate in enumerate(sizes) if rate > 0), len(sizes))
    while start < len(sizes):  # in groups of tables of like size
        width = 2 * _width(sizes[start])
        stop = start + 1
        while stop < len(sizes) and _width(sizes[stop]) <= width:
            stop += 1
        group = order[start:stop]
        cdf, first = poisson_tables(rates[group], width)
        out[group] = first[:, None] + torch.searchsorted(cdf, u[group].contiguous(), right=True)
        start = stop
    return out


def rates_of(counts: Tensor, scheme: str) -> Tensor:
    """Rates of the Poisson draws, of the shape of counts, float64; those of the multinomial scheme fall a little short."""
    rates = counts.double()
    if scheme == "multinomial":
        votes = int(counts.sum())
        rates = rates * max(0.0, 1 - _RESERVE / math.sqrt(votes))
    return rates


def top_up(seed: int, drawn: Tensor, cumulative: Tensor, replicates: Tensor) -> Tensor:
    """drawn (cells, replicates) and as many votes, one by one, as each replicate lacks to cumulative[-1].

    cumulative (cells,): running sums of the counts.
    """
    votes = int(cumulative[-1])
    missing = votes - drawn.sum(0)
    number = torch.arange(max(0, int(missing.max())), device=drawn.device)[:, None]
    u = uniforms(seed, number, replicates[None, :], 1)
    cell = torch.searchsorted(cumulative, (u * votes).long().clamp_(max=votes - 1), right=True)
    return drawn.scatter_add(0, cell, (number < missing).long())


def draw_half_votes(counts: Tensor, replicates: Tensor, seed: int, scheme: str) -> Tensor:
    """Half votes (replicates, pairs, 2) of first and of second in the replicates (numbers, not how many), int64."""
    cells = torch.arange(counts.numel(), device=counts.device)
    u = uniforms(seed, replicates[None, :], cells[:, None], 0)
    drawn = poisson_quantile(rates_of(counts, scheme).flatten(), u)
    if scheme == "multinomial" and counts.numel():
        drawn = top_up(seed, drawn, counts.flatten().cumsum(0), replicates)
    lost, tied, won = drawn.view(*counts.shape, -1).unbind(1)
    return torch.stack((2 * won + tied, 2 * lost + tied), -1).transpose(0, 1)
