"""Claims about logistic regression, Figure 7: Schedule-Free beside linear decay and two averages."""

from __future__ import annotations

from claimbench.expectation import AllOf, Difference, NotWorse, Within
from claimbench.papers.schedule_free.regression import EDGE, EXPERIMENT, PILOTS, arms
from claimbench.papers.schedule_free.workloads import Regression
from claimbench.spec import Claim, Metric, Needs, Protocol, Published, Source

__all__ = ["CLAIMS"]

ARXIV = "2405.15682v4"
_FIGURE_7 = Source(arxiv=ARXIV, where="Section 4.2, Appendix G.1 and Figure 7")
_ACCURACY = Metric(name="accuracy", unit="%", better="higher")
_LOW, _HIGH = -14, 10


def _printed(arm: str, problem: str, value: float) -> Published:
    return Published(arm=arm, metric=f"{problem} train accuracy", value=value, unit="%", where="Figure 7")


_PROTOCOL_NOTE = (
    "100 epochs of batches of 16 from zero, Algorithm 1 without warm-up, β1 = .9, β2 = .95. Rates are powers of two, "
    "the best chosen for each method and problem by final train accuracy on three pilot seeds, where the paper chose "
    "on the seeds that it reports. A best rate at an end of the grid voids the claim; both ends were moved after "
    "pilots."
)
_TRAIN = (
    "Accuracy on the rows that were trained on, as in the paper: how well a problem is solved, not how it generalises."
)
_VALUES = {
    "schedule_free": (98.6, 100.0),
    "linear_decay": (98.6, 100.0),
    "polyak": (98.3, 100.0),
    "primal": (98.5, 100.0),
}

IRIS_AND_WINE = Claim(
    id="schedule_free.iris_and_wine",
    label="SF-06",
    statement="On Iris and Wine, Schedule-Free, linear decay and two averages have the train accuracies that the paper "
    "prints.",
    source=_FIGURE_7,
    published=tuple(
        _printed(arm, problem, value)
        for arm, values in _VALUES.items()
        for problem, value in zip(("Iris", "Wine"), values, strict=True)
    ),
    kind="quality",
    experiment=EXPERIMENT,
    arms=arms(_LOW, _HIGH, "linear_decay", "polyak", "primal"),
    workloads={"smoke": Regression(problems=("iris", "wine"), low=_LOW, high=_HIGH, pilots=PILOTS)},
    metric=_ACCURACY,
    expectation=AllOf(
        parts=tuple(
            Within(arm=arm, value=value, margin=0.4, published=value, metric=f"accuracy_{problem}")
            for arm, values in _VALUES.items()
            for problem, value in zip(("iris", "wine"), values, strict=True)
        )
    ),
    protocol=Protocol(unit="seed", n={"smoke": 40}, n_min=10, paired=True, first_seed=400, seeds_per_trial=40),
    gates=EDGE,
    needs=Needs(core_seconds={"smoke": 10.0}, data=("iris", "wine"), memory_bytes=2**30),
    setups_tried=4,
    keywords=("convex", "logistic_regression"),
    caveats=(
        _PROTOCOL_NOTE,
        "scikit-learn's tables, scaled to [-1, 1] as LIBSVM's are; two flowers of its Iris differ in one measurement "
        "from the repository's. The margin of .4 points is ours, and less than one flower; 40 seeds, where the paper "
        "has 10, so that it can be told for Polyak averaging on Iris, .27 lower on pilot seeds.",
        "Iris's printed values are no shares of 150 flowers (SF-06d). Wine is separable and tells no methods apart: it "
        "is a control, on which all must be right.",
        _TRAIN,
    ),
)

_HARDER = ("iris", "glass", "vehicle", "letter")
_PAPER_PROBLEMS = (*_HARDER, "wine")
_PAPER_DATA = ("iris", "wine", "libsvm_glass", "libsvm_vehicle", "libsvm_letter")

