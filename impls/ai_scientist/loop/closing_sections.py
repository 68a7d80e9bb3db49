"""What a paper says after its results: what they do not show, who did what, how to run it again, the appendix."""

from __future__ import annotations

from claimbench.impls.ai_scientist.loop.document import (
    Block,
    Cell,
    Inline,
    Items,
    Listing,
    Paragraph,
    Quoted,
    Section,
    Table,
    sentence,
)
from claimbench.impls.ai_scientist.loop.ideas import listed
from claimbench.impls.ai_scientist.loop.quantities import SeedValue
from claimbench.impls.ai_scientist.loop.story import ARMS, Story

__all__ = ["again", "appendix", "authorship", "discussion", "edges", "limitations"]


def discussion(story: Story) -> Section | None:
    """A language model's discussion, where there is one."""
    if not story.discussion:
        return None
    before = (
        "A language model was shown the results and discusses them. It may use only numbers that stand elsewhere in "
        "this paper; whether it uses them rightly has not been checked."
    )
    return Section(
        title="Discussion", blocks=(Paragraph(parts=(before,)), Quoted(by=story.model, text=story.discussion))
    )


def limitations(story: Story) -> Section:
    """What is wrong with this paper, as far as the program can know."""
    template = story.template
    items: list[Inline] = [(text,) for text in template.caveats]
    items += [
        sentence(
            "The tuned default was chosen from {grid} runs, the found settings from up to {all} in a larger space: the "
            "comparison of the plan is not one of equal budgets. The random search had the same number of runs as all "
            "steps of the search together.",
            grid=story.count("grid"),
            all=story.count("control"),
        ),
        sentence(
            "Settings were chosen on {seeds} seeds. With more of them the search would have found other settings, and "
            "another search, begun with another seed, finds others as well. One search of each kind says nothing on "
            "which kind is better.",
            seeds=story.count("tuning_seeds"),
        ),
        (
            "Settings are compared at the same number of training examples or steps, not at the same time or memory, "
            "which were not compared.",
        ),
    ]
    items += [(text,) for text in edges(story)]
    items.append(("No person has checked this paper. What a reader should check first is the program of the runs.",))
    return Section(title="Limitations", blocks=(Items(items=tuple(items)),))


def edges(story: Story) -> list[str]:
    """What is said where the best values lie at the end of what may be tried."""
    said: list[str] = []
    for arm in ("tuned", "found"):
        settings = story.plan.arms[arm]
        free = [lever for lever in story.template.space.levers if lever.tuned or arm == "found"]
        ends = [
            lever.label for lever in free if lever.on_edge(settings[lever.name]) and _chosen(story, arm, lever.name)
        ]
        if ends:
            said.append(
                f"Of the {ARMS[arm]} the {listed(ends)} {'is' if len(ends) == 1 else 'are'} at the end of what could "
                f"be tried, so that what lies beyond may be better."
            )
    return said


def _chosen(story: Story, arm: str, name: str) -> bool:
    """Whether a setting was chosen for an arm, and not left as it was."""
    lever = story.template.space.lever(name)
    return lever.tuned or (arm == "found" and story.plan.arms[arm][name] != lever.baseline)


def authorship(story: Story) -> Section:
    """Who did what."""
    if story.model:
        took_part = ["the idea"] * bool(story.idea_by)
        took_part += [f"{story.settings_by[0]} of the settings of the search"] * bool(story.settings_by[0])
        took_part += ["the discussion"] * bool(story.discussion)
        gave = f"By it are {listed(took_part)}" if took_part else "It gave nothing that could be used"
        who = (
            f"A language model, {story.model}, was asked for the idea, for settings and for a discussion. {gave}. Its "
            f"words are set apart as quotations; the rest of the text is filled in from fixed sentences by a program, "
            f"which chose among them by the results."
        )
    else:
        who = (
            "No language model was used, for anything. Settings were proposed by a bandit, the question is about those "
            "that did best, and the text is filled in from fixed sentences by a program, "
            "which chose among them by the results."
        )
    checked = (
        "Every number in the tables and the text that is a result was computed again from the logs of the runs, and "
        "the tables of the text were read back and compared with it; a paper in which one differs is not written. "
        "This says that the numbers are those of the logs, not that the program of the runs is right."
    )
    notes: list[Block] = []
    if story.notes:
        notes = [
            Paragraph(parts=("What went otherwise than meant:",)),
            Items(items=tuple((note,) for note in story.notes)),
        ]
    ran = f"Runs took one thread of a processor each and were {story.containment}."
    return Section(title="Who did what", blocks=(*(Paragraph(parts=(text,)) for text in (who, checked, ran)), *notes))


def again(story: Story) -> Section:
    """How to get the same."""
    differs = ["Floating-point results may differ between machines, and the search may then take another way."]
    if story.novelty.searched:
        differs.append("The archive, which had earlier papers, has to be the same, for the idea must differ from them.")
    if story.model:
        differs.append("The language model may answer otherwise; transcript.jsonl has what it answered.")
    return Section(
        title="How to run it again",
        blocks=(
            Paragraph(
                parts=sentence(
                    "The following does all {runs} runs again and writes this paper. {differs} Below it is the SHA-256 "
                    "of the program of the runs.",
                    runs=story.count("runs"),
                    differs=" ".join(differs),
                )
            ),
            Listing(text=f"{story.command}\n# experiment.py {story.plan.program}"),
            Paragraph(
                parts=(
                    "Beside the paper lie its logs: a folder a run with program, settings, results and hash; log.jsonl "
                    "has the order of the runs, the plan among them, and their times.",
                )
            ),
        ),
    )


def appendix(story: Story) -> Section:
    """Settings and values, all of them."""
    template, arms = story.template, list(story.plan.arms)
    settings: list[tuple[Cell, ...]] = [
        (lever.label, *(story.level(f"held_out/{arm}", lever.name) for arm in arms)) for lever in template.space.levers
    ]
    values: list[tuple[Cell, ...]] = [
        (
            f"seed {seed}",
            *(story.number(SeedValue(run=f"held_out/{arm}", metric=template.metric.name, seed=seed)) for arm in arms),
        )
        for seed in story.plan.held_out
    ]
    header = tuple(ARMS[arm] for arm in arms)
    tables: list[Block] = [
        Table(caption=("Settings of the arms.",), header=("setting", *header), rows=tuple(settings)),
        Table(
            caption=(f"The {template.metric.label} of each held-out seed, on test data.",),
            header=("seed", *header),
            rows=tuple(values),
        ),
    ]
    return Section(title="Appendix: settings and values", blocks=tuple(tables))
