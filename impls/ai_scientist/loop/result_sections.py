"""What was found: in the search, and on held-out seeds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import accumulate

from claimbench.impls.ai_scientist.loop.document import (
    Block,
    Cell,
    Chart,
    Figure,
    Inline,
    Paragraph,
    Section,
    Series,
    Table,
    sentence,
)
from claimbench.impls.ai_scientist.loop.ideas import described
from claimbench.impls.ai_scientist.loop.proposer import Tried
from claimbench.impls.ai_scientist.loop.quantities import Improvement, Spread
from claimbench.impls.ai_scientist.loop.story import ARMS, Story, percent
from claimbench.impls.ai_scientist.loop.template import Metric

__all__ = ["answer", "results"]

_NO_EFFECT = {"difference": 0.0, "ratio": 1.0}
_EXPLORATORY = (("found", "control"), ("found", "baseline"), ("tuned", "baseline"))


def results(story: Story) -> Section:
    """The search's and the comparison's results."""
    return Section(title="Results", blocks=(*_searched(story), *_compared(story)))


def answer(story: Story) -> Inline:
    """The comparison that is judged, in a sentence that says what it is: better, worse, or undecided."""
    plan = story.plan
    gain = story.improvement(f"{story.look}/{plan.subject}", f"{story.look}/{plan.baseline}", plan.level)
    text = {
        "better": "On {seeds}, the {subject} are better than the {baseline}: {means}; the improvement is {gain}.",
        "worse": "The hypothesis fails. On {seeds}, the {subject} are worse than the {baseline}: {means}; the "
        "improvement is {gain}.",
        "undecided": "No improvement was found. On {seeds}, the {subject} cannot be told from the {baseline}: {means}; "
        "the improvement is {gain}. Effects inside this interval are not excluded.",
    }[story.outcome]
    seeds = "seeds that the search had not seen"
    if story.look == "second":
        text, seeds = "The first look did not decide. " + text, "other new seeds, in a second look"
    metric = story.template.metric
    means = sentence(
        "the {kind}{label} is {subject}{unit} against {baseline}{unit}",
        kind="geometric mean of the " if metric.compare == "ratio" else "",
        label=metric.label,
        subject=story.mean(f"{story.look}/{plan.subject}"),
        baseline=story.mean(f"{story.look}/{plan.baseline}"),
        unit=f" {metric.unit}" if metric.unit else "",
    )
    return sentence(text, seeds=seeds, subject=ARMS[plan.subject], baseline=ARMS[plan.baseline], means=means, gain=gain)


def _searched(story: Story) -> list[Block]:
    template, metric = story.template, story.template.metric
    first = story.plan.arms["found"]
    gain = sentence(
        "While searching, on {seeds} tuning seeds and validation data, the {label}{unit} was {default} for the "
        "default, {tuned} for the tuned default{same}, {found} for the found settings ({what}) and {control} for the "
        "best of the random search. The last three were chosen for being {good} and are too good to be true; the "
        "comparison below is not.",
        seeds=story.count("tuning_seeds"),
        label=metric.label,
        unit=f", in {metric.unit}," if metric.unit else "",
        default=story.mean("tuning/baseline"),
        tuned=story.mean("tuning/tuned"),
        found=story.mean("tuning/found"),
        control=story.mean("tuning/control"),
        what=described(template.space, first),
        same=", which is the default itself" if story.plan.arms["tuned"] == story.plan.arms["baseline"] else "",
        good="low" if metric.better == "lower" else "high",
    )
    top = [name for name in story.evidence.results if name.startswith("top/")]
    rows: list[tuple[Cell, ...]] = [
        (described(template.space, story.evidence.results[name].settings), story.mean(name)) for name in top
    ]
    return [
        Paragraph(parts=gain),
        Table(
            caption=(
                "The best settings that the search tried, by what differs from the default; means of the tuning seeds, "
                "on validation data.",
            ),
            header=("changed", _axis(story)),
            rows=tuple(rows),
        ),
        Figure(
            name="search",
            caption=("The best result so far in the course of both searches, on tuning seeds.",),
            chart=Chart(
                form="steps",
                x_label="runs",
                y_label=_axis(story),
                series=(
                    _best_so_far("grid and search", story.explored, story),
                    _best_so_far("random search", story.controlled, story),
                ),
            ),
        ),
    ]


def _compared(story: Story) -> list[Block]:
    template, plan = story.template, story.plan
    others = template.metrics[1:]
    rows: list[tuple[Cell, ...]] = []
    for arm in plan.arms:
        run = f"held_out/{arm}"
        spread = story.number(Spread(run=run, metric=template.metric.name))
        rows.append((ARMS[arm], story.mean(run), spread, *(story.mean(run, one.name) for one in others)))
    kind = "geometric means" if template.metric.compare == "ratio" else "means"
    pairs = [
        (f"{ARMS[subject]} over {ARMS[baseline]}", f"held_out/{subject}", f"held_out/{baseline}")
        for subject, baseline in ((plan.subject, plan.baseline), *_EXPLORATORY)
    ]
    blocks: list[Block] = [
        Paragraph(parts=answer(story) if story.look == "held_out" else _first_look(story)),
        Table(
            caption=sentence(
                "Each arm on {n} held-out seeds, by test data: {kind}, and standard deviation over seeds.",
                n=story.count("held_out_seeds"),
                kind=kind,
            ),
            header=("arm", _axis(story), "sd", *(_labelled(one) for one in others)),
            rows=tuple(rows),
        ),
        Table(
            caption=sentence(
                "Improvements with {level} intervals, paired by seed, and p of the two-sided sign-flip test; {none} is "
                "no effect. The first row is the comparison of the plan, the others are exploratory.",
                level=percent(plan.level),
                none="1" if template.metric.compare == "ratio" else "0",
            ),
            header=("comparison", "improvement", "low", "high", "p"),
            rows=tuple(story.gain_row(*pair, plan.level) for pair in pairs),
        ),
        _interval_figure(story, pairs),
    ]
    return blocks + _curves(story)


def _first_look(story: Story) -> Inline:
    plan = story.plan
    return sentence(
        "The first look does not decide. On the held-out seeds the improvement of the {subject} over the {baseline} is "
        "{gain}; Section 6 has the second look.",
        subject=ARMS[plan.subject],
        baseline=ARMS[plan.baseline],
        gain=story.improvement(f"held_out/{plan.subject}", f"held_out/{plan.baseline}", plan.level),
    )


def _interval_figure(story: Story, pairs: Sequence[tuple[str, str, str]]) -> Figure:
    level = story.plan.level
    return Figure(
        name="comparisons",
        caption=(f"The same improvements, with {percent(level)} intervals; the dashed line is no effect.",),
        chart=Chart(
            form="intervals",
            x_label=f"improvement ({story.gain_unit})",
            none=_NO_EFFECT[story.template.metric.compare],
            series=tuple(
                Series(label=label, x=tuple(story.evidence.value(part) for part in _parts(a, b, level)))
                for label, a, b in pairs
            ),
        ),
    )


def _parts(subject: str, baseline: str, level: float) -> Iterable[Improvement]:
    for part in ("estimate", "low", "high"):
        yield Improvement(subject=subject, baseline=baseline, level=level, part=part)


def _curves(story: Story) -> list[Block]:
    """Mean curves of the arms, where runs have curves."""
    series: list[Series] = []
    for arm in story.plan.arms:
        curve = story.evidence.results[f"held_out/{arm}"].curve
        if curve is None:
            return []
        means = tuple(sum(values) / len(values) for values in zip(*curve.y, strict=True))
        series.append(Series(label=ARMS[arm], x=curve.x, y=means))
    x_label, y_label = story.template.curve
    figure = Figure(
        name="curves",
        caption=("Each arm in the course of training, on test data, means of the held-out seeds.",),
        chart=Chart(form="lines", x_label=x_label, y_label=y_label, series=tuple(series)),
    )
    return [figure]


def _axis(story: Story) -> str:
    return _labelled(story.template.metric)


def _labelled(metric: Metric) -> str:
    return f"{metric.label} ({metric.unit})" if metric.unit else metric.label


def _best_so_far(label: str, tried: Sequence[Tried], story: Story) -> Series:
    """From the first run on that had a result."""
    losses = list(accumulate((one.loss for one in tried), min))
    points = [(float(place), story.template.undo(loss)) for place, loss in enumerate(losses, 1) if math.isfinite(loss)]
    return Series(label=label, x=tuple(x for x, _ in points), y=tuple(y for _, y in points))
