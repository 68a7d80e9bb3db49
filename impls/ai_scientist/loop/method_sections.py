"""What a paper says before its results: the question, the experiment, the search, how arms are compared."""

from __future__ import annotations

from claimbench.impls.ai_scientist.loop.document import (
    Block,
    Cell,
    Inline,
    Items,
    Paragraph,
    Quoted,
    Section,
    Table,
    sentence,
)
from claimbench.impls.ai_scientist.loop.ideas import listed
from claimbench.impls.ai_scientist.loop.story import ARMS, Story, percent
from claimbench.impls.ai_scientist.loop.template import printed

__all__ = ["comparison", "experiment", "question", "search"]


def question(story: Story) -> Section:
    """What is asked, by whom, and what is known of it."""
    template, idea = story.template, story.idea
    blocks: list[Block] = [Paragraph(parts=(template.about,))]
    labels = listed([template.space.lever(name).label for name in idea.levers])
    if story.idea_by:
        blocks += [
            Paragraph(parts=(f"This paper is about {labels}. The question is a language model's:",)),
            Quoted(by=story.idea_by, text=idea.hypothesis),
        ]
    else:
        blocks.append(
            Paragraph(
                parts=(
                    f"This paper is about {labels}. It tests one hypothesis: {idea.hypothesis[0].lower()}"
                    f"{idea.hypothesis[1:]}. Nobody thought of it: these settings did best in a search on other seeds, "
                    f"which Section 3 describes.",
                )
            )
        )
    return Section(title="The question", blocks=(*blocks, *_known(story)))


def _known(story: Story) -> list[Block]:
    template, found = story.template, story.novelty
    papers = {0: "no earlier paper", 1: "one earlier paper"}.get(found.searched, f"{found.searched} earlier papers")
    looked = (
        f"Whether this is new was looked up in two places only: the archive of this program, which holds {papers} on "
        f"this experiment and none about these settings together, and a short list, made by hand, of what is known. No "
        f"library or web service was searched; what is on neither may well be published."
    )
    if not found.known:
        return [Paragraph(parts=(looked, " The list has nothing on it."))]
    rest = " The rest is not on the list." if found.status == "partly known" else ""
    items = tuple(
        (f"{one.reference.split('), ')[0]}) report that {one.says}.",)
        for one in (template.known[i] for i in found.known)
    )
    ending = " The list has the following, so that to this extent the paper is a small replication." + rest
    return [Paragraph(parts=(looked, ending)), Items(items=items)]


def experiment(story: Story) -> Section:
    """What is fixed, what may be changed, what is measured."""
    template = story.template
    rows: list[tuple[Cell, ...]] = []
    for lever in template.space.levers:
        rest = "as it is" if story.idea_by else "searched, not changed"
        about = "tuned in every arm" if lever.tuned else "in question" if lever.name in story.idea.levers else rest
        levels = ", ".join(printed(level) for level in lever.levels)
        rows.append((lever.label, levels, story.level("held_out/baseline", lever.name), about))
    named = [f"{lever.label}, {lever.about}" for lever in template.space.levers]
    metric = template.metric
    unit = f", in {metric.unit}" if metric.unit else ""
    judged = f"What is judged is the {metric.label}{unit}; {metric.better} is better. {metric.about}"
    if len(template.metrics) > 1:
        others = [f"the {one.label}, {one.about[0].lower()}{one.about[1:].rstrip('.')}" for one in template.metrics[1:]]
        judged += f" Reported beside it: {'; '.join(others)}."
    return Section(
        title="The experiment",
        blocks=(
            Paragraph(parts=("The same in every run:",)),
            Items(items=tuple((f"{text}.",) for text in template.fixed)),
            Paragraph(parts=(judged,)),
            Paragraph(parts=("What may be changed: " + "; ".join(named) + ".",)),
            Table(
                caption=("The values that may be tried, and what this paper does with each setting.",),
                header=("setting", "values", "default", "here"),
                rows=tuple(rows),
            ),
        ),
    )


