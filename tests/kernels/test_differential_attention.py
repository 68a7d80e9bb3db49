"""Differential attention: the truth against two softmaxes, transformers' and numbers by hand, the kernel against it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from kernels.gradients import Copies, normal, results
from kernels.scans import assert_close
from torch import Tensor

from claimbench.kernels import differential_attention
from claimbench.kernels.differential import _cpu_blocks as blocks
from claimbench.kernels.differential import bytes as attention_bytes
from claimbench.kernels.differential import flops as attention_flops

TOLERANCE = {torch.float64: 1e-14, torch.float32: 1e-6, torch.bfloat16: 1.5e-2, torch.float16: 2e-3}
NORM_SCALE = 0.7


@dataclass(frozen=True)
class Case:
    """Sizes and form of one call; d_v is 2 dim unless it is given."""

    batch: int = 1
    heads: int = 2
    groups: int = 2
    queries: int = 9
    keys: int = 9
    dim: int = 4
    width: int | None = None
    causal: bool = True
    lambdas: str = "head"
    norm: bool = False

    def __str__(self) -> str:
        form = f"{'causal' if self.causal else 'full'}-{self.lambdas}{'-norm' if self.norm else ''}"
        return (
            f"B{self.batch}-H{self.heads}-G{self.groups}-T{self.queries}-S{self.keys}-D{self.dim}x"
            f"{self.width or 2 * self.dim}-{form}"
        )


CASES = [
    Case(),
    Case(queries=1, keys=1, heads=1, groups=1),
    Case(batch=2, queries=17, keys=17, norm=True),
    Case(batch=2, heads=6, groups=2, queries=16, keys=16, dim=3, lambdas="token", norm=True),
    Case(heads=4, groups=1, queries=33, keys=33, dim=16, lambdas="number"),
    Case(queries=5, keys=23, dim=7, width=5, norm=True),
    Case(batch=2, queries=23, keys=5, causal=False, lambdas="token"),
    Case(batch=2, heads=4, groups=2, queries=19, keys=31, causal=False, norm=True),
    Case(batch=3, heads=6, groups=3, queries=1, keys=37, lambdas="token", norm=True),
    Case(heads=1, groups=1, queries=100, keys=100, dim=8, norm=True),
]


def inputs(case: Case) -> dict[str, Tensor]:
    """All tensors of a call; λ is about 0.5."""
    shape = {"head": (case.heads,), "token": (case.batch, case.heads, case.queries), "number": ()}[case.lambdas]
    width = case.width or 2 * case.dim
    found = {
        "q": normal(case.batch, 2 * case.heads, case.queries, case.dim),
        "k": normal(case.batch, 2 * case.groups, case.keys, case.dim, seed=1),
        "v": normal(case.batch, case.groups, case.keys, width, seed=2),
        "lambda_": 0.5 + normal(1, *shape, seed=3)[0] / 4,
    }
    return found | {"norm_weight": 1 + normal(width, seed=4) / 2} if case.norm else found


def call(case: Case, backend: str) -> Callable[..., Tensor]:
    return partial(differential_attention, causal=case.causal, norm_scale=NORM_SCALE, eps=0.1, backend=backend)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of one head and a few rows."""
    monkeypatch.setattr(blocks, "ROWS", 8)
    monkeypatch.setattr(blocks, "BLOCK", 1)


@pytest.fixture
def three_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("backend", ["naive", "cpu"])
def test_by_hand(backend: str) -> None:
    """Scores 0 and log 3 in the first map, log 3 and 0 in the second: (1/4, 3/4) - λ (3/4, 1/4)."""
    one = torch.ones(1, 2, 1, 1, dtype=torch.float64)
    k = math.log(3) * torch.tensor([[0, 1], [1, 0]], dtype=torch.float64)[None, :, :, None]
    v = torch.tensor([[4.0, 0.0], [0.0, 4.0]], dtype=torch.float64)[None, None]
    out = differential_attention(one, k, v, 0.2, backend=backend)
    assert out.flatten().tolist() == pytest.approx([1 - 0.2 * 3, 3 - 0.2], rel=1e-15)
    weight = torch.tensor([1.0, 10.0], dtype=torch.float64)
    normed = differential_attention(one, k, v, 0.2, norm_weight=weight, norm_scale=0.5, eps=0.0, backend=backend)
    r = math.sqrt((0.4**2 + 2.8**2) / 2)
    assert normed.flatten().tolist() == pytest.approx([0.5 * 0.4 / r, 5 * 2.8 / r], rel=1e-15)


