"""`schedule_free_step`: checks its arguments and hands them to a backend."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.autograd.graph import increment_version

from claimbench.kernels._backend import Backend, choose
from claimbench.kernels.schedule_free._items import DecayAt, Item, Scalars

__all__ = ["schedule_free_step"]

_MOST_ELEMENTS = 2**33
"""Of one tensor, whose pairs the random bits are counted by."""


@torch.no_grad()
def schedule_free_step(
    y: Sequence[Tensor],
    grad: Sequence[Tensor],
    z: Sequence[Tensor],
    v: Sequence[Tensor] | None,
    scalars: Scalars | Tensor,
    *,
    decay_at: DecayAt = "y",
    adaptive: bool = True,
    copy: Sequence[Tensor] | None = None,
    seed: int | None = None,
    backend: Backend | None = None,
) -> None:
    """One step of Schedule-Free AdamW (arXiv 2405.15682, Algorithm 1), or without v of SGD, on many tensors in place.

    With u = grad / (√(v/bias) + eps) + λ d, v already updated and d the weights at `decay_at`,

        y ← (1 - c) y + c z + γ (β1 (1 - c) - 1) u        z ← z - γ u

    x, which is never stored, is y + (1/β1 - 1)(y - z) before and after. Gradients are only read. It computes in
    float32, in float64 where a tensor has it.

    Args:
        y: the points at which gradients are taken; any shapes.
        grad: the gradients there, of the shapes of y.
        z: the base optimiser's iterates, of the shapes of y.
        v: averages of squared gradients, of the shapes of y; None for SGD.
        scalars: `Scalars`, or what its `tensor` gives, on the device of y.
        decay_at: "y" as in the paper, "z" as in decoupled decay of the base optimiser, "x".
        adaptive: whether gradients are divided by √v; if not, v is only kept up to date (RAdam's first steps).
        copy: narrower tensors of the shapes of y that receive the new y, rounded to nearest.
        seed: round what is bfloat16 among y, z and v stochastically, by bits drawn from the seed, `scalars.count`, the
            tensor's place and the element's; by default all is rounded to nearest.
        backend: "naive", "cpu" or "triton"; by default the fast one for the tensors' device.

    Raises ValueError for lists, shapes or devices that do not fit, β1 outside (0, 1], or a seed out of range; TypeError
    for dtypes that are not real floating point, or a seed where y or z is float16.
    """
    if not y:
        return
    chosen = choose(backend, y=y[0], grad=grad[0] if grad else None)
    if isinstance(scalars, Tensor):
        if scalars.shape != (len(Scalars._fields),) or scalars.dtype is not torch.float64:
            raise ValueError("scalars is a tensor, but not one that Scalars.tensor gives")
        if chosen != "triton":
            scalars = Scalars(*scalars.tolist())
    if isinstance(scalars, Scalars) and not 0 < scalars.beta1 <= 1:
        raise ValueError(
            f"beta1 is {scalars.beta1}; it must be above 0 and at most 1: x cannot be told from y = z at 0"
        )
    if decay_at not in ("y", "z", "x"):
        raise ValueError(f"decay_at={decay_at!r}: choose y, z or x")
    if seed is not None and not 0 <= seed < 2**63:
        raise ValueError(f"seed is {seed}; it must be at least 0 and below 2^63")
    items, back = _items(y, grad, z, v, copy, seed)
    if not items:
        return
    choose(chosen, **_of_each_dtype(items))
    if chosen == "cpu":
        from claimbench.kernels.schedule_free.cpu import step
    elif chosen == "triton":
        from claimbench.kernels.schedule_free.triton import step
    else:
        from claimbench.kernels.schedule_free.naive import step
    step(items, scalars, decay_at, adaptive, seed)  # pyright: ignore[reportArgumentType]
    for target, source in back:
        target.copy_(source.view(target.shape))
    # Written through their addresses, they must still count as changed, or a graph that kept them would be wrong.
    for tensors in (y, z, v, copy):
        if tensors:
            increment_version(tensors)


def _items(
    y: Sequence[Tensor],
    grad: Sequence[Tensor],
    z: Sequence[Tensor],
    v: Sequence[Tensor] | None,
    copy: Sequence[Tensor] | None,
    seed: int | None,
) -> tuple[list[Item], list[tuple[Tensor, Tensor]]]:
    """The items, empty ones left out, and what must be copied where afterwards."""
    shapes, device = [point.shape for point in y], y[0].device
    for number, point in enumerate(y):
        if point.device != device:
            raise ValueError(f"y[{number}] is on {point.device}, y[0] on {device}: call once for each device")
    for name, tensors in (("grad", grad), ("z", z), ("v", v), ("copy", copy)):
        if tensors is None:
            continue
        if len(tensors) != len(y):
            raise ValueError(f"{name} has {len(tensors)} tensors, y has {len(y)}")
        for number, (tensor, shape) in enumerate(zip(tensors, shapes, strict=True)):
            if tensor.shape != shape or tensor.device != device:
                raise ValueError(
                    f"{name}[{number}] is {tuple(tensor.shape)} on {tensor.device}; it must be as y[{number}], "
                    f"{tuple(shape)} on {device}"
                )
    # Question by question, because a comprehension over one list is what Python does fastest.
    columns, none = (y, grad, z, v, copy), [None] * len(y)
    dtypes = [[x.dtype for x in each] if each else none for each in columns]
    gapless = [[x.is_contiguous() for x in each] for each in columns if each]
    given = zip(*(each or none for each in columns), strict=True)
    items: list[Item] = []
    back: list[tuple[Tensor, Tensor]] = []
    rows = zip(given, zip(*dtypes, strict=True), zip(*gapless, strict=True), shapes, strict=True)
    for number, (tensors, kinds, whole, shape) in enumerate(rows):
        if seed is not None:
            if torch.float16 in (kinds[0], kinds[2]):
                raise TypeError(f"y[{number}] or z[{number}] is float16; bfloat16 alone is rounded stochastically")
            if shape.numel() > _MOST_ELEMENTS:
                raise ValueError(f"y[{number}] has more than 2^33 elements: split it, or leave the seed out")
        if 0 in shape:
            continue
        items.append(Item(*(tensors if all(whole) else _laid_out(tensors, back)), number, kinds))
    return items, back


def _laid_out(given: tuple[Tensor | None, ...], back: list[tuple[Tensor, Tensor]]) -> tuple[Tensor | None, ...]:
    """Flat tensors in the order of y's memory: views where a tensor lies like y and has no gaps, else copies."""
    y = given[0]
    order = sorted(range(y.ndim), key=y.stride, reverse=True)
    flat: list[Tensor | None] = []
    for place, tensor in enumerate(given):
        if tensor is None:
            flat.append(None)
            continue
        ordered = tensor.permute(order)
        flat.append(ordered.reshape(-1))
        if place != 1 and not ordered.is_contiguous():  # a gradient is not written
            back.append((ordered, flat[-1]))
    return tuple(flat)


def _of_each_dtype(items: Sequence[Item]) -> dict[str, Tensor]:
    """A tensor of each dtype that occurs, with a name that says where."""
    alike = {item.dtypes: item for item in reversed(items)}
    found: dict[torch.dtype | None, tuple[str, Tensor]] = {}
    for dtypes, item in alike.items():
        for name, dtype, tensor in zip(Item._fields, dtypes, item[:5], strict=False):
            if tensor is not None:
                found.setdefault(dtype, (f"{name}[{item.number}]", tensor))
    return dict(found.values())
