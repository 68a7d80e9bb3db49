"""Claims that the paper's own figures decide: the human row of Table 1, costs and ranks of Tables 3 to 5."""

from __future__ import annotations

from claimbench.impls.ai_scientist.consistency import ends_of, share_by_accuracy, share_by_f1
from claimbench.impls.ai_scientist.published import HUMAN, RUNS
from claimbench.trial import Exact, Trial

__all__ = ["cost_by_run", "cost_of_all", "human_row", "second"]

Checks = dict[str, float | tuple[float, float]]


def human_row(trial: Trial) -> Exact:
    """AIS-03: the share of accepted papers at which the human row's accuracy, and its F1, are as printed.

    `balanced_accuracy`, from the two rates of errors.
    """
    rates = (HUMAN["fpr"], HUMAN["fnr"])
    return Exact(
        {
            "balanced_accuracy": ends_of(lambda fpr, fnr: 1 - (fpr + fnr) / 2, *rates),
            "share_by_accuracy": ends_of(share_by_accuracy, *rates, HUMAN["accuracy"]),
            "share_by_f1": ends_of(share_by_f1, *rates, HUMAN["f1"]),
        }
    )


def cost_of_all(trial: Trial) -> Exact:
    """AIS-10 and AIS-10c: dollars a completed paper, of all runs, as far as costs in tens leave it open."""
    completed = sum(run.completed for run in RUNS)
    low, high = (sum(run.cost_ends_usd[end] for run in RUNS) for end in (0, 1))
    return Exact({"per_paper": (low / completed, high / completed)})


def cost_by_run(trial: Trial) -> Exact:
    """AIS-10b: dollars a completed paper, as `template.model`."""
    return Exact(
        {
            f"{run.template}.{run.model}": (run.cost_ends_usd[0] / run.completed, run.cost_ends_usd[1] / run.completed)
            for run in RUNS
        }
    )


def second(trial: Trial) -> Exact:
    """AIS-11d: by how much GPT-4o's mean score is above the better of DeepSeek's and Llama's, by template."""
    checks: Checks = {}
    for template in dict.fromkeys(run.template for run in RUNS):
        means = {run.model: run.mean.ends for run in RUNS if run.template == template}
        low, high = (max(means["deepseek"][end], means["llama"][end]) for end in (0, 1))
        checks[template] = (means["gpt4o"][0] - high, means["gpt4o"][1] - low)
    return Exact(checks)
