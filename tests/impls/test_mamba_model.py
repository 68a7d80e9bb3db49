"""The Mamba block and model: against an independent implementation, against themselves, and their start."""

from __future__ import annotations

import cmath
import itertools
import math

import pytest
import torch

from claimbench.impls.common.initialise import generator
from claimbench.impls.common.learner import Learner, Learning
from claimbench.impls.mamba.block import MambaBlock
from claimbench.impls.mamba.config import S4, S6, BlockConfig, selection
from claimbench.impls.mamba.model import MambaConfig, MambaLM
from claimbench.impls.mamba.ssm import discretize, recurrence

SELECTIONS = [frozenset(chosen) for size in range(4) for chosen in itertools.combinations(("delta", "B", "C"), size)]
NAMES = [" ".join(sorted(chosen)) or "none" for chosen in SELECTIONS]


def model(seed: int = 0, *, vocabulary: int = 11, n_layer: int = 2, tied: bool = True, **block: object) -> MambaLM:
    config = BlockConfig(**{"d_model": 8, "d_state": 3, **block})
    return MambaLM(MambaConfig(vocabulary, n_layer, config, tied=tied), seed)


def tokens(batch: int = 2, length: int = 9, vocabulary: int = 11) -> torch.Tensor:
    return torch.randint(vocabulary, (batch, length), generator=torch.Generator().manual_seed(0))


def error(found: torch.Tensor, expected: torch.Tensor) -> float:
    return ((found - expected).norm() / expected.norm()).item()


@pytest.mark.parametrize("tied", [pytest.param(True, id="tied"), pytest.param(False, id="untied")])
def test_agrees_with_transformers(tied: bool):
    peer = pytest.importorskip("transformers")
    ours = model(vocabulary=32, d_model=24, d_state=5, dt_rank=3, tied=tied)
    theirs = peer.MambaForCausalLM(
        peer.MambaConfig(
            vocab_size=32,
            hidden_size=24,
            state_size=5,
            num_hidden_layers=2,
            time_step_rank=3,
            tie_word_embeddings=tied,
            layer_norm_epsilon=1e-5,
        )
    )
    theirs.load_state_dict(_in_their_names(ours), strict=False)
    some = tokens(3, 17, 32)
    logits, expected = ours(some), theirs(some, use_cache=False).logits
    assert error(logits, expected) < 1e-5
    logits.square().sum().backward()
    expected.square().sum().backward()
    for ours_name, theirs_name in {
        "layers.0.mixer.ssm.A_log": "layers.0.mixer.A_log",
        "layers.1.mixer.out_proj.weight": "layers.1.mixer.out_proj.weight",
        "layers.1.norm.weight": "layers.1.norm.weight",
    }.items():
        theirs_grad = theirs.get_parameter(f"backbone.{theirs_name}").grad
        assert error(ours.get_parameter(ours_name).grad, theirs_grad) < 1e-4


def _in_their_names(ours: MambaLM) -> dict[str, torch.Tensor]:
    state = {
        "backbone.embeddings.weight": ours.embedding.weight,
        "backbone.norm_f.weight": ours.norm.weight,
        "lm_head.weight": ours.head.weight,
    }
    for index, layer in enumerate(ours.layers):
        block, ssm, prefix = layer.mixer, layer.mixer.ssm, f"backbone.layers.{index}"
        state[f"{prefix}.norm.weight"] = layer.norm.weight
        mixer = {
            "in_proj.weight": block.in_proj.weight,
            "conv1d.weight": block.conv.weight[:, None],
            "conv1d.bias": block.conv.bias,
            "x_proj.weight": torch.cat([ssm.s_delta.weight, ssm.s_B.weight, ssm.s_C.weight]),
            "dt_proj.weight": ssm.dt_proj.weight,
            "dt_proj.bias": ssm.dt_bias,
            "A_log": ssm.A_log,
            "D": ssm.D,
            "out_proj.weight": block.out_proj.weight,
        }
        state |= {f"{prefix}.mixer.{name}": value for name, value in mixer.items()}
    return {name: value.detach().clone() for name, value in state.items()}