@pytest.mark.parametrize("causal", [True, False], ids=["causal", "full"])
def test_the_truth_is_a_difference_of_pytorchs(causal: bool) -> None:
    given = inputs(Case(heads=4, groups=2, queries=7, keys=7, causal=causal))

    def theirs(q: Tensor, k: Tensor, v: Tensor, lambda_: Tensor) -> Tensor:
        attend = partial(F.scaled_dot_product_attention, value=v, is_causal=causal, enable_gqa=True)
        first, second = (attend(q[:, i::2], k[:, i::2]) for i in (0, 1))
        return first - lambda_[:, None, None] * second

    found = results(partial(differential_attention, causal=causal, backend="naive"), given, torch.float64)
    assert_close(found, results(theirs, given, torch.float64), 1e-14)


def test_transformers_agrees() -> None:
    """DiffLlama pairs head j with j + H/2, has no gain, and shares one λ among heads."""
    modeling = pytest.importorskip("transformers.models.diffllama.modeling_diffllama")
    configuration = pytest.importorskip("transformers.models.diffllama.configuration_diffllama")
    config = configuration.DiffLlamaConfig(
        hidden_size=32, num_attention_heads=4, num_key_value_heads=4, head_dim=8, attention_dropout=0.0,
        rms_norm_eps=1e-5, num_hidden_layers=1, max_position_embeddings=32,
    )  # fmt: skip
    config._attn_implementation = "eager"
    torch.manual_seed(0)
    module = modeling.DiffLlamaAttention(config, layer_idx=0).double()
    x = normal(2, 11, 32)
    positions = (torch.ones(2, 11, 8, dtype=torch.float64), torch.zeros(2, 11, 8, dtype=torch.float64))
    mask = torch.full((11, 11), -torch.inf, dtype=torch.float64).triu(1)[None, None]
    with torch.no_grad():
        theirs = module(x, positions, mask)[0]
        q, k, v = (p(x).unflatten(-1, (4, 8)).transpose(1, 2) for p in (module.q_proj, module.k_proj, module.v_proj))
        paired = [0, 2, 1, 3]
        initial = module.lambda_init
        rates = [
            torch.exp((a * b).sum())
            for a, b in ((module.lambda_q1, module.lambda_k1), (module.lambda_q2, module.lambda_k2))
        ]
        out = differential_attention(
            q[:, paired], k[:, paired], torch.cat(v.chunk(2, 1), -1), rates[0] - rates[1] + initial,
            norm_weight=torch.ones(16, dtype=torch.float64), norm_scale=1 - initial,
        )  # fmt: skip
        ours = module.o_proj(out.transpose(1, 2).flatten(2))
    assert_close({"out": ours}, {"out": theirs}, 1e-6)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_kernel_agrees_with_the_truth(case: Case) -> None:
    given = inputs(case)
    truth = results(call(case, "naive"), given, torch.float64)
    for dtype in (torch.float64, torch.float32):
        found = results(call(case, "cpu"), given, dtype)
        if case.keys == 1:  # one key has all the weight: no gradient but rounding
            for name in ("gradient of q", "gradient of k"):
                assert found.pop(name).abs().max() <= 1e-6
        assert_close(found, {name: truth[name] for name in found}, TOLERANCE[dtype])


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("case", [case for case in CASES if case.keys > 1], ids=str)
def test_blocks_make_no_difference(case: Case) -> None:
    given = inputs(case)
    truth = results(call(case, "naive"), given, torch.float64)
    assert_close(results(call(case, "cpu"), given, torch.float64), truth, TOLERANCE[torch.float64])


