"""Retrieval of several needles, learned from nothing by models that differ in their attention alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch.nn.functional as F
from torch import Tensor, nn

from claimbench.impls.common.initialise import generator
from claimbench.impls.common.learner import Batch, Learning, Model
from claimbench.impls.common.training import Recipe, Trained
from claimbench.impls.common.transformer import TransformerConfig
from claimbench.impls.common.tuned import train_at_best_rate
from claimbench.impls.common.workload import workload_of
from claimbench.impls.differential_transformer.curves import reached, value_at
from claimbench.impls.differential_transformer.model import form
from claimbench.impls.differential_transformer.probes import (
    attention_shares,
    largest,
    order_flips,
    retrieval_quality,
    rounded_losses,
)
from claimbench.impls.differential_transformer.retrieval import Needles, Retriever, Task
from claimbench.papers.differential_transformer.workloads import Retrieval
from claimbench.record import Curve
from claimbench.trial import Quality, Trial

__all__ = ["retrieval"]

_TEST_SEED = 2**31
_PROBED = 32
"""Test sequences on which attention, logits and orders are looked at."""
_BITS = (8, 6, 4)
_EMBEDDING_STD = 1.0


def retrieval(trial: Trial) -> Quality:
    """How fast an arm's model learns the workload's task, and what it is like inside, one value a seed.

    `steps_to_learned` are the steps after which the share `learned` of queries is answered, linear between evaluations;
    where that is never so, all steps, and the gate `not_learned` counts it. The rate is the one of the grid that takes
    the fewest steps on the pilot seeds; the gate `rate_on_edge` counts a best rate at an end. Every metric M of the
    curve is recorded as `M_mean` over all evaluations, as `M_half` and `M_full`, after so many of the steps, and as
    `M_level`, where accuracy reaches `level` or, if it never does, in the end:

    `error` (%), `loss` (nats); `crowding`, by how many points the error is higher with all needles in the context than
    with one, asked for alone; `noise` and `dilution`, one over the share of the answer, of the attention that queries
    pay (`probes.attention_shares`), and both of the head that pays most to it (`…_best`); `top_logit`, `median_logit`,
    `top_state`, `median_state`; `order_flips`. `rise_b` is by how much the loss after the last step rises with logits
    of b bits.

    Options of the arm: `attention` and those of `attention.Options`.
    """
    work = workload_of(trial, Retrieval)
    task = Task(work.slots, work.needles, work.queries, work.keys, work.values)
    drawn = task.draw(work.test_sequences, generator(_TEST_SEED, "test"))
    tests = Needles(*(tensor.to(trial.device) for tensor in drawn))
    drawn = replace(task, needles=1, queries=1).draw(work.test_sequences, generator(_TEST_SEED, "one needle"))
    one_needle = Needles(*(tensor.to(trial.device) for tensor in drawn))
    few = Needles(*(tensor[:_PROBED] for tensor in tests))
    kind, options = form(trial.options)
    config = TransformerConfig(
        task.vocabulary, work.n_layer, work.d_model, work.n_head, tied=False, embedding_std=_EMBEDDING_STD
    )

    def batch(seed: int, step: int) -> Batch:
        drawn = task.draw(work.batch_size, generator(seed, f"contexts {step}"))
        return drawn.inputs, drawn.targets

    def loss(model: Model, batch: Batch) -> Tensor:
        inputs, targets = batch
        return F.cross_entropy(model(inputs)[:, -work.queries :].flatten(0, 1), targets.flatten())

    def quality(model: nn.Module) -> dict[str, float]:
        found = retrieval_quality(_retriever(model), tests)
        return {**found, "error": 100 * (1 - found["accuracy"])}

    def probe(model: nn.Module) -> dict[str, float]:
        retriever = _retriever(model)
        shares = attention_shares(retriever, few)
        all_needles = quality(model)
        alone = retrieval_quality(retriever, one_needle)["accuracy"]
        return {
            **all_needles,
            "crowding": 100 * (alone - all_needles["accuracy"]),
            **{name: share for name, share in shares.items() if name.startswith("noise")},
            **{name.replace("answer", "dilution"): 1 / share for name, share in shares.items() if "answer" in name},
            **largest(retriever, few.inputs),
            "order_flips": order_flips(retriever, few, work.permutations, generator(_TEST_SEED, "orders")),
        }

    learning = Learning(lambda seed: Retriever(config, seed, kind, options), batch, loss, quality)
    recipe = Recipe(
        work.steps,
        learning_rate=0.0,
        warmup=work.steps // 10,
        betas=(0.9, 0.95),
        weight_decay=0.05,
        evaluations=work.evaluations,
    )

    def steps_to(run: Trained, accuracy: float) -> float:
        return reached(run.steps, run.values["accuracy"], accuracy)

    tuned = train_at_best_rate(
        trial,
        recipe,
        range(work.low, work.high + 1),
        work.pilots,
        (learning, replace(learning, evaluate=probe)),
        lambda run: min(steps_to(run, work.learned), work.steps),
    )
    runs = tuned.runs
    steps = [steps_to(run, work.learned) for run in runs]
    trial.gate("not_learned", float(np.isinf(steps).sum()))
    values: dict[str, list[float]] = {
        "steps_to_learned": [min(found, work.steps) for found in steps],
        "log2_rate": [tuned.log2_rate] * len(runs),
    }
    for metric in runs[0].values:
        if metric != "accuracy":
            lines = [(run, run.values[metric]) for run in runs]
            values[f"{metric}_mean"] = [float(np.mean(line)) for _, line in lines]
            values[f"{metric}_half"] = [value_at(run.steps, line, work.steps / 2) for run, line in lines]
            values[f"{metric}_full"] = [line[-1] for _, line in lines]
            values[f"{metric}_level"] = [value_at(run.steps, line, steps_to(run, work.level)) for run, line in lines]
    rises = [rounded_losses(_retriever(run.model), lambda model: quality(model)["loss"], _BITS) for run in runs]
    values |= {f"rise_{bits}": [found[bits] for found in rises] for bits in _BITS}
    x = tuple(map(float, runs[0].steps))
    return Quality(values, {name: Curve(x=x, y=tuple(run.values[name] for run in runs)) for name in runs[0].values})


def _retriever(model: nn.Module) -> Retriever:
    assert isinstance(model, Retriever)
    return model
