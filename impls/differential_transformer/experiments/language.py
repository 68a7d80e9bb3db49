"""Language modelling on bytes by models that differ in their attention alone."""

from __future__ import annotations

import math
from typing import cast

import numpy as np
from torch import nn

from claimbench.impls.common.language import VOCABULARY, byte_text, nats_per_byte, next_byte_loss
from claimbench.impls.common.learner import Learning
from claimbench.impls.common.training import Recipe, Trained
from claimbench.impls.common.transformer import TransformerConfig
from claimbench.impls.common.tuned import train_at_best_rate
from claimbench.impls.common.workload import workload_of
from claimbench.impls.differential_transformer.curves import reached
from claimbench.impls.differential_transformer.model import ComparedTransformer, form
from claimbench.impls.differential_transformer.probes import largest, rounded_losses
from claimbench.papers.differential_transformer.workloads import Language
from claimbench.record import Curve
from claimbench.trial import Quality, Trial

__all__ = ["language"]

_PROBED = 16
"""Test windows on which logits and states are looked at."""
_BITS = (8, 6, 4)


def language(trial: Trial) -> Quality:
    """Loss on held-out text, tokens to a level of it, and what the trained model is like inside, one value a seed.

    `loss` after the last step, in nats a byte; `steps_to_bits`, steps to the workload's bits a byte, linear between
    evaluations, all of them where that is never reached, which the gate `not_reached` counts. As every step takes as
    many bytes, its ratio between arms is one of tokens at equal loss. The rate is the one of the grid that has the
    least loss on the pilot seeds; the gate `rate_on_edge` counts a best rate at an end. After the last step also
    `top_logit`, `median_logit`, `top_state`, `median_state` (`probes.largest`), and `rise_b`, nats by which the loss
    rises with logits of b bits.

    Options of the arm: `attention`, those of `attention.Options`, and `n_head` in the workload's place.
    """
    work = workload_of(trial, Language)
    size, text = work.text, byte_text(trial, work.text)
    inputs, targets = (x.to(trial.device) for x in text.tests(size.length, size.test_windows))
    kind, options = form({name: value for name, value in trial.options.items() if name != "n_head"})
    n_head = cast(int, trial.options.get("n_head", work.n_head))
    config = TransformerConfig(VOCABULARY, size.n_layer, size.d_model, n_head)

    def loss(model: nn.Module) -> float:
        return nats_per_byte(model, (inputs, targets))

    learning = Learning(
        model=lambda seed: ComparedTransformer(config, seed, kind, options),
        batch=lambda seed, step: text.batch(size.length, size.batch_size, seed, step),
        loss=next_byte_loss,
        evaluate=lambda model: {"loss": loss(model)},
    )
    recipe = Recipe(
        size.steps,
        learning_rate=0.0,
        warmup=size.steps // 10,
        betas=(0.9, 0.95),
        weight_decay=0.1,
        evaluations=work.evaluations,
    )

    def steps_to(run: Trained) -> float:
        return reached(run.steps, [-nats for nats in run.values["loss"]], -work.bits * math.log(2))

    tuned = train_at_best_rate(
        trial,
        recipe,
        range(work.low, work.high + 1),
        work.pilots,
        (learning, learning),
        lambda run: run.final("loss"),
    )
    runs = tuned.runs
    steps = [steps_to(run) for run in runs]
    trial.gate("not_reached", float(np.isinf(steps).sum()))
    values: dict[str, list[float]] = {
        "loss": [run.final("loss") for run in runs],
        "steps_to_bits": [min(found, size.steps) for found in steps],
        "log2_rate": [tuned.log2_rate] * len(runs),
    }
    for run in runs:
        model = run.model
        assert isinstance(model, ComparedTransformer)
        found = largest(model, inputs[:_PROBED])
        found |= {f"rise_{bits}": rise for bits, rise in rounded_losses(model, loss, _BITS).items()}
        for name, value in found.items():
            values.setdefault(name, []).append(value)
    x = tuple(map(float, runs[0].steps))
    return Quality(values, {"loss_by_step": Curve(x=x, y=tuple(run.values["loss"] for run in runs))})
