"""Differential attention: against its formula in float64, the reference's conventions, another implementation."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from claimbench.errors import UnknownName
from claimbench.impls.common.rotary import rotary_tables
from claimbench.impls.common.transformer import Attention, Transformer, TransformerConfig
from claimbench.impls.differential_transformer.attend import attend, causal, round_logits
from claimbench.impls.differential_transformer.attention import (
    DifferentialAttention,
    Options,
    SoftmaxAttention,
    lambda_init,
)
from claimbench.impls.differential_transformer.model import ComparedTransformer, Kind, attention_layers, form
from claimbench.impls.differential_transformer.second import SecondAttention

CPU = torch.device("cpu")
CONFIG = TransformerConfig(11, n_layer=2, d_model=24, n_head=4)
GROUPED = TransformerConfig(11, n_layer=2, d_model=48, n_head=8, n_kv_head=4)


def tokens(batch: int = 2, length: int = 13, vocabulary: int = 11) -> torch.Tensor:
    return torch.randint(vocabulary, (batch, length), generator=torch.Generator().manual_seed(0))


def error(found: torch.Tensor, expected: torch.Tensor) -> float:
    return ((found - expected).norm() / expected.norm()).item()


def rotate(x: torch.Tensor, interleaved: bool) -> torch.Tensor:
    """RoPE on (batch, length, heads, d), angle n · 10000^(−2i/d) for pair i."""
    d = x.shape[-1]
    frequency = 10_000.0 ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)
    angle = torch.arange(x.shape[1], dtype=torch.float64)[:, None] * frequency
    cos, sin = angle.cos()[:, None], angle.sin()[:, None]
    a, b = (x[..., 0::2], x[..., 1::2]) if interleaved else x.chunk(2, dim=-1)
    turned = (a * cos - b * sin, b * cos + a * sin)
    return torch.stack(turned, dim=-1).flatten(-2) if interleaved else torch.cat(turned, dim=-1)


def oracle(layer: DifferentialAttention, x: torch.Tensor, interleaved: bool = False) -> torch.Tensor:
    """Section 2.1 line by line, one head after the other, in float64."""
    config, d = layer.config, layer.config.head_dim
    heads, kv_heads = config.n_head // 2, config.kv_heads // 2
    batch, length, _ = x.shape
    q, k, v = (x @ layer.qkv_proj.weight.T).split([config.n_head * d, config.kv_heads * d, config.kv_heads * d], -1)
    q, k = (rotate(part.view(batch, length, -1, d), interleaved) for part in (q, k))
    v = v.view(batch, length, kv_heads, 2 * d)
    one, two = layer.lambda_q1 @ layer.lambda_k1, layer.lambda_q2 @ layer.lambda_k2
    lambda_ = one.exp() - two.exp() + layer.lambda_init
    mask = torch.full((length, length), -math.inf, dtype=torch.float64).triu(1)
    outputs = []
    for j in range(heads):
        g = j * kv_heads // heads
        maps = [torch.softmax(q[:, :, 2 * j + i] @ k[:, :, 2 * g + i].mT / math.sqrt(d) + mask, dim=-1) for i in (0, 1)]
        o = (maps[0] - lambda_ * maps[1]) @ v[:, :, g]
        o = o / (o.square().mean(-1, keepdim=True) + 1e-5).sqrt() * layer.head_norm
        outputs.append((1 - layer.lambda_init) * o)
    return torch.cat(outputs, dim=-1) @ layer.out_proj.weight.T


@pytest.fixture
def hidden() -> torch.Tensor:
    return torch.randn(2, 13, 48, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("config", [CONFIG, GROUPED], ids=["plain", "grouped"])
@pytest.mark.parametrize("written_out", [False, True], ids=["fused", "written-out"])
def test_agrees_with_the_formula_line_by_line(
    config: TransformerConfig, written_out: bool, hidden: torch.Tensor
) -> None:
    model = ComparedTransformer(config, seed=3).double()
    for layer in attention_layers(model):
        assert isinstance(layer, DifferentialAttention)
        layer.written_out = written_out
        with torch.no_grad():
            layer.head_norm.add_(torch.linspace(-0.5, 0.5, 2 * config.head_dim))
        x = hidden[..., : config.d_model]
        # The tables of angles are float32.
        assert error(layer(x), oracle(layer, x)) < 1e-6


def test_gradients_agree_with_those_of_the_formula(hidden: torch.Tensor) -> None:
    layer = attention_layers(ComparedTransformer(CONFIG, seed=3).double())[1]
    assert isinstance(layer, DifferentialAttention)
    x, weights = hidden[..., :24], torch.linspace(-1, 1, 24, dtype=torch.float64)
    names = [name for name, _ in layer.named_parameters()]
    found = torch.autograd.grad((layer(x) * weights).sum(), list(layer.parameters()))
    expected = torch.autograd.grad((oracle(layer, x) * weights).sum(), list(layer.parameters()))
    for name, one, other in zip(names, found, expected, strict=True):
        assert error(one, other) < 1e-4, name  # the tables of angles are float32


@pytest.mark.parametrize("kind", ["softmax", "paper", "v2"])
@pytest.mark.parametrize(
    "options", [Options(), Options(norm=False), Options(factor=False), Options(norm=False, factor=False)], ids=str
)
def test_fused_and_written_out_are_one_function(kind: Kind, options: Options) -> None:
    model, x = ComparedTransformer(GROUPED, 3, kind, options).double(), tokens()
    found = []
    for written_out in (False, True):
        for layer in attention_layers(model):
            layer.written_out = written_out
        model.zero_grad()
        logits = model(x)
        logits.square().sum().backward()
        found.append([logits, *(parameter.grad for parameter in model.parameters())])
    for one, other in zip(*found, strict=True):
        assert error(one, other) < 1e-9


def test_the_references_rotary_pairs_are_ours_in_another_order(hidden: torch.Tensor) -> None:
    """unilm turns neighbours, (2i, 2i + 1), ours (i, i + d/2): a permutation of the columns of W_Q and W_K."""
    layer = attention_layers(ComparedTransformer(CONFIG, seed=3).double())[0]
    assert isinstance(layer, DifferentialAttention)
    d, x = CONFIG.head_dim, hidden[..., :24]
    expected = oracle(layer, x, interleaved=True)
    order = torch.cat([torch.arange(0, d, 2), torch.arange(1, d, 2)])
    with torch.no_grad():
        q, k, v = layer.qkv_proj.weight.split([4 * d] * 3)
        q, k = (part.view(4, d, 24)[:, order].reshape(4 * d, 24) for part in (q, k))
        layer.qkv_proj.weight.copy_(torch.cat([q, k, v]))
    assert error(layer(x), expected) < 1e-6


@pytest.mark.parametrize("kv_heads", [4, 2])
def test_agrees_with_diff_llama_of_transformers(kv_heads: int) -> None:
    """Its pair j is heads j and j + H/2, its values' halves lie as far apart, and its norm has no gain."""
    peer = pytest.importorskip("transformers.models.diffllama.modeling_diffllama")
    config = TransformerConfig(32, 2, 24, 4, n_kv_head=kv_heads, d_ff=40, tied=False)
    ours = ComparedTransformer(config, seed=3)
    their_config = peer.DiffLlamaConfig(
        vocab_size=32,
        hidden_size=24,
        intermediate_size=40,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=kv_heads,
        rms_norm_eps=1e-5,
        tie_word_embeddings=False,
    )
    their_config._attn_implementation = "eager"
    theirs = peer.DiffLlamaForCausalLM(their_config)
    missing, unexpected = theirs.load_state_dict(_in_their_names(ours), strict=False)
    assert not missing
    assert not unexpected
    some = tokens(3, 17, 32)
    logits, expected = ours(some), theirs(some, use_cache=False).logits
    assert error(logits, expected) < 1e-5
    logits.square().sum().backward()
    expected.square().sum().backward()
    for ours_layer, their_layer in zip(ours.layers, theirs.model.layers, strict=True):
        assert error(ours_layer.mlp.out_proj.weight.grad, their_layer.mlp.down_proj.weight.grad) < 1e-4
        assert error(ours_layer.attention.lambda_q2.grad, their_layer.self_attn.lambda_q2.grad) < 1e-4


