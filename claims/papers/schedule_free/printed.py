"""Claims that the paper's own printed values decide."""

from __future__ import annotations

from claimbench.expectation import Box, Exact
from claimbench.papers.schedule_free.workloads import Printed
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Published, Source, Tier, Workload

__all__ = ["CLAIMS"]

ARXIV = "2405.15682v4"
_EXPERIMENTS = "claimbench.impls.schedule_free.experiments.printed"
_ONCE = Protocol(unit="deterministic")
_OURS = (Arm(name="ours"),)
_SMOKE: dict[Tier, Workload] = {"smoke": Printed()}
_NEEDS = Needs(core_seconds={"smoke": 1.0})
_Z = 1.959964
_BEYOND = Box(low=_Z)
_LEVEL = Box(low=-_Z, high=_Z)
_Z_NOTE = (
    "z is the difference over the root of the summed squares of the two printed standard errors, as far as rounding "
    "leaves it open; no correction for the number of problems."
)
_FIGURE_7 = Source(arxiv=ARXIV, where="Section 4.2 and Figure 7")
_DEEP = ("cifar10", "cifar100", "svhn", "iwslt14", "nanogpt", "fastmri", "dlrm")

SCHEDULES = Claim(
    id="schedule_free.beats_schedules_as_printed",
    label="SF-08",
    statement="Schedule-Free outperforms the best schedule on CIFAR-10, CIFAR-100, SVHN, IWSLT14, GPT-2, fastMRI and "
    "DLRM, and ties with it on MAE and ImageNet.",
    source=Source(arxiv=ARXIV, where="Section 4, Figures 2a and 3"),
    published=(
        Published(arm="Schedule-Free", metric="CIFAR-10 test accuracy", value=96.03, unit="%", where="Figure 3"),
        Published(arm="cosine", metric="CIFAR-10 test accuracy", value=95.73, unit="%", where="Figure 3"),
        Published(arm="Schedule-Free", metric="fastMRI SSIM", value=0.9112, unit="1", where="Figure 3"),
        Published(arm="schedule", metric="fastMRI SSIM", value=0.9110, unit="1", where="Figure 3"),
    ),
    kind="arithmetic",
    experiment=f"{_EXPERIMENTS}:schedules",
    arms=_OURS,
    workloads=_SMOKE,
    metric=Metric(name="cifar10", unit="1", better="higher"),
    expectation=Exact(boxes={**dict.fromkeys(_DEEP, _BEYOND), "mae": _LEVEL, "imagenet": _LEVEL}),
    protocol=_ONCE,
    needs=_NEEDS,
    keywords=("audit", "cosine"),
    caveats=(
        "To outperform is read as beyond chance, to tie as within it, at 5 % two-sided: a bar of ours. fastMRI's "
        "difference is one standard error, .0002 with errors of .00012 and .00016; the other six are beyond chance.",
        "Schedules of fastMRI and IWSLT14 are cosine in the legends and linear decay in Appendix G.",
        "It says nothing of how the runs were tuned. " + _Z_NOTE,
    ),
)

AVERAGING = Claim(
    id="schedule_free.beats_averaging_as_printed",
    label="SF-08b",
    statement="Schedule-Free is ahead of Polyak and of primal averaging on every deep problem.",
    source=Source(arxiv=ARXIV, where="Section 2, Figures 2a and 8"),
    kind="arithmetic",
    experiment=f"{_EXPERIMENTS}:averaging",
    arms=_OURS,
    workloads=_SMOKE,
    metric=Metric(name="polyak", unit="1", better="higher"),
    expectation=Exact(boxes={"polyak": Box(low=0.0), "primal": Box(low=0.0)}),
    protocol=_ONCE,
    needs=_NEEDS,
    keywords=("audit", "averaging"),
    caveats=(
        "The least z of eight problems, as low as rounding leaves it, is to be above 0; beyond chance is not asked "
        "for. All are but Polyak averaging on fastMRI, 1.7 standard errors behind, whose own error is ten times those "
        "of the others.",
        "NanoGPT's averaging runs end after 200,000 steps, where Schedule-Free's value has no error; they are left "
        "out.",
        _Z_NOTE,
    ),
)

PROBLEMS = Claim(
    id="schedule_free.problem_count",
    label="SF-08c",
    statement="The evaluation consists of 28 problems.",
    source=Source(arxiv=ARXIV, where="Section 1"),
    published=(Published(arm="evaluation", metric="problems", value=28, unit="1", where="Section 1"),),
    kind="arithmetic",
    experiment=f"{_EXPERIMENTS}:problem_count",
    arms=_OURS,
    workloads=_SMOKE,
    metric=Metric(name="problems", unit="1", better="higher"),
    expectation=Exact(boxes={"problems": Box(low=28, high=28, published=28)}),
    protocol=_ONCE,
    needs=_NEEDS,
    keywords=("audit",),
    caveats=("Panels of figures: 12 convex, 9 deep, and 7 of AlgoPerf's 8, ResNet-50 being left out.",),
)

COUNTS = Claim(
    id="schedule_free.higher_on_six",
    label="SF-06b",
    statement="Of twelve convex problems Schedule-Free is more accurate than linear decay on six and ties with it on "
    "the other six.",
    source=_FIGURE_7,
    published=(
        Published(arm="Schedule-Free", metric="problems with higher accuracy", value=6, unit="1", where="Section 4.2"),
    ),
    kind="arithmetic",
    experiment=f"{_EXPERIMENTS}:convex_counts",
    arms=_OURS,
    workloads=_SMOKE,
    metric=Metric(name="higher", unit="1", better="higher"),
    expectation=Exact(
        boxes={"higher": Box(low=6, high=6, published=6), "tied": Box(low=6, high=6, published=6)},
    ),
    protocol=_ONCE,
    needs=_NEEDS,
    keywords=("audit", "convex"),
    caveats=(
        "Of the other six five are printed alike, and Vowel is .1 lower, one standard error, which is read as a tie; "
        "the six are counted as printed, and SF-06c asks whether they are beyond chance.",
    ),
)

