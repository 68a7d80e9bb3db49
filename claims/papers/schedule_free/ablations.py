"""Claims about what Schedule-Free learning needs: averages, momentum, rate, weights, decay, BatchNorm."""

from __future__ import annotations

from claimbench.expectation import AllOf, Difference, Equivalent, NotWorse, Ratio
from claimbench.papers.schedule_free.training import (
    EDGE,
    EXPERIMENT,
    LETTERS,
    LOSS,
    MARKS,
    PILOTS,
    RATES,
)
from claimbench.papers.schedule_free.workloads import Training
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Scalar, Source

__all__ = ["CLAIMS"]

ARXIV = "2405.15682v4"
_SMALL = "Two hidden layers of width 64 and 12,000 letters, not the paper's deep networks."
_RATES = RATES.format(pilots=len(PILOTS))
_SAME = "the same start, batches, warm-up, grid of rates and pilot seeds"
_LETTERS_STEPS = 1600


def _letters(*chosen_by: str, low: int = -9, high: int = -2, **more: float) -> Training:
    return Training.model_validate(
        {
            "task": "letter_mlp",
            "steps": _LETTERS_STEPS,
            "low": low,
            "high": high,
            "pilots": PILOTS,
            "chosen_by": chosen_by,
            **more,
        }
    )


def _seeds(first: int, n: int = 24, tier: str = "cpu") -> Protocol:
    return Protocol.model_validate(
        {"unit": "seed", "n": {tier: n}, "n_min": 12, "paired": True, "first_seed": first, "seeds_per_trial": n}
    )


def _arm(name: str, role: str, **options: Scalar) -> Arm:
    return Arm.model_validate(
        {
            "name": name,
            "role": role,
            "options": {"method": "schedule_free", **options},
            "why_fair": f"Schedule-Free but for one option; {_SAME}" if role == "baseline" else "",
        }
    )


AVERAGING = LETTERS.model_copy(
    update={
        "id": "schedule_free.beats_averaging",
        "label": "SF-08e",
        "statement": "On letters Schedule-Free ends ahead of Polyak and of primal averaging, in train loss and in test "
        "error.",
        "source": Source(arxiv=ARXIV, where="Section 2, Figure 8"),
        "arms": tuple(arm.model_copy(update={"competitor": ""}) for arm in LETTERS.arms),
        "expectation": AllOf(
            parts=tuple(
                part
                for other in ("polyak", "primal")
                for part in (
                    Ratio(subject="schedule_free", baseline=other, metric="train_loss_full", at_least=1.1),
                    Difference(subject="schedule_free", baseline=other, metric="test_error_full", at_least=0.25),
                )
            )
        ),
        "setups_tried": 1,
        "keywords": ("averaging", "polyak", "primal"),
        "caveats": (_SMALL, "A tenth of the loss and a quarter of a point are bars of ours.", _RATES),
    }
)

_MOMENTUM = {"beta_75": 0.75, "beta_90": 0.9, "beta_95": 0.95, "beta_98": 0.98}

MOMENTUM = Claim(
    id="schedule_free.momentum_at_every_length",
    label="SF-10",
    statement="On letters β = .9 has at no length of training a higher test error than a smaller or a larger β: the "
    "best one does not depend on the length.",
    source=Source(arxiv=ARXIV, where="Section 5 and Figure 5"),
    kind="ablation",
    experiment=EXPERIMENT,
    arms=tuple(
        _arm(name, "subject" if name == "beta_90" else "baseline", beta=beta) for name, beta in _MOMENTUM.items()
    ),
    workloads={"cpu": _letters("train_loss", "test_error")},
    metric=LOSS,
    expectation=AllOf(
        parts=tuple(
            NotWorse(subject="beta_90", baseline=other, metric=f"test_error_{mark}", margin=0.5)
            for other in ("beta_75", "beta_98")
            for mark in MARKS
        )
    ),
    protocol=_seeds(430),
    gates=EDGE,
    needs=Needs(core_seconds={"cpu": 160.0}, data=("libsvm_letter",), trial_seconds=600.0),
    setups_tried=2,
    keywords=("momentum", "beta"),
    caveats=(
        _SMALL,
        "In the paper β = .9 is the best at every length of an ImageNet training with one rate; here every β has its "
        "own best one at the end. Half a point is a bar of ours. Digits were looked at on pilot seeds as well.",
        _RATES,
    ),
)

