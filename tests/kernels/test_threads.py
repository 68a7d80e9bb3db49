"""Work in turns: every piece once, on several threads, after a fork too; what a piece raises comes out."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from claimbench.kernels import _threads
from claimbench.kernels._threads import in_turns


@pytest.fixture(params=["openmp", "own"])
def three_threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """PyTorch on three threads; work goes to its own or, as where there is no OpenMP, to others."""
    if request.param == "own":
        monkeypatch.setattr(_threads, "_openmp", lambda: None)
    elif _threads._openmp() is None:
        pytest.skip("PyTorch runs on no OpenMP that can be called")
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def meeting(count: int) -> Callable[[Any], None]:
    """A piece of work that ends only when `count` threads are at it."""
    barrier = threading.Barrier(count, timeout=20)
    return lambda _: (barrier.wait(), None)[1]


@pytest.mark.usefixtures("three_threads")
@pytest.mark.parametrize("pieces", [0, 1, 2, 3, 100])
def test_every_piece_is_done_once(pieces: int) -> None:
    done: list[int] = []
    in_turns(lambda first, last: done.append(first + last), [(2 * i, 1) for i in range(pieces)])
    assert sorted(done) == [2 * i + 1 for i in range(pieces)]


@pytest.mark.usefixtures("three_threads")
def test_as_many_threads_as_pytorch_has_are_at_it_together() -> None:
    in_turns(meeting(3), [(i,) for i in range(3)])
    in_turns(meeting(2), [(i,) for i in range(2)])


def test_one_thread_is_the_calling_one() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    seen: list[int] = []
    try:
        in_turns(lambda _: seen.append(threading.get_native_id()), [(i,) for i in range(5)])
    finally:
        torch.set_num_threads(before)
    assert seen == [threading.get_native_id()] * 5


@pytest.mark.usefixtures("three_threads")
def test_what_a_piece_raises_comes_out_and_the_next_call_works() -> None:
    def fail(number: int) -> None:
        raise KeyError(number)

    with pytest.raises(KeyError):
        in_turns(fail, [(i,) for i in range(10)])
    test_as_many_threads_as_pytorch_has_are_at_it_together()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.usefixtures("three_threads")
def test_a_forked_process_has_threads_of_its_own() -> None:
    """OpenMP's do not survive the fork, and it would wait for them for ever."""
    in_turns(meeting(3), [(i,) for i in range(3)])
    child = os.fork()
    if not child:
        status = 1
        try:
            in_turns(meeting(3), [(i,) for i in range(3)])
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
