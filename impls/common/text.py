"""Text as bytes: some of it held out, windows drawn from the rest."""

from __future__ import annotations

import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from claimbench.impls.common.initialise import generator
from claimbench.impls.common.learner import Batch

__all__ = [
    "VOCABULARY",
    "ByteText",
    "documents",
    "split_blocks",
    "split_documents",
    "split_end",
]

VOCABULARY = 256


@dataclass(frozen=True)
class ByteText:
    """Blocks of bytes, uint8, (blocks, block length): no window crosses a border, so none leaks into the other set."""

    train: Tensor
    """Blocks to learn from."""
    held_out: Tensor
    """Blocks to be tested on."""

    def batch(self, length: int, batch_size: int, seed: int, step: int) -> Batch:
        """The training windows of one step: bytes (batch_size, length) and the byte after each.

        They depend on seed and step alone. Raises ValueError where a block has no window of that length.
        """
        blocks, size = self.train.shape
        if length + 1 > size:
            raise ValueError(f"a window of {length} bytes and the next do not fit in a block of {size}")
        draw = generator(seed, f"windows {step}")
        block = torch.randint(blocks, (batch_size, 1), generator=draw)
        start = torch.randint(size - length, (batch_size, 1), generator=draw)
        window = self.train[block, start + torch.arange(length + 1)].long()
        return window[:, :-1], window[:, 1:]

    def tests(self, length: int, most: int | None = None) -> Batch:
        """Held-out text in windows of `length` that do not overlap: bytes and the byte after each.

        All of it, or `most` windows at equal distances.
        """
        return _windows(self.held_out, length, most)

    def lessons(self, length: int, most: int | None = None) -> Batch:
        """As `tests`, of the text that is trained on."""
        return _windows(self.train, length, most)


def _windows(blocks: Tensor, length: int, most: int | None) -> Batch:
    windows = blocks.unfold(1, length + 1, length).flatten(0, 1)
    if most is not None and most < len(windows):
        windows = windows[torch.arange(most) * len(windows) // most]
    windows = windows.long()
    return windows[:, :-1], windows[:, 1:]


def split_blocks(text: bytes, block_bytes: int, held_out_every: int) -> ByteText:
    """Cut `text` into blocks and hold out every `held_out_every`-th; a last, shorter block is left out.

    Raises ValueError where fewer than `held_out_every` blocks fit, or that is below 2.
    """
    if held_out_every < 2:
        raise ValueError(f"hold out one block in 2 or more, not one in {held_out_every}: nothing would be left")
    blocks = _blocks([text], block_bytes)
    if len(blocks) < held_out_every:
        raise ValueError(
            f"{len(text)} bytes make {len(blocks)} blocks of {block_bytes}; at least {held_out_every} are needed"
        )
    held_out = torch.arange(len(blocks)) % held_out_every == held_out_every - 1
    return ByteText(train=blocks[~held_out], held_out=blocks[held_out])


def split_end(text: bytes, share: float) -> ByteText:
    """Hold out the last `share` of `text`, as one block; the rest is the other."""
    cut = len(text) - round(share * len(text))
    if not 0 < cut < len(text):
        raise ValueError(f"a share of {share} of {len(text)} bytes leaves nothing to learn from or nothing to test")
    return ByteText(train=_tensor(text[:cut])[None], held_out=_tensor(text[cut:])[None])


def split_documents(texts: Sequence[bytes], block_bytes: int, held_out_every: int) -> ByteText:
    """Hold out every `held_out_every`-th document whole, and cut all into blocks; a last, shorter block is left out."""
    train = [text for index, text in enumerate(texts) if index % held_out_every != held_out_every - 1]
    held_out = [text for index, text in enumerate(texts) if index % held_out_every == held_out_every - 1]
    if not train or not held_out:
        raise ValueError(f"{len(texts)} documents, one in {held_out_every} held out: one of the two sets is empty")
    return ByteText(train=_blocks(train, block_bytes), held_out=_blocks(held_out, block_bytes))


def documents(archive: Path) -> list[bytes]:
    """The files of a tar archive in the order of their names, with lines that end in a line feed."""
    with tarfile.open(archive) as tar:
        members = sorted((member for member in tar if member.isfile()), key=lambda member: member.name)
        return [file.read().replace(b"\r\n", b"\n") for member in members if (file := tar.extractfile(member))]


def _blocks(texts: Sequence[bytes], size: int) -> Tensor:
    return torch.cat([_tensor(text[: len(text) // size * size]).view(-1, size) for text in texts])


def _tensor(text: bytes) -> Tensor:
    return torch.frombuffer(bytearray(text), dtype=torch.uint8) if text else torch.empty(0, dtype=torch.uint8)
