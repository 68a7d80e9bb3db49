"""Claims about decisions on papers one by one: whether an arm's decision is the conference's."""

from __future__ import annotations

import numpy as np

from claimbench.errors import UnknownName
from claimbench.impls.ai_scientist.data import (
    Booleans,
    Submissions,
    load_reviews,
    load_submissions,
    load_texts,
)
from claimbench.impls.ai_scientist.published import HUMAN
from claimbench.impls.ai_scientist.reviewer import area, confusion
from claimbench.trial import Exact, Quality, Trial

__all__ = ["above_people", "given_away", "right"]

_RULES = ("accept", "decision", "reject", "score", "string")


def right(trial: Trial) -> Quality:
    """1 where the arm decides as the conference did; an item is a paper, numbered as in the ratings.

    The arm's `rule`: `decision` of the reviews named `reviews`; `score`, at least `threshold`; `accept` or `reject`,
    whatever the paper; `string`, accept where the text does not call its authors anonymous.
    """
    papers = load_submissions(trial.data("iclr_ratings"))
    agrees = _accepts(trial, papers) == papers.accepted
    return Quality({"right": [float(agrees[paper]) for paper in trial.seeds]})


def above_people(trial: Trial) -> Quality:
    """AIS-05: a mean over papers that is above 0 where the arm's F1 is above people's, c; a seed is a paper's number.

    F1 = 2 TP / (2 TP + FP + FN) > c is 2 (1 - c) TP - c (FP + FN) > 0. Rules are those of `right`.
    """
    papers, bar = load_submissions(trial.data("iclr_ratings")), HUMAN["f1"].value
    accepts = _accepts(trial, papers)
    worth = np.where(accepts & papers.accepted, 2 * (1 - bar), np.where(accepts ^ papers.accepted, -bar, 0.0))
    return Quality({"surplus": [float(worth[paper]) for paper in trial.seeds]})


def given_away(trial: Trial) -> Exact:
    """AIS-08b: what the texts give away: accuracy of two strings, area under the curve of the length.

    `length_lead` is that area less the one of the best reviewer's score.
    """
    papers = load_submissions(trial.data("iclr_ratings"))
    texts = load_texts(trial.data("iclr_text_features"), papers.ids)
    score = load_reviews(trial.data("iclr_reviews_gpt4o_one_shot"), papers.ids).overall
    length = area(papers.accepted, texts.characters)
    return Exact(
        {
            "string": confusion(papers.accepted, ~texts.anonymous).balanced_accuracy,
            "acknowledgement": confusion(papers.accepted, texts.acknowledgement).balanced_accuracy,
            "length_area": length,
            "length_lead": length - area(papers.accepted, score),
        }
    )


def _accepts(trial: Trial, papers: Submissions) -> Booleans:
    rule = str(trial.option("rule"))
    if rule in ("accept", "reject"):
        return np.full(papers.accepted.shape, rule == "accept")
    if rule == "string":
        return ~load_texts(trial.data("iclr_text_features"), papers.ids).anonymous
    if rule not in _RULES:
        raise UnknownName("rule", rule, _RULES)
    reviews = load_reviews(trial.data(f"iclr_reviews_{trial.option('reviews')}"), papers.ids)
    return reviews.accepts if rule == "decision" else reviews.overall >= float(trial.option("threshold"))
