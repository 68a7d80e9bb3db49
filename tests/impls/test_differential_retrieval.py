"""The retrieval task, what is looked at inside a model, and how speeds of learning are read off curves."""

from __future__ import annotations

import math

import pytest
import torch

from claimbench.errors import UnknownName
from claimbench.impls.common.initialise import generator
from claimbench.impls.common.transformer import TransformerConfig
from claimbench.impls.differential_transformer.attention import Options
from claimbench.impls.differential_transformer.curves import reached, value_at
from claimbench.impls.differential_transformer.experiments.language import language
from claimbench.impls.differential_transformer.experiments.retrieval import retrieval
from claimbench.impls.differential_transformer.model import attention_layers
from claimbench.impls.differential_transformer.probes import (
    attention_shares,
    largest,
    order_flips,
    retrieval_quality,
    rounded_losses,
)
from claimbench.impls.differential_transformer.retrieval import Needles, Retriever, Task
from claimbench.papers.differential_transformer.workloads import Language, Retrieval
from claimbench.trial import Trial
from claimbench.workloads import Text

TASK = Task(slots=12, needles=4, queries=3, keys=32, values=8)
CONFIG = TransformerConfig(TASK.vocabulary, n_layer=2, d_model=16, n_head=4, tied=False, embedding_std=1.0)


@pytest.fixture
def drawn() -> Needles:
    return TASK.draw(50, torch.Generator().manual_seed(900))


def test_every_answer_stands_with_the_key_asked_for(drawn: Needles) -> None:
    context, queries = drawn.inputs[:, :12], drawn.inputs[:, 12:]
    asked = context.gather(1, drawn.places[..., None].expand(-1, -1, 2))
    assert torch.equal(asked[..., 0], queries[..., 0])
    assert torch.equal(asked[..., 1], drawn.targets)
    assert queries[..., 1].eq(TASK.keys + TASK.values).all()


def test_keys_differ_and_needles_have_the_lower_half(drawn: Needles) -> None:
    keys = drawn.inputs[:, :12, 0]
    assert all(len(set(row.tolist())) == 12 for row in keys)
    assert torch.equal(keys < 16, drawn.needles)
    assert drawn.needles.sum(dim=1).eq(4).all()
    assert all(len(set(row.tolist())) == 3 for row in drawn.inputs[:, 12:, 0])
    assert drawn.needles.float().mean(dim=0).std() < 0.15  # needles stand anywhere


def test_another_order_is_the_same_task(drawn: Needles) -> None:
    other = drawn.reordered(torch.Generator().manual_seed(1))
    assert not torch.equal(other.inputs, drawn.inputs)
    assert torch.equal(other.inputs[:, 12:], drawn.inputs[:, 12:])
    found = other.inputs[:, :12, 1].gather(1, other.places)
    assert torch.equal(found, drawn.targets)
    assert torch.equal(other.inputs[:, :12].sum(dim=1), drawn.inputs[:, :12].sum(dim=1))


