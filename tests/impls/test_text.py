"""Bytes: what is held out is never trained on."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
import torch

from claimbench.data import cpython_topics
from claimbench.impls.common.text import documents, split_blocks, split_documents, split_end


def numbered(blocks: int, size: int) -> bytes:
    """Every block repeats its own number, so that a byte says where it is from."""
    return b"".join(bytes([number]) * size for number in range(blocks))


def test_lessons_and_tests_are_windows_at_equal_distances_of_what_is_trained_on_and_what_is_not():
    text = split_blocks(numbered(20, 64), 64, held_out_every=5)
    lessons, tests = text.lessons(31), text.tests(31)
    assert (lessons[0].shape, tests[0].shape) == ((32, 31), (8, 31))
    assert set(lessons[0].unique().tolist()) & set(tests[0].unique().tolist()) == set()
    assert text.lessons(31, 8)[0][:, 0].tolist() == [0, 2, 5, 7, 10, 12, 15, 17]


def test_held_out_blocks_never_appear_in_training_batches():
    text = split_blocks(numbered(20, 64), 64, held_out_every=5)
    held_out = set(text.held_out.unique().tolist())
    assert held_out == {4, 9, 14, 19}
    seen: set[int] = set()
    for inputs, targets in (text.batch(31, 8, 0, step) for step in range(200)):
        assert (inputs == inputs[:, :1]).all(), "a window crosses a border"
        seen |= set(inputs.unique().tolist()) | set(targets.unique().tolist())
    assert seen == set(range(20)) - held_out


def test_targets_are_the_next_bytes():
    text = split_blocks(bytes(range(200)), 50, held_out_every=4)
    inputs, targets = text.batch(7, 16, 1, 1)
    assert torch.equal(targets, inputs + 1)
    inputs, targets = text.tests(7)
    assert torch.equal(targets, inputs + 1)
    assert len(set(targets.flatten().tolist())) == targets.numel(), "test windows overlap"


def test_every_window_of_a_block_can_be_drawn():
    text = split_blocks(bytes(range(30)), 10, held_out_every=3)
    starts = {int(start) for step in range(50) for start in text.batch(8, 8, 0, step)[0][:, 0]}
    assert starts == {0, 1, 10, 11}


def test_the_split_of_the_reference_text_is_nine_to_one():
    text = split_blocks(cpython_topics(), 4096, held_out_every=10)
    assert 0.88 < len(text.train) / (len(text.train) + len(text.held_out)) < 0.92


@pytest.mark.parametrize(
    ("text", "block", "every"),
    [pytest.param(b"abc", 2, 3, id="short"), pytest.param(b"abcdef", 1, 1, id="all-held-out")],
)
def test_a_split_that_leaves_nothing_is_refused(text: bytes, block: int, every: int):
    with pytest.raises(ValueError):
        split_blocks(text, block, every)


def test_a_window_longer_than_a_block_is_refused():
    text = split_blocks(bytes(64), 8, held_out_every=2)
    with pytest.raises(ValueError, match="do not fit"):
        text.batch(8, 1, 0, 1)


def test_a_batch_depends_on_seed_and_step_alone():
    text = split_end(bytes(range(256)) * 4, share=0.25)
    one = text.batch(16, 4, 5, 9)[0]
    torch.manual_seed(1)
    assert torch.equal(text.batch(16, 4, 5, 9)[0], one)
    others = [text.batch(16, 4, 5, 10)[0], text.batch(16, 4, 6, 9)[0]]
    assert not any(torch.equal(one, other) for other in others)


def test_the_end_is_held_out():
    text = split_end(bytes(range(100)), share=0.1)
    assert text.train.tolist() == [list(range(90))]
    assert text.held_out.tolist() == [list(range(90, 100))]
    for share in (0.0, 1.0, 0.001):
        with pytest.raises(ValueError, match="leaves nothing"):
            split_end(bytes(100), share)


def test_documents_are_held_out_whole(tmp_path: Path):
    archive = tmp_path / "books.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for number in (3, 1, 2, 0):
            content = bytes([number]) * 10 + b"\r\n"
            info = tarfile.TarInfo(f"book_{number}.txt")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    books = documents(archive)
    assert [book[0] for book in books] == [0, 1, 2, 3]
    assert all(book.endswith(b"\n") and b"\r" not in book for book in books)
    text = split_documents(books, 4, held_out_every=2)
    assert set(text.train.unique().tolist()) == {0, 2}
    assert set(text.held_out.unique().tolist()) == {1, 3}
    assert text.train.shape == (4, 4)
    with pytest.raises(ValueError, match="one of the two sets is empty"):
        split_documents(books, 4, held_out_every=5)


def test_some_test_windows_at_equal_distances():
    text = split_end(bytes(range(200)), share=0.5)
    every, some = text.tests(9)[0], text.tests(9, most=3)[0]
    assert len(every) == 11
    assert some[:, 0].tolist() == every[[0, 3, 7], 0].tolist()
    assert torch.equal(text.tests(9, most=100)[0], every)