@pytest.mark.usefixtures("three_threads")
def test_threads_make_no_difference() -> None:
    case = Case(batch=2, heads=4, groups=2, queries=33, keys=33, norm=True)
    truth = results(call(case, "naive"), inputs(case), torch.float64)
    assert_close(results(call(case, "cpu"), inputs(case), torch.float64), truth, TOLERANCE[torch.float64])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_half_precision(dtype: torch.dtype) -> None:
    case = Case(batch=2, heads=4, groups=2, queries=33, keys=33, dim=8, norm=True)
    rounded = {name: x.to(dtype) for name, x in inputs(case).items()}
    found = results(call(case, "cpu"), rounded, dtype)
    assert {x.dtype for x in found.values()} == {dtype}
    truth = results(call(case, "naive"), {name: x.double() for name, x in rounded.items()}, torch.float64)
    assert_close(found, truth, TOLERANCE[dtype])


def correlated(length: int, dim: int) -> tuple[Tensor, Tensor, Tensor]:
    """q, k and v where q₁ and q₂ are correlated at 0.99 and meet the same keys."""
    first, noise = normal(1, 1, length, dim), normal(1, 1, length, dim, seed=1)
    q = torch.cat((first, 0.99 * first + math.sqrt(1 - 0.99**2) * noise), 1)
    return q, normal(1, 1, length, dim, seed=2).expand(1, 2, length, dim), normal(1, 1, length, 2 * dim, seed=3)


@pytest.mark.parametrize("norm", [False, True], ids=["plain", "norm"])
def test_correlated_maps_cancel_before_anything_is_rounded(norm: bool) -> None:
    """λ = 0.98: of two separate outputs in bfloat16 little is left."""
    q, k, v = (x.bfloat16() for x in correlated(256, 64))
    weight = torch.ones(128) if norm else None
    exact = (q.double(), k.double(), v.double())
    truth = differential_attention(*exact, 0.98, norm_weight=weight, backend="naive")

    def error(out: Tensor) -> float:
        return float((out.double() - truth).norm() / truth.norm())

    parts = [F.scaled_dot_product_attention(q[:, i : i + 1], k[:, i : i + 1], v, is_causal=True) for i in (0, 1)]
    two = parts[0] - torch.tensor(0.98).bfloat16() * parts[1]
    assert error(differential_attention(q, k, v, 0.98, norm_weight=weight)) <= 3e-3
    assert error(F.rms_norm(two, (128,), eps=1e-5) if norm else two) >= 2e-2


@pytest.mark.parametrize("backend", ["naive", "cpu"])
@pytest.mark.parametrize(
    "case",
    [
        Case(queries=5, keys=5, dim=2, norm=True),
        Case(heads=4, groups=2, queries=3, keys=6, dim=2, lambdas="token"),
        Case(queries=1, keys=4, heads=2, groups=1, dim=2, norm=True, lambdas="number"),
        Case(queries=4, keys=3, dim=2, causal=False, norm=True),
    ],
    ids=str,
)
def test_gradients_are_the_derivatives(case: Case, backend: str) -> None:
    given = inputs(case)
    leaves = [x.requires_grad_() for x in given.values()]

    def function(*tensors: Tensor) -> Tensor:
        return call(case, backend)(**dict(zip(given, tensors, strict=True)))

    assert torch.autograd.gradcheck(function, leaves)


@settings(deadline=None, max_examples=25)
@given(
    queries=st.integers(1, 20),
    more=st.integers(0, 20),
    heads=st.integers(1, 3),
    rate=st.floats(-2, 2),
    size=st.floats(0, 50),
    seed=st.integers(0, 99),
)
def test_rows_sum_to_what_lambda_leaves(
    queries: int, more: int, heads: int, rate: float, size: float, seed: int
) -> None:
    """Whatever the scores are: every map's row sums to one."""
    keys = queries + more
    q, k = size * normal(1, 2 * heads, queries, 3, seed=seed), normal(1, 2 * heads, keys, 3, seed=seed + 100)
    out = differential_attention(q, k, torch.ones(1, heads, keys, 2, dtype=torch.float64), rate)
    assert torch.allclose(out, torch.full_like(out, 1 - rate), rtol=1e-12, atol=1e-13)