@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param({"queries": 5}, id="more-queries-than-needles"),
        pytest.param({"needles": 13}, id="more-needles-than-places"),
        pytest.param({"slots": 40}, id="too-few-keys"),
        pytest.param({"queries": 0}, id="nothing-asked"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(sizes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"fit|need"):
        Task(**{"slots": 12, "needles": 4, "queries": 3, "keys": 32, "values": 8, **sizes})


def test_a_place_is_embedded_as_the_sum_of_its_key_and_value() -> None:
    model = Retriever(CONFIG, 3)
    pair = torch.tensor([[[1, 33]]])
    weight = model.embedding.weight
    assert torch.equal(model.embedding(pair), (weight[1] + weight[33])[None, None])
    assert model(torch.zeros(2, 5, 2, dtype=torch.long)).shape == (2, 5, TASK.vocabulary)
    weight.grad = None
    model(pair).sum().backward()
    assert model.get_parameter("embedding.weight").grad is not None


@pytest.mark.parametrize("kind", ["softmax", "paper", "v2"])
def test_shares_of_attention_are_those_of_the_absolute_map(kind: str, drawn: Needles) -> None:
    model = Retriever(CONFIG, 3, kind)  # type: ignore[arg-type]
    found = attention_shares(model, drawn)
    inputs: list[torch.Tensor] = []
    hooks = [
        layer.register_forward_pre_hook(lambda _, given: inputs.append(given[0])) for layer in attention_layers(model)
    ]
    model(drawn.inputs)
    for hook in hooks:
        hook.remove()
    answers, noises = [], []
    for layer, x in zip(attention_layers(model), inputs, strict=True):
        maps = layer.maps(x)
        for head in range(maps.shape[1]):
            answer = noise = 0.0
            for row in range(50):
                for query in range(3):
                    weights = maps[row, head, 12 + query].abs()
                    weights = weights / weights.sum()
                    answer += weights[drawn.places[row, query]].item() / 150
                    noise += weights[:12][~drawn.needles[row]].sum().item() / 150
            answers.append(answer)
            noises.append(noise)
    best = max(range(len(answers)), key=answers.__getitem__)
    assert found["answer"] == pytest.approx(sum(answers) / len(answers), rel=1e-4)
    assert found["noise"] == pytest.approx(sum(noises) / len(noises), rel=1e-4)
    assert (found["answer_best"], found["noise_best"]) == pytest.approx((answers[best], noises[best]), rel=1e-4)


def test_untrained_softmax_attention_is_spread_over_all_places() -> None:
    model = Retriever(CONFIG, 3, "softmax")
    with torch.no_grad():
        for layer in attention_layers(model):
            layer.qkv_proj.weight[:32].zero_()
    drawn = TASK.draw(20, torch.Generator().manual_seed(1))
    found = attention_shares(model, drawn)
    # Queries see 13, 14 and 15 places.
    assert found["answer"] == pytest.approx((1 / 13 + 1 / 14 + 1 / 15) / 3, rel=1e-5)
    assert found["noise"] == pytest.approx(8 * found["answer"], rel=1e-5)


def test_the_largest_logit_and_state_are_what_a_model_has(drawn: Needles) -> None:
    model = Retriever(TransformerConfig(TASK.vocabulary, 1, 16, 4, d_ff=0, tied=False), 3, "softmax")
    found = largest(model, drawn.inputs)
    h, _ = model.layers[0].norm(model.embedding(drawn.inputs), None)
    attention = attention_layers(model)[0]
    logits = attention.logits(h)
    seen = logits[..., torch.ones(15, 15).tril().bool()].abs()
    assert found["top_logit"] == pytest.approx(seen.max().item(), rel=1e-6)
    assert found["median_logit"] == pytest.approx(seen.median().item(), rel=1e-6)
    state = model.embedding(drawn.inputs) + attention(h)
    assert found["top_state"] == pytest.approx(state.abs().max().item(), rel=1e-5)


def test_rounding_is_undone_and_hurts_more_with_fewer_bits(drawn: Needles) -> None:
    model = Retriever(CONFIG, 3)
    before = retrieval_quality(model, drawn)
    rises = rounded_losses(model, lambda model: retrieval_quality(model, drawn)["loss"], (16, 2))
    assert retrieval_quality(model, drawn) == before
    assert abs(rises[16]) < 1e-3
    assert abs(rises[2]) > abs(rises[16])
    assert all(layer.bits is None for layer in attention_layers(model))


class _BySum(Retriever):
    """Answers by the first place of the context, so that right and wrong change with the order."""

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.one_hot(tokens[:, :1, 1].expand(-1, tokens.shape[1]), TASK.vocabulary).float()


def test_flips_are_the_share_of_pairs_of_orders_that_disagree() -> None:
    drawn = TASK.draw(400, torch.Generator().manual_seed(2))
    flips = order_flips(_BySum(CONFIG), drawn, 8, torch.Generator().manual_seed(3))
    # Right where the first place has the answer or, one time in eight, its value by chance.
    right = 1 / 12 + 11 / 12 / 8
    assert flips == pytest.approx(2 * right * (1 - right), abs=0.03)
    with pytest.raises(ValueError, match="2 or more"):
        order_flips(_BySum(CONFIG), drawn, 1, torch.Generator())


def test_levels_are_read_off_between_evaluations() -> None:
    assert reached((10, 20, 30), (0.2, 0.6, 1.0), 0.7) == pytest.approx(22.5)
    assert reached((10, 20), (0.9, 1.0), 0.5) == 10
    assert reached((10, 20, 30), (0.2, 0.6, 0.5), 0.7) == math.inf
    assert reached((10, 20, 30), (0.2, 0.8, 0.5), 0.8) == pytest.approx(20)
    assert value_at((10, 20), (1.0, 3.0), 15) == 2
    assert value_at((10, 20), (1.0, 3.0), math.inf) == 3


WORK = Retrieval(
    n_layer=1,
    d_model=16,
    n_head=2,
    slots=8,
    needles=2,
    queries=1,
    keys=16,
    values=4,
    batch_size=4,
    steps=8,
    evaluations=4,
    low=-8,
    high=-6,
    pilots=(1000,),
    test_sequences=16,
    permutations=2,
)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"attention": "softmax"}, id="softmax"),
        pytest.param({"attention": "paper", "norm": False, "constant": 0.8}, id="paper"),
        pytest.param({"attention": "v2"}, id="v2"),
    ],
)
def test_the_experiment_reports_what_claims_name(options: dict[str, object]) -> None:
    tolerances = {"rate_on_edge": 0.0, "not_learned": 0.0}
    trial = Trial("dt.x", "cpu", WORK, "a", options, (900, 901), tolerances=tolerances)  # type: ignore[arg-type]
    found = retrieval(trial)
    assert all(len(values) == 2 for values in found.values.values())
    assert {
        "steps_to_learned",
        "error_mean",
        "crowding_half",
        "noise_level",
        "dilution_best_full",
        "rise_4",
        "order_flips_level",
    } <= {*found.values}
    assert set(trial.gates) == set(tolerances)
    assert found.curves["accuracy"].x == (2, 4, 6, 8)
    assert found.values["steps_to_learned"] == [8, 8]


