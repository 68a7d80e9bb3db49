"""Claims that published data sets decide without a fit."""

from __future__ import annotations

import numpy as np

from claimbench.errors import HostError, UnknownName
from claimbench.impls.chatbot_arena.agreement import agreement, majority, pairs_of, sides, swap_consistency
from claimbench.impls.chatbot_arena.arithmetic import separability
from claimbench.impls.chatbot_arena.data import alpaca, llmfao, pandalm, qlora
from claimbench.impls.chatbot_arena.leaderboards import alpaca_leaderboard, arena_hard, arena_leaderboard
from claimbench.impls.chatbot_arena.order import kendall_tau
from claimbench.stats.intervals import z_value
from claimbench.stats.ranking.arrays import Floats
from claimbench.stats.ranking.bradley_terry import fit_bradley_terry
from claimbench.stats.ranking.votes import from_wins
from claimbench.trial import Exact, Trial

__all__ = [
    "annotators",
    "arena_hard_separability",
    "crowd_and_model",
    "null_model",
    "one_baseline",
    "published_errors",
    "which_side",
]

Checks = dict[str, float | tuple[float, float]]
_TOP = 20
_NULL = "NullModel"
_JUDGE = "weighted_alpaca_eval_gpt4_turbo"
_ABOUT_3000 = (2500, 3500)


def arena_hard_separability(trial: Trial) -> Exact:
    """CA-33: per cent of pairs whose 95 % intervals are disjoint, among the best 20 and among all."""
    entries = arena_hard(trial.data("arena_hard"))
    return Exact({"top_20": 100 * separability(entries[:_TOP]), "all": 100 * separability(entries)})


def null_model(trial: Trial) -> Exact:
    """CA-40: the null model's win rates in per cent, and its rank by the length-controlled one."""
    entries = alpaca_leaderboard(trial.data("alpaca_leaderboard"))
    controlled = {entry.model: entry.length_controlled for entry in entries if entry.length_controlled is not None}
    if _NULL not in controlled:
        raise UnknownName("model with a length-controlled win rate", _NULL, controlled)
    own = controlled[_NULL]
    win_rate = next(entry.win_rate for entry in entries if entry.model == _NULL)
    better = sum(rate > own for rate in controlled.values())
    return Exact({"win_rate": win_rate, "length_controlled": own, "rank": 1.0 + better})


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
    if pairs_of(crowd) != pairs_of(model):
        raise HostError("the crowd and GPT-4 judged other pairs of answers: fetch llmfao's two files again")
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


def one_baseline(trial: Trial) -> Exact:
    """AlpacaEval's annotations, all against one baseline: win rates beside the published ones, ranks by Bradley–Terry.

    `largest_difference`, percentage points; `logit_distance` of ratings above the baseline's from the logits of the win
    rates, nats; `tau`, Kendall's, of ratings and win rates; `models`, how many have both.
    """
    found = alpaca(trial.data("alpaca_annotations")).win_rates(_JUDGE)
    published = {entry.model: entry.win_rate for entry in alpaca_leaderboard(trial.data("alpaca_leaderboard"))}
    names = sorted(found.keys() & published.keys())
    rates = np.array([found[name] for name in names])
    # Row i beat column j so often: the baseline, first of all, meets everybody and nobody else meets.
    wins = np.zeros((len(names) + 1, len(names) + 1))
    wins[1:, 0], wins[0, 1:] = rates, 1 - rates
    ratings = fit_bradley_terry(from_wins(wins, ("baseline", *names))).ratings
    logits = np.log(rates / (1 - rates))
    return Exact(
        {
            "models": float(len(names)),
            "largest_difference": max(abs(100 * found[name] - published[name]) for name in names),
            "logit_distance": float(np.abs(ratings[1:] - ratings[0] - logits).max()),
            "tau": kendall_tau(ratings[1:], rates),
        }
    )


def published_errors(trial: Trial) -> Exact:
    """Standard errors on the Arena's leaderboards of June 2024 to August 2025: half a 95 % interval over its quantile.

    Of models whose printed interval has a length. `se_3000`, points, the median of those with 2,500 to 3,500 votes;
    `slope` of the logarithms of error and votes, by least squares with a level of its own for every version.
    """
    entries = [e for e in arena_leaderboard(trial.data("arena_history")) if e.high > e.low and e.votes > 0]
    error = np.array([(e.high - e.low) / 2 for e in entries]) / z_value(0.95)
    votes = np.array([e.votes for e in entries], dtype=np.float64)
    versions = sorted({e.snapshot for e in entries})
    of = np.array([versions.index(e.snapshot) for e in entries])
    size = np.bincount(of)

    def within(values: Floats) -> Floats:
        return values - (np.bincount(of, values) / size)[of]

    x, y = within(np.log(votes)), within(np.log(error))
    low, high = _ABOUT_3000
    return Exact(
        {
            "se_3000": float(np.median(error[(votes >= low) & (votes <= high)])),
            "slope": float(x @ y / (x @ x)),
        }
    )