def test_lambda_zero_leaves_one_map_and_one_subtracts_equal_ones() -> None:
    given = {name: x.float() for name, x in inputs(Case(queries=20, keys=20)).items()} | {"lambda_": 0.0}
    one_map = F.scaled_dot_product_attention(given["q"][:, 0::2], given["k"][:, 0::2], given["v"], is_causal=True)
    assert_close({"out": differential_attention(**given)}, {"out": one_map}, 1e-6)
    for name in ("q", "k"):
        given[name] = given[name][:, 0::2].repeat_interleave(2, 1)
    assert differential_attention(**given | {"lambda_": 1.0}).abs().max() <= 1e-7


@pytest.mark.parametrize("backend", ["naive", "cpu"])
@pytest.mark.parametrize("repeats", [1, 2])
def test_a_step_of_decoding_is_the_last_row(backend: str, repeats: int) -> None:
    case = Case(batch=2, heads=2 * repeats, queries=13, keys=13, lambdas="token", norm=True)
    given = inputs(case)
    whole = call(case, backend)(**given)
    last = given | {"q": given["q"][:, :, -1:], "lambda_": given["lambda_"][..., -1:]}
    assert_close({"last": call(case, backend)(**last)}, {"last": whole[:, :, -1:]}, 1e-14)
    three = given | {"q": given["q"][:, :, -3:], "lambda_": given["lambda_"][..., -3:]}
    assert_close({"last": call(case, backend)(**three)}, {"last": whole[:, :, -3:]}, 1e-14)


def test_scores_far_apart_neither_overflow_nor_vanish() -> None:
    given = {name: x.float() for name, x in inputs(Case(queries=40, keys=40)).items()}
    given["q"] *= 1e4
    for sign in (1, -1):
        scaled = given | {"q": sign * given["q"]}
        exact = {name: x.double() for name, x in scaled.items()}
        found, truth = differential_attention(**scaled), differential_attention(**exact, backend="naive")
        assert_close({"out": found}, {"out": truth}, 1e-3)  # scores themselves are good to 1e-3
    below = given | {"k": given["k"].abs() + 1, "q": -given["q"].abs()}  # all scores below -1e4
    truth = differential_attention(**{name: x.double() for name, x in below.items()}, backend="naive")
    assert_close({"out": differential_attention(**below)}, {"out": truth}, 2e-2)


@pytest.mark.parametrize("name", ["q", "k"])
def test_a_nan_is_seen_by_nobody_before_it(name: str) -> None:
    given = {key: x.float() for key, x in inputs(Case(queries=40, keys=40)).items()}
    given[name][:, :, 21] = math.nan
    spoiled = differential_attention(**given).isnan().any(-1).any(1)[0].tolist()
    assert spoiled == ([t == 21 for t in range(40)] if name == "q" else [t >= 21 for t in range(40)])


@pytest.mark.usefixtures("small_blocks")
def test_every_element_is_written_and_the_same_bits_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case(batch=2, heads=4, groups=2, queries=21, keys=33, norm=True)
    first = results(call(case, "cpu"), inputs(case), torch.float32)
    for home, name in ((torch, "empty"), (torch, "empty_like"), (Tensor, "new_empty")):
        made = getattr(home, name)
        poisoned = lambda *shape, made=made, **options: made(*shape, **options).fill_(math.nan)  # noqa: E731
        monkeypatch.setattr(home, name, poisoned)
    for name, value in results(call(case, "cpu"), inputs(case), torch.float32).items():
        assert torch.equal(value, first[name]), name


@pytest.mark.parametrize("layout", ["heads_last", "expanded", "sliced"])
def test_other_layouts(layout: str) -> None:
    case = Case(batch=2, heads=2, groups=2, queries=9, keys=9)
    given = inputs(case)
    for name in ("q", "k", "v"):
        x = given[name]
        if layout == "heads_last":
            given[name] = x.transpose(1, 2).contiguous().transpose(1, 2)
        elif layout == "expanded":
            given[name] = x[:1].expand(2, -1, -1, -1)
        else:
            given[name] = torch.cat((x, x), -1)[..., 1 : 1 + x.shape[-1]]
    found, truth = (
        differential_attention(**{name: x.detach() for name, x in given.items()}, backend=backend)
        for backend in ("cpu", "naive")
    )
    assert_close({"out": found}, {"out": truth}, 1e-14)


