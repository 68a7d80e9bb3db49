"""Ladders on pages: shown where competitors met often enough, nowhere else, and the same bytes every time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
import synthetic
from synthetic import LATENCY, PAPER, controls, record, records, timed, trained

from claimbench.evidence import judge_all
from claimbench.expectation import Difference, Ratio
from claimbench.health import assess
from claimbench.lock import Lock
from claimbench.record import Record
from claimbench.reports.pages import Provenance, build
from claimbench.spec import AnyClaim, Arm, Claim, Metric, Paper, Protocol

SECTION = "\n## Over several claims\n"
OTHER = Paper(slug="second", title="A Second Paper", authors="Poe", arxiv="2401.00002", year=2024)
METHODS = {"selective": "S6", "invariant": "S4", "attention": "attention"}


def learned(number: int, *arms: str, metric: str = "accuracy", slug: str = synthetic.SLUG) -> Claim:
    one = synthetic.claim(
        f"learned_{number}",
        f"IN-{number}",
        kind="quality",
        arms=tuple(Arm(name=name, competitor=METHODS[name]) for name in arms),
        metric=Metric(name=metric, unit="1", better="higher"),
        expectation=Difference(subject=arms[0], baseline=arms[1], at_least=0.1),
        protocol=Protocol(unit="seed", n={"smoke": 8}, n_min=6, paired=True),
    )
    return one.model_copy(update={"id": f"{slug}.learned_{number}"})


def pages_of(claims: Sequence[AnyClaim], held: Sequence[Record], papers: Sequence[Paper] = (PAPER,)) -> dict[str, str]:
    lock = Lock({}, Path("LOCK.json"))
    lock.freeze([claim for claim in claims if isinstance(claim, Claim)], claims)
    verdicts = judge_all(claims, held, lock)
    built = build(papers, claims, held, verdicts, assess(held), Provenance.of(claims, held, lock))
    return {name: content.decode() for name, content in built.items()}


def ladders(page: str, heading: str = SECTION) -> str:
    start = page.index(heading)
    return page[start : page.index("\n## ", start + 5)]


def rows(text: str) -> list[list[str]]:
    found = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| ")]
    return found[1:]


THREE = [learned(number, "selective", "invariant") for number in (11, 12, 13)]


def measured(claims: Sequence[Claim], means: dict[str, float]) -> list[Record]:
    return [
        one
        for claim in claims
        for one in trained(claim, {arm.name: means[arm.name] for arm in claim.arms}, seed=int(claim.label[3:]))
    ]


def test_a_known_order_stands_on_the_page_with_infinities_in_words() -> None:
    text = ladders(pages_of(THREE, measured(THREE, {"selective": 0.9, "invariant": 0.5}))["invented.md"])
    best, worst = rows(text)
    assert best[:4] == ["1", "S6", "3", "100 %"]
    assert best[4] == "+∞ (bounded below by Firth: +0.97)"
    assert worst[4] == "−∞ (bounded above by Firth: −0.97)"
    assert best[5] == worst[5] == "1 to 2"
    assert re.fullmatch(r"accuracy \+0\.[34]\d\d", best[6])
    assert "3 tasks: [IN-11](#in-11) at smoke, [IN-12](#in-12) at smoke, [IN-13](#in-13) at smoke" in text
    assert "24 battles, of one unit a side; 0 % are ties" in text
    assert "nothing checks whether they can explain them" in text


def test_an_arm_that_sometimes_loses_has_a_number() -> None:
    four = [*THREE, learned(14, "selective", "invariant")]
    held = measured(THREE, {"selective": 0.9, "invariant": 0.5}) + measured(
        four[3:], {"selective": 0.4, "invariant": 0.6}
    )
    best, worst = rows(ladders(pages_of(four, held)["invented.md"]))
    assert (best[1], best[3], best[4], worst[4]) == ("S6", "75 %", "+0.55", "−0.55")
    mean, spread = (float(part) for part in best[7].split(" ± "))
    assert mean > 1000
    assert spread > 0


def test_cells_may_be_missing_and_metrics_are_not_mixed() -> None:
    claims = [
        *(learned(number, "selective", "invariant") for number in (11, 12, 13)),
        *(learned(number, "invariant", "attention", metric="recall") for number in (14, 15, 16)),
    ]
    held = measured(claims, {"selective": 0.9, "invariant": 0.5, "attention": 0.3})
    text = ladders(pages_of(claims, held)["invented.md"])
    assert [row[1] for row in rows(text)] == ["S6", "S4", "attention"]
    assert rows(text)[1][4] == "between (Firth: 0)"
    assert re.fullmatch(r"accuracy −0\.[34]\d\d, recall \+0\.[12]\d\d", rows(text)[1][6])
    assert "in which not all hang together" in text


def test_a_circle_is_told() -> None:
    means = {"selective": 0.9, "invariant": 0.5, "attention": 0.3}
    claims = [
        *(learned(number, "selective", "invariant") for number in (11, 12, 13)),
        *(learned(number, "invariant", "attention") for number in (14, 15, 16)),
        *(learned(number, "selective", "attention") for number in (17, 18, 19)),
    ]
    held = measured(claims[:6], means) + measured(claims[6:], means | {"attention": 1.0})
    text = ladders(pages_of(claims, held)["invented.md"])
    assert "1 of 1 triples that met in full go round in a circle; the ratings leave 100 % of the variance" in text
    assert [row[5] for row in rows(text)] == ["1 to 3"] * 3


def test_ties_within_the_noise_are_no_order() -> None:
    held = measured(THREE, {"selective": 0.5, "invariant": 0.5})
    text = ladders(pages_of(THREE, held)["invented.md"])
    ties = re.search(r"(\d+) % are ties", text)
    assert ties is not None
    assert int(ties[1]) > 80
    assert [row[5] for row in rows(text)] == ["1 to 2"] * 2


def test_speed_has_its_own_ladder_and_a_geometric_mean() -> None:
    fast = [
        synthetic.claim(
            f"fast_{number}",
            f"IN-{number}",
            kind="speed",
            arms=(Arm(name="fused", competitor="fused"), Arm(name="loop", competitor="loop")),
            metric=LATENCY,
            expectation=Ratio(subject="fused", baseline="loop", at_least=2.0),
            protocol=Protocol(unit="process", n={"smoke": 10}, n_min=10),
        )
        for number in (21, 22, 23)
    ]
    held = [*controls(), *measured(THREE, {"selective": 0.9, "invariant": 0.5})]
    held += [
        one for n, claim in zip((2, 4, 8), fast, strict=True) for one in timed(claim, {"fused": 1e-3, "loop": n * 1e-3})
    ]
    text = ladders(pages_of([*THREE, *fast], held)["invented.md"])
    assert text.index("### Speed") < text.index("### Quality")
    (lead,) = (row[6] for row in rows(text) if row[1] == "fused")
    assert 3.8 < float(lead.removesuffix("×")) < 4.2


def test_without_three_tasks_pages_say_nothing_of_ladders() -> None:
    held = measured(THREE, {"selective": 0.9, "invariant": 0.5})
    few = pages_of(THREE[:2], held)["invented.md"]
    assert SECTION not in few
    plain = pages_of(synthetic.CLAIMS, records())
    assert SECTION not in plain["invented.md"]
    assert "Over several papers" not in plain["INDEX.md"]


def test_claims_that_are_not_locked_make_no_ladder() -> None:
    held = measured(THREE, {"selective": 0.9, "invariant": 0.5})
    lock = Lock({}, Path("LOCK.json"))
    built = build([PAPER], THREE, held, judge_all(THREE, held, lock), assess(held), Provenance.of(THREE, held, lock))
    assert SECTION not in built["invented.md"].decode()


def test_the_index_ranks_over_papers_what_no_paper_could_alone() -> None:
    claims = [*THREE[:2], learned(13, "selective", "invariant", slug="second")]
    built = pages_of(claims, measured(claims, {"selective": 0.9, "invariant": 0.5}), [PAPER, OTHER])
    assert SECTION not in built["invented.md"] + built["second.md"]
    text = ladders(built["INDEX.md"], "\n## Over several papers\n")
    assert "[IN-11](invented.md#in-11) at smoke" in text
    assert "[IN-13](second.md#in-13) at smoke" in text
    for file, anchor in re.findall(r"\]\((\w+\.md)#([\w-]+)\)", text):
        assert f'<a id="{anchor}"></a>' in built[file]


def test_what_one_paper_ranks_is_not_told_again_on_the_index() -> None:
    assert (
        "Over several papers" not in pages_of(THREE, measured(THREE, {"selective": 0.9, "invariant": 0.5}))["INDEX.md"]
    )


@pytest.mark.parametrize("metric", ["accuracy", "a metric that no record has"])
def test_pages_are_the_same_bytes_whatever_the_order(metric: str) -> None:
    claims = [*THREE, learned(14, "selective", "invariant", "attention", metric=metric)]
    held = measured(claims, {"selective": 0.9, "invariant": 0.5, "attention": 0.7})
    first = pages_of(claims, held)
    assert first == pages_of(claims, held) == pages_of(claims[::-1], held[::-1])
    assert SECTION in first["invented.md"]


def test_a_stale_or_failed_record_changes_no_ladder() -> None:
    held = measured(THREE, {"selective": 0.9, "invariant": 0.5})
    stale = [one.model_copy(update={"measure_sha": "0" * 64, "samples": {"accuracy": (9.0,)}}) for one in held]
    crashed = record(THREE[0], "invariant", (8,), status="failed", reason="ValueError: no")
    before, after = (
        ladders(pages_of(THREE, all_of_it)["invented.md"]) for all_of_it in (held, [*held, *stale, crashed])
    )
    assert before == after
