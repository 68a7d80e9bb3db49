"""Silent faults that the authors' code or its kernels had; each is a test here, by its thread in state-spaces/mamba.

None of them raised an error there: outputs or gradients were wrong, drifted, or changed from run to run.
"""

from __future__ import annotations

import math

import pytest
import torch

from claimbench.impls.mamba.config import BlockConfig
from claimbench.impls.mamba.model import MambaConfig, MambaLM
from claimbench.kernels import selective_scan


def model(**block: object) -> MambaLM:
    return MambaLM(MambaConfig(11, 2, BlockConfig(**{"d_model": 8, "d_state": 3, **block})), 0)  # type: ignore[arg-type]


def tokens(length: int = 9) -> torch.Tensor:
    return torch.randint(11, (2, length), generator=torch.Generator().manual_seed(0))


def scan_inputs(groups: int = 1, length: int = 37, dim: int = 20) -> list[torch.Tensor]:
    random = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(shape, dtype=torch.float64, generator=random)

    shape = (2, groups, 5, length)
    A = -torch.rand(dim, 5, dtype=torch.float64, generator=random)
    return [normal(2, dim, length), normal(2, dim, length), A, normal(*shape), normal(*shape)]


def gradients(inputs: list[torch.Tensor], backend: str, dtype: torch.dtype) -> list[torch.Tensor]:
    leaves = [x.to(dtype).requires_grad_() for x in inputs]
    selective_scan(*leaves, delta_softplus=True, backend=backend).square().sum().backward()  # type: ignore[arg-type]
    return [leaf.grad for leaf in leaves]  # type: ignore[misc]


def test_the_gradient_through_the_last_state_is_not_dropped():
    """`selective_scan_fn(return_last_state=True)`: "the gradient of the last state is not considered"."""
    net = model()
    _, states = net.prefill(tokens(), net.initial_states(2))
    states[1].ssm.square().sum().backward()
    for name, parameter in net.layers[1].mixer.ssm.named_parameters():
        if name in ("A_log", "dt_bias", "s_B.weight", "s_delta.weight"):
            assert parameter.grad is not None, name
            assert parameter.grad.norm() > 0, name


def test_decoding_in_16_bits_keeps_its_state_in_float32():
    """`allocate_inference_cache` makes the state in the parameters' dtype: a long decoding drifts from the scan."""
    net = model(d_model=32, d_state=16).narrowed(torch.bfloat16)
    some = tokens(400)
    with torch.no_grad():
        expected, _ = net.prefill(some, net.initial_states(2))
        ends = {}
        for dtype in (torch.float32, torch.bfloat16):
            states = [state._replace(ssm=state.ssm.to(dtype)) for state in net.initial_states(2)]
            for t in range(400):
                logits = net.step(some[:, t], states)
            ends[dtype] = (logits.float() - expected[:, -1].float()).norm() / expected[:, -1].float().norm()
    assert net.initial_states(2)[0].ssm.dtype == torch.float32
    assert ends[torch.float32] < 0.5 * ends[torch.bfloat16]


@pytest.mark.parametrize("x", [19.0, 20.5, 30.0, 800.0])
def test_softplus_is_not_cut_off_at_20(x: float):
    """The CUDA kernel returns x itself above 20: Δ and its gradient lose e^−x, which float64 shows."""
    u, delta, one = (torch.full((1, 1, 1), value, dtype=torch.float64) for value in (1.0, x, 1.0))
    delta.requires_grad_()
    for backend in ("naive", "cpu"):
        y = selective_scan(u, delta, torch.zeros(1, 1).double(), one, one, delta_softplus=True, backend=backend)
        assert y.item() == pytest.approx(x + math.log1p(math.exp(-x)), rel=1e-15)
        (slope,) = torch.autograd.grad(y.sum(), delta)
        assert slope.item() == pytest.approx(1 / (1 + math.exp(-x)), rel=1e-15)


@pytest.mark.parametrize("groups", [2, 4, 20])
def test_gradients_of_several_groups_do_not_explode(groups: int):
    """#547: with ngroups > 1 gradients of B and C were added to the wrong group."""
    inputs = scan_inputs(groups)
    for found, expected in zip(
        gradients(inputs, "cpu", torch.float64), gradients(inputs, "naive", torch.float64), strict=True
    ):
        assert (found - expected).norm() <= 1e-12 * expected.norm()


def test_gradients_are_the_same_bits_every_time():
    """#827: atomics added gradients in whatever order threads came."""
    first = gradients(scan_inputs(), "cpu", torch.float32)
    for _ in range(3):
        assert all(
            torch.equal(a, b) for a, b in zip(gradients(scan_inputs(), "cpu", torch.float32), first, strict=True)
        )


@pytest.mark.parametrize(("dim", "length"), [(17, 17), (31, 63), (33, 129)])
def test_lanes_without_a_channel_spread_no_nan(dim: int, length: int):
    """bb3a82a: masked lanes held exp of garbage, and infinity times zero is NaN."""
    inputs = scan_inputs(dim=dim, length=length)
    inputs[1] = inputs[1] * 300  # exponents that overflow float32 where nothing bounds them
    for gradient in gradients(inputs, "cpu", torch.float32):
        assert gradient.isfinite().all()


def test_slices_of_one_projection_are_read_as_they_lie():
    """#713, #834: kernels took packed inputs for contiguous ones."""
    packed = torch.randn(2, 30, 3 * 16 + 10, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    u, delta, z, B, C = (x.transpose(1, 2) for x in packed.split([16, 16, 16, 5, 5], dim=-1))
    A = -torch.ones(16, 5, dtype=torch.float64)
    found = selective_scan(u, delta, A, B, C, z=z, delta_softplus=True)
    copies = [x.contiguous() for x in (u, delta, B, C, z)]
    expected = selective_scan(*copies[:2], A, *copies[2:4], z=copies[4], delta_softplus=True, backend="naive")
    assert (found - expected).norm() <= 1e-13 * expected.norm()


def test_neither_a_nor_d_decays_and_the_bias_of_delta_keeps_its_start():
    """`_no_weight_decay` and `_no_reinit`: trainers that missed the marks decayed A or zeroed the bias of Δ."""
    net = model()
    for block in net.blocks():
        assert block.ssm.A_log.no_decay
        assert block.ssm.D.no_decay
        delta = torch.nn.functional.softplus(block.ssm.dt_bias)
        assert ((delta > 0.9e-3) & (delta < 1.1e-1)).all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_training_in_16_bits_gives_numbers(dtype: torch.dtype):
    """#6, #72: parameters of the recurrence in half precision gave NaN; ours stay float32 when a model is narrowed."""
    net = model(d_model=16).narrowed(dtype)
    assert {block.ssm.A_log.dtype for block in net.blocks()} == {torch.float32}
    loss = net(tokens(64)).float().square().mean()
    loss.backward()
    assert loss.isfinite()
    assert all(parameter.grad.isfinite().all() for parameter in net.parameters())


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_prompt_shorter_than_the_convolution(length: int):
    """A prompt of fewer than d_conv − 1 tokens left the state of the convolution at a wrong place."""
    net, some = model().double(), tokens(8)
    expected = net(some)
    _, states = net.prefill(some[:, :length], net.initial_states(2))
    found = torch.stack([net.step(some[:, t], states) for t in range(length, 8)], dim=1)
    assert (found - expected[:, length:]).norm() <= 1e-12 * expected.norm()
