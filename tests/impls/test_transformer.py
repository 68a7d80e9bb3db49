"""Transformer++: against an independent implementation, against itself token by token, and its positions."""

from __future__ import annotations

import pytest
import torch

from claimbench.impls.common.rotary import rotary_tables
from claimbench.impls.common.transformer import Transformer, TransformerConfig
from claimbench.kernels import rope

CPU = torch.device("cpu")


def tokens(batch: int = 2, length: int = 13, vocabulary: int = 11) -> torch.Tensor:
    return torch.randint(vocabulary, (batch, length), generator=torch.Generator().manual_seed(0))


def error(found: torch.Tensor, expected: torch.Tensor) -> float:
    return ((found - expected).norm() / expected.norm()).item()


CONFIGS = [
    pytest.param(TransformerConfig(11, 2, 16, 4), id="plain"),
    pytest.param(TransformerConfig(11, 2, 16, 4, n_kv_head=2), id="grouped"),
    pytest.param(TransformerConfig(11, 1, 16, 2, n_kv_head=1, tied=False), id="one-key-head-untied"),
    pytest.param(TransformerConfig(11, 2, 16, 4, d_ff=0), id="attention-only"),
    pytest.param(TransformerConfig(11, 2, 16, 4, positions="xpos"), id="xpos"),
]


@pytest.mark.parametrize("kv_heads", [4, 2, 1])
def test_agrees_with_llama_of_transformers(kv_heads: int):
    peer = pytest.importorskip("transformers")
    config = TransformerConfig(32, 2, 24, 4, n_kv_head=kv_heads, d_ff=40, tied=False)
    ours = Transformer(config, seed=3)
    theirs = peer.LlamaForCausalLM(
        peer.LlamaConfig(
            vocab_size=32,
            hidden_size=24,
            intermediate_size=40,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=kv_heads,
            rms_norm_eps=1e-5,
            tie_word_embeddings=False,
        )
    )
    theirs.load_state_dict(_in_their_names(ours), strict=True)
    some = tokens(3, 17, 32)
    logits, expected = ours(some), theirs(some, use_cache=False).logits
    assert error(logits, expected) < 1e-5
    logits.square().sum().backward()
    expected.square().sum().backward()
    assert error(ours.layers[0].mlp.out_proj.weight.grad, theirs.model.layers[0].mlp.down_proj.weight.grad) < 1e-4
    assert error(ours.layers[0].norm.weight.grad, theirs.model.layers[0].input_layernorm.weight.grad) < 1e-4


def _in_their_names(ours: Transformer) -> dict[str, torch.Tensor]:
    config = ours.config
    heads = (config.n_head, config.kv_heads, config.kv_heads)
    state = {
        "model.embed_tokens.weight": ours.embedding.weight,
        "model.norm.weight": ours.norm.weight,
        "lm_head.weight": ours.head.weight,
    }
    for index, layer in enumerate(ours.layers):
        q, k, v = layer.attention.qkv_proj.weight.split([count * config.head_dim for count in heads])
        gate, up = layer.mlp.gate_up_proj.weight.chunk(2)
        state |= {
            f"model.layers.{index}.{name}.weight": value
            for name, value in {
                "input_layernorm": layer.norm.weight,
                "post_attention_layernorm": layer.mlp_norm.weight,
                "self_attn.q_proj": q,
                "self_attn.k_proj": k,
                "self_attn.v_proj": v,
                "self_attn.o_proj": layer.attention.out_proj.weight,
                "mlp.gate_proj": gate,
                "mlp.up_proj": up,
                "mlp.down_proj": layer.mlp.out_proj.weight,
            }.items()
        }
    return {name: value.detach().clone() for name, value in state.items()}


@pytest.mark.parametrize("config", CONFIGS)
def test_in_parts_and_token_by_token_equal_all_at_once(config: TransformerConfig):
    net, some = Transformer(config), tokens()
    with torch.no_grad():
        expected = net(some)
        for cuts in ([13], [5, 13], [1, 2, 9, 13], list(range(1, 14))):
            caches, begin, logits = net.empty_caches(2, 13), 0, []
            for end in cuts:
                logits.append(net.prefill(some[:, begin:end], caches, begin))
                begin = end
            assert error(torch.cat(logits, dim=1), expected) < 1e-6, cuts