def test_arms_see_the_same_contexts_and_a_run_is_a_function_of_its_seed() -> None:
    def one(seed: int) -> list[float]:
        tolerances = {"rate_on_edge": 0.0, "not_learned": 0.0}
        trial = Trial("dt.x", "cpu", WORK, "a", {"attention": "paper"}, (seed,), tolerances=tolerances)
        return list(retrieval(trial).values["loss_full"])

    assert one(900) == one(900) != one(901)
    assert Retriever(CONFIG, 1, "paper", Options()).embedding.weight.equal(Retriever(CONFIG, 1, "v2").embedding.weight)
    first = TASK.draw(2, generator(5, "contexts 1")).inputs
    assert torch.equal(first, TASK.draw(2, generator(5, "contexts 1")).inputs)
    with pytest.raises(UnknownName):
        retrieval(Trial("dt.x", "cpu", WORK, "a", {"attention": "paper", "heads": 2}, (900,)))


TEXT = Text(corpus="cpython_topics", length=16, batch_size=4, n_layer=1, d_model=16, steps=8, test_windows=20)


@pytest.mark.parametrize("options", [{"attention": "paper"}, {"attention": "softmax", "n_head": 2}], ids=str)
def test_language_modelling_reports_what_claims_name(options: dict[str, object]) -> None:
    work = Language(text=TEXT, n_head=4, bits=7.9, evaluations=4, low=-9, high=-7, pilots=(1000,))
    tolerances = {"rate_on_edge": 0.0, "not_reached": 0.0}
    trial = Trial("dt.x", "cpu", work, "a", options, (900, 901), tolerances=tolerances)  # type: ignore[arg-type]
    found = language(trial)
    assert {"loss", "steps_to_bits", "top_logit", "top_state", "rise_8", "rise_6", "rise_4"} <= {*found.values}
    assert all(len(values) == 2 for values in found.values.values())
    assert all(2 <= steps <= 8 for steps in found.values["steps_to_bits"])
    assert trial.gates["not_reached"].error == 0
    assert found.curves["loss_by_step"].x == (2, 4, 6, 8)
    assert found.values["loss"][0] != found.values["loss"][1]
