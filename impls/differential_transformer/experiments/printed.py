"""Claims that the paper's own figures decide: Tables 4, 6 and 7, and the shares of Figure 3."""

from __future__ import annotations

from claimbench.impls.differential_transformer.audit import (
    Table,
    difference,
    fisher,
    holm,
    mantel_haenszel,
    sign_test,
    token_share,
)
from claimbench.impls.differential_transformer.published import (
    ABLATIONS,
    HALLUCINATION,
    HALLUCINATION_SAMPLES,
    SCALING,
    THROUGHPUT,
    ablation,
    unrounded,
)
from claimbench.trial import Exact, Trial

__all__ = [
    "ablation_split",
    "half_heads",
    "hallucination",
    "hallucination_together",
    "lambda_starts",
    "norms",
    "shares",
    "throughput_changes",
]

Checks = dict[str, float | tuple[float, float]]


def hallucination(trial: Trial) -> Exact:
    """DT-09: on how many data sets DIFF's share is higher, and beyond chance at 5 % each, and after Holm's correction.

    Beside them the p-values of Fisher's exact test, by data set.
    """
    tables = _tables()
    p = {name: fisher(table) for name, table in tables.items()}
    return Exact(
        {
            "higher": float(sum(ours > theirs for ours, theirs, _ in tables.values())),
            "beyond_chance": float(sum(value < 0.05 for value in p.values())),
            "beyond_chance_of_six": float(sum(value < 0.05 for value in holm(list(p.values())))),
            **{f"p_{name}": value for name, value in p.items()},
        }
    )


def hallucination_together(trial: Trial) -> Exact:
    """DT-09b: p of all six data sets together: pooled, as strata, and of their signs alone."""
    tables = list(_tables().values())
    ours, theirs, n = (sum(column) for column in zip(*tables, strict=True))
    return Exact(
        {
            "p_pooled": fisher((ours, theirs, n)),
            "p_strata": mantel_haenszel(tables),
            "p_signs": sign_test(sum(a > b for a, b, _ in tables), len(tables)),
        }
    )


def norms(trial: Trial) -> Exact:
    """DT-13b: by how much the loss is higher without the norm, and how far the norm moves Transformer's.

    `gain` is what DIFF Transformer gains on Transformer, `beyond_gain` by how much it loses more without the norm.
    """
    diff, bare, transformer = (ablation(row).loss for row in ("diff", "diff_no_norm", "transformer"))
    return Exact(
        {
            "without_norm": difference(bare, diff),
            "transformer_norm": difference(transformer, ablation("transformer_norm").loss),
            "gain": difference(transformer, diff),
            "beyond_gain": difference(bare, transformer),
        }
    )


def ablation_split(trial: Trial) -> Exact:
    """DT-13c: whether one share of AR-hit tokens can stand behind all rows, as the width of what they have in common.

    Below zero there is none.
    """
    intervals = [token_share(row) for row in ABLATIONS.values() if row.others is not None]
    low, high = max(low for low, _ in intervals), min(high for _, high in intervals)
    return Exact({"common_share": high - low})


def lambda_starts(trial: Trial) -> Exact:
    """DT-14b: by how much the losses of constant λ_init are above that of λ_init by depth."""
    diff = ablation("diff").loss
    return Exact({name: difference(ablation(f"diff_{name}").loss, diff) for name in ("constant_08", "constant_05")})


def half_heads(trial: Trial) -> Exact:
    """DT-15b: by how much Transformer's loss is higher with half as many heads."""
    rows = (ablation("transformer_half_heads").loss, ablation("transformer").loss)
    return Exact({"half_heads": difference(*rows)})


def shares(trial: Trial) -> Exact:
    """DT-01b: the shares that follow from the sizes printed, in per cent, as far as rounding leaves them open."""
    checks: Checks = {}
    for name, row in SCALING.items():
        (a, b), (c, d) = unrounded(row.ours), unrounded(row.transformer)
        checks[name] = (100 * a / d, 100 * b / c)
    return Exact(checks)


def throughput_changes(trial: Trial) -> Exact:
    """DT-12b: by how many per cent tokens a second fall, by row of Table 7.

    `of_time` counts the rows whose printed change is by how many per cent the time of a token rises.
    """
    falls: Checks = {name: 100 * (1 - row.diff / row.transformer) for name, row in THROUGHPUT.items()}
    rises = {name: 100 * (row.transformer / row.diff - 1) for name, row in THROUGHPUT.items()}
    of_time = sum(abs(rises[name] - float(row.change)) <= 0.5 for name, row in THROUGHPUT.items())
    return Exact({**falls, "of_time": float(of_time)})


def _tables() -> dict[str, Table]:
    n = HALLUCINATION_SAMPLES
    return {
        name: (round(n * float(row.diff)), round(n * float(row.transformer)), n) for name, row in HALLUCINATION.items()
    }
