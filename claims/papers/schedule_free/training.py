"""Claims about small trainings: one Schedule-Free run beside a schedule for every length, in train loss and in test."""

from __future__ import annotations

from dataclasses import dataclass

from claimbench.expectation import AllOf, NotWorse
from claimbench.papers.schedule_free.comparison import (
    COMPETITORS,
    EDGE,
    EXPERIMENT,
    LOSS,
    MARKS,
    PILOTS,
    RATES,
    RUNS,
    SUBJECT,
    baseline,
)
from claimbench.papers.schedule_free.workloads import Training
from claimbench.spec import Claim, Needs, Protocol, Source, Tier

__all__ = ["CLAIMS", "LETTERS"]

ARXIV = "2405.15682v4"
_FRONT = Source(arxiv=ARXIV, where="Section 1 and Figure 1")
_TEST = Source(arxiv=ARXIV, where="Section 4, Figures 1 to 3")


@dataclass(frozen=True)
class _Task:
    """A training that claims are made of."""

    slug: str
    labels: str
    """Letters of the claims about train loss, about test, and about other schedules."""
    where: str
    """As in "on …"."""
    workloads: dict[Tier, Training]
    n: int
    core_seconds: dict[Tier, float]
    tested: str
    """Test metric."""
    margin: float
    """Most that Schedule-Free may be behind in it."""
    caveat: str
    data: tuple[str, ...] = ()
    others: tuple[str, ...] = ("linear_decay", "stable_decay")
    """Schedules beside the cosine."""
    averages: bool = False
    """Whether averaging is among the baselines."""
    setups_tried: int = 2


def _claims(task: _Task) -> tuple[Claim, ...]:
    pilots = " or ".join(f"{len(work.pilots)} ({tier})" for tier, work in task.workloads.items())
    rates = RATES.format(pilots=pilots)
    grid = max(work.high - work.low + 1 for work in task.workloads.values())
    others_named = " and ".join(COMPETITORS[other] for other in task.others)
    train = Claim(
        id=f"schedule_free.{task.slug}_train",
        label=f"SF-07{task.labels[0]}",
        statement=f"On {task.where} the train loss of one Schedule-Free run is at a quarter, a half and all of its "
        "steps no higher than that of cosine schedules for these lengths.",
        source=_FRONT,
        kind="quality",
        experiment=EXPERIMENT,
        arms=(
            SUBJECT.model_copy(update={"configurations_tuned": grid}),
            *(
                baseline(method, grid)
                for method in ("cosine", *task.others, *(("polyak", "primal") if task.averages else ()))
            ),
        ),
        workloads=dict(task.workloads),
        metric=LOSS,
        expectation=AllOf(
            parts=tuple(
                NotWorse(
                    subject="schedule_free", baseline="cosine", metric=f"train_loss_{mark}", margin=0.02, relative=True
                )
                for mark in MARKS
            )
        ),
        protocol=Protocol(
            unit="seed",
            n=dict.fromkeys(task.workloads, task.n),
            n_min=12,
            paired=True,
            first_seed=400,
            seeds_per_trial=task.n,
        ),
        gates=EDGE,
        needs=Needs(
            core_seconds=task.core_seconds,
            data=task.data,
            data_at={} if task.data else dict.fromkeys(task.workloads, ("digits",)),
            memory_bytes=3 * 2**30,
            trial_seconds=1200.0,
        ),
        setups_tried=task.setups_tried,
        keywords=("front", "cosine", "train"),
        caveats=(
            task.caveat,
            RUNS,
            "Figure 1 prints no values. No higher is read as two per cent, a bar of ours. The rate is the best for "
            "train loss; that for test may be another, and with it the run.",
            rates,
        ),
    )
    test = train.model_copy(
        update={
            "id": f"schedule_free.{task.slug}_test",
            "label": f"SF-07{task.labels[1]}",
            "statement": f"On {task.where} the {task.tested.replace('_', ' ')} of one Schedule-Free run is at a "
            "quarter, a half and all of its steps no higher than that of cosine schedules for these lengths.",
            "source": _TEST,
            "arms": tuple(arm.model_copy(update={"competitor": ""}) for arm in train.arms),
            "expectation": AllOf(
                parts=tuple(
                    NotWorse(
                        subject="schedule_free",
                        baseline="cosine",
                        metric=f"{task.tested}_{mark}",
                        margin=task.margin,
                    )
                    for mark in MARKS
                )
            ),
            "keywords": ("front", "cosine", "test"),
            "caveats": (
                task.caveat,
                RUNS,
                f"No higher is read as {task.margin:g} {LOSS.unit_of(f'{task.tested}_full')}, a bar of ours.",
                rates,
            ),
        }
    )
    others = test.model_copy(
        update={
            "id": f"schedule_free.{task.slug}_other_schedules",
            "label": f"SF-07{task.labels[2]}",
            "role": "exploratory",
            "statement": f"On {task.where} one Schedule-Free run is after all of its steps no worse than "
            f"{others_named}.",
            "expectation": AllOf(
                parts=(
                    *(
                        NotWorse(
                            subject="schedule_free",
                            baseline=other,
                            metric="train_loss_full",
                            margin=0.02,
                            relative=True,
                        )
                        for other in task.others
                    ),
                    *(
                        NotWorse(
                            subject="schedule_free", baseline=other, metric=f"{task.tested}_full", margin=task.margin
                        )
                        for other in task.others
                    ),
                )
            ),
            "keywords": ("front", *task.others),
            "caveats": (
                task.caveat,
                RUNS,
                "Warmup-stable-decay is not among the paper's schedules.",
                rates,
            ),
        }
    )
    return train, test, others


