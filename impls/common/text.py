"""Text as bytes: cut into blocks, some of them held out, windows drawn from the rest."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from claimbench.impls.common.training import Batch

__all__ = ["ByteText", "bigram_bits_per_byte", "split_blocks"]

VOCABULARY = 256


@dataclass(frozen=True)
class ByteText:
    """Blocks of bytes, uint8, (blocks, block length): no window crosses a border, so none leaks into the other set."""

    train: Tensor
    """Blocks to learn from."""
    held_out: Tensor
    """Blocks to be tested on."""

    def batches(self, length: int, batch_size: int, generator: torch.Generator) -> Iterator[Batch]:
        """Endless batches of training windows: bytes (batch_size, length) and the byte after each.

        Raises ValueError where a block has no window of that length.
        """
        blocks, size = self.train.shape
        if length + 1 > size:
            raise ValueError(f"a window of {length} bytes and the next do not fit in a block of {size}")
        offsets = torch.arange(length + 1)
        while True:
            block = torch.randint(blocks, (batch_size, 1), generator=generator)
            start = torch.randint(size - length, (batch_size, 1), generator=generator)
            window = self.train[block, start + offsets].long()
            yield window[:, :-1], window[:, 1:]

    def tests(self, length: int) -> Batch:
        """All held-out text in windows of `length` that do not overlap: bytes and the byte after each."""
        windows = self.held_out.unfold(1, length + 1, length).reshape(-1, length + 1).long()
        return windows[:, :-1], windows[:, 1:]


def split_blocks(text: bytes, block_bytes: int, held_out_every: int) -> ByteText:
    """Cut `text` into blocks and hold out every `held_out_every`-th; a last, shorter block is left out.

    Raises ValueError where fewer than `held_out_every` blocks fit, or that is below 2.
    """
    if held_out_every < 2:
        raise ValueError(f"hold out one block in 2 or more, not one in {held_out_every}: nothing would be left")
    count = len(text) // block_bytes
    if count < held_out_every:
        raise ValueError(
            f"{len(text)} bytes make {count} blocks of {block_bytes}; at least {held_out_every} are needed"
        )
    blocks = torch.frombuffer(bytearray(text[: count * block_bytes]), dtype=torch.uint8).view(count, block_bytes)
    held_out = torch.arange(count) % held_out_every == held_out_every - 1
    return ByteText(train=blocks[~held_out], held_out=blocks[held_out])


def bigram_bits_per_byte(text: ByteText, length: int) -> float:
    """Bits a byte that a bigram model with add-one smoothing, counted on the training blocks, needs on the tests."""
    pairs = text.train.long()
    counts = torch.ones(VOCABULARY, VOCABULARY, dtype=torch.float64)
    before, after = pairs[:, :-1].reshape(-1), pairs[:, 1:].reshape(-1)
    counts.index_put_((before, after), torch.ones(before.numel(), dtype=torch.float64), accumulate=True)
    log_probability = torch.log(counts / counts.sum(dim=1, keepdim=True))
    inputs, targets = text.tests(length)
    return -log_probability[inputs, targets].mean().item() / math.log(2)