PAPER_PROBLEMS = Claim(
    id="schedule_free.convex_against_baselines",
    label="SF-06e",
    statement="On five of the paper's convex problems Schedule-Free is more accurate than linear decay on Glass and "
    "Vehicle and nowhere less, and more accurate than Polyak and primal averaging on the whole.",
    source=_FIGURE_7,
    published=(
        _printed("Schedule-Free", "Glass", 72.1),
        _printed("linear decay", "Glass", 70.3),
        _printed("Schedule-Free", "Vehicle", 83.4),
        _printed("linear decay", "Vehicle", 83.2),
        _printed("Schedule-Free", "Letter", 77.8),
        _printed("linear decay", "Letter", 77.8),
        Published(arm="these five", metric="gain over Polyak averaging", value=1.24, unit="%", where="Figure 7, means"),
        Published(arm="these five", metric="gain over primal averaging", value=1.88, unit="%", where="Figure 7, means"),
    ),
    kind="quality",
    experiment=EXPERIMENT,
    arms=arms(_LOW, _HIGH, "linear_decay", "polyak", "primal"),
    workloads={"cpu": Regression(problems=_PAPER_PROBLEMS, low=_LOW, high=_HIGH, pilots=PILOTS)},
    metric=_ACCURACY,
    expectation=AllOf(
        parts=(
            *(
                Difference(
                    subject="schedule_free",
                    baseline="linear_decay",
                    metric=f"accuracy_{problem}",
                    at_least=published / 2,
                    published=published,
                )
                for problem, published in (("glass", 1.8), ("vehicle", 0.2))
            ),
            *(
                NotWorse(
                    subject="schedule_free",
                    baseline="linear_decay",
                    metric=f"accuracy_{problem}",
                    margin=0.1,
                    published=0.0,
                )
                for problem in ("iris", "wine", "letter")
            ),
            Difference(subject="schedule_free", baseline="polyak", at_least=0.62, published=1.24),
            Difference(subject="schedule_free", baseline="primal", at_least=0.94, published=1.88),
        )
    ),
    protocol=Protocol(unit="seed", n={"cpu": 40}, n_min=10, paired=True, first_seed=440, seeds_per_trial=40),
    gates=EDGE,
    needs=Needs(core_seconds={"cpu": 350.0}, data=_PAPER_DATA, trial_seconds=600.0),
    setups_tried=4,
    keywords=("convex", "logistic_regression"),
    caveats=(
        "40 seeds, where the paper has 10: on pilot seeds ten told neither Glass nor Vehicle apart.",
        "Those five of the paper's twelve problems whose data are at hand. Half of every printed difference is asked "
        "for, and where it prints a tie not a tenth of a point less: bars of ours.",
        "On Vehicle, Schedule-Free's accuracy is level from 2 to 2^10, and which of these rates is taken is chance.",
        _PROTOCOL_NOTE,
        _TRAIN,
    ),
)

_OTHERS = ("breast_cancer", "digits", "satimage", "segment", "svmguide2", "a9a")

OTHER_PROBLEMS = Claim(
    id="schedule_free.convex_other_problems",
    label="SF-06f",
    statement="On six convex problems that the paper does not have, Schedule-Free is nowhere less accurate than linear "
    "decay, and more accurate than it and two averages on the whole.",
    source=_FIGURE_7,
    published=(Published(arm="12 problems", metric="gain over linear decay", value=0.5, unit="%", where="Figure 7"),),
    kind="quality",
    role="exploratory",
    experiment=EXPERIMENT,
    arms=arms(_LOW, _HIGH, "linear_decay", "polyak", "primal", "cosine"),
    workloads={"cpu": Regression(problems=_OTHERS, low=_LOW, high=_HIGH, pilots=PILOTS, most_steps=40_000)},
    metric=_ACCURACY,
    expectation=AllOf(
        parts=(
            *(
                NotWorse(subject="schedule_free", baseline="linear_decay", metric=f"accuracy_{problem}", margin=0.1)
                for problem in _OTHERS
            ),
            Difference(subject="schedule_free", baseline="linear_decay", at_least=0.25, published=0.5),
            Difference(subject="schedule_free", baseline="polyak", at_least=0.9, published=1.8),
            Difference(subject="schedule_free", baseline="primal", at_least=1.2, published=2.41),
        )
    ),
    protocol=Protocol(unit="seed", n={"cpu": 10}, n_min=10, paired=True, first_seed=480, seeds_per_trial=10),
    gates=EDGE,
    needs=Needs(
        core_seconds={"cpu": 300.0},
        data=(
            "breast_cancer",
            "digits",
            "libsvm_satimage",
            "libsvm_segment",
            "libsvm_svmguide2",
            "libsvm_a9a",
        ),
        trial_seconds=900.0,
    ),
    setups_tried=4,
    keywords=("convex", "logistic_regression"),
    caveats=(
        "Half of the mean gains over Figure 7's twelve problems is asked for, and nowhere a tenth of a point less: "
        "bars of ours. On pilot seeds svmguide2 and Segment were below linear decay by more.",
        "a9a has 19 epochs, so that no problem takes more than 40,000 steps.",
        _PROTOCOL_NOTE,
        _TRAIN,
    ),
)

