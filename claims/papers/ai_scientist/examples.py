"""Claims about the numbers in ten generated papers, against the logs of their runs."""

from __future__ import annotations

from claimbench.expectation import Box, Exact
from claimbench.papers.ai_scientist.figures import ARXIV, SEEN, SELECTED
from claimbench.papers.ai_scientist.workloads import Released
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Published, Source, Tier, Workload

__all__ = ["CLAIMS"]

_EXPERIMENTS = "claimbench.impls.ai_scientist.experiments.generated"
_ONCE = Protocol(unit="deterministic")
_OURS = (Arm(name="ours"),)
_CPU: dict[Tier, Workload] = {"cpu": Released()}
_NEEDS = Needs(core_seconds={"cpu": 1.0}, data=("generated_examples",))
_DUAL_SCALE = "adaptive_dual_scale_denoising"
_NUMBERS = (
    "Cells of tabular environments that hold numbers alone, error bars included; one stands where a logged value of "
    "any run, or seed, rounds to it, or a spread of seeds: standard deviation, standard error, or 1.96 standard errors."
)
_OTHER_RUNS = "The logs may be of other runs than the paper: they are what lies beside it."

DUAL_SCALE = Claim(
    id="ai_scientist.numbers_match_logs",
    label="AIS-14",
    statement='The numbers in the results table of "DualScale Diffusion" are those of the logs of its runs, rounded '
    "without error.",
    source=Source(arxiv=ARXIV, where="Section 5, Comprehensive Write-up of Experiments"),
    published=(
        Published(
            arm="DualScale Diffusion", metric="share of numbers in the logs", value=1, unit="1", where="Section 5"
        ),
    ),
    kind="quality",
    experiment=f"{_EXPERIMENTS}:dual_scale",
    arms=_OURS,
    workloads=_CPU,
    metric=Metric(name="standing", unit="1", better="higher"),
    expectation=Exact(
        boxes={"numbers": Box(low=60, high=60), "standing": Box(low=1.0, published=1.0), "by_chance": Box(high=0.5)}
    ),
    protocol=_ONCE,
    needs=_NEEDS,
    setups_tried=1,
    keywords=("numbers", "logs"),
    caveats=(
        "The text says three decimal places for all of them; twenty, training times, have two.",
        "Numbers five to nine units of the last digit away would stand in the logs as often as by_chance says, 16 %. "
        "Were that a half or more, agreement would say little of where the numbers are from; the bar is a guard on "
        "the check, and ours.",
        _NUMBERS,
        _OTHER_RUNS,
        SEEN,
    ),
)

EXAMPLES = Claim(
    id="ai_scientist.other_numbers_match_logs",
    label="AIS-14b",
    statement="The numbers in the tables of the nine other generated papers that the authors show are those of the "
    "logs of their runs, rounded without error.",
    source=Source(arxiv=ARXIV, where="Section 5 (of one paper); Section 8, Common Failure Modes"),
    kind="quality",
    role="exploratory",
    experiment=f"{_EXPERIMENTS}:example_numbers",
    arms=_OURS,
    workloads=_CPU,
    metric=Metric(name="grid_based_noise_adaptation", unit="1", better="higher"),
    expectation=Exact(boxes={name: Box(low=1.0) for name in SELECTED if name != _DUAL_SCALE}),
    protocol=_ONCE,
    needs=_NEEDS,
    setups_tried=3,
    keywords=("numbers", "logs"),
    caveats=(
        "The paper checks one of the ten. It says that an early prompt made the model invent error bars and "
        "ablations, and that this was resolved. All numbers of four stand in their logs, and all of two but one that "
        "is cut, not rounded. Of grid_based_noise_adaptation's 2 of 32 do; of weight_initialization_grokking's the "
        "error bars do not but for a few, nor do multi_style_adapter's and two rows of its ablation.",
        "weight_initialization_grokking calls what follows its ± 95 % confidence intervals, which are derived, not "
        "logged. So the seeds' standard deviations, standard errors and 1.96 standard errors count as logged, by n "
        "and by n - 1, anywhere in the logs: two more of its 40 numbers stand then, and four more of "
        "multi_style_adapter's 57, about as many as by chance.",
        _NUMBERS,
        _OTHER_RUNS,
        SEEN,
    ),
)

GRID = Claim(
    id="ai_scientist.grid_noise_improves",
    label="AIS-14c",
    statement="Multi-scale grid noise improves the performance across the data sets dramatically, by its own logs.",
    source=Source(arxiv=ARXIV, where="Section 6.1, Highlighted Generated Paper 2"),
    kind="quality",
    role="exploratory",
    experiment=f"{_EXPERIMENTS}:grid_noise",
    arms=_OURS,
    workloads=_CPU,
    metric=Metric(name="kl_divergence", unit="1", better="lower"),
    expectation=Exact(boxes={"kl_divergence": Box(high=1.0), "eval_loss": Box(high=1.0)}),
    protocol=_ONCE,
    needs=_NEEDS,
    setups_tried=1,
    keywords=("logs",),
    caveats=(
        "The best of the five runs over the baseline's, as a ratio of means over the four data sets; any improvement "
        "would do. The generated paper's table has a KL divergence that falls from .441 to .347, a ratio of .79; in "
        "the logs beside it no run is below the baseline's .418. The loss does fall.",
        _OTHER_RUNS,
        SEEN,
    ),
)

CLAIMS = (DUAL_SCALE, EXAMPLES, GRID)
