"""Correct first: the outputs of a call against its reference in float64, in memory filled with NaN."""

from __future__ import annotations

import ctypes
import sys
import warnings
from collections.abc import Generator
from contextlib import ExitStack, contextmanager

from claimbench.errors import MeasurementRefused, SpecError
from claimbench.measure.arrays import InputSet, copied, differs, in_float64, outputs, relative_errors, snapshot
from claimbench.trial import Timed, Trial

__all__ = ["check_before", "check_outputs", "poisoned_memory"]

_M_PERTURB = -6  # malloc.h
_FILL_WITH_ONES = 0x100  # fresh memory gets the complement of the low byte: 0xFF everywhere is a NaN in every format


@contextmanager
def poisoned_memory(device: str) -> Generator[None]:
    """Fresh memory reads as NaN (−1 as integer) until it is written, so that an output left unwritten is seen.

    Torch fills what `torch.empty` and its kin return. On the CPU the C library's allocator fills the rest, NumPy's
    and numba's; blocks below 1 kB that NumPy or the allocator keep in a cache of their own escape it.
    """
    with ExitStack() as stack:
        if "torch" in sys.modules:
            stack.enter_context(_filled_by_torch())
        if device == "cpu":
            libc = ctypes.CDLL(None)
            libc.mallopt(_M_PERTURB, _FILL_WITH_ONES)
            stack.callback(libc.mallopt, _M_PERTURB, 0)
        yield


@contextmanager
def _filled_by_torch() -> Generator[None]:
    torch = sys.modules["torch"]
    strict, warn_only = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    filled = torch.utils.deterministic.fill_uninitialized_memory
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.use_deterministic_algorithms(strict, warn_only=warn_only)
        torch.utils.deterministic.fill_uninitialized_memory = filled


def check_before(timed: Timed, trial: Trial) -> None:
    """Run the call once on a copy of every input set and compare it with the reference.

    Raises MeasurementRefused where an output is wrong or an input was changed, SpecError where number, shapes or
    types of the outputs do not fit.
    """
    for inputs in timed.inputs:
        given = copied(inputs)
        with poisoned_memory(trial.device):
            found = snapshot(outputs(timed.call(*given), "call"))
        check_outputs(timed, trial, "before", given, inputs, found)


def check_outputs(
    timed: Timed, trial: Trial, gate: str, given: InputSet, origin: InputSet, found: tuple[object, ...]
) -> None:
    """Report `gate`: `found` is what the call made of `given`, whose values were those of `origin`.

    Raises MeasurementRefused where an output is wrong or `given` was changed.
    """
    if differs(given, origin):
        raise MeasurementRefused(
            f"{gate}: call wrote on its inputs; let it work on a copy, or hold its state in a closure"
        )
    expected = outputs(timed.reference(*in_float64(origin)), "reference")
    try:
        errors = relative_errors(found, expected)
    except SpecError as error:
        message = f"{trial.claim} arm {trial.arm}, {gate}: {error}"
        # What fitted before timing and does not now was changed by the call, not by the author of the spec.
        raise (MeasurementRefused if gate == "after" else SpecError)(message) from error
    for index, error in enumerate(errors):
        trial.gate(gate, error)
        tolerance = trial.tolerances[gate]
        if not error <= tolerance:
            raise MeasurementRefused(
                f"{gate}: output {index} is wrong: relative error {error:.3g} against the float64 reference, "
                f"tolerance {tolerance:.3g}; a call that is not right has no time"
            )