def search(story: Story) -> Section:
    """How settings were found, and with how many runs."""
    count = story.count
    steps = [
        sentence(
            "The default was run with every {tuned}, {n} runs; the best is the tuned default.",
            tuned=_tuned(story),
            n=count("grid"),
        ),
        *(_with_a_model(story) if story.idea_by else _without_one(story)),
        sentence(
            "Random search, as a control: {n} runs over all settings at random, as many as the steps above together; "
            "the best is an arm of its own.",
            n=count("control"),
        ),
    ]
    return Section(
        title="The search",
        blocks=(
            Paragraph(
                parts=(
                    "Settings are proposed by Thompson sampling. A Bayesian linear model, in which every value of "
                    "every setting adds its own amount, is fitted to the normal scores of the results so far; effects "
                    "are drawn from its posterior, and what is best under the draw is run next. The model has no "
                    "interactions, and knows nothing of what the settings mean.",
                )
            ),
            Items(items=tuple(steps)),
            Paragraph(
                parts=sentence(
                    "Every run of the search trains with the same {seeds} seeds and is judged by validation data. The "
                    "space holds {size} settings. {failed} runs failed; a run that fails counts as the worst.",
                    seeds=count("tuning_seeds"),
                    size=str(story.template.space.size),
                    failed=count("failed"),
                )
            ),
        ),
    )


def _tuned(story: Story) -> str:
    return listed([story.template.space.lever(name).label for name in story.template.space.tuned])


def _without_one(story: Story) -> list[Inline]:
    """The search where nobody had an idea beforehand."""
    own = story.settings_by[0]
    pilot = sentence("A pilot for the language model: {n} runs over all settings. ", n=story.count("pilot"))
    proposed = f", {own} of them proposed by the language model" if own else ""
    archived = ", leaving out what an earlier paper is about," if story.novelty.searched else ""
    runs = sentence(
        "Search: {n} further runs over all settings{proposed}. The best run so far in which more than the {tuned} "
        "differs{archived} gives the found settings.",
        n=story.count("search"),
        proposed=proposed,
        tuned=_tuned(story),
        archived=archived,
    )
    return [(*pilot, *runs) if story.model else runs]


def _with_a_model(story: Story) -> list[Inline]:
    by_model, by_bandit = story.settings_by
    return [
        sentence(
            "Pilot: {n} further runs over all settings by the bandit. A language model was shown the results and had "
            "the idea.",
            n=story.count("pilot"),
        ),
        sentence(
            "Search: {n} further runs over the settings in question and the {tuned}, {own} of them proposed by the "
            "language model and {others} by the bandit. The best run so far in which nothing else is changed gives the "
            "found settings.",
            n=story.count("search"),
            tuned=_tuned(story),
            own=str(by_model),
            others=str(by_bandit),
        ),
    ]


def comparison(story: Story) -> Section:
    """How arms are compared."""
    plan, metric = story.plan, story.template.metric
    what = "the logarithms of the ratios" if metric.compare == "ratio" else "the differences"
    arms = listed([ARMS[arm] for arm in plan.arms])
    return Section(
        title="The comparison",
        blocks=(
            Paragraph(
                parts=sentence(
                    "The arms are {arms}. Each was trained anew with {n} held-out seeds and judged by test data, "
                    "neither of which the search had seen. The plan of the comparison was on file before the first of "
                    "these runs: one comparison is judged, of the {subject} with the {baseline}. Arms share their "
                    "seeds, and with a seed the split of the data and, where shapes allow, the first weights; the "
                    "interval is Student's, of {what} seed by seed.",
                    arms=arms,
                    n=story.count("held_out_seeds"),
                    subject=ARMS[plan.subject],
                    baseline=ARMS[plan.baseline],
                    what=what,
                ),
            ),
            Paragraph(
                parts=sentence(
                    "There is an improvement if the whole interval is on the good side of no effect and an exact "
                    "sign-flip test agrees. If the first look does not decide, the plan allows a second one on {n} "
                    "other seeds; both intervals are of level {level}, so that the two looks together err in 5 % of "
                    "the cases at most. Every other comparison is exploratory and not corrected for their number, "
                    "unless it says so.",
                    n=story.count("second_seeds"),
                    level=percent(plan.level),
                ),
            ),
        ),
    )