def _apart(weight: torch.Tensor, d: int) -> torch.Tensor:
    """Rows of heads 0, 1, 2, 3, … → of heads 0, 2, …, 1, 3, …."""
    heads = weight.view(-1, d, weight.shape[-1])
    return torch.cat([heads[0::2], heads[1::2]]).flatten(0, 1)


def _in_their_names(ours: Transformer) -> dict[str, torch.Tensor]:
    config, d = ours.config, ours.config.head_dim
    state = {
        "model.embed_tokens.weight": ours.embedding.weight,
        "model.norm.weight": ours.norm.weight,
        "lm_head.weight": ours.head.weight,
    }
    for index, layer in enumerate(ours.layers):
        attention = layer.attention
        q, k, v = attention.qkv_proj.weight.split([heads * d for heads in (config.n_head, *[config.kv_heads] * 2)])
        gate, up = layer.mlp.gate_up_proj.weight.chunk(2)
        state |= {
            f"model.layers.{index}.{name}": value
            for name, value in {
                "input_layernorm.weight": layer.norm.weight,
                "post_attention_layernorm.weight": layer.mlp_norm.weight,
                "self_attn.q_proj.weight": _apart(q, d),
                "self_attn.k_proj.weight": _apart(k, d),
                "self_attn.v_proj.weight": _apart(v, d),
                "self_attn.o_proj.weight": attention.out_proj.weight,
                **{f"self_attn.lambda_{x}": getattr(attention, f"lambda_{x}") for x in ("q1", "k1", "q2", "k2")},
                "mlp.gate_proj.weight": gate,
                "mlp.up_proj.weight": up,
                "mlp.down_proj.weight": layer.mlp.out_proj.weight,
            }.items()
        }
    return {name: value.detach().clone() for name, value in state.items()}


