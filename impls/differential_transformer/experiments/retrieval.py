"""Retrieval of several needles, learned from nothing by models that differ in their attention alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch.nn.functional as F
from torch import Tensor, nn

from claimbench.impls.common.initialise import generator
from claimbench.impls.common.learner import Batch, Learning, Model
from claimbench.impls.common.training import Recipe, Trained, train
from claimbench.impls.common.transformer import TransformerConfig
from claimbench.impls.common.workload import workload_of
from claimbench.impls.differential_transformer.curves import choose_rate, reached, value_at
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
    where that is never so, all steps, and the gate `not_learned` counts it. The rate is the one of the grid that is
    best in it on the pilot seeds; the gate `rate_on_edge` counts a best rate at an end. Every metric M of the evaluation
    curve is recorded as `M_half` and `M_full`, after so many of the steps, and as `M_level`, where accuracy reaches
    `level`:

    `error` (%), `loss` (nats); `noise` and `dilution`, one over the share of the answer, of the attention that queries
    pay (`probes.attention_shares`), and both of the head that pays most to it (`…_best`); `top_logit`, `median_logit`,
    `top_state`, `median_state`; `order_flips`. `rise_b` is by how much the loss after the last step rises with logits
    of b bits.

    Options of the arm: `attention` and those of `attention.Options`.
    """
    work = workload_of(trial, Retrieval)
    runs = _Runs(trial, work)
    rates = [2.0**k for k in range(work.low, work.high + 1)]
    runs.expect(len(rates) * len(work.pilots) + len(trial.seeds))
    tried = [np.mean([_steps(run, work) for run in runs.train(rate, work.pilots, probed=False)]) for rate in rates]
    best, on_edge = choose_rate([float(steps) for steps in tried])
    trial.gate("rate_on_edge", float(on_edge))
    trained = runs.train(rates[best], trial.seeds, probed=True)
    steps = [_steps(run, work) for run in trained]
    trial.gate("not_learned", float(np.isinf(steps).sum()))
    values: dict[str, list[float]] = {
        "steps_to_learned": [min(found, work.steps) for found in steps],
        "log2_rate": [float(np.log2(rates[best]))] * len(trained),
    }
    for metric in trained[0].values:
        if metric == "accuracy":
            continue
        values[f"{metric}_half"] = [value_at(run.steps, run.values[metric], work.steps / 2) for run in trained]
        values[f"{metric}_full"] = [run.final(metric) for run in trained]
        values[f"{metric}_level"] = [
            value_at(run.steps, run.values[metric], reached(run.steps, run.values["accuracy"], work.level))
            for run in trained
        ]
    rises = [rounded_losses(_retriever(run), runs.tests, _BITS) for run in trained]
    values |= {name: [found[name] for found in rises] for name in rises[0]}
    x = tuple(map(float, trained[0].steps))
    return Quality(
        values, {name: Curve(x=x, y=tuple(run.values[name] for run in trained)) for name in trained[0].values}
    )


def _steps(run: Trained, work: Retrieval) -> float:
    return reached(run.steps, run.values["accuracy"], work.learned)


def _retriever(run: Trained) -> Retriever:
    assert isinstance(run.model, Retriever)
    return run.model


@dataclass
class _Runs:
    """Trainings inside a trial, each with a checkpoint of its own."""

    trial: Trial
    work: Retrieval
    _done: int = 0
    _todo: int = 1

    def __post_init__(self) -> None:
        work = self.work
        self.task = Task(work.slots, work.needles, work.queries, work.keys, work.values)
        drawn = self.task.draw(work.test_sequences, generator(_TEST_SEED, "test"))
        self.tests = Needles(*(tensor.to(self.trial.device) for tensor in drawn))
        self._few = Needles(*(tensor[:_PROBED] for tensor in self.tests))
        self._form = form(self.trial.options)
        self._config = TransformerConfig(
            self.task.vocabulary, work.n_layer, work.d_model, work.n_head, tied=False, embedding_std=_EMBEDDING_STD
        )

    def expect(self, trainings: int) -> None:
        """How many runs of one seed there will be, for progress."""
        self._todo = trainings

    def train(self, rate: float, seeds: Sequence[int], *, probed: bool) -> list[Trained]:
        """One model a seed; without `probed` accuracy and loss alone are evaluated."""
        work = self.work
        learning = Learning(
            model=lambda seed: Retriever(self._config, seed, *self._form),
            batch=self._batch,
            loss=self._loss,
            evaluate=self._probe if probed else self._quality,
        )
        recipe = Recipe(
            work.steps,
            rate,
            warmup=work.steps // 10,
            betas=(0.9, 0.95),
            weight_decay=0.05,
            evaluations=work.evaluations,
        )
        one = replace(
            self.trial,
            seeds=tuple(seeds),
            scratch=self.trial.scratch and self.trial.scratch / f"{rate}-{seeds[0]}",
            on_progress=self._progress(len(seeds)),
        )
        trained = train(learning, recipe, one)
        self._done += len(seeds)
        return trained

    def _batch(self, seed: int, step: int) -> Batch:
        drawn = self.task.draw(self.work.batch_size, generator(seed, f"contexts {step}"))
        return drawn.inputs, drawn.targets

    def _loss(self, model: Model, batch: Batch) -> Tensor:
        inputs, targets = batch
        return F.cross_entropy(model(inputs)[:, -self.work.queries :].flatten(0, 1), targets.flatten())

    def _quality(self, model: nn.Module) -> dict[str, float]:
        assert isinstance(model, Retriever)
        found = retrieval_quality(model, self.tests)
        return {**found, "error": 100 * (1 - found["accuracy"])}

    def _probe(self, model: nn.Module) -> dict[str, float]:
        assert isinstance(model, Retriever)
        shares = attention_shares(model, self._few)
        return {
            **self._quality(model),
            **{name: share for name, share in shares.items() if name.startswith("noise")},
            **{name.replace("answer", "dilution"): 1 / share for name, share in shares.items() if "answer" in name},
            **largest(model, self._few.inputs),
            "order_flips": order_flips(model, self._few, self.work.permutations, generator(_TEST_SEED, "orders")),
        }

    def _progress(self, seeds: int) -> Callable[[int, int], None]:
        def say(done: int, total: int) -> None:
            self.trial.progress(round(100 * (self._done + seeds * done / total)), 100 * self._todo)

        return say