SURE_COUNTS = Claim(
    id="schedule_free.higher_on_six_beyond_chance",
    label="SF-06c",
    statement="The six problems on which Schedule-Free is more accurate than linear decay are so beyond chance.",
    source=_FIGURE_7,
    published=(
        Published(arm="Schedule-Free", metric="Vehicle train accuracy", value=83.4, unit="%", where="Figure 7"),
        Published(arm="linear decay", metric="Vehicle train accuracy", value=83.2, unit="%", where="Figure 7"),
    ),
    kind="arithmetic",
    role="exploratory",
    experiment=f"{_EXPERIMENTS}:sure_counts",
    arms=_OURS,
    workloads=_SMOKE,
    metric=Metric(name="surely_higher", unit="1", better="higher"),
    expectation=Exact(boxes={"surely_higher": Box(low=6)}),
    protocol=_ONCE,
    needs=_NEEDS,
    keywords=("audit", "convex"),
    caveats=(
        "Five are, by eight standard errors and more; Vehicle's .2 is 1.4 of them, between .7 and 2.2 as far as "
        "rounding leaves it open. The paper does not say that the six are beyond chance.",
        _Z_NOTE,
    ),
)

ATTAINABLE = Claim(
    id="schedule_free.accuracies_attainable",
    label="SF-06d",
    statement="The train accuracies of Figure 7 on data sets of fewer than 1000 rows are means of ten shares of them.",
    source=_FIGURE_7,
    published=(
        Published(arm="Schedule-Free", metric="Iris train accuracy", value=98.6, unit="%", where="Figure 7"),
        Published(arm="Schedule-Free", metric="its standard error", value=0.0, unit="%", where="Figure 7"),
    ),
    kind="arithmetic",
    role="exploratory",
    experiment=f"{_EXPERIMENTS}:attainable_accuracies",
    arms=_OURS,
    workloads=_SMOKE,
    metric=Metric(name="iris", unit="1", better="lower"),
    expectation=Exact(boxes={name: Box(high=0) for name in ("glass", "iris", "vehicle", "vowel", "wine")}),
    protocol=_ONCE,
    needs=_NEEDS,
    setups_tried=1,
    keywords=("audit", "convex"),
    caveats=(
        "Of Iris's 150 rows, 148 are 98.67 %, which rounds to 98.7; ten runs cannot have a mean of 98.6 with an error "
        "below .005. Accuracies may have been taken over batches, or cut off after one decimal; the paper does not "
        "say.",
        "Numbers of rows are those of the LIBSVM repository. On the seven larger data sets any mean can be had to a "
        "tenth, so that nothing could be found.",
    ),
)

RATES = Claim(
    id="schedule_free.larger_learning_rates",
    label="SF-12",
    statement="Schedule-Free's best learning rates are larger than the base optimizers'.",
    source=Source(arxiv=ARXIV, where="Section 4 and Appendix G"),
    published=(
        Published(arm="Schedule-Free", metric="CIFAR-10 learning rate", value=10, unit="1", where="Appendix G.2"),
        Published(arm="cosine", metric="CIFAR-10 learning rate", value=0.2, unit="1", where="Appendix G.2"),
    ),
    kind="arithmetic",
    experiment=f"{_EXPERIMENTS}:learning_rates",
    arms=_OURS,
    workloads=_SMOKE,
    metric=Metric(name="cifar10", unit="1", better="higher"),
    expectation=Exact(
        boxes={
            **{
                name: Box(low=1.0)
                for name in ("cifar10", "cifar100", "svhn", "imagenet", "iwslt14", "nanogpt", "mae", "dlrm", "fastmri")
            },
            "larger": Box(low=5),
        }
    ),
    protocol=_ONCE,
    needs=_NEEDS,
    keywords=("audit", "learning_rate"),
    caveats=(
        '"In general" is read as smaller on none and larger on most of the nine: it is larger on eight, from 2 to 100 '
        "times, and the same on fastMRI.",
        "Rates of SGD without and with momentum are not on one scale: momentum .9 multiplies what a rate comes to by "
        "ten.",
    ),
)

MOMENTUM = Claim(
    id="schedule_free.best_momentum_as_printed",
    label="SF-10b",
    statement="After 200 epochs of ImageNet β = .9 and a learning rate of 1.5 are the best of those printed.",
    source=Source(arxiv=ARXIV, where="Section 5, Figures 5 and 6"),
    published=(
        Published(arm="β = .9", metric="test accuracy", value=77.78, unit="%", where="Figure 5"),
        Published(arm="LR 1.5", metric="test accuracy", value=77.83, unit="%", where="Figure 6"),
    ),
    kind="arithmetic",
    experiment=f"{_EXPERIMENTS}:momentum",
    arms=_OURS,
    workloads=_SMOKE,
    metric=Metric(name="beta", unit="1", better="higher"),
    expectation=Exact(boxes={"beta": _BEYOND, "rate": _BEYOND, "same_setting": Box(high=_Z)}),
    protocol=_ONCE,
    needs=_NEEDS,
    keywords=("audit", "momentum"),
    caveats=(
        "That it is so at every length of training is in the curves, which are not printed. Both figures have β = .9 "
        "at a rate of 1.5, with two values, which are to agree within chance (`same_setting`).",
        _Z_NOTE,
    ),
)

CLAIMS = (SCHEDULES, AVERAGING, PROBLEMS, COUNTS, SURE_COUNTS, ATTAINABLE, RATES, MOMENTUM)