def test_a_gradient_that_is_expanded() -> None:
    given = inputs(Case())
    leaves = [x.requires_grad_() for x in given.values()]
    for backend in ("cpu", "naive"):
        out = differential_attention(*leaves, backend=backend)
        gradients = torch.autograd.grad(out.sum(), leaves)
        if backend == "cpu":
            found = dict(zip(given, gradients, strict=True))
        else:
            assert_close(found, dict(zip(given, gradients, strict=True)), 1e-13)


def test_only_what_is_wanted_is_kept() -> None:
    given = inputs(Case(queries=30, keys=30))
    assert differential_attention(**given).grad_fn is None
    kept: list[int] = []
    leaves = {name: x.requires_grad_() for name, x in given.items()}
    with torch.autograd.graph.saved_tensors_hooks(lambda x: (kept.append(x.numel()), x)[1], lambda x: x):
        differential_attention(**leaves)
    inputs_alone = sum(x.numel() for x in given.values() if x.ndim > 1) + 2 * 30  # λ, a number a row
    assert sum(kept) <= inputs_alone + 2 * 2 * 30 + 2  # two log-sum-exps a row


def test_values_are_not_copied_where_they_lie_well() -> None:
    given = {name: x.float() for name, x in inputs(Case(queries=30, keys=30)).items()}
    with Copies() as copies:
        differential_attention(**given)
    assert len(copies.seen) <= 1  # λ, spread over tokens


def test_a_second_derivative_is_an_error() -> None:
    q, *others = (x.requires_grad_() for x in inputs(Case()).values())
    (grad,) = torch.autograd.grad(differential_attention(q, *others).square().sum(), q, create_graph=True)
    with pytest.raises(RuntimeError, match="first derivatives only"):
        torch.autograd.grad(grad.sum() + q.sum(), q)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"q": torch.zeros(4, 9, 4)}, ValueError, "q has shape"),
        ({"q": torch.zeros(1, 3, 9, 4)}, ValueError, "must be even"),
        ({"q": torch.zeros(1, 4, 10, 4)}, ValueError, "causal queries"),
        ({"k": torch.zeros(1, 4, 0, 4)}, ValueError, "k has shape"),
        ({"k": torch.zeros(1, 2, 9, 4)}, ValueError, "k has shape"),
        ({"v": torch.zeros(2, 2, 9, 8)}, ValueError, "v has shape"),
        ({"v": torch.zeros(1, 3, 9, 8), "k": torch.zeros(1, 6, 9, 4)}, ValueError, "divisor"),
        ({"lambda_": torch.zeros(3)}, ValueError, "lambda_ has shape"),
        ({"norm_weight": torch.zeros(4)}, ValueError, "norm_weight has shape"),
        ({"q": torch.zeros(1, 4, 9, 4, dtype=torch.int64)}, TypeError, "q is int64"),
        ({"v": torch.zeros(1, 2, 9, 8, device="meta")}, ValueError, "v is on meta"),
        ({"backend": "numba"}, ValueError, "choose one of"),
    ],
)
def test_arguments_that_do_not_fit(change: dict[str, Any], error: type[Exception], message: str) -> None:
    arguments = {"q": torch.zeros(1, 4, 9, 4), "k": torch.zeros(1, 4, 9, 4), "v": torch.zeros(1, 2, 9, 8)}
    with pytest.raises(error, match=message):
        differential_attention(**({"lambda_": 0.5} | arguments | change))


def test_cost_by_hand() -> None:
    """Two queries of three keys see 2 + 3; in the paper's units of visible scores times dim: 4 and 10 products."""
    assert attention_flops(1, 1, 2, 3, 8, 16) == 2 * 5 * 8 * 4
    assert attention_flops(1, 1, 2, 3, 8, 16, backward=True) == 2 * 5 * 8 * 10
    assert attention_flops(2, 3, 2, 3, 8, 16, causal=False) == 6 * 2 * 6 * 8 * 4
    q, k, v, out = 2 * 4 * 2 * 8, 2 * 2 * 3 * 8, 2 * 3 * 16, 4 * 2 * 16
    assert attention_bytes(1, 4, 2, 2, 3, 8, 16) == 4 * (q + k + v + out)
    assert attention_bytes(1, 4, 2, 2, 3, 8, 16, itemsize=2, backward=True) == 2 * (2 * (q + k + v) + out)
