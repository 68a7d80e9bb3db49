"""Claims about what Schedule-Free learning needs: averages, rates, weights, decay, BatchNorm."""

from __future__ import annotations

from claimbench.expectation import AllOf, Difference, Equivalent, NotWorse, Ratio
from claimbench.papers.schedule_free.comparison import EDGE, EXPERIMENT, LOSS, PILOTS, RATES, RUNS, SUBJECT, baseline
from claimbench.papers.schedule_free.letters import FOUR_PILOTS, RULE_OF_TIMINGS, SMALL_LETTERS, letters, seeds, variant
from claimbench.papers.schedule_free.training import LETTERS
from claimbench.papers.schedule_free.workloads import Training
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Source

__all__ = ["CLAIMS"]

ARXIV = "2405.15682v4"

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
        "caveats": (
            SMALL_LETTERS,
            "A tenth of the loss and a quarter of a point are bars of ours.",
            RULE_OF_TIMINGS,
            FOUR_PILOTS,
        ),
    }
)

CONSTANT = Claim(
    id="schedule_free.beats_constant_rates",
    label="SF-08f",
    role="exploratory",
    statement="On letters Schedule-Free ends ahead of a constant rate without an average, in train loss and in test "
    "error.",
    source=Source(arxiv=ARXIV, where="Section 1"),
    kind="quality",
    experiment=EXPERIMENT,
    arms=(SUBJECT.model_copy(update={"configurations_tuned": 9}), baseline("constant", 9)),
    workloads={"cpu": letters("train_loss", "test_error", low=-10)},
    metric=LOSS,
    expectation=AllOf(
        parts=(
            Ratio(subject="schedule_free", baseline="constant", metric="train_loss_full", at_least=1.1),
            Difference(subject="schedule_free", baseline="constant", metric="test_error_full", at_least=0.25),
        )
    ),
    protocol=seeds(590),
    gates=EDGE,
    needs=Needs(core_seconds={"cpu": 80.0}, data=("libsvm_letter",), trial_seconds=600.0),
    setups_tried=1,
    keywords=("constant_rate",),
    caveats=(
        SMALL_LETTERS,
        "The paper compares with schedules; that averaging does what a falling rate does is its argument. The bars are "
        "ours.",
        RUNS,
        RULE_OF_TIMINGS,
        FOUR_PILOTS,
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
    workloads={"cpu": letters("test_error", low=-13, high=0)},
    metric=Metric(name="width", unit="1", better="higher"),
    expectation=NotWorse(subject="schedule_free", baseline="cosine", margin=0.2, relative=True),
    protocol=seeds(475, n=16),
    gates=EDGE,
    needs=Needs(core_seconds={"cpu": 200.0}, data=("libsvm_letter",), trial_seconds=600.0),
    setups_tried=1,
    keywords=("learning_rate", "sensitivity"),
    caveats=(
        SMALL_LETTERS,
        RUNS,
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
    arms=(variant("squared", "subject", weight_lr_power=2), variant("even", "baseline", weight_lr_power=0)),
    workloads={
        "smoke": Training(
            task="digits_mlp", steps=400, low=-10, high=-3, pilots=PILOTS[:2], chosen_by=("train_loss",), warmup=0.1
        ),
        "cpu": letters("train_loss", warmup=0.1),
    },
    metric=LOSS,
    expectation=Ratio(subject="squared", baseline="even", metric="train_loss_full", at_least=1.1),
    protocol=Protocol(
        unit="seed", n={"smoke": 24, "cpu": 24}, n_min=12, paired=True, first_seed=495, seeds_per_trial=24
    ),
    gates=EDGE,
    needs=Needs(
        core_seconds={"smoke": 20.0, "cpu": 80.0},
        data_at={"smoke": ("digits",), "cpu": ("libsvm_letter",)},
        trial_seconds=600.0,
    ),
    setups_tried=1,
    keywords=("warmup", "weights"),
    caveats=(
        "Small networks on digits, a tenth of whose labels is drawn anew, and on letters. Warm-up takes a tenth of the "
        "steps. A tenth of the loss is a bar of ours; the paper prints no size.",
        RULE_OF_TIMINGS.replace("left it", "left its cpu tier"),
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
        variant("at_y", "subject", decay_at="y"),
        variant("at_z", "baseline", decay_at="z"),
        variant("at_x", "baseline", decay_at="x"),
    ),
    workloads={"cpu": letters("test_loss", low=-8, high=0, weight_decay=0.1)},
    metric=LOSS,
    expectation=Difference(subject="at_y", baseline="at_z", metric="test_loss_full", at_least=0.01),
    protocol=seeds(520),
    gates=EDGE,
    needs=Needs(core_seconds={"cpu": 120.0}, data=("libsvm_letter",), trial_seconds=600.0),
    setups_tried=1,
    keywords=("weight_decay",),
    caveats=(
        SMALL_LETTERS,
        "λ = .1 for all, as set before any pilot; with another λ for each point the order may be another. A hundredth "
        "of a nat is a bar of ours.",
        FOUR_PILOTS,
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
        "caveats": (
            SMALL_LETTERS,
            "Not the paper's claim. λ = .1; a hundredth of a nat is a bar of ours.",
            FOUR_PILOTS,
        ),
    }
)

BATCH_NORM = Claim(
    id="schedule_free.batch_norm_statistics",
    label="SF-17",
    statement="Without BatchNorm's statistics taken anew at x, the test error is a point higher.",
    source=Source(arxiv=ARXIV, where="Section 4.3"),
    kind="ablation",
    experiment=EXPERIMENT,
    arms=(variant("anew", "subject", refresh=True), variant("kept", "baseline", refresh=False)),
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
    protocol=seeds(545, n=16, tier="smoke"),
    gates=EDGE,
    needs=Needs(core_seconds={"smoke": 40.0}, data_at={"smoke": ("digits",)}, memory_bytes=2**30, trial_seconds=300.0),
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
    CONSTANT,
    SENSITIVITY,
    WEIGHTS,
    DECAY,
    DECAY_AT_X,
    BATCH_NORM,
)
