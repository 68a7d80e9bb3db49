"""Philox in PyTorch, on any device: random numbers that are a function of a key and a counter."""

from __future__ import annotations

from torch import Tensor

__all__ = ["philox"]

_LOW32 = 0xFFFFFFFF
_MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
_WEYL = 0x9E3779B9, 0xBB67AE85


def philox(seed: int, c0: Tensor, c1: Tensor, c2: Tensor, c3: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Philox4x32-10 (Salmon et al. 2011) at 32-bit counters: four 32-bit words, all of them in int64."""
    k0, k1 = seed & _LOW32, seed >> 32
    for _ in range(10):
        a, b = c0 * _MULTIPLIERS[0], c2 * _MULTIPLIERS[1]  # modulo 2^64, whatever the sign
        c0, c1, c2, c3 = (b >> 32 & _LOW32) ^ c1 ^ k0, b & _LOW32, (a >> 32 & _LOW32) ^ c3 ^ k1, a & _LOW32
        k0, k1 = k0 + _WEYL[0] & _LOW32, k1 + _WEYL[1] & _LOW32
    return c0, c1, c2, c3
