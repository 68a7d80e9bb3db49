"""Claims that published data sets decide without a fit."""

from __future__ import annotations

from claimbench.impls.chatbot_arena.agreement import agreement, majority, sides, swap_consistency
from claimbench.impls.chatbot_arena.arithmetic import separability
from claimbench.impls.chatbot_arena.data import llmfao, pandalm, qlora
from claimbench.impls.chatbot_arena.leaderboards import alpaca_leaderboard, arena_hard
from claimbench.trial import Exact, Trial

__all__ = ["annotators", "arena_hard_separability", "crowd_and_model", "null_model", "which_side"]

Checks = dict[str, float | tuple[float, float]]
_TOP = 20


def arena_hard_separability(trial: Trial) -> Exact:
    """CA-33: per cent of pairs whose 95 % intervals are disjoint, among the best 20 and among all."""
    entries = sorted(arena_hard(trial.data("arena_hard")), key=lambda entry: -entry.score)
    return Exact({"top_20": 100 * separability(entries[:_TOP]), "all": 100 * separability(entries)})


def null_model(trial: Trial) -> Exact:
    """CA-40: the null model's win rates in per cent, and its rank by the length-controlled one."""
    entries = alpaca_leaderboard(trial.data("alpaca_leaderboard"))
    null = next(entry for entry in entries if entry.model == "NullModel")
    own = null.length_controlled or 0.0
    better = sum((entry.length_controlled or 0.0) > own for entry in entries)
    return Exact({"win_rate": null.win_rate, "length_controlled": own, "rank": 1.0 + better})


def annotators(trial: Trial) -> Exact:
    """Stands in for CA-26: agreement of PandaLM's three annotators with each other, and of models with them, per cent.

    The least and the greatest of each kind. Pairs on which annotators were far apart were left out by their authors,
    so that what they agree on is more than it was.
    """
    models = {"gpt-3.5": trial.data("pandalm_gpt35"), "pandalm-7b": trial.data("pandalm_7b")}
    panel = pandalm(trial.data("pandalm_annotators"), models)

    def shares(one: tuple[int, ...], other: tuple[int, ...]) -> list[float]:
        columns = panel.outcome.T
        return [100 * agreement(columns[a], columns[b]).share for a in one for b in other if a < b]

    people, gpt, small = (0, 1, 2), (3,), (4,)
    checks: Checks = {}
    for name, found in (
        ("people", shares(people, people)),
        ("people_gpt35", shares(people, gpt)),
        ("people_pandalm", shares(people, small)),
    ):
        checks |= {f"{name}_least": min(found), f"{name}_greatest": max(found)}
    return Exact(checks)


def crowd_and_model(trial: Trial) -> Exact:
    """Stands in for CA-26: GPT-4 against the majority of a crowd on the same pairs of answers, per cent.

    `decided` leaves out what either calls a tie, as agreement between experts is often counted.
    """
    crowd, model = llmfao(trial.data("llmfao_crowd")), llmfao(trial.data("llmfao_gpt4_crowd"))
    most, verdict = majority(crowd), majority(model)
    decided = (most != 1) & (verdict != 1)
    return Exact(
        {
            "share": 100 * agreement(most, verdict).share,
            "kappa": agreement(most, verdict).kappa,
            "decided": 100 * agreement(most[decided], verdict[decided]).share,
        }
    )


def which_side(trial: Trial) -> Exact:
    """Wins by side: of a crowd in standard errors, of GPT-4 in both orders, and how often its verdict survives a swap.

    Per cent; `oa` and `vicuna` are two sets of prompts.
    """
    checks: Checks = {"crowd_z": sides(llmfao(trial.data("llmfao_crowd"))).z}
    verdicts = qlora(trial.data("qlora_gpt4"))
    for bench in ("oa", "vicuna"):
        mine = verdicts.by(f"gpt-4 on {bench}")
        found = sides(mine)
        checks |= {
            f"{bench}_first": 100 * found.first,
            f"{bench}_second": 100 * found.second,
            f"{bench}_same_when_swapped": 100 * swap_consistency(mine),
        }
    return Exact(checks)
