"""Pages are a pure function of specs, records and verdicts, and every number in them comes from there."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

import pytest
from synthetic import ABLATION, CLAIMS, MEMORY, PAPER, SCALING, SPEED, UNTESTABLE, record, records, timed

from claimbench.evidence import judge_all
from claimbench.health import assess
from claimbench.lock import Lock
from claimbench.record import Record
from claimbench.reports.check import check
from claimbench.reports.pages import Provenance, build
from claimbench.reports.section import sentence
from claimbench.spec import AnyClaim, Claim

TESTS = Path(__file__).parents[1]


def locked(claims: Sequence[AnyClaim] = CLAIMS) -> Lock:
    lock = Lock({}, Path("LOCK.json"))
    lock.freeze([claim for claim in claims if isinstance(claim, Claim)], claims)
    return lock


def pages_of(held: Sequence[Record], claims: Sequence[AnyClaim] = CLAIMS, lock: Lock | None = None) -> dict[str, bytes]:
    lock = lock or locked(claims)
    verdicts = judge_all(claims, held, lock)
    return build([PAPER], claims, held, verdicts, assess(held), Provenance.of(claims, held, lock))


@pytest.fixture(scope="module")
def pages() -> dict[str, bytes]:
    return pages_of(records())


@pytest.fixture(scope="module")
def page(pages: dict[str, bytes]) -> str:
    return pages["invented.md"].decode()


def section(page: str, label: str) -> str:
    start = page.index(f'<a id="{label.lower()}"></a>')
    end = re.compile(r"^#{2,3} ", re.MULTILINE).search(page, start)
    return page[start : end.start() if end else None]


BUILD = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
from reports.test_pages import pages_of
from synthetic import records
print(hashlib.sha256(repr(sorted(pages_of(records()).items())).encode()).hexdigest())
"""