@pytest.mark.parametrize("config", CONFIGS)
def test_the_output_does_not_look_ahead(config: TransformerConfig):
    net, some = Transformer(config), tokens()
    other = some.clone()
    other[:, 6:] = (other[:, 6:] + 1) % 11
    assert torch.allclose(net(some)[:, :6], net(other)[:, :6], atol=1e-7)
    assert not torch.allclose(net(some)[:, 6], net(other)[:, 6])


def test_a_full_cache_is_refused():
    net = Transformer(TransformerConfig(11, 1, 16, 4))
    with pytest.raises(ValueError, match="14 tokens do not fit in a cache of 13"):
        net.prefill(tokens(2, 5), net.empty_caches(2, 13), 9)


@pytest.mark.parametrize(
    "config",
    [
        TransformerConfig(11, 1, 15, 4),
        TransformerConfig(11, 1, 12, 4),
        TransformerConfig(11, 1, 16, 4, n_kv_head=3),
    ],
    ids=["width", "odd-head", "groups"],
)
def test_sizes_that_do_not_divide_are_refused(config: TransformerConfig):
    with pytest.raises(ValueError, match="must split"):
        Transformer(config)


def test_size_by_hand():
    # Embedding 11·24 tied, per layer q 24², k and v 2·24·12, out 24², MLP 3·24·64 (8/3 of 24), two norms; last norm.
    net = Transformer(TransformerConfig(11, 2, 24, 4, n_kv_head=2))
    expected = 11 * 24 + 2 * (24 * 24 + 2 * 24 * 12 + 24 * 24 + 3 * 24 * 64 + 2 * 24) + 24
    assert sum(parameter.numel() for parameter in net.parameters()) == expected


def test_the_start_is_the_seeds_and_branches_start_small():
    one, other = Transformer(TransformerConfig(300, 8, 64, 4), 5), Transformer(TransformerConfig(300, 8, 64, 4), 5)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    assert one.layers[0].attention.out_proj.weight.std().item() == pytest.approx((64 * 16) ** -0.5, rel=0.05)
    assert one.layers[0].attention.qkv_proj.weight.std().item() == pytest.approx(64**-0.5, rel=0.05)
    assert one.layers[3].mlp_norm.weight.eq(1).all()


@pytest.mark.parametrize("kind", ["rope", "xpos"])
def test_a_score_depends_on_the_distance_alone(kind):
    cos_q, sin_q, cos_k, sin_k = (table.double() for table in rotary_tables(kind, 64, 8, CPU))
    random = torch.Generator().manual_seed(0)
    q, k = (torch.randn(8, dtype=torch.float64, generator=random).expand(1, 64, 1, 8) for _ in range(2))
    scores = rope(q, cos_q, sin_q)[0, :, 0] @ rope(k, cos_k, sin_k)[0, :, 0].T
    for distance in (0, 1, 7, 40):
        same = scores.diagonal(-distance)
        assert torch.allclose(same, same[:1].expand_as(same), rtol=1e-5, atol=1e-6)
    assert (scores.diagonal(-1)[0] - scores.diagonal(0)[0]).abs() > 1e-3


def test_xpos_decays_with_the_distance_and_rope_does_not():
    def largest(kind, distance: int) -> float:
        """Largest score of aligned vectors at a distance: the length of the rotated pair's product."""
        cos_q, sin_q, cos_k, sin_k = (table.double() for table in rotary_tables(kind, 2048, 8, CPU))
        of_q = (cos_q[distance].square() + sin_q[distance].square()).sqrt()
        of_k = (cos_k[0].square() + sin_k[0].square()).sqrt()
        return (of_q * of_k).min().item()

    assert largest("rope", 2000) == pytest.approx(1.0, abs=1e-6)
    # ζ of the first pair is γ / (1 + γ) = .4 / 1.4, to the power of distance / 512 (arXiv 2212.10554, Algorithm 1).
    assert largest("xpos", 1024) == pytest.approx((0.4 / 1.4) ** 2, rel=1e-5)


def test_xpos_beyond_what_float32_holds_is_refused():
    with pytest.raises(ValueError, match="leaves the range"):
        rotary_tables("xpos", 2**16, 8, CPU)
