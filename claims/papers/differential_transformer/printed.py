"""Claims that the paper's own printed values decide."""

from __future__ import annotations

from claimbench.expectation import Box, Exact, printed
from claimbench.papers.differential_transformer.workloads import Printed
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Published, Source, Tier, Workload

__all__ = ["CLAIMS"]

ARXIV = "2410.05258v2"
_EXPERIMENTS = "claimbench.impls.differential_transformer.experiments.printed"
_ONCE = Protocol(unit="deterministic")
_OURS = (Arm(name="ours"),)
_SMOKE: dict[Tier, Workload] = {"smoke": Printed()}
_NEEDS = Needs(core_seconds={"smoke": 1.0})
_SETS = ("xsum", "cnn_dm", "multinews", "qasper", "hotpotqa", "2wikimqa")
_TABLE_4 = Source(arxiv=ARXIV, where="Table 4")
_TABLE_6 = "Section 3.8 and Table 6"
_SHARES = (
    "Shares are printed to two places of 100 samples, so that they are counts. Samples are compared as if the two "
    "models had been given different ones; a test that pairs them would be sharper, and takes answers that are not "
    "published. GPT-4o judges; nothing here says how often it errs."
)


def _accuracy(arm: str, name: str, value: float) -> Published:
    return Published(arm=arm, metric=f"{name} accuracy", value=value, unit="1", where="Table 4")


def _loss(arm: str, value: float) -> Published:
    return Published(arm=arm, metric="validation loss", value=value, unit="nats", where="Table 6")


SCALING = Claim(
    id="differential_transformer.scaling_shares",
    label="DT-01b",
    statement="The sizes printed come to the shares printed: 62.2 % and 59.5 % of the parameters, 63.7 % of the "
    "tokens.",
    source=Source(arxiv=ARXIV, where="Section 3.2 and Figure 3"),
    published=(
        Published(
            arm="DIFF", metric="parameters for Transformer's loss at 11B", value=6.8, unit="B", where="Figure 3a"
        ),
        Published(arm="DIFF", metric="the same as a share", value=62.2, unit="%", where="Section 3.2"),
        Published(arm="DIFF", metric="tokens for Transformer's loss at 251B", value=160, unit="B", where="Figure 3b"),
        Published(arm="DIFF", metric="the same as a share", value=63.7, unit="%", where="Section 3.2"),
    ),
    kind="arithmetic",
    experiment=f"{_EXPERIMENTS}:shares",
    arms=_OURS,
    workloads=_SMOKE,
    metric=Metric(name="tokens", unit="%", better="lower"),
    expectation=Exact(
        boxes={
            "parameters_11b": printed("62.2", unit="%"),
            "parameters_13b": printed("59.5", unit="%"),
            "tokens": printed("63.7", unit="%"),
        }
    ),
    protocol=_ONCE,
    needs=_NEEDS,
    keywords=("audit", "scaling"),
    caveats=(
        "Only that the numbers fit together, as far as rounding leaves them open. Sizes of equal loss are read off a "
        "fit through one run a size; the paper gives no interval.",
    ),
)

HALLUCINATION = Claim(
    id="differential_transformer.hallucination_each",
    label="DT-09",
    statement="On each of six data sets DIFF Transformer hallucinates less than Transformer, beyond chance.",
    source=_TABLE_4,
    published=(
        _accuracy("DIFF", "MultiNews", 0.61),
        _accuracy("Transformer", "MultiNews", 0.42),
        _accuracy("DIFF", "2WikiMQA", 0.36),
        _accuracy("Transformer", "2WikiMQA", 0.29),
    ),
    kind="arithmetic",
    experiment=f"{_EXPERIMENTS}:hallucination",
    arms=_OURS,
    workloads=_SMOKE,
    metric=Metric(name="beyond_chance", unit="1", better="higher"),
    expectation=Exact(
        boxes={
            "higher": Box(low=6, published=6),
            "beyond_chance": Box(low=6),
            "beyond_chance_of_six": Box(low=6),
            **{f"p_{name}": Box(high=0.05) for name in _SETS},
        }
    ),
    protocol=_ONCE,
    needs=_NEEDS,
    keywords=("audit", "hallucination"),
    caveats=(
        "The paper prints shares and no test; beyond chance, by Fisher's exact test at 5 %, is a bar of ours. It is "
        "one data set of six, MultiNews (p = .011), and none after Holm's correction for six (.064).",
        "All six point the same way, and DT-09b takes them together.",
        _SHARES,
    ),
)