MOMENTUM_BY_LOSS = MOMENTUM.model_copy(
    update={
        "id": "schedule_free.momentum_by_train_loss",
        "label": "SF-10c",
        "role": "exploratory",
        "statement": "On letters β = .9 has at no length of training a higher train loss than β = .75, .95 or .98.",
        "expectation": AllOf(
            parts=tuple(
                NotWorse(subject="beta_90", baseline=other, metric=f"train_loss_{mark}", margin=0.05, relative=True)
                for other in ("beta_75", "beta_95", "beta_98")
                for mark in MARKS
            )
        ),
        "caveats": (_SMALL, "The paper shows test accuracy alone. Five per cent is a bar of ours.", _RATES),
    }
)

LANGUAGE = Claim(
    id="schedule_free.momentum_for_language",
    label="SF-11",
    statement="A byte-level Transformer needs a larger β than .9: with .98 it ends with a lower loss.",
    source=Source(arxiv=ARXIV, where="Section 4 and Appendix G"),
    kind="ablation",
    role="exploratory",
    experiment=EXPERIMENT,
    arms=(_arm("beta_98", "subject", beta=0.98), _arm("beta_90", "baseline", beta=0.9)),
    workloads={
        "cpu": Training(task="transformer", steps=320, low=-10, high=-5, pilots=PILOTS[:2], chosen_by=("test_loss",))
    },
    metric=LOSS,
    expectation=Difference(subject="beta_98", baseline="beta_90", metric="test_loss_full", at_least=0.01),
    protocol=_seeds(460, n=12),
    gates=EDGE,
    needs=Needs(core_seconds={"cpu": 300.0}, data=("english_novels",), memory_bytes=3 * 2**30, trial_seconds=900.0),
    setups_tried=1,
    keywords=("momentum", "beta", "transformer"),
    caveats=(
        "The paper's GPT-2 has 124M parameters and 600,000 steps, this one two layers of width 64 and 320 steps: what "
        "shows late there cannot show here.",
        "English novels, windows of 64 bytes. A hundredth of a nat is a bar of ours.",
        RATES.format(pilots=2),
    ),
)

SENSITIVITY = Claim(
    id="schedule_free.rate_sensitivity",
    label="SF-13",
    statement="On letters Schedule-Free is as tolerant of the learning rate as a cosine schedule.",
    source=Source(arxiv=ARXIV, where="Section 5, Figure 6 and Appendix I"),
    kind="ablation",
    experiment="claimbench.impls.schedule_free.experiments.training:sensitivity",
    arms=(
        Arm(name="schedule_free", options={"method": "schedule_free", "near": 1.0}),
        Arm(
            name="cosine",
            role="baseline",
            options={"method": "cosine", "near": 1.0},
            why_fair="AdamW with a cosine to zero; the same start, batches, warm-up and rates",
        ),
    ),
    workloads={"cpu": _letters("test_error", low=-13, high=0)},
    metric=Metric(name="width", unit="1", better="higher"),
    expectation=NotWorse(subject="schedule_free", baseline="cosine", margin=0.2, relative=True),
    protocol=_seeds(475, n=16),
    gates=EDGE,
    needs=Needs(core_seconds={"cpu": 200.0}, data=("libsvm_letter",), trial_seconds=600.0),
    setups_tried=1,
    keywords=("learning_rate", "sensitivity"),
    caveats=(
        _SMALL,
        "Octaves of the learning rate in which the test error is within a point of the seed's own best; similar is "
        "read as a fifth, a bar of ours. The paper shows curves of an ImageNet training.",
    ),
)