@pytest.mark.parametrize("kind", ["softmax", "paper", "v2"])
@pytest.mark.parametrize("config", [CONFIG, GROUPED], ids=["plain", "grouped"])
def test_in_parts_and_token_by_token_equal_all_at_once(kind, config: TransformerConfig) -> None:
    net, some = ComparedTransformer(config, 0, kind), tokens()
    with torch.no_grad():
        expected = net(some)
        for cuts in ([13], [5, 13], [1, 2, 9, 13]):
            caches, begin, logits = net.empty_caches(2, 13), 0, []
            for end in cuts:
                logits.append(net.prefill(some[:, begin:end], caches, begin))
                begin = end
            assert error(torch.cat(logits, dim=1), expected) < 1e-5, cuts


@pytest.mark.parametrize("kind", ["paper", "v2"])
def test_the_output_does_not_look_ahead(kind) -> None:
    net, some = ComparedTransformer(CONFIG, 0, kind), tokens()
    other = some.clone()
    other[:, 6:] = (other[:, 6:] + 1) % 11
    assert torch.allclose(net(some)[:, :6], net(other)[:, :6], atol=1e-6)
    assert not torch.allclose(net(some)[:, 6], net(other)[:, 6])


@pytest.mark.parametrize("config", [CONFIG, GROUPED], ids=["plain", "grouped"])
def test_written_out_softmax_attention_is_transformer_pluses(config: TransformerConfig) -> None:
    ours, common = ComparedTransformer(config, 5, "softmax"), Transformer(config, 5)
    assert error(ours(tokens()), common(tokens())) < 1e-6
    assert [name for name, _ in ours.named_parameters()] == [name for name, _ in common.named_parameters()]


def test_parameters_that_are_shared_start_alike_and_the_rest_is_six_widths_a_layer() -> None:
    baseline, ours = Transformer(CONFIG, 5), ComparedTransformer(CONFIG, 5)
    shared = dict(baseline.named_parameters())
    more = {name: value for name, value in ours.named_parameters() if name not in shared}
    assert all(torch.equal(value, ours.get_parameter(name)) for name, value in shared.items())
    assert sum(value.numel() for value in more.values()) == CONFIG.n_layer * 6 * CONFIG.head_dim
    assert all(value.eq(1).all() for name, value in more.items() if name.endswith("head_norm"))
    large = ComparedTransformer(TransformerConfig(11, 4, 512, 4), 5)
    vectors = torch.cat([value for name, value in large.named_parameters() if "lambda_" in name])
    assert vectors.std().item() == pytest.approx(0.1, rel=0.05)


def test_lambda_init_rises_with_depth() -> None:
    assert [lambda_init(index) for index in (0, 1, 2)] == pytest.approx([0.2, 0.3555, 0.4707], abs=1e-4)
    assert lambda_init(27) == pytest.approx(0.7998, abs=1e-4)


def test_lambda_is_computed_in_float32_from_bfloat16() -> None:
    layer = DifferentialAttention(CONFIG, 1).bfloat16()
    with torch.no_grad():
        for vector in (layer.lambda_q1, layer.lambda_k1, layer.lambda_q2, layer.lambda_k2):
            vector.normal_(0.0, 0.1, generator=torch.Generator().manual_seed(7))
        layer.lambda_k2.neg_()
    found = layer.lambda_()
    q1, k1, q2, k2 = (v.double() for v in (layer.lambda_q1, layer.lambda_k1, layer.lambda_q2, layer.lambda_k2))
    exact = (q1 @ k1).exp() - (q2 @ k2).exp() + lambda_init(1)
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(exact.item(), rel=1e-6)


def test_options_leave_out_what_they_name(hidden: torch.Tensor) -> None:
    x = hidden[..., :24].float()

    def layer(**options: object) -> DifferentialAttention:
        made = attention_layers(ComparedTransformer(CONFIG, 3, *form({"attention": "paper", **options})))[1]
        assert isinstance(made, DifferentialAttention)
        return made

    plain = layer()
    without = layer(factor=False)
    assert error(without(x) * (1 - lambda_init(1)), plain(x)) < 1e-6
    assert not hasattr(layer(norm=False), "head_norm")
    assert layer(constant=0.5).lambda_init == 0.5
    fixed = layer(learned=False)
    assert not [name for name, _ in fixed.named_parameters() if name.startswith("lambda_")]
    assert fixed.lambda_().item() == pytest.approx(lambda_init(1))
    assert layer(constant=0.0, learned=False, norm=False).maps(x).sum(-1).sub(1).abs().max() < 1e-5


