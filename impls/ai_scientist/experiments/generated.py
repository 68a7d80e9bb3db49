"""Claims about the generated papers: their scores, and their numbers against the logs of their runs."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from claimbench.errors import HostError
from claimbench.impls.ai_scientist.data import Example, Floats, Ratings, load_examples, load_ratings
from claimbench.impls.ai_scientist.numbers import Check, check
from claimbench.impls.ai_scientist.published import RUNS, SELECTED
from claimbench.trial import Exact, Trial

__all__ = [
    "accepted_by_decision",
    "at_threshold",
    "counts",
    "dual_scale",
    "example_numbers",
    "grid_noise",
    "ranks",
    "reviewed_again",
    "scores",
    "selected",
]

Checks = dict[str, float | tuple[float, float]]
_DUAL_SCALE = "adaptive_dual_scale_denoising"
_GRID = "grid_based_noise_adaptation"
_THRESHOLD = 6


def scores(trial: Trial) -> Exact:
    """AIS-11: mean and highest score of the rated papers, as `template.model.mean` and `.best`."""
    checks: Checks = {}
    for name, found in _rated(trial).items():
        checks |= {f"{name}.mean": float(found.overall.mean()), f"{name}.best": float(found.overall.max())}
    return Exact(checks)


def counts(trial: Trial) -> Exact:
    """AIS-11b: how many papers were rated, as `template.model`."""
    return Exact({name: float(len(found.papers)) for name, found in _rated(trial).items()})


def ranks(trial: Trial) -> Exact:
    """AIS-11c: by how much Sonnet's mean score is above the best of the others, by template, and GPT-4o's over all.

    Over all, each paper counts once, and GPT-4o's is set against the better of DeepSeek's and Llama's.
    """
    scores: dict[str, dict[str, Floats]] = {}
    for name, found in _rated(trial).items():
        template, model = name.split(".")
        scores.setdefault(template, {})[model] = found.overall
    leads = {f"{template}.sonnet": _lead(own, "sonnet") for template, own in scores.items()}
    pooled = {
        model: np.concatenate([own[model] for own in scores.values()]) for model in ("gpt4o", "deepseek", "llama")
    }
    return Exact({**leads, "over_all.gpt4o": _lead(pooled, "gpt4o")})


def at_threshold(trial: Trial) -> Exact:
    """AIS-12: papers rated, and papers with a score of at least 6."""
    rated = _rated(trial).values()
    return Exact({"papers": _papers(rated), "at_6": float(sum((found.overall >= _THRESHOLD).sum() for found in rated))})


def accepted_by_decision(trial: Trial) -> Exact:
    """AIS-12b: papers rated, and papers that the reviewer itself would accept."""
    rated = _rated(trial).values()
    return Exact({"papers": _papers(rated), "accepted": float(sum(found.accepts.sum() for found in rated))})


def selected(trial: Trial) -> Exact:
    """AIS-13: the scores of Table 2's ten papers in the table of ratings, by name."""
    return Exact(dict(_selected(trial)))


def reviewed_again(trial: Trial) -> Exact:
    """AIS-13b: the same papers' scores by the reviews that lie beside them, against Table 2's.

    `same`, how many agree; `apart`, the mean distance; `farthest`, the greatest.
    """
    first = _selected(trial)
    second = {one.name: float(one.review["Overall"]) for one in _examples(trial)}
    if set(first) != set(second):
        raise HostError(f"the archive holds other papers than Table 2: {sorted(set(first) ^ set(second))}")
    apart = np.array([abs(first[name] - second[name]) for name in first])
    return Exact({"same": float((apart == 0).sum()), "apart": float(apart.mean()), "farthest": float(apart.max())})


def dual_scale(trial: Trial) -> Exact:
    """AIS-14: share of the numbers in the tables of "DualScale Diffusion" that stand in the logs of its runs.

    `by_chance`, what it would be of numbers close by.
    """
    found = _checked(trial)[_DUAL_SCALE]
    return Exact({"numbers": float(found.numbers), "standing": found.share, "by_chance": found.by_chance})


def example_numbers(trial: Trial) -> Exact:
    """AIS-14b: the same share of each of the nine others, by name."""
    return Exact({name: found.share for name, found in _checked(trial).items() if name != _DUAL_SCALE})


def grid_noise(trial: Trial) -> Exact:
    """AIS-14c: of "Multi-scale Grid Noise Adaptation", the best run's KL divergence and loss over the baseline's.

    Means over the data sets, as logged; each measure has its own best run.
    """
    (found,) = (one for one in _examples(trial) if one.name == _GRID)
    checks: Checks = {}
    for measure in ("kl_divergence", "eval_loss"):
        means = [float(np.mean([of["means"][measure] for of in run.values()])) for run in found.results]
        checks[measure] = min(means[1:]) / means[0]
    return Exact(checks)


def _rated(trial: Trial) -> dict[str, Ratings]:
    names = ((f"{run.template}.{run.model}", f"generated_{run.template}_{run.model}") for run in RUNS)
    return {name: load_ratings(trial.data(data)) for name, data in names}


def _papers(rated: Iterable[Ratings]) -> float:
    return float(sum(len(found.papers) for found in rated))


def _lead(scores: dict[str, Floats], first: str) -> float:
    means = {model: float(own.mean()) for model, own in scores.items()}
    return means.pop(first) - max(means.values())


def _selected(trial: Trial) -> dict[str, float]:
    found = load_ratings(trial.data("generated_selected"))
    known = dict(zip(found.papers, found.overall.tolist(), strict=True))
    if missing := sorted(set(SELECTED) - set(known)):
        raise HostError(f"no rating of {', '.join(missing)}: fetch generated_selected again")
    return {name: known[name] for name in SELECTED}


def _examples(trial: Trial) -> tuple[Example, ...]:
    return load_examples(trial.data("generated_examples"))


def _checked(trial: Trial) -> dict[str, Check]:
    return {one.name: check(one.latex, one.results) for one in _examples(trial)}