WEIGHTS = Claim(
    id="schedule_free.warmup_weights",
    label="SF-15",
    statement="With warm-up, averaging with weights γ_t² ends with a lower train loss than averaging evenly.",
    source=Source(arxiv=ARXIV, where="Section 4.3"),
    kind="ablation",
    experiment=EXPERIMENT,
    arms=(_arm("squared", "subject", weight_lr_power=2), _arm("even", "baseline", weight_lr_power=0)),
    workloads={
        "smoke": Training(
            task="digits_mlp", steps=400, low=-10, high=-3, pilots=PILOTS[:2], chosen_by=("train_loss",), warmup=0.1
        ),
        "cpu": _letters("train_loss", warmup=0.1),
    },
    metric=LOSS,
    expectation=Ratio(subject="squared", baseline="even", metric="train_loss_full", at_least=1.1),
    protocol=Protocol(
        unit="seed", n={"smoke": 24, "cpu": 24}, n_min=12, paired=True, first_seed=495, seeds_per_trial=24
    ),
    gates=EDGE,
    needs=Needs(core_seconds={"smoke": 20.0, "cpu": 80.0}, data=(), trial_seconds=600.0),
    setups_tried=1,
    keywords=("warmup", "weights"),
    caveats=(
        "Small networks on digits, a tenth of whose labels is drawn anew, and on letters. Warm-up takes a tenth of the "
        "steps. A tenth of the loss is a bar of ours; the paper prints no size.",
        RATES.format(pilots="two (digits) or four (letters)"),
    ),
)

DECAY = Claim(
    id="schedule_free.decay_at_y",
    label="SF-16",
    statement="On letters weights that decay at y end with a lower test loss than weights that decay at z.",
    source=Source(arxiv=ARXIV, where="Section 4.3"),
    kind="ablation",
    experiment=EXPERIMENT,
    arms=(
        _arm("at_y", "subject", decay_at="y"),
        _arm("at_z", "baseline", decay_at="z"),
        _arm("at_x", "baseline", decay_at="x"),
    ),
    workloads={"cpu": _letters("test_loss", low=-8, high=0, weight_decay=0.1)},
    metric=LOSS,
    expectation=Difference(subject="at_y", baseline="at_z", metric="test_loss_full", at_least=0.01),
    protocol=_seeds(520),
    gates=EDGE,
    needs=Needs(core_seconds={"cpu": 120.0}, data=("libsvm_letter",), trial_seconds=600.0),
    setups_tried=1,
    keywords=("weight_decay",),
    caveats=(
        _SMALL,
        "λ = .1 for all, as set before any pilot; with another λ for each point the order may be another. A hundredth "
        "of a nat is a bar of ours.",
        _RATES,
    ),
)

DECAY_AT_X = DECAY.model_copy(
    update={
        "id": "schedule_free.decay_at_x",
        "label": "SF-16b",
        "role": "exploratory",
        "statement": "On letters it makes no difference whether weights decay at y, as in the paper, or at x, as in "
        "its AlgoPerf submission.",
        "expectation": Equivalent(subject="at_y", baseline="at_x", metric="test_loss_full", margin=0.01),
        "caveats": (_SMALL, "Not the paper's claim. λ = .1; a hundredth of a nat is a bar of ours.", _RATES),
    }
)

BATCH_NORM = Claim(
    id="schedule_free.batch_norm_statistics",
    label="SF-17",
    statement="Without BatchNorm's statistics taken anew at x, the test error is a point higher.",
    source=Source(arxiv=ARXIV, where="Section 4.3"),
    kind="ablation",
    experiment=EXPERIMENT,
    arms=(_arm("anew", "subject", refresh=True), _arm("kept", "baseline", refresh=False)),
    workloads={
        "smoke": Training(
            task="digits_conv",
            base="sgd",
            steps=200,
            low=-5,
            high=3,
            pilots=PILOTS[:2],
            chosen_by=("test_error",),
        )
    },
    metric=LOSS,
    expectation=Difference(subject="anew", baseline="kept", metric="test_error_full", at_least=1.0, equivalence=0.5),
    protocol=_seeds(545, n=16, tier="smoke"),
    gates=EDGE,
    needs=Needs(core_seconds={"smoke": 40.0}, memory_bytes=2**30, trial_seconds=300.0),
    setups_tried=3,
    keywords=("batchnorm",),
    caveats=(
        "Two convolutions on digits of 8 by 8, 200 steps of Schedule-Free SGD at its best rate. On pilots higher "
        "rates, up to where training fails, and AdamW made no difference either.",
        "The paper says that the statistics must be taken anew and prints no size of the harm; a point is a bar of "
        "ours, and half a point is taken for none.",
        RATES.format(pilots=2),
    ),
)

CLAIMS = (
    AVERAGING,
    MOMENTUM,
    MOMENTUM_BY_LOSS,
    LANGUAGE,
    SENSITIVITY,
    WEIGHTS,
    DECAY,
    DECAY_AT_X,
    BATCH_NORM,
)