INSTALLED_PROBLEMS = Claim(
    id="schedule_free.convex_installed_problems",
    label="SF-06j",
    statement="On breast cancer and digits, which the paper does not have, Schedule-Free is not less accurate than "
    "linear decay.",
    source=_FIGURE_7,
    kind="quality",
    role="exploratory",
    experiment=EXPERIMENT,
    arms=arms(_LOW, _HIGH, "linear_decay"),
    workloads={
        "smoke": Regression(problems=("breast_cancer", "digits"), low=_LOW, high=_HIGH, pilots=PILOTS, most_steps=4_000)
    },
    metric=_ACCURACY,
    expectation=AllOf(
        parts=tuple(
            NotWorse(subject="schedule_free", baseline="linear_decay", metric=f"accuracy_{problem}", margin=0.1)
            for problem in ("breast_cancer", "digits")
        )
    ),
    protocol=Protocol(unit="seed", n={"smoke": 10}, n_min=10, paired=True, first_seed=520, seeds_per_trial=10),
    gates=EDGE,
    needs=Needs(core_seconds={"smoke": 12.0}, data=("breast_cancer", "digits"), memory_bytes=2**30),
    setups_tried=1,
    keywords=("convex", "logistic_regression"),
    caveats=(
        "scikit-learn's tables. A tenth of a point is a bar of ours. SF-06f has both, and four more, at the cpu tier; "
        "here digits, which are separable, have 35 epochs.",
        _PROTOCOL_NOTE,
        _TRAIN,
    ),
)

FASTER = Claim(
    id="schedule_free.convex_faster",
    label="SF-06h",
    statement="On Iris, Glass, Vehicle and Letter, Schedule-Free's train accuracy rises faster than linear decay's.",
    source=_FIGURE_7,
    published=(
        Published(arm="Schedule-Free", metric="problems with faster convergence", value=11, unit="1", where="4.2"),
    ),
    kind="quality",
    role="exploratory",
    experiment=EXPERIMENT,
    arms=arms(_LOW, _HIGH, "linear_decay"),
    workloads={"cpu": Regression(problems=_HARDER, low=_LOW, high=_HIGH, pilots=PILOTS, every_epoch=True)},
    metric=Metric(name="average", unit="%", better="higher"),
    expectation=AllOf(
        parts=tuple(
            Difference(subject="schedule_free", baseline="linear_decay", metric=f"average_{problem}", at_least=0.1)
            for problem in _HARDER
        )
    ),
    protocol=Protocol(unit="seed", n={"cpu": 10}, n_min=10, paired=True, first_seed=490, seeds_per_trial=10),
    gates=EDGE,
    needs=Needs(
        core_seconds={"cpu": 150.0},
        data=("iris", "libsvm_glass", "libsvm_vehicle", "libsvm_letter"),
        trial_seconds=600.0,
    ),
    setups_tried=3,
    keywords=("convex", "convergence"),
    caveats=(
        "How fast is read as the mean train accuracy over all epochs, at the rate with the best final one, and a tenth "
        "of a point as the least worth reporting: both are ours; the paper shows curves, and says that on one of its "
        "twelve problems it is not so. Wine, which all solve at once, is left out.",
        _PROTOCOL_NOTE,
    ),
)

CLAIMS = (IRIS_AND_WINE, PAPER_PROBLEMS, OTHER_PROBLEMS, INSTALLED_PROBLEMS, FASTER)