ARCHITECTURES = ("mamba", "h3", "plain")
BLOCKS = [
    *(
        pytest.param({"selective": chosen, "architecture": architecture}, id=f"{name}-{architecture}")
        for (chosen, name), architecture in itertools.product(zip(SELECTIONS, NAMES, strict=True), ARCHITECTURES)
    ),
    *(
        pytest.param({"mixer": "s4d", "d_state": 4, "architecture": architecture}, id=f"s4d-{architecture}")
        for architecture in ARCHITECTURES
    ),
]


@pytest.mark.parametrize("options", [*BLOCKS, pytest.param({"discretization": "zoh"}, id="zoh")])
def test_step_by_step_and_in_parts_equal_all_at_once(options: dict[str, object]):
    net = model(**options).double()
    some = tokens(2, 11)
    expected, last = net.prefill(some, net.initial_states(2))
    assert error(net(some), expected) < 1e-13
    stepped = net.initial_states(2)
    logits = [net.step(some[:, t], stepped) for t in range(11)]
    assert error(torch.stack(logits, dim=1), expected) < 1e-12
    for cut in (1, 2, 7):
        first, states = net.prefill(some[:, :cut], net.initial_states(2))
        second, states = net.prefill(some[:, cut:], states)
        assert error(torch.cat([first, second], dim=1), expected) < 1e-12
        for found in (states, stepped):
            for one, other in zip(found, last, strict=True):
                assert error(one.conv, other.conv) < 1e-12 if one.conv.numel() else True
                assert error(one.ssm, other.ssm) < 1e-12


def test_the_output_does_not_look_ahead():
    net = model().double()
    some = tokens()
    other = some.clone()
    other[:, 5:] = (other[:, 5:] + 1) % 11
    assert torch.equal(net(some)[:, :5], net(other)[:, :5])
    assert not torch.allclose(net(some)[:, 5], net(other)[:, 5])


def test_the_state_does_not_grow():
    net = model()
    sizes = []
    for length in (5, 50):
        _, states = net.prefill(tokens(1, length), net.initial_states(1))
        sizes.append([(state.conv.shape, state.ssm.shape) for state in states])
    assert sizes[0] == sizes[1]


