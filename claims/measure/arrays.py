"""The tensors that go into a timed call and come out of it: copied, varied, compared.

Torch tensors and NumPy arrays are treated alike; torch is never imported here, only used where the caller has.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeGuard, cast

import numpy as np

from claimbench.errors import MeasurementRefused, SpecError

__all__ = [
    "InputSet",
    "copied",
    "differs",
    "in_float64",
    "nbytes",
    "outputs",
    "relative_errors",
    "snapshot",
    "variable",
    "vary_into",
]

InputSet = tuple[Any, ...]
Array = np.ndarray[Any, np.dtype[Any]]
_VARIED = ("float16", "bfloat16", "float32", "float64", "complex64", "complex128")


def _is_numpy(leaf: Any) -> TypeGuard[Array]:
    return isinstance(leaf, np.ndarray)


def _is_leaf(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return _is_numpy(value) or (torch is not None and isinstance(value, torch.Tensor))


def _mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """`value` with `change` applied to every tensor and array in its tuples, lists and dicts."""
    if _is_leaf(value):
        return change(value)
    if type(value) is dict:
        return {key: _mapped(entry, change) for key, entry in cast("dict[Any, Any]", value).items()}
    if type(value) in (list, tuple):
        return type(value)([_mapped(entry, change) for entry in value])
    return value


def _leaves(value: Any) -> list[Any]:
    found: list[Any] = []
    _mapped(value, found.append)
    return found


def _copy(leaf: Any) -> Any:
    if _is_numpy(leaf):
        return leaf.copy(order="K")
    return leaf.detach().clone().requires_grad_(leaf.requires_grad)


def copied(inputs: InputSet) -> InputSet:
    """A copy that shares no memory with `inputs` and no history with its graph."""
    return tuple(_mapped(entry, _copy) for entry in inputs)


def nbytes(inputs: Sequence[InputSet]) -> int:
    """Bytes of all tensors and arrays."""
    return sum(int(leaf.nbytes) for leaf in _leaves(list(inputs)))


def _dtype(leaf: Any) -> str:
    return str(leaf.dtype).removeprefix("torch.")


def variable(inputs: InputSet) -> bool:
    """Whether `vary_into` can change anything: some tensor holds real or complex floats of 16 bits or more."""
    return any(_dtype(leaf) in _VARIED and leaf.nbytes for leaf in _leaves(inputs))


def vary_into(target: InputSet, origin: InputSet, seed: int) -> None:
    """Overwrite `target` by `origin`, its floating tensors multiplied along the last axis by factors in (0.9, 1).

    Signs, zeros and the order of magnitude stay, so that steps stay positive and masks stay masks; the values are
    new for every `seed`, so that no result of another call fits. The factors differ along the axis, because many
    functions do not change under a common factor.
    """
    for index, (old, new) in enumerate(zip(_leaves(origin), _leaves(target), strict=True)):
        varied = _dtype(old) in _VARIED and old.nbytes
        shape = old.shape[-1:] if varied else (0,)
        if _is_numpy(old):
            factors = np.random.default_rng((seed, index)).uniform(0.9, 1.0, shape).astype(old.dtype)
            new[...] = old * factors if varied else old
            continue
        torch = sys.modules["torch"]
        with torch.no_grad():
            if varied:
                # Drawn on the tensor's own device: a copy from the host would make a GPU's queue wait.
                generator = torch.Generator(old.device).manual_seed((seed * 1009 + index) % 2**63)
                factors = torch.empty(shape, device=old.device).uniform_(0.9, 1.0, generator=generator)
                torch.mul(old, factors.to(old.dtype), out=new.detach())
            else:
                new.detach().copy_(old)
            new.grad = None


def in_float64(inputs: InputSet) -> InputSet:
    """A copy with floating tensors in float64 (complex128), for the reference."""

    def widen(leaf: Any) -> Any:
        if _is_numpy(leaf):
            return leaf.astype({"f": np.float64, "c": np.complex128}.get(leaf.dtype.kind, leaf.dtype))
        torch = sys.modules["torch"]
        wide = torch.complex128 if leaf.is_complex() else torch.float64 if leaf.is_floating_point() else leaf.dtype
        return leaf.detach().to(wide, copy=True).requires_grad_(leaf.requires_grad)

    return tuple(_mapped(entry, widen) for entry in inputs)


def _flat64(leaf: Any) -> Array:
    if not _is_numpy(leaf):
        leaf = leaf.detach()
        if leaf.is_complex():
            leaf = leaf.resolve_conj().resolve_neg()
        elif leaf.is_floating_point():
            leaf = leaf.double()  # NumPy has no bfloat16
        leaf = leaf.cpu().numpy()
    return np.asarray(leaf, dtype=np.complex128 if leaf.dtype.kind == "c" else np.float64).reshape(-1)


def _raw(leaf: Any) -> Array:
    """The bytes of a tensor, in logical order."""
    if not _is_numpy(leaf):
        torch = sys.modules["torch"]
        leaf = leaf.detach().contiguous().reshape(-1).view(torch.uint8).cpu().numpy()
    return np.ascontiguousarray(leaf).reshape(-1).view(np.uint8)


def differs(one: InputSet, other: InputSet) -> bool:
    """Whether any bit of two sets of the same shapes and types differs."""
    return any(not np.array_equal(_raw(a), _raw(b)) for a, b in zip(_leaves(one), _leaves(other), strict=True))


def outputs(returned: Any, what: str) -> tuple[Any, ...]:
    """What a call returned, as a tuple of plain tensors or arrays.

    Raises MeasurementRefused for anything else: a subclass can put off its work until somebody looks.
    """
    found = tuple(cast("Sequence[Any]", returned)) if isinstance(returned, tuple | list) else (returned,)
    torch = sys.modules.get("torch")
    plain: tuple[Any, ...] = (np.ndarray,) if torch is None else (np.ndarray, torch.Tensor)
    for index, leaf in enumerate(found):
        if type(leaf) not in plain:
            raise MeasurementRefused(
                f"{what} returned a {type(leaf).__module__}.{type(leaf).__qualname__} as output {index}: only plain "
                "torch.Tensor and numpy.ndarray are timed, because another type can put off its work; "
                "return the tensor itself"
            )
        if type(leaf) is not np.ndarray and (str(leaf.layout) != "torch.strided" or leaf.device.type == "meta"):
            raise MeasurementRefused(f"{what} returned output {index} without dense values; return a dense tensor")
    if not found:
        raise MeasurementRefused(f"{what} returned no output: nothing shows that it did its work; return its result")
    return found


def snapshot(found: tuple[Any, ...]) -> tuple[Any, ...]:
    """Copies of outputs as they are at this moment."""
    return tuple(leaf.copy() if _is_numpy(leaf) else leaf.detach().clone() for leaf in found)


def relative_errors(found: Sequence[Any], expected: Sequence[Any]) -> list[float]:
    """‖found − expected‖ / ‖expected‖ of every output, in float64; NaN where an output holds one.

    Raises SpecError where number, shapes or types do not fit, or where the reference itself is not finite or not
    in float64.
    """
    if len(found) != len(expected):
        raise SpecError(f"call returns {len(found)} outputs and reference {len(expected)}; they must be the same")
    errors: list[float] = []
    for index, (one, truth) in enumerate(zip(found, expected, strict=True)):
        if tuple(one.shape) != tuple(truth.shape):
            raise SpecError(
                f"output {index}: call returns shape {tuple(one.shape)} and reference {tuple(truth.shape)}; "
                "they must be the same"
            )
        if _dtype(truth) in ("float16", "bfloat16", "float32", "complex64"):
            raise SpecError(f"output {index}: reference returns {_dtype(truth)}; it must compute in float64")
        kinds = [_kind(_dtype(leaf)) for leaf in (one, truth)]
        if kinds[0] != kinds[1]:
            raise SpecError(f"output {index}: call returns {_dtype(one)} and reference {_dtype(truth)}")
        value, right = _flat64(one), _flat64(truth)
        if not np.isfinite(right).all():
            raise SpecError(f"output {index}: the reference is not finite; choose inputs where it is")
        distance, size = _norm(value - right), _norm(right)
        errors.append(distance / size if size > 0 else distance)
    return errors


def _norm(vector: Array) -> float:
    # Not np.linalg.norm: its BLAS may wake threads that go on spinning while the call is timed.
    return math.sqrt(float(np.square(np.abs(vector)).sum()))


def _kind(dtype: str) -> str:
    for kind in ("complex", "bool"):
        if dtype.startswith(kind):
            return kind
    return "float" if "float" in dtype else "int"