@pytest.mark.parametrize(
    "surroundings",
    [
        pytest.param({"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "UTC"}, id="posix"),
        pytest.param({"PYTHONHASHSEED": "2", "LC_ALL": "de_DE.UTF-8", "TZ": "Pacific/Auckland"}, id="elsewhere"),
    ],
)
def test_bytes_do_not_depend_on_hash_seed_locale_or_time_zone(
    pages: dict[str, bytes], surroundings: dict[str, str], tmp_path: Path
) -> None:
    command = [sys.executable, "-P", "-c", BUILD, str(TESTS)]
    done = subprocess.run(
        command, env=os.environ | surroundings, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == hashlib.sha256(repr(sorted(pages.items())).encode()).hexdigest()


def test_the_order_of_claims_and_records_changes_nothing(pages: dict[str, bytes]) -> None:
    assert pages_of(records()[::-1], CLAIMS[::-1]) == pages


def test_the_report_has_an_index_a_page_a_paper_figures_and_statuses(pages: dict[str, bytes]) -> None:
    assert {name for name in pages if "/" not in name} == {"INDEX.md", "invented.md", "verdicts.json"}
    assert {name for name in pages if "/" in name} >= {
        "figures/invented.smoke.svg",
        "figures/invented.selects.smoke.accuracy.svg",
        "figures/invented.linear.smoke.latency_s.svg",
    }


def test_every_link_and_figure_of_a_page_exists(pages: dict[str, bytes]) -> None:
    for name in ("INDEX.md", "invented.md"):
        text = pages[name].decode()
        for target in re.findall(r"\]\(([^)]+)\)", text):
            if target.startswith("https://arxiv.org/"):
                continue
            file, _, anchor = target.partition("#")
            there = pages[file].decode() if file else text
            assert not anchor or f'<a id="{anchor}"></a>' in there, target


def test_figures_are_well_formed_and_carry_their_numbers_as_text(pages: dict[str, bytes]) -> None:
    for name, content in pages.items():
        if name.endswith(".svg"):
            root = ET.fromstring(content)
            assert root.tag == "{http://www.w3.org/2000/svg}svg"
            assert all(
                re.fullmatch(r"-?[\d.]+", e.get("x", "0")) for e in root.iter("{http://www.w3.org/2000/svg}text")
            )
            assert b"nan" not in content.lower().replace(b"finance", b"")
    texts = [element.text for element in ET.fromstring(pages["figures/invented.smoke.svg"]).iter() if element.text]
    assert any(re.search(r"8\.\d\d×", text) for text in texts)


def tables(text: str) -> list[list[list[str]]]:
    """Tables of a Markdown text: rows of cells, header first."""
    found: list[list[list[str]]] = []
    block: list[str] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            block.append(line)
        elif block:
            rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in block]
            assert all(set(cell) <= {"-", ":"} for cell in rows[1]), block[:2]
            found.append([rows[0], *rows[2:]])
            block = []
    return found


def test_tables_are_rectangular(pages: dict[str, bytes]) -> None:
    for name in ("INDEX.md", "invented.md"):
        found = tables(pages[name].decode())
        assert len(found) >= 3
        for one in found:
            assert len({len(row) for row in one}) == 1


def test_a_claim_shows_what_was_measured_and_how(page: str) -> None:
    text = section(page, "IN-01")
    assert "by a factor of at least 5" in text
    assert "the loop of the reference, vectorised" in text
    assert "Figure 8" in text
    assert "10 processes an arm: 0–9" in text
    assert "forked from a server that ran nothing" in text
    assert "| before | 1.00e-07" in text
    assert re.search(r"with a power of 80 %: 1\.0\d×", text)
    assert "claimbench run -k invented.faster --tier smoke" in text
    assert "Says nothing about faster at scale." in text
    assert "set-ups tried before it was locked: 3" in section(page, "IN-02")


def test_published_stands_beside_measured(page: str) -> None:
    (row,) = (row for one in tables(page) for row in one if row[0] == "[IN-01](#in-01)")
    assert row[2] == "20×"
    assert re.fullmatch(r"[78]\.\d\d×", row[3])
    assert row[-1] == "REPRODUCED"


def test_headline_words_are_the_verdicts_own(page: str) -> None:
    for verdict in judge_all(CLAIMS, records(), locked()):
        held = next(claim for claim in CLAIMS if claim.id == verdict.claim)
        if isinstance(held, Claim) and held.role == "confirmatory":
            assert f"**[{held.label}](#{held.label.lower()})** {held.statement} *{sentence(verdict)}*" in page


def test_arm_numbers_come_from_the_records(page: str) -> None:
    values = [one.samples["accuracy"][0] for one in records() if one.claim == ABLATION.id and one.arm == "selective"]
    (row,) = (row for one in tables(section(page, "IN-02")) for row in one if row[0] == "selective")
    assert row[2] == str(len(values))
    assert row[3] == f"{sum(values) / len(values):.4f}"
    assert (row[5], row[6]) == (f"{min(values):.4f}", f"{max(values):.4f}")


@pytest.mark.parametrize("of", [SPEED, ABLATION, SCALING, MEMORY], ids=lambda claim: claim.id)
def test_a_changed_record_changes_its_claims_part_and_no_other(of: Claim, page: str) -> None:
    def bent(one: Record) -> Record:
        if one.claim != of.id or one.arm != of.arms[0].name:
            return one
        curves = {
            name: curve.model_copy(update={"y": tuple(tuple(1.1 * v for v in line) for line in curve.y)})
            for name, curve in one.curves.items()
        }
        samples = {name: tuple(1.1 * value for value in values) for name, values in one.samples.items()}
        checks = {name: (low * 1.1, high * 1.1) for name, (low, high) in one.checks.items()}
        return one.model_copy(update={"curves": curves, "samples": samples, "checks": checks})

    changed = pages_of([bent(one) for one in records()])["invented.md"].decode()
    differs = {claim.label for claim in CLAIMS if section(changed, claim.label) != section(page, claim.label)}
    assert differs == {of.label}


def test_scaling_shows_the_crossover_with_an_interval(page: str) -> None:
    # 4e-6 n = 8e-9 n² where n = 500.
    found = re.search(
        r"cost the same at size (\d+) \[(\d+), (\d+)\] \(95 %, 10 of 10 processes\)", section(page, "IN-03")
    )
    assert found is not None
    estimate, low, high = map(int, found.groups())
    assert low < estimate < high
    assert low - 5 <= 500 <= high + 5


def test_exploratory_claims_stand_apart_and_carry_no_verdict(page: str) -> None:
    head, rest = page.split("\n## Exploratory\n")
    explored = rest.split("\n## Not testable\n")[0]
    assert "IN-05" not in head
    assert "IN-05" in explored
    for status in ("REPRODUCED", "PARTIAL", "CONTRADICTED", "INCONCLUSIVE"):
        assert status not in explored
    assert re.search(r"\| 2\.\d\d", explored)


def test_untestable_claims_give_their_reason(page: str) -> None:
    assert "Why not: It takes a cluster." in section(page, UNTESTABLE.label)


def test_drafts_and_controls_reach_no_page() -> None:
    text = pages_of(records(), lock=Lock({}, Path("LOCK.json")))["invented.md"].decode()
    assert "No claim of this paper has been judged yet." in text
    assert "IN-01 `invented.faster`" in text
    assert "(draft)" in text
    assert not re.search(r"\d\.\d\d×", text)


def test_records_of_another_measurement_are_refused(page: str) -> None:
    stale = [one.model_copy(update={"measure_sha": "0" * 64}) for one in timed(SPEED, {"fused": 1.0})]
    text = pages_of([*records(), *stale])["invented.md"].decode()
    assert "10 records of an earlier measurement are refused" in text
    (row,) = (row for one in tables(section(text, "IN-01")) for row in one if row[0] == "fused" and len(row) > 4)
    (before,) = (row for one in tables(section(page, "IN-01")) for row in one if row[0] == "fused" and len(row) > 4)
    assert row == before


def test_a_failed_trial_is_named() -> None:
    lost = record(ABLATION, "selective", (0,), status="failed", reason="killed by signal 9")
    held = [one for one in records() if (one.claim, one.arm, one.seeds) != (lost.claim, lost.arm, lost.seeds)]
    text = section(pages_of([*held, lost])["invented.md"].decode(), "IN-02")
    assert "failed: killed by signal 9" in text
    assert "INVALID at smoke" in text


def test_index_counts_what_its_rows_say(pages: dict[str, bytes]) -> None:
    counts, listed, *_ = tables(pages["INDEX.md"].decode())
    statuses = [row[2].lower() for row in listed[1:]]
    for name, count in list(zip(counts[0], counts[1], strict=True))[2:]:
        if name != "not testable":
            assert statuses.count(name) == int(count or 0), name
    assert [row[2] for row in listed if "IN-06" in row[0]] == ["not testable"]


def test_statuses_for_the_suite_stand_beside_the_pages(pages: dict[str, bytes]) -> None:
    found = json.loads(pages["verdicts.json"])
    assert found[SPEED.id] == {"smoke": "REPRODUCED"}
    assert "invented.reads" not in found


def test_cells_survive_pipes_and_line_breaks() -> None:
    hostile = ABLATION.model_copy(update={"statement": "Ours | theirs\nare equal."})
    held = [one for one in records() if one.claim == ABLATION.id]
    index = pages_of(held, [hostile])["INDEX.md"].decode()
    assert "Ours \\| theirs are equal." in index
    assert all(len({len(row) for row in one}) == 1 for one in tables(index))


def test_diverged_runs_reach_the_page_as_such() -> None:
    held = [
        one.model_copy(update={"samples": {"accuracy": (float("nan"),)}})
        if one.claim == ABLATION.id and one.seeds == (0,)
        else one
        for one in records()
    ]
    built = pages_of(held)
    assert "not a number" in section(built["invented.md"].decode(), "IN-02")


class TestCheck:
    def _write(self, pages: dict[str, bytes], folder: Path) -> None:
        for name, content in pages.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)

    def test_equal_pages_have_no_difference(self, pages: dict[str, bytes], tmp_path: Path) -> None:
        self._write(pages, tmp_path)
        (tmp_path / "evidence").mkdir()
        (tmp_path / "evidence" / "invented.jsonl").write_text("{}\n")
        assert check(pages, tmp_path) == []

    def test_a_difference_names_file_and_line(self, pages: dict[str, bytes], tmp_path: Path) -> None:
        self._write(pages, tmp_path)
        path = tmp_path / "invented.md"
        lines = path.read_text().split("\n")
        lines[4] = lines[4].replace("reproduced", "Reproduced") + "!"
        path.write_text("\n".join(lines))
        said = check(pages, tmp_path)
        assert said[0] == f"{path}:5: differs"
        assert any(line.startswith("-") and line.endswith("!") for line in said)

    def test_a_lost_last_newline_is_a_difference(self, pages: dict[str, bytes], tmp_path: Path) -> None:
        self._write(pages, tmp_path)
        path = tmp_path / "INDEX.md"
        path.write_bytes(path.read_bytes().rstrip(b"\n"))
        assert check(pages, tmp_path)[0].startswith(f"{path}:")

    def test_missing_and_left_over_pages_are_named(self, pages: dict[str, bytes], tmp_path: Path) -> None:
        self._write(pages, tmp_path)
        (tmp_path / "figures" / "invented.smoke.svg").unlink()
        (tmp_path / "old.md").write_text("old\n")
        said = check(pages, tmp_path)
        assert any(line.endswith("invented.smoke.svg: missing") for line in said)
        assert any("old.md: left over" in line for line in said)


def test_of_many_curves_those_of_judged_metrics_are_shown() -> None:
    lines = next(one.curves for one in records() if one.curves)
    (curve, *_) = lines.values()
    many = dict.fromkeys(("accuracy", "accurate", "loss", "noise", "logit"), curve)
    text = pages_of([one.model_copy(update={"curves": many}) if one.claim == ABLATION.id else one for one in records()])
    drawn = {name.split(".")[-2] for name in text if name.startswith(f"figures/{ABLATION.id}.")}
    assert drawn == {"accuracy"}
