"""Inputs of selective scans, and the gradients that a backend gives for them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from claimbench.kernels import selective_scan


@dataclass(frozen=True)
class Case:
    """Sizes and options of one scan."""

    batch: int = 2
    dim: int = 20
    length: int = 37
    state: int = 5
    groups: int = 0
    """Groups of B and C; 0 gives (batch, state, length)."""
    groups_c: int | None = None
    """Groups of C, where they are not those of B."""
    b_fixed: bool = False
    c_fixed: bool = False
    D: bool = True
    z: bool = True
    bias: bool = True
    softplus: bool = True
    initial: bool = True
    last: bool = True
    """Whether the loss sees the last state."""
    transposed: bool = True
    """Whether channels are contiguous in memory."""

    def __str__(self) -> str:
        given = [f"B{self.batch}-D{self.dim}-L{self.length}-N{self.state}"]
        given += [f"{name}{value}" for name, value in (("G", self.groups), ("GC", self.groups_c)) if value]
        options = ("b_fixed", "c_fixed", "D", "z", "bias", "softplus", "initial", "last", "transposed")
        default = Case()
        given += [
            ("" if getattr(self, name) else "no_") + name
            for name in options
            if getattr(self, name) != getattr(default, name)
        ]
        return "-".join(given)


def inputs(case: Case, seed: int = 0) -> dict[str, Tensor | bool | None]:
    """Arguments in float64."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    def channels() -> Tensor:
        if case.transposed:
            return normal(case.batch, case.length, case.dim).transpose(1, 2)
        return normal(case.batch, case.dim, case.length)

    def weights(fixed: bool, groups: int) -> Tensor:
        if fixed:
            return normal(case.dim, case.state)
        return normal(case.batch, *((groups,) if groups else ()), case.state, case.length)

    return {
        "u": channels(),
        "delta": channels() - 1 if case.softplus else channels().abs() / 4,
        "A": -4 * torch.rand(case.dim, case.state, generator=generator, dtype=torch.float64),
        "B": weights(case.b_fixed, case.groups),
        "C": weights(case.c_fixed, case.groups if case.groups_c is None else case.groups_c),
        "D": normal(case.dim) if case.D else None,
        "z": channels() if case.z else None,
        "delta_bias": normal(case.dim) / 4 if case.bias else None,
        "delta_softplus": case.softplus,
        "initial_state": normal(case.batch, case.dim, case.state) if case.initial else None,
    }


def results(
    given: dict[str, Tensor | bool | None], backend: str, dtype: torch.dtype, last: bool = True
) -> dict[str, Tensor]:
    """Output, last state and every gradient of a random linear function of both, by name."""
    arguments = {
        name: value.detach().to(dtype).requires_grad_() if isinstance(value, Tensor) else value
        for name, value in given.items()
    }
    out, last_state = selective_scan(**arguments, return_last_state=True, backend=backend)
    generator = torch.Generator().manual_seed(7)
    weights = [torch.randn(x.shape, generator=generator, dtype=torch.float64).to(x) for x in (out, last_state)]
    loss = (out * weights[0]).sum()
    if last:
        loss = loss + (last_state * weights[1]).sum()
    loss.backward()
    gradients = {f"gradient of {name}": x.grad for name, x in arguments.items() if isinstance(x, Tensor)}
    return {"out": out.detach(), "last state": last_state.detach(), **gradients}


def assert_close(found: dict[str, Tensor], expected: dict[str, Tensor], tolerance: float) -> None:
    """Every tensor within `tolerance` of the expected one, relative by norm."""
    assert found.keys() == expected.keys()
    for name, reference in expected.items():
        difference = (found[name].double() - reference.double()).norm() / reference.double().norm().clamp_min(1e-30)
        assert difference <= tolerance, f"{name}: relative error {difference:.3g} > {tolerance:.3g}"