_SMALL = "A small network and {rows} rows, not the paper's deep ones."
_DIGITS = _Task(
    slug="front_digits",
    labels="abc",
    where="digits with some wrong labels",
    workloads={
        "smoke": Training(
            task="digits_mlp",
            steps=400,
            low=-15,
            high=0,
            pilots=PILOTS[:2],
            chosen_by=("train_loss", "test_error"),
        ),
        "cpu": Training(
            task="digits_mlp", steps=800, low=-16, high=0, pilots=PILOTS, chosen_by=("train_loss", "test_error")
        ),
    },
    n=24,
    setups_tried=3,
    core_seconds={"smoke": 80.0, "cpu": 250.0},
    tested="test_error",
    margin=0.5,
    caveat=_SMALL.format(rows="1,437")
    + " A tenth of the training labels is drawn anew, so that to learn them all is to learn noise. "
    "Smoke and cpu have the same seeds, and are not independent of each other.",
)
_LETTERS = _Task(
    slug="front_letters",
    labels="def",
    where="letters, by AdamW,",
    workloads={
        "cpu": Training(
            task="letter_mlp", steps=1600, low=-10, high=-2, pilots=PILOTS, chosen_by=("train_loss", "test_error")
        )
    },
    n=24,
    core_seconds={"cpu": 350.0},
    tested="test_error",
    margin=0.5,
    caveat=_SMALL.format(rows="12,000"),
    data=("libsvm_letter",),
    averages=True,
)
_CONV = _Task(
    slug="front_conv",
    labels="ghi",
    where="digits with a convolutional network, by SGD,",
    workloads={
        "cpu": Training(
            task="digits_conv",
            base="sgd",
            steps=400,
            low=-10,
            high=5,
            pilots=PILOTS[:2],
            chosen_by=("train_loss", "test_error"),
        )
    },
    n=24,
    core_seconds={"cpu": 500.0},
    tested="test_error",
    margin=0.5,
    caveat=_SMALL.format(rows="1,437") + " SGD with momentum, BatchNorm's statistics taken anew for Schedule-Free and "
    "schedules alike; a tenth of the training labels is drawn anew.",
)
_NOVELS = "English novels, windows of 64 bytes, {size}: some hundred steps, far from the paper's language models."
_TRANSFORMER = _Task(
    slug="front_transformer",
    labels="jkl",
    where="novels with a byte-level Transformer",
    workloads={
        "cpu": Training(
            task="transformer", steps=320, low=-10, high=-5, pilots=PILOTS[:2], chosen_by=("train_loss", "test_loss")
        )
    },
    n=12,
    core_seconds={"cpu": 800.0},
    tested="test_loss",
    margin=0.02,
    caveat=_NOVELS.format(size="two layers of width 64"),
    data=("english_novels",),
    others=("stable_decay",),
)
_MAMBA = _Task(
    slug="front_ssm",
    labels="mno",
    where="novels with a byte-level Mamba",
    workloads={
        "cpu": Training(
            task="mamba", steps=320, low=-9, high=-4, pilots=PILOTS[:2], chosen_by=("train_loss", "test_loss")
        )
    },
    n=12,
    core_seconds={"cpu": 850.0},
    tested="test_loss",
    margin=0.02,
    caveat=_NOVELS.format(size="two blocks of width 64"),
    data=("english_novels",),
    others=("stable_decay",),
)

LETTERS = _claims(_LETTERS)[0]
CLAIMS = tuple(claim for task in (_DIGITS, _LETTERS, _CONV, _TRANSFORMER, _MAMBA) for claim in _claims(task))