HALLUCINATION_TOGETHER = Claim(
    id="differential_transformer.hallucination_together",
    label="DT-09b",
    statement="Over six data sets taken together DIFF Transformer hallucinates less than Transformer, beyond chance.",
    source=_TABLE_4,
    kind="arithmetic",
    experiment=f"{_EXPERIMENTS}:hallucination_together",
    arms=_OURS,
    workloads=_SMOKE,
    metric=Metric(name="p_strata", unit="1", better="lower"),
    expectation=Exact(boxes={name: Box(high=0.05) for name in ("p_pooled", "p_strata", "p_signs")}),
    protocol=_ONCE,
    needs=_NEEDS,
    keywords=("audit", "hallucination"),
    caveats=(
        "276 of 600 answers without hallucination against 211: Fisher's test of the sums, Mantel's and Haenszel's with "
        "data sets as strata, and the signs of six differences alone (p = 1/32).",
        "One training run of each model: chance is that of the samples, not that of training anew.",
        _SHARES,
    ),
)

THROUGHPUT = Claim(
    id="differential_transformer.throughput_as_printed",
    label="DT-12b",
    role="exploratory",
    statement="The printed throughputs fall by the printed percentages.",
    source=Source(arxiv=ARXIV, where="Table 7"),
    published=(
        Published(arm="Transformer", metric="throughput, 3B, 4K", value=7491, unit="token/s", where="Table 7"),
        Published(arm="DIFF", metric="throughput, 3B, 4K", value=6718, unit="token/s", where="Table 7"),
        Published(arm="DIFF", metric="change of it", value=-12, unit="%", where="Table 7"),
    ),
    kind="arithmetic",
    experiment=f"{_EXPERIMENTS}:throughput_changes",
    arms=_OURS,
    workloads=_SMOKE,
    metric=Metric(name="3b_4k_training", unit="%", better="lower"),
    expectation=Exact(
        boxes={
            "3b_2k_training": printed("9", unit="%"),
            "3b_2k_forward": printed("9", unit="%"),
            "3b_4k_training": printed("12", unit="%"),
            "3b_4k_forward": printed("10", unit="%"),
            "13b_2k_training": printed("6", unit="%"),
            "13b_2k_forward": printed("5", unit="%"),
            "of_time": Box(low=6),
        }
    ),
    protocol=_ONCE,
    needs=_NEEDS,
    keywords=("audit", "throughput"),
    caveats=(
        "The tokens a second are second hand, not read in the paper itself: check them there before this is held "
        "against it.",
        "All six are, rounded, by how much the time of a token rises (`of_time`); throughput falls by 8.4, 8.6, 10.3, "
        "8.7, 5.6 and 4.8 %. The two agree where changes are small.",
        "It makes the cost look larger, not smaller, so that nothing which the paper concludes suffers.",
    ),
)

NORM = Claim(
    id="differential_transformer.head_norm_as_printed",
    label="DT-13b",
    statement="Without the head-wise norm the loss of DIFF Transformer is higher by more than it gains on Transformer, "
    "to which the norm adds nothing.",
    source=Source(arxiv=ARXIV, where=_TABLE_6),
    published=(
        _loss("Transformer", 3.087),
        _loss("Transformer with GroupNorm", 3.086),
        _loss("DIFF", 3.062),
        _loss("DIFF without GroupNorm", 3.122),
    ),
    kind="arithmetic",
    experiment=f"{_EXPERIMENTS}:norms",
    arms=_OURS,
    workloads=_SMOKE,
    metric=Metric(name="without_norm", unit="nats", better="higher"),
    expectation=Exact(
        boxes={
            "without_norm": Box(low=0.025, published=0.06, unit="nats"),
            "transformer_norm": Box(low=-0.005, high=0.005, published=0.001, unit="nats"),
            "gain": Box(low=0.02, published=0.025, unit="nats"),
            "beyond_gain": Box(low=0.0, published=0.035, unit="nats"),
        }
    ),
    protocol=_ONCE,
    needs=_NEEDS,
    keywords=("audit", "norm"),
    caveats=(
        "One run a row, and the paper does not say by how much a loss differs between runs; that such differences are "
        "beyond chance can't be told from the table. Nothing is read as .005 nats and less, a bar of ours.",
        "By the same table DIFF Transformer without the norm is worse than Transformer: what it gains, it gains with "
        "the norm.",
    ),
)

