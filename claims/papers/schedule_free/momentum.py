"""Claims about β: whether the best one depends on how long is trained, and on what."""

from __future__ import annotations

from claimbench.expectation import AllOf, Difference, NotWorse
from claimbench.papers.schedule_free.comparison import EDGE, EXPERIMENT, LOSS, MARKS, PILOTS, RATES
from claimbench.papers.schedule_free.letters import FOUR_PILOTS, SMALL_LETTERS, letters, seeds, variant
from claimbench.papers.schedule_free.workloads import Training
from claimbench.spec import Claim, Needs, Source

__all__ = ["CLAIMS"]

ARXIV = "2405.15682v4"
_MOMENTUM = {"beta_75": 0.75, "beta_90": 0.9, "beta_95": 0.95, "beta_98": 0.98}

MOMENTUM = Claim(
    id="schedule_free.momentum_at_every_length",
    label="SF-10",
    statement="On letters β = .9 has at no length of training a test error that is half a point higher than that of a "
    "smaller or a larger β.",
    source=Source(arxiv=ARXIV, where="Section 5 and Figure 5"),
    kind="ablation",
    experiment=EXPERIMENT,
    arms=tuple(
        variant(name, "subject" if name == "beta_90" else "baseline", beta=beta) for name, beta in _MOMENTUM.items()
    ),
    workloads={"cpu": letters("train_loss", "test_error")},
    metric=LOSS,
    expectation=AllOf(
        parts=tuple(
            NotWorse(subject="beta_90", baseline=other, metric=f"test_error_{mark}", margin=0.5)
            for other in ("beta_75", "beta_98")
            for mark in MARKS
        )
    ),
    protocol=seeds(430),
    gates=EDGE,
    needs=Needs(core_seconds={"cpu": 160.0}, data=("libsvm_letter",), trial_seconds=600.0),
    setups_tried=2,
    keywords=("momentum", "beta"),
    caveats=(
        SMALL_LETTERS,
        "In the paper β = .9 is the best at every length of an ImageNet training with one rate; here every β has its "
        "own best one at the end. Half a point is a bar of ours. Digits were looked at on pilot seeds as well.",
        FOUR_PILOTS,
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
        "caveats": (SMALL_LETTERS, "The paper shows test accuracy alone. Five per cent is a bar of ours.", FOUR_PILOTS),
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
    arms=(variant("beta_98", "subject", beta=0.98), variant("beta_90", "baseline", beta=0.9)),
    workloads={
        "cpu": Training(task="transformer", steps=320, low=-10, high=-5, pilots=PILOTS[:2], chosen_by=("test_loss",))
    },
    metric=LOSS,
    expectation=Difference(subject="beta_98", baseline="beta_90", metric="test_loss_full", at_least=0.01),
    protocol=seeds(460, n=12),
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

CLAIMS = (MOMENTUM, MOMENTUM_BY_LOSS, LANGUAGE)
