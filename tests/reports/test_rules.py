"""What a page says of items, clusters, looks, values, and margins that are factors."""

from __future__ import annotations

from pathlib import Path

import pytest
from factories import HEALTHY, claim, judged, record, timing, units, unpaired
from synthetic import PAPER

from claimbench.evidence import judge_all
from claimbench.expectation import AllOf, AtLeast, Equivalent, Expectation, NotWorse, Ratio, Within
from claimbench.lock import Lock
from claimbench.reports.estimates import unit_effects
from claimbench.reports.pages import Provenance, build
from claimbench.reports.rules import asked, bounds, decides
from claimbench.spec import Metric, Protocol

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


def test_parts_about_other_metrics_are_told_apart_and_have_their_own_units() -> None:
    of = unpaired(
        AllOf(
            parts=(
                AtLeast(arm="ours", floor=4400, reference=6800),
                AtLeast(arm="ours", metric="missed", floor=0.065, reference=0.1),
                Within(arm="ours", metric="width", value=0.2, margin=0.05),
                Within(arm="ours", metric="height", value=3, margin=2),
            )
        ),
        metric=Metric(name="votes", unit="votes", better="lower", units={"height": "cm"}),
    )
    held = [
        record(
            of, "ours", (i,), samples={"votes": (3000.0 + i,), "missed": (0.05 + i / 1e4,), "width": (0.2 + i / 1e4,)}
        )
        for i in range(8)
    ]
    held = [r.model_copy(update={"samples": {**r.samples, "height": (2.0 + r.seeds[0] / 100,)}}) for r in held]
    parts = judged(of, held).parts
    assert [part.effect.name for part in parts if part.effect] == [
        "ours",
        "ours, missed",
        "ours, width",
        "ours, height",
    ]
    assert [asked(of, part) for part in parts] == ["at most 4400 votes", "at most 0.065", "0.2 ± 0.05", "3 cm ± 2 cm"]
    assert bounds(of, parts[3], parts[3].effect) == (1, 5)  # type: ignore[arg-type]
    assert decides(of)[1] == "the mean missed of `ours` is at most 0.065 (at 0.1 there is nothing to claim)"
