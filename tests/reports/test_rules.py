"""What a page says of items, clusters, looks, values, and margins that are factors."""

from __future__ import annotations

from pathlib import Path

import pytest
from factories import HEALTHY, claim, judged, record, timing, units
from synthetic import PAPER

from claimbench.evidence import judge_all
from claimbench.expectation import Equivalent, Expectation, NotWorse, Ratio, Within
from claimbench.lock import Lock
from claimbench.reports.estimates import unit_effects
from claimbench.reports.pages import Provenance, build
from claimbench.reports.rules import asked, bounds, decides
from claimbench.spec import Protocol

LATENCIES = {"ours": [1e-3 + 1e-6 * i for i in range(10)], "theirs": [1e-3 + 1e-6 * i for i in range(10)]}


@pytest.mark.parametrize(
    ("expectation", "sentence", "words", "ends"),
    [
        (
            Within(arm="ours", value=0.001, margin=0.0005),
            "the mean latency_s of `ours` is 0.001 s ± 0.0005 s",
            "0.001 s ± 0.0005 s",
            (0.0005, 0.0015),
        ),
        (
            NotWorse(subject="ours", baseline="theirs", margin=0.25, relative=True),
            "`ours` is not worse than `theirs` in latency_s by more than a factor of 1.25",
            "at least 0.800×",
            (0.8,),
        ),
        (
            Equivalent(subject="ours", baseline="theirs", margin=0.25, relative=True),
            "`ours` and `theirs` differ in latency_s by less than a factor of 1.25",
            "between 0.800 and 1.25×",
            (0.8, 1.25),
        ),
        (
            Ratio(subject="ours", baseline="theirs", at_least=1.5, of_means=True),
            "`ours` is better than `theirs` in the mean latency_s by a factor of at least 1.5",
            "at least 1.5×",
            (1.5,),
        ),
    ],
)
def test_every_new_question_is_asked_in_words(
    expectation: Expectation, sentence: str, words: str, ends: tuple[float, ...]
) -> None:
    of = timing(expectation)
    records = units(of, LATENCIES)
    (part,) = judged(of, records).parts
    assert part.effect is not None
    assert decides(of) == [sentence]
    assert asked(of, part) == words
    assert bounds(of, part, part.effect) == pytest.approx(ends)
    effects = unit_effects(of, expectation, records)  # type: ignore[arg-type]
    assert len(effects) == (0 if expectation.kind == "ratio" else 10), "a single unit has no ratio of means"


def test_a_page_names_items_clusters_and_the_look() -> None:
    protocol = Protocol(
        unit="item", n={"smoke": 100}, n_min=30, seeds_per_trial=50, cluster="prompt", interim={"smoke": (50,)}
    )
    of = claim(Within(arm="ours", value=0.9, margin=0.3), id="invented.share", label="IN-07", protocol=protocol)
    lock = Lock({}, Path("nowhere"))
    lock.freeze([of], [of])
    solved = [float(index % 10 > 0) for index in range(50)]
    held = [record(of, "ours", range(50), samples={"score": solved, "prompt": [i // 2 for i in range(50)]})]
    page = build([PAPER], [of], held, judge_all([of], held, lock), HEALTHY, Provenance.of([of], held, lock))
    text = page["invented.md"].decode()
    assert "50 items an arm, in clusters by prompt: 0–49" in text
    assert "judged at look 1 of 2 looks, planned after 50, 100 units an arm, by O'Brien and Fleming's boundary" in text
    assert "0.9 ± 0.3" in text
