"""The paper: a story in sections, its abstract and its references."""

from __future__ import annotations

from claimbench.impls.ai_scientist.loop.closing_sections import again, appendix, authorship, discussion, limitations
from claimbench.impls.ai_scientist.loop.document import Document, Inline, Section, sentence
from claimbench.impls.ai_scientist.loop.follow_up_section import follow_ups
from claimbench.impls.ai_scientist.loop.ideas import described, listed
from claimbench.impls.ai_scientist.loop.method_sections import comparison, experiment, question, search
from claimbench.impls.ai_scientist.loop.result_sections import answer, results
from claimbench.impls.ai_scientist.loop.story import Story

__all__ = ["compose"]


def compose(story: Story) -> Document:
    """The paper of a story."""
    sections: list[Section | None] = [
        question(story),
        experiment(story),
        search(story),
        comparison(story),
        results(story),
        follow_ups(story),
        discussion(story),
        limitations(story),
        authorship(story),
        again(story),
        appendix(story),
    ]
    return Document(
        title=story.idea.title,
        byline=_byline(story),
        abstract=_abstract(story),
        sections=tuple(section for section in sections if section),
        references=tuple(story.template.known[place].reference for place in story.novelty.known),
    )


def _byline(story: Story) -> str:
    if story.model:
        return f"Written by a program that asked a language model, {story.model}; no person has checked it"
    return "Written by a program, without a language model; no person has checked it"


def _abstract(story: Story) -> Inline:
    template = story.template
    labels = listed([template.space.lever(name).label for name in story.idea.levers])
    asked = (
        "A language model was asked for the idea and for settings; a program did the rest."
        if story.model
        else "No language model was used: a bandit proposed settings and a program filled in this text."
    )
    opening = sentence(
        "This paper asks whether changing {labels} helps {subject}, beyond tuning the {tuned}. {asked} {runs} runs "
        "were made to choose settings, and as many of random search as a control. What was chosen ({what}) was then "
        "compared, on {seeds} held-out seeds and by a plan made beforehand, with a default of which the {tuned} alone "
        "had been tuned, in {grid} runs. ",
        labels=labels,
        tuned=listed([template.space.lever(name).label for name in template.space.tuned]),
        subject=template.subject,
        asked=asked,
        runs=story.count("control"),
        what=described(template.space, story.plan.arms["found"]),
        seeds=story.count("held_out_seeds"),
        grid=story.count("grid"),
    )
    return (*opening, *answer(story), *_against_control(story), " " + template.caveats[0])


def _against_control(story: Story) -> Inline:
    """What the control says of the bandit, in any case."""
    level = story.plan.level
    if story.plan.arms["found"] == story.plan.arms["control"]:
        return (" The best of the random search are the very same settings.",)
    said = {
        "better": "Against the best of the random search, on the held-out seeds, they are better",
        "worse": "Against the best of the random search, on the held-out seeds, they are worse",
        "undecided": "They cannot be told from the best of the random search on the held-out seeds",
    }[story.evidence.decision("held_out/found", "held_out/control", level)]
    gain = story.improvement("held_out/found", "held_out/control", level)
    return sentence(" {said}: {gain}.", said=said, gain=gain)
