"""A version of the paper: discussed where there is a language model, written, checked, reviewed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from claimbench.impls.ai_scientist.chat import ChatModel
from claimbench.impls.ai_scientist.loop.evidence import Index
from claimbench.impls.ai_scientist.loop.markdown import markdown
from claimbench.impls.ai_scientist.loop.panel import panel
from claimbench.impls.ai_scientist.loop.paper import compose
from claimbench.impls.ai_scientist.loop.publish import check_paper, publish
from claimbench.impls.ai_scientist.loop.review import Review, rules
from claimbench.impls.ai_scientist.loop.stages import Stages, write
from claimbench.impls.ai_scientist.loop.story import Story
from claimbench.impls.ai_scientist.loop.verify import Verified, quotable
from claimbench.impls.ai_scientist.loop.written import Author, NoAnswer
from claimbench.spec import Model

__all__ = ["Version", "Writer"]


class _Said(Model):
    text: str
    note: str = ""


@dataclass(frozen=True)
class Version:
    """A version of the paper that was written."""

    verified: Verified
    """What was checked of it."""
    review: Review
    """What its reviewer says."""


@dataclass(frozen=True)
class Writer:
    """Writes the versions of a loop's paper."""

    logs: Path
    """The loop's folder."""
    stages: Stages
    """What is on file."""
    model: ChatModel | None
    """Who reviews; None for the rules."""
    author: Author | None
    """Who discusses; None for nobody."""
    say: Callable[[str], None]
    """Receives lines of progress."""

    def write(self, story: Story, folder: Path, index: Index, review: Review | None) -> Version:
        """Discuss, write to `folder`, check, review; `review` is that of the version before."""
        name = folder.name if folder != self.logs else "last"
        story = self._discussed(story, name, review)
        publish(compose(story), folder, story.template, index, self.logs)
        verified = check_paper(folder, story.template, self.logs)
        self.say(f"{name} paper: {verified.numbers} numbers computed again from the logs, all the same")
        text = (folder / "paper.md").read_text("utf-8")
        own = self.stages.once(f"review-{name}", Review, lambda: self._reviewed(story, text))
        write(folder / "review.json", own.model_dump_json(indent=1))
        self.say(f"{name} review: Overall {own.overall} of 10, {own.decision} ({own.by})")
        return Version(verified, own)

    def _discussed(self, story: Story, name: str, review: Review | None) -> Story:
        if not self.author:
            return story
        said = self.stages.once(f"discussion-{name}", _Said, lambda: self._discuss(story, review))
        if said.text:
            return replace(story, discussion=said.text)
        return replace(story, notes=(*story.notes, said.note))

    def _discuss(self, story: Story, review: Review | None) -> _Said:
        assert self.author
        document = compose(story)
        wanted = f"A review of its first version:\n{review.model_dump_json()}" if review else ""
        try:
            return _Said(text=self.author.discussion(markdown(document), quotable(document, story.template), wanted))
        except NoAnswer as error:
            return _Said(text="", note=f"A language model was to discuss the results, but {error}.")

    def _reviewed(self, story: Story, text: str) -> Review:
        if not self.model:
            return rules(story)
        try:
            return panel(self.model, text)
        except NoAnswer as error:
            own = rules(story)
            note = f"A language model was to review the paper, but {error}."
            return own.model_copy(update={"notes": (note, *own.notes)})
