"""What the reviewer asked for, and what it showed."""

from __future__ import annotations

from collections.abc import Sequence

from claimbench.impls.ai_scientist.loop.document import Block, Items, Paragraph, Section, Table, sentence
from claimbench.impls.ai_scientist.loop.evidence import Decision
from claimbench.impls.ai_scientist.loop.ideas import listed
from claimbench.impls.ai_scientist.loop.result_sections import answer
from claimbench.impls.ai_scientist.loop.story import ARMS, Story, percent

__all__ = ["follow_ups"]


def follow_ups(story: Story) -> Section | None:
    """What the review led to; None where there was nothing to run."""
    asked = story.follow_ups
    if asked is None:
        return None
    blocks: list[Block] = [Paragraph(parts=(story.first_review,))]
    if asked.without:
        blocks += _without(story, asked.without)
    if asked.second:
        blocks += _second(story)
    if not asked.without and not asked.second:
        blocks.append(Paragraph(parts=("Nothing was run anew for it.",)))
    if asked.refused:
        blocks.append(Items(items=tuple((text,) for text in asked.refused)))
    return Section(title="What the review led to", blocks=tuple(blocks))


def _without(story: Story, levers: Sequence[str]) -> list[Block]:
    space, level = story.template.space, _level(story)
    labels = [space.lever(name).label for name in levers]
    said = _what_matters(
        {
            label: story.evidence.decision("held_out/found", f"without/{name}", level)
            for name, label in zip(levers, labels, strict=True)
        }
    )
    rows = tuple(
        story.gain_row(f"{label} put back", "held_out/found", f"without/{name}", level)
        for name, label in zip(levers, labels, strict=True)
    )
    return [
        Paragraph(
            parts=(
                f"The found settings change {listed(labels)}. To see which of them matter, each was put back to the "
                f"default's value, one at a time, with the others as found. The step size was not tuned anew for what "
                f"is left, so that what a setting is worth may be overstated. {said}",
            )
        ),
        Table(
            caption=(
                f"Improvement of the found settings over the same with one setting put back, on the held-out seeds, "
                f"with {percent(level)} intervals, which hold together at 95 %. These runs were not in the plan.",
            ),
            header=("setting", "improvement", "low", "high", "p"),
            rows=rows,
        ),
    ]


def _second(story: Story) -> list[Block]:
    plan = story.plan
    subject, baseline = f"second/{plan.subject}", f"second/{plan.baseline}"
    return [
        Paragraph(
            parts=sentence(
                "The plan allows a second look, on {n} seeds that nothing had seen. {answer} The two sets of seeds are "
                "not pooled, because whether there is a second one depended on the first.",
                n=story.count("second_seeds"),
                answer=answer(story),
            )
        ),
        Table(
            caption=(f"The second look, as Table 4: improvement with its {percent(plan.level)} interval.",),
            header=("comparison", "improvement", "low", "high", "p"),
            rows=(story.gain_row(f"{ARMS[plan.subject]} over {ARMS[plan.baseline]}", subject, baseline, plan.level),),
        ),
    ]


def _what_matters(decisions: dict[str, Decision]) -> str:
    by = {kind: [label for label, found in decisions.items() if found == kind] for kind in ("better", "worse")}
    unclear = [label for label, found in decisions.items() if found == "undecided"]
    said = [f"Shown to help: {listed(by['better'])}." if by["better"] else "None of them is shown to help by itself."]
    if by["worse"]:
        said.append(f"Shown to hurt, so that the found settings would be better without: {listed(by['worse'])}.")
    if unclear and len(unclear) < len(decisions):
        said.append(f"No effect is shown of {listed(unclear)}.")
    return " ".join(said)


def _level(story: Story) -> float:
    """Level of the intervals of settings put back, all of them together at 95 %."""
    assert story.follow_ups
    return 1 - 0.05 / max(len(story.follow_ups.without), 1)