def test_rows_of_the_map_sum_to_one_minus_lambda_and_some_are_negative(hidden: torch.Tensor) -> None:
    layer = attention_layers(ComparedTransformer(CONFIG, 3))[1]
    assert isinstance(layer, DifferentialAttention)
    maps = layer.maps(hidden[..., :24].float())
    assert maps.shape == (2, 2, 13, 13)
    assert torch.allclose(maps.sum(-1), (1 - layer.lambda_()).expand(2, 2, 13), atol=1e-5)
    assert maps.min() < 0
    assert maps.triu(1).abs().max() == 0


def test_the_second_version_agrees_with_its_formula(hidden: torch.Tensor) -> None:
    config = TransformerConfig(11, 1, 24, 4, n_kv_head=2)
    layer = attention_layers(ComparedTransformer(config, 3, "v2").double())[0]
    assert isinstance(layer, SecondAttention)
    d, x = 6, hidden[..., :24]
    assert layer.qkv_proj.weight.shape == ((8 + 2 + 2) * d, 24)
    assert layer.out_proj.weight.shape == (24, 24)
    q, k, v = (x @ layer.qkv_proj.weight.T).split([8 * d, 2 * d, 2 * d], dim=-1)
    q, k = (rotate(part.view(2, 13, -1, d), False) for part in (q, k))
    v = v.view(2, 13, 2, d)
    mask = torch.full((13, 13), -math.inf, dtype=torch.float64).triu(1)
    out = [
        torch.softmax(q[:, :, i] @ k[:, :, i // 4].mT / math.sqrt(d) + mask, dim=-1) @ v[:, :, i // 4] for i in range(8)
    ]
    lambda_ = torch.sigmoid(x @ layer.lambda_proj.weight.T)
    heads = [out[2 * j] - lambda_[:, :, j, None] * out[2 * j + 1] for j in range(4)]
    assert error(layer(x), torch.cat(heads, dim=-1) @ layer.out_proj.weight.T) < 1e-6
    assert torch.allclose(layer.maps(x).sum(-1), 1 - lambda_.transpose(1, 2), atol=1e-6)


def test_attend_takes_a_lambda_for_each_pair() -> None:
    q, k = (torch.randn(2, 4, 7, 6, generator=torch.Generator().manual_seed(seed)) for seed in (0, 1))
    v = torch.randn(2, 2, 7, 12, generator=torch.Generator().manual_seed(2))
    lambdas = torch.tensor([0.3, 0.9])
    both = attend(q, k, v, lambdas)
    for pair in (0, 1):
        heads = slice(2 * pair, 2 * pair + 2)
        alone = attend(q[:, heads], k[:, heads], v[:, pair : pair + 1], lambdas[pair])
        assert torch.allclose(both[:, pair : pair + 1], alone, atol=1e-6)
    one, two = (F.scaled_dot_product_attention(q[:, i::2], k[:, i::2], v, is_causal=True) for i in (0, 1))
    assert torch.allclose(both, one - lambdas[:, None, None] * two, atol=1e-5)


def test_logits_are_rounded_to_a_grid_up_to_the_largest_that_is_seen() -> None:
    logits = torch.tensor([[1.0, 100.0], [-0.9, 0.4]]).view(1, 1, 2, 2)
    rounded = round_logits(logits, causal(logits), 3)
    assert rounded[0, 0, 1].tolist() == pytest.approx([-1.0, 1 / 3])
    assert rounded[0, 0, 0, 0] == 1
    some = torch.randn(1, 2, 9, 9)
    assert error(round_logits(some, causal(some), 16), some) < 1e-4
    assert torch.equal(round_logits(torch.zeros(1, 1, 2, 2), causal(logits), 4), torch.zeros(1, 1, 2, 2))
    with pytest.raises(ValueError, match="2 or more"):
        round_logits(some, causal(some), 1)


def test_what_does_not_pair_or_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="must be even"):
        DifferentialAttention(TransformerConfig(11, 1, 24, 4, n_kv_head=1), 0)
    with pytest.raises(UnknownName, match="attention"):
        form({"attention": "v3"})
    with pytest.raises(UnknownName, match="option of softmax attention"):
        form({"attention": "softmax", "norm": False})
    assert isinstance(SoftmaxAttention(CONFIG), Attention)
    assert Options() == Options(norm=True, factor=True, constant=None, learned=True)
    assert rotary_tables("rope", 2, 6, CPU)[0].shape == (2, 3)
