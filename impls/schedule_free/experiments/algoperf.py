"""AlgoPerf's claims, recomputed from its public logs."""

from __future__ import annotations

from claimbench.impls.common.workload import workload_of
from claimbench.impls.schedule_free.algoperf import Times, bootstrap_scores, load_times, scores, time_ratio
from claimbench.papers.schedule_free.workloads import Resampled
from claimbench.trial import Exact, Trial

__all__ = ["lead", "rulesets", "speed_up", "workloads"]

_SUBMISSION, _BASELINE = "schedule_free_adamw", "baseline"
_SELF, _EXTERNAL = "self_tuning", "external_tuning"


def rulesets(trial: Trial) -> Exact:
    """Every submission's score as `ruleset.submission`, and Schedule-Free's place as `ruleset.place`."""
    checks: dict[str, float | tuple[float, float]] = {}
    for ruleset in (_SELF, _EXTERNAL):
        found = scores(_times(trial, ruleset))
        checks |= {f"{ruleset}.{name}": value for name, value in found.items()}
        checks[f"{ruleset}.place"] = 1.0 + sum(value > found[_SUBMISSION] for value in found.values())
    return Exact(checks)


def lead(trial: Trial) -> Exact:
    """SF-09b: Schedule-Free's lead under self-tuning, the low end of its 95 % interval, how often it is first.

    Over studies drawn anew by the seed.
    """
    work = workload_of(trial, Resampled)
    found = bootstrap_scores(_times(trial, _SELF), _SUBMISSION, _BASELINE, work.draws, trial.seeds[0])
    return Exact({"difference": found.difference, "low": found.low, "first_place": found.first_place})


def workloads(trial: Trial) -> Exact:
    """The baseline's median time to target over Schedule-Free's under self-tuning, on the workloads of Figure 4."""
    times = _times(trial, _SELF)
    return Exact(
        {
            name: times.of(_BASELINE, name) / times.of(_SUBMISSION, name)
            for name in times.base
            if name != "imagenet_resnet"
        }
    )


def speed_up(trial: Trial) -> Exact:
    """By how many per cent the geometric mean of times to target is below the baseline's."""
    own, external = _times(trial, _SELF), _times(trial, _EXTERNAL)
    return Exact(
        {
            _SUBMISSION: 100 * (1 - time_ratio(own, _SUBMISSION, _BASELINE, self_tuning=True)),
            "shampoo": 100 * (1 - time_ratio(external, "shampoo_submission", _BASELINE, self_tuning=False)),
        }
    )


def _times(trial: Trial, ruleset: str) -> Times:
    return load_times(trial.data("algoperf_times"), trial.data("algoperf_targets"), ruleset)