@pytest.mark.parametrize("options", BLOCKS)
def test_gradients(options: dict[str, object]):
    block = model(n_layer=1, **{"d_model": 4, "d_state": 2, **options}).blocks()[0].double()
    u = torch.randn(1, 5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1), requires_grad=True)
    assert torch.autograd.gradcheck(block, (u,))
    for name, parameter in block.named_parameters():
        direction = torch.randn(parameter.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
        (slope,) = torch.autograd.grad(block(u).square().sum(), parameter)
        with torch.no_grad():
            ends = []
            for step in (1e-6, -1e-6):
                parameter.add_(direction, alpha=step)
                ends.append(block(u).square().sum())
                parameter.sub_(direction, alpha=step)
        numeric = ((ends[0] - ends[1]) / 2e-6).item()
        assert (slope * direction).sum().item() == pytest.approx(numeric, rel=1e-5, abs=1e-8), name


def test_recomputation_changes_neither_output_nor_gradients():
    results = []
    for recompute in (False, True):
        net = model(recompute=recompute)
        loss = net(tokens()).square().mean()
        loss.backward()
        results.append([loss.detach(), *(parameter.grad for parameter in net.parameters())])
    for one, other in zip(*results, strict=True):
        assert torch.equal(one, other)


def test_a_block_without_selection_is_a_convolution():
    block = model(n_layer=1, selective=S4).blocks()[0].ssm.double()
    x = torch.randn(1, 12, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    delta = torch.nn.functional.softplus(block.dt_bias).expand_as(x)
    A_bar, B_bar = discretize(delta, -torch.exp(block.A_log), block.B, "euler")
    y, _ = recurrence(A_bar, B_bar, block.C, x)
    # Equation 3: the kernel is C Ā^k B̄.
    powers = A_bar[0, :1] ** torch.arange(12, dtype=torch.float64)[:, None, None]
    kernel = (block.C * powers * B_bar[0, :1]).sum(-1)
    for t in range(12):
        expected = (kernel[: t + 1].flip(0) * x[0, : t + 1]).sum(0)
        assert error(y[0, t], expected) < 1e-12


def test_theorem_1():
    random = torch.Generator().manual_seed(0)
    x = torch.randn(2, 30, 4, dtype=torch.float64, generator=random)
    s_delta = torch.randn(2, 30, 4, dtype=torch.float64, generator=random)
    one = torch.ones(4, 1, dtype=torch.float64)
    gate, h = torch.sigmoid(s_delta), torch.zeros(2, 4, dtype=torch.float64)
    found = {
        rule: recurrence(*discretize(torch.nn.functional.softplus(s_delta), -one, one, rule), one, x)[0]
        for rule in ("zoh", "euler")
    }
    for t in range(30):
        h = (1 - gate[:, t]) * h + gate[:, t] * x[:, t]
        assert error(found["zoh"][:, t], h) < 1e-12
    assert error(found["euler"][:, -1], h) > 1e-2


def test_euler_is_the_first_order_of_the_exact_hold():
    A = -torch.arange(1.0, 5.0, dtype=torch.float64).expand(3, 4)
    B = torch.ones(3, 4, dtype=torch.float64)
    errors = []
    for delta in (1e-2, 1e-3):
        step = torch.full((1, 1, 3), delta, dtype=torch.float64)
        exact, euler = discretize(step, A, B, "zoh")[1], discretize(step, A, B, "euler")[1]
        errors.append(error(euler, exact))
    assert errors[0] / errors[1] == pytest.approx(10, rel=0.05)


@pytest.mark.parametrize("rule", [pytest.param("log_uniform", id="log"), pytest.param("uniform", id="uniform")])
def test_delta_starts_between_its_bounds(rule: str):
    net = model(seed=3, d_model=2048, n_layer=1, dt_init=rule)
    delta = torch.nn.functional.softplus(net.blocks()[0].ssm.dt_bias.detach())
    assert delta.min() >= 1e-3 * (1 - 1e-4)
    assert delta.max() <= 1e-1 * (1 + 1e-4)
    middle = math.sqrt(1e-3 * 1e-1) if rule == "log_uniform" else (1e-3 + 1e-1) / 2
    assert (delta < middle).float().mean().item() == pytest.approx(0.5, abs=0.04)


def test_the_rest_of_the_start_is_the_authors():
    net = model(seed=1, vocabulary=500, d_model=64, d_state=4)
    block = net.blocks()[0]
    assert torch.allclose(-torch.exp(block.ssm.A_log), -torch.tensor([1.0, 2.0, 3.0, 4.0]).expand(128, 4))
    assert (block.ssm.D == 1).all()
    assert net.embedding.weight.std().item() == pytest.approx(0.02, rel=0.02)
    assert block.ssm.dt_proj.weight.abs().max().item() <= 4**-0.5
    # Kaiming uniform over fan-in 128, divided by the root of the number of layers.
    assert block.out_proj.weight.abs().max().item() == pytest.approx((128 * 2) ** -0.5, rel=1e-3)


def test_arms_share_what_they_share():
    arms = [dict(model(7, selective=chosen).named_parameters()) for chosen in SELECTIONS]
    shared = set.intersection(*(set(arm) for arm in arms))
    assert {"embedding.weight", "layers.1.mixer.ssm.dt_bias", "layers.0.mixer.ssm.A_log"} <= shared
    for name in shared:
        for arm in arms[1:]:
            assert torch.equal(arms[0][name], arm[name]), name
    other = dict(model(8).named_parameters())
    assert not torch.equal(other["layers.0.mixer.in_proj.weight"], arms[0]["layers.0.mixer.in_proj.weight"])


def test_the_start_does_not_depend_on_the_global_generator():
    torch.manual_seed(1)
    one = model(5).state_dict()
    torch.manual_seed(2)
    other = model(5).state_dict()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_selection_names():
    assert selection("") == S4
    assert selection("C delta B") == S6
    with pytest.raises(ValueError, match="'A'"):
        selection("A B")


def test_uneven_rank_and_no_bias():
    block = MambaBlock(BlockConfig(d_model=20, conv_bias=False))
    assert block.ssm.s_delta.weight.shape == (2, 40)
    assert block.conv.bias is None


def test_s4d_is_the_convolution_with_its_modes():
    """y_t = Σ_l K_l x_(t−l) + D x_t with K_l = 2 Re Σ_n C_n B̄_n Ā_n^l, zero-order hold, one number at a time."""
    ssm = model(n_layer=1, mixer="s4d", d_state=4, d_model=3).blocks()[0].ssm.double()
    x = torch.randn(1, 9, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    y, _ = ssm(x)
    for d, t in ((0, 0), (2, 5), (5, 8)):
        delta = math.log1p(math.exp(ssm.dt_bias[d].item()))
        expected = ssm.D[d].item() * x[0, t, d].item()
        for n in range(2):
            A = complex(-math.exp(ssm.A_log[d, n].item()), ssm.A_imag[d, n].item())
            C = complex(*ssm.C_complex[d, n].tolist())
            for lag in range(t + 1):
                decay = cmath.exp(delta * A * lag)
                expected += 2 * (C * decay * (cmath.exp(delta * A) - 1) / A).real * x[0, t - lag, d].item()
        assert y[0, t, d].item() == pytest.approx(expected, abs=1e-12)


def test_s4d_starts_as_s4d_lin():
    ssm = model(n_layer=1, mixer="s4d", d_state=6).blocks()[0].ssm
    assert torch.allclose(-torch.exp(ssm.A_log), torch.tensor(-0.5).expand(16, 3))
    assert torch.allclose(ssm.A_imag[0], torch.tensor([0.0, math.pi, 2 * math.pi]))
    with pytest.raises(ValueError, match="must be even"):
        model(mixer="s4d", d_state=3)


def test_a_step_overwrites_the_state_it_is_given():
    net = model()
    states = net.initial_states(2)
    addresses = [(state.conv.data_ptr(), state.ssm.data_ptr()) for state in states]
    net.step(tokens()[:, 0], states)
    assert [(state.conv.data_ptr(), state.ssm.data_ptr()) for state in states] == addresses
    assert all(state.ssm.abs().sum() > 0 for state in states)


def test_seeds_that_are_trained_together_reach_what_they_reach_alone():
    """Over several chunks of the scan: under vmap a tensor does not say that its gradient will be asked for."""

    def batch(seed: int, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        drawn = torch.randint(11, (2, 41), generator=generator(seed, f"{step}"))
        return drawn[:, :-1], drawn[:, 1:]

    learning = Learning(
        lambda seed: model(seed, tied=False),
        batch,
        lambda net, given: torch.nn.functional.cross_entropy(net(given[0]).flatten(0, 1), given[1].flatten()),
        lambda net: {"first": next(net.parameters())[0, 0].item()},
    )
    alone = [Learner(learning, (seed,)) for seed in (0, 1)]
    together = Learner(learning, (0, 1))
    for learner in (*alone, together):
        learner.loss(1).backward()
    for name, stacked in together.parameters.items():
        for seed, learner in enumerate(alone):
            assert error(stacked.grad[seed], learner.parameters[name].grad) < 1e-4, name
