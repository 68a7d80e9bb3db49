"""Differential Transformer's claims that no tier can test, and what it would take."""

from __future__ import annotations

from claimbench.spec import NotTestable, Published, Source

__all__ = ["CLAIMS"]

ARXIV = "2410.05258v2"
_WEIGHTS = "The paper's models were never released; "


def _published(arm: str, metric: str, value: float, unit: str, where: str) -> Published:
    return Published(arm=arm, metric=metric, value=value, unit=unit, where=where)


SIZE = NotTestable(
    id="differential_transformer.fewer_parameters",
    label="DT-01",
    statement="DIFF Transformer needs about 62 % of Transformer's parameters for the same loss, from 830M to 13B.",
    source=Source(arxiv=ARXIV, where="Section 3.2 and Figure 3a"),
    published=(
        _published("DIFF", "parameters for Transformer's loss at 11B", 6.8, "B", "Figure 3a"),
        _published("DIFF", "parameters for Transformer's loss at 13.1B", 7.8, "B", "Figure 3a"),
    ),
    reason="It takes five sizes of both models to 13B, on ten billion tokens each. DT-01b says that the numbers fit "
    "together.",
    keywords=("scaling",),
)

TOKENS = NotTestable(
    id="differential_transformer.fewer_tokens",
    label="DT-02b",
    statement="A DIFF Transformer of 3B has after 160B tokens the loss that Transformer has after 251B.",
    source=Source(arxiv=ARXIV, where="Section 3.2 and Figure 3b"),
    published=(_published("DIFF", "tokens for Transformer's loss at 251B", 160, "B", "Figure 3b"),),
    reason="It takes two trainings of 3B on hundreds of billions of tokens. DT-02 and what stands beside it are "
    "about small models.",
    keywords=("scaling", "tokens"),
)

ZERO_SHOT = NotTestable(
    id="differential_transformer.zero_shot",
    label="DT-03",
    statement="A DIFF Transformer of 3B, trained on 1T tokens, is ahead of models trained alike on seven zero-shot "
    "tasks.",
    source=Source(arxiv=ARXIV, where="Section 3.1 and Table 1"),
    published=(
        _published("DIFF-3B", "average accuracy", 60.6, "%", "Table 1"),
        _published("OpenLLaMA-v2-3B", "average accuracy", 57.5, "%", "Table 1"),
    ),
    reason=_WEIGHTS + "training one takes 1T tokens.",
    keywords=("zero_shot",),
)

RETRIEVAL = NotTestable(
    id="differential_transformer.retrieval_4k",
    label="DT-04",
    statement="In 4K tokens of prose DIFF Transformer finds several needles more often than Transformer, and one as "
    "often.",
    source=Source(arxiv=ARXIV, where="Section 3.4 and Table 2"),
    published=(
        _published("DIFF", "accuracy, 1 needle", 1.00, "1", "Table 2"),
        _published("Transformer", "accuracy, 1 needle", 1.00, "1", "Table 2"),
        _published("DIFF", "accuracy, 4 needles, 2 asked for", 0.84, "1", "Table 2"),
        _published("Transformer", "accuracy, 4 needles, 2 asked for", 0.62, "1", "Table 2"),
    ),
    reason=_WEIGHTS + "it takes two of 3B, trained on 350B tokens. DT-02 has a task of this kind in small.",
    keywords=("retrieval", "needle"),
)

LONG_RETRIEVAL = NotTestable(
    id="differential_transformer.retrieval_64k",
    label="DT-05",
    statement="With eight needles DIFF Transformer's accuracy stays the same up to 64K tokens, where Transformer's "
    "falls.",
    source=Source(arxiv=ARXIV, where="Section 3.4 and Figure 5"),
    published=(
        _published("DIFF", "accuracy at 64K, needle at a quarter", 0.88, "1", "Figure 5"),
        _published("Transformer", "accuracy at 64K, needle at a quarter", 0.12, "1", "Figure 5"),
    ),
    reason=_WEIGHTS + "it takes one that was extended to 64K tokens after 350B.",
    keywords=("retrieval", "needle", "long_context"),
)

MANY_SHOT = NotTestable(
    id="differential_transformer.many_shot",
    label="DT-07",
    statement="With 64K tokens of demonstrations DIFF Transformer is 5 to 22 points ahead of Transformer.",
    source=Source(arxiv=ARXIV, where="Figure 6"),
    published=(
        _published("DIFF beyond Transformer", "TREC accuracy", 18.0, "%", "Figure 6"),
        _published("DIFF beyond Transformer", "Clinic-150 accuracy", 5.2, "%", "Figure 6"),
    ),
    reason=_WEIGHTS + "it takes one that was extended to 64K tokens.",
    keywords=("in_context",),
)

SECOND = NotTestable(
    id="differential_transformer.second_version_loss",
    label="DV-01b",
    statement="The second version of DIFF Transformer has a loss .02 to .03 below Transformer's after a trillion "
    "tokens.",
    source=Source(arxiv=ARXIV, where="not in the paper: the authors' note on their second version, January 2026"),
    reason="It takes two trainings on a trillion tokens; the note gives no table.",
    keywords=("v2",),
)

LONG_LOSS = NotTestable(
    id="differential_transformer.loss_by_position",
    label="DT-18",
    statement="DIFF Transformer's loss is below Transformer's at every position up to 64K tokens.",
    source=Source(arxiv=ARXIV, where="Section 3.3 and Figure 4"),
    reason=_WEIGHTS + "it takes two that were extended to 64K tokens.",
    keywords=("long_context",),
)

MATHS = NotTestable(
    id="differential_transformer.reasoning",
    label="DT-19",
    statement="Trained on chains of thought, DIFF Transformer of 3B solves more problems than Transformer with fewer "
    "tokens.",
    source=Source(arxiv=ARXIV, where="Appendix C"),
    published=(
        _published("DIFF", "average accuracy on eight sets", 50.8, "%", "Appendix C"),
        _published("Transformer", "average accuracy on eight sets", 43.3, "%", "Appendix C"),
    ),
    reason=_WEIGHTS + "it takes two of 3B, trained on 350B tokens and then on synthetic chains of thought that are not "
    "public.",
    keywords=("reasoning",),
)

CLAIMS = (SIZE, TOKENS, ZERO_SHOT, RETRIEVAL, LONG_RETRIEVAL, MANY_SHOT, SECOND, LONG_LOSS, MATHS)