SPLIT = Claim(
    id="differential_transformer.ablation_split",
    label="DT-13c",
    statement="In every row of Table 6 the losses on AR-hit and on other tokens come to the whole loss with one and "
    "the same share of AR-hit tokens.",
    source=Source(arxiv=ARXIV, where=_TABLE_6),
    published=(
        Published(arm="DIFF", metric="loss on AR-hit tokens", value=0.880, unit="nats", where="Table 6"),
        Published(arm="DIFF", metric="loss on others", value=3.247, unit="nats", where="Table 6"),
    ),
    kind="arithmetic",
    experiment=f"{_EXPERIMENTS}:ablation_split",
    arms=_OURS,
    workloads=_SMOKE,
    metric=Metric(name="common_share", unit="1", better="higher"),
    expectation=Exact(boxes={"common_share": Box(low=0)}),
    protocol=_ONCE,
    needs=_NEEDS,
    keywords=("audit",),
    caveats=(
        "Each row's three losses leave an interval for the share of AR-hit tokens; the five rows of which we have all "
        "three have one in common, near 7.8 %.",
    ),
)

STARTS = Claim(
    id="differential_transformer.lambda_start_as_printed",
    label="DT-14b",
    statement="With λ_init constant at .8 or .5 the loss is within .01 nats of that with λ_init by depth.",
    source=Source(arxiv=ARXIV, where=_TABLE_6),
    published=(_loss("DIFF", 3.062), _loss("DIFF, λ_init .8", 3.065), _loss("DIFF, λ_init .5", 3.066)),
    kind="arithmetic",
    experiment=f"{_EXPERIMENTS}:lambda_starts",
    arms=_OURS,
    workloads=_SMOKE,
    metric=Metric(name="constant_05", unit="nats", better="lower"),
    expectation=Exact(
        boxes={
            "constant_08": Box(low=-0.01, high=0.01, published=0.003, unit="nats"),
            "constant_05": Box(low=-0.01, high=0.01, published=0.004, unit="nats"),
        }
    ),
    protocol=_ONCE,
    needs=_NEEDS,
    keywords=("audit", "lambda"),
    caveats=(
        "One run a row; .01 nats, less than half of what DIFF Transformer gains in the table, is a bar of ours.",
        "Both constants are printed worse than λ_init by depth, by less than rows may differ by chance.",
    ),
)

HALF_HEADS = Claim(
    id="differential_transformer.half_heads_as_printed",
    label="DT-15b",
    statement="Half as many heads of twice the width leave Transformer's loss where it is, so that DIFF Transformer "
    "does not gain by its fewer heads.",
    source=Source(arxiv=ARXIV, where=_TABLE_6),
    published=(_loss("Transformer, 16 heads", 3.087), _loss("Transformer, 8 heads", 3.088)),
    kind="arithmetic",
    experiment=f"{_EXPERIMENTS}:half_heads",
    arms=_OURS,
    workloads=_SMOKE,
    metric=Metric(name="half_heads", unit="nats", better="lower"),
    expectation=Exact(boxes={"half_heads": Box(low=-0.005, high=0.005, published=0.001, unit="nats")}),
    protocol=_ONCE,
    needs=_NEEDS,
    keywords=("audit", "heads"),
    caveats=("One run a row; .005 nats, a fifth of what DIFF Transformer gains in the table, is a bar of ours.",),
)

CLAIMS = (SCALING, HALLUCINATION, HALLUCINATION_TOGETHER, THROUGHPUT, NORM, SPLIT, STARTS, HALF_HEADS)
