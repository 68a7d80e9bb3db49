"""The store: what is written is read back, what was altered is found, what breaks off loses nothing before it."""

from __future__ import annotations

import errno
import gzip
import json
import os
import resource
import shutil
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claimbench import export
from claimbench.blobs import LARGEST_INLINE
from claimbench.errors import HostError, StoreError
from claimbench.record import Curve, Gate, Machine, Record, Regime
from claimbench.store import Store, TornLine, new_run_id

MACHINE = Machine(cpu="abacus", cores=2, memory_bytes=1, os="none", arch="wood")


def make(run: str = "r1", seed: int = 0, **more: object) -> Record:
    fields: dict[str, object] = {
        "run": run, "trial": f"t{seed}", "claim": "paper.claim", "version": 1, "tier": "smoke", "arm": "ours",
        "seeds": (seed,), "role": "exploratory", "measure_sha": "m", "code_sha": "c", "environment_sha": "e",
        "status": "ok", "samples": {"score": (0.1 + seed,)}, "machine": MACHINE, "versions": {"python": "3"},
        "commit": "unknown", "started": "2026-01-01T00:00:00.000+00:00", "duration_s": 1.0,
    }  # fmt: skip
    return Record.model_validate(fields | more)


def fill(root: Path, run: str = "r1", n: int = 3) -> Path:
    with Store(root).run(run) as writer:
        for seed in range(n):
            writer.append(make(run, seed))
    return root / f"{run}.jsonl"


finite_or_not = st.floats(allow_nan=True, allow_infinity=True)


@given(
    samples=st.dictionaries(st.text(max_size=8), st.lists(finite_or_not, max_size=5).map(tuple), max_size=3),
    y=st.lists(st.lists(finite_or_not, min_size=2, max_size=2).map(tuple), max_size=3).map(tuple),
    reason=st.text(max_size=40),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_record_comes_back_as_it_was(
    tmp_path: Path, samples: dict[str, tuple[float, ...]], y: tuple[tuple[float, ...], ...], reason: str
) -> None:
    root = tmp_path / new_run_id()
    regime = Regime(clock="perf_counter", process="fork", cache="warm", threads=1, warmup=1, calls_per_sample=1)
    record = make(
        samples=samples, reason=reason, curves={"loss": Curve(x=(0.0, 1.0), y=y)}, checks={"n": (1.0, 2.0)},
        gates={"before": Gate(error=float("nan"), tolerance=1e-3)}, regime=regime, floor_s=1e-9,
    )  # fmt: skip
    with Store(root).run("r1") as writer:
        writer.append(record)
    (back,) = Store(root).records()
    assert repr(back) == repr(record)  # repr, because NaN equals nothing


def test_lines_are_standard_json(tmp_path: Path) -> None:
    with Store(tmp_path).run("r1") as writer:
        writer.append(make(samples={"score": (float("nan"), float("inf"))}))

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    line = json.loads((tmp_path / "r1.jsonl").read_text(), parse_constant=refuse)
    assert line["record"]["samples"]["score"] == ["NaN", "Infinity"]


def test_selects_by_claim_tier_and_status(tmp_path: Path) -> None:
    with Store(tmp_path).run("r1") as writer:
        writer.append(make(seed=0))
        writer.append(make(seed=1, claim="paper.other"))
        writer.append(make(seed=2, tier="cpu"))
        writer.append(make(seed=3, status="failed", reason="it did"))
    store = Store(tmp_path)
    assert [r.seeds[0] for r in store.records("paper.claim")] == [0, 2, 3]
    assert [r.seeds[0] for r in store.records("paper.claim", "cpu")] == [2]
    assert store.ok_trials() == {"t0", "t1", "t2"}
    assert store.verify() == 4


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_altered_byte_is_noticed(tmp_path: Path, data: st.DataObject) -> None:
    root = tmp_path / new_run_id()
    path = fill(root)
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    if at == len(content) - 1:  # the last newline: nothing tells it from a line that was cut
        with pytest.warns(TornLine, match=r"r1\.jsonl:3"):
            assert len(Store(root).records()) == 2
        return
    line = bytes(content[:at]).count(b"\n") + 1
    with pytest.raises(StoreError, match=rf"r1\.jsonl:({line}|{line + 1}|{max(line - 1, 1)}):.*restore"):
        Store(root).records()


def test_a_removed_or_swapped_line_is_noticed(tmp_path: Path) -> None:
    path = fill(tmp_path)
    one, two, three = path.read_bytes().splitlines(keepends=True)
    for lines in ([one, three], [two, one, three], [two, three], [one, one, two, three]):
        path.write_bytes(b"".join(lines))
        with pytest.raises(StoreError, match="hash chain"):
            Store(tmp_path).records()


def test_a_line_cut_anywhere_loses_itself_only(tmp_path: Path) -> None:
    path = fill(tmp_path)
    content = path.read_bytes()
    last = content.rindex(b"\n", 0, -1) + 1
    for cut in range(last, len(content)):
        path.write_bytes(content[:cut])
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            assert [r.seeds[0] for r in Store(tmp_path).records()] == [0, 1]
        assert [w.category for w in said] == ([TornLine] if cut > last else [])


def test_a_writer_never_goes_on_with_an_existing_file(tmp_path: Path) -> None:
    path = fill(tmp_path)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(StoreError, match=r"cannot write .*r1\.jsonl"):
        Store(tmp_path).run("r1")
    fill(tmp_path, "r2", 1)
    with pytest.warns(TornLine):
        assert [r.run for r in Store(tmp_path).records()] == ["r1", "r1", "r2"]


def test_an_unused_writer_leaves_no_file(tmp_path: Path) -> None:
    with Store(tmp_path).run("r1"):
        assert (tmp_path / "r1.jsonl").exists()
    assert not (tmp_path / "r1.jsonl").exists()


def test_merging_is_copying_and_duplicates_do_no_harm(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    fill(first, "r1")
    fill(second, "r2")
    for file in second.iterdir():
        shutil.copy(file, first)
    shutil.copy(first / "r1.jsonl", first / "r1 (copy).jsonl")
    records = Store(first).records()
    assert len(records) == 6
    assert {(r.run, r.seeds[0]) for r in records} == {(run, seed) for run in ("r1", "r2") for seed in range(3)}


def test_an_unknown_schema_says_so(tmp_path: Path) -> None:
    store = Store(tmp_path)
    text = store.text(make()).replace('"schema_version":1', '"schema_version":2')
    from claimbench.store import _line, _start  # pyright: ignore[reportPrivateUsage]

    (tmp_path / "r1.jsonl").write_text(_line(_start("r1"), text)[1])
    with pytest.raises(StoreError, match=r"r1\.jsonl:1: records of schema 2.*reads schema 1"):
        store.records()


class TestBlobs:
    BIG = tuple(i / 7 for i in range(LARGEST_INLINE // 8))

    def write(self, root: Path) -> tuple[Path, Record]:
        record = make(
            samples={"score": (1.0,), "latency_s": self.BIG}, curves={"loss": Curve(x=self.BIG, y=(self.BIG,))}
        )
        with Store(root).run("r1") as writer:
            writer.append(record)
        return root / "r1.jsonl", record

    def test_large_arrays_lie_beside_the_line_and_come_back(self, tmp_path: Path) -> None:
        path, record = self.write(tmp_path)
        assert path.stat().st_size < 4000
        assert len(list((tmp_path / "blobs").iterdir())) == 2
        assert Store(tmp_path).records() == [record]

    def test_equal_arrays_lie_there_once(self, tmp_path: Path) -> None:
        self.write(tmp_path)
        with Store(tmp_path).run("r2") as writer:
            writer.append(make("r2", samples={"latency_s": self.BIG}))
        assert len(list((tmp_path / "blobs").iterdir())) == 2

    @pytest.mark.parametrize(
        ("damage", "said"),
        [
            pytest.param(lambda blob: blob.unlink(), "missing; copy the folder blobs", id="missing"),
            pytest.param(lambda blob: blob.write_bytes(gzip.compress(b"[1.0]")), "altered", id="another array"),
            pytest.param(lambda blob: blob.write_bytes(blob.read_bytes()[:-40]), "cannot be read", id="cut"),
            pytest.param(lambda blob: blob.write_bytes(b"nonsense"), "cannot be read", id="not gzip"),
        ],
    )
    def test_damage_is_found(self, tmp_path: Path, damage: object, said: str) -> None:
        self.write(tmp_path)
        damage(next((tmp_path / "blobs").iterdir()))  # type: ignore[operator]
        with pytest.raises(StoreError, match=said):
            Store(tmp_path).verify()


class TestPublish:
    def test_evidence_is_a_store_of_its_own_and_byte_stable(self, tmp_path: Path) -> None:
        fill(tmp_path / "runs", "r1")
        with Store(tmp_path / "runs").run("r2") as writer:
            writer.append(make("r2", 7, claim="other.claim", samples={"score": TestBlobs.BIG}))
        records = Store(tmp_path / "runs").records()
        paths = Store(tmp_path / "runs").publish(records, tmp_path / "out")
        assert [path.name for path in paths] == ["other.jsonl", "paper.jsonl"]
        assert sorted(map(repr, Store(tmp_path / "out").records())) == sorted(map(repr, records))
        before = [path.read_bytes() for path in paths]
        Store(tmp_path / "runs").publish(reversed(records), tmp_path / "out")
        assert [path.read_bytes() for path in paths] == before

    def test_publishing_the_published_changes_nothing(self, tmp_path: Path) -> None:
        fill(tmp_path / "runs")
        (path,) = Store(tmp_path / "runs").publish(Store(tmp_path / "runs").records(), tmp_path / "out")
        before = path.read_bytes()
        Store(tmp_path / "out").publish(Store(tmp_path / "out").records(), tmp_path / "out")
        assert path.read_bytes() == before


class TestFullDisk:
    def test_a_limit_in_the_middle_of_a_line_leaves_the_lines_before(self, tmp_path: Path) -> None:
        size = len((Store(tmp_path).text(make()) + "x" * 87).encode())
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        with Store(tmp_path).run("r1") as writer:
            writer.append(make(seed=0))
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + size // 2, hard))
            try:
                with pytest.raises(StoreError, match=r"disk is full; free some space.*kept") as caught:
                    writer.append(make(seed=1))
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            assert caught.value.exit_code == 3
            with pytest.raises(StoreError, match="start a new run"):
                writer.append(make(seed=1))
        assert [r.seeds[0] for r in Store(tmp_path).records()] == [0]  # no torn line either, or it would warn

    def test_no_space_when_syncing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with Store(tmp_path).run("r1") as writer:
            writer.append(make(seed=0))

            def full(handle: int) -> None:
                raise OSError(errno.ENOSPC, "No space left on device")

            monkeypatch.setattr(os, "fsync", full)
            with pytest.raises(StoreError, match="disk is full"):
                writer.append(make(seed=1))
        monkeypatch.undo()
        assert [r.seeds[0] for r in Store(tmp_path).records()] == [0]

    def test_no_space_for_a_blob(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with Store(tmp_path).run("r1") as writer:
            writer.append(make(seed=0))
            monkeypatch.setattr(gzip, "compress", lambda *a, **k: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
            with pytest.raises(StoreError, match="disk is full"):
                writer.append(make(seed=1, samples={"score": TestBlobs.BIG}))
        assert len(Store(tmp_path).records()) == 1
        assert not list((tmp_path / "blobs").iterdir())


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")  # root writes anywhere, but not below a file
    with pytest.raises(StoreError, match=r"cannot write .*choose a folder.*--store") as caught:
        Store(tmp_path / "file" / "runs").run("r1")
    assert caught.value.exit_code == 3
    with pytest.raises(StoreError, match="cannot write"):
        Store(tmp_path).publish([make()], tmp_path / "file" / "evidence")


def test_a_store_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert Store(tmp_path / "nowhere").records() == []
    assert not (tmp_path / "nowhere").exists()


class TestExport:
    RECORDS = (
        make(seed=0),
        make(
            seed=4, seeds=(4, 5), samples={"score": (0.4, 0.5)}, curves={"loss": Curve(x=(0, 10), y=((3, 2), (6, 5)))}
        ),
        make(seed=6, samples={"latency_s": (1.0, 2.0, 3.0)}),
        make(seed=7, samples={}, checks={"bytes": (10.0, 11.0)}),
        make(seed=8, samples={}, status="failed", reason="it did"),
    )

    def test_one_row_a_number(self) -> None:
        table = export.frame(self.RECORDS)
        assert len(table) == 1 + 2 + 4 + 3 + 1 + 1
        assert table.query("metric == 'score'")[["seed", "value"]].to_numpy().tolist() == [[0, 0.1], [4, 0.4], [5, 0.5]]
        assert table.query("metric == 'loss' and seed == 5")[["x", "value"]].to_numpy().tolist() == [[0, 6], [10, 5]]
        assert table.query("metric == 'latency_s'")["index"].tolist() == [0, 1, 2]
        assert table.query("metric == 'bytes'")[["value", "high"]].to_numpy().tolist() == [[10.0, 11.0]]
        assert table.query("status == 'failed'")["reason"].tolist() == ["it did"]

    def test_a_timed_sweep_has_its_samples_by_size(self) -> None:
        regime = Regime(clock="perf_counter", process="fork", cache="warm", threads=1, warmup=1, calls_per_sample=1)
        sweep = make(samples={}, curves={"latency_s": Curve(x=(64.0,), y=((0.1,),))}, regime=regime)
        two = make(samples={}, curves={"latency_s": Curve(x=(64.0, 128.0), y=((0.1, 0.2), (0.3,)))}, regime=regime)
        assert export.frame([sweep])[["x", "value"]].to_numpy().tolist() == [[64.0, 0.1]]
        assert export.frame([two])[["x", "value"]].to_numpy().tolist() == [[64.0, 0.1], [64.0, 0.2], [128.0, 0.3]]

    @pytest.mark.parametrize("form", ["csv", "parquet"])
    def test_files_hold_the_table(self, tmp_path: Path, form: str) -> None:
        import pandas

        out = export.write(self.RECORDS, form, tmp_path / "new" / f"runs.{form}")  # type: ignore[arg-type]
        back = pandas.read_csv(out) if form == "csv" else pandas.read_parquet(out)
        assert list(back.columns) == list(export.COLUMNS)
        assert back["value"].tolist()[:3] == [0.1, 0.4, 0.5]

    def test_parquet_without_pyarrow(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        import sys

        monkeypatch.setitem(sys.modules, "pyarrow", None)
        with pytest.raises(HostError, match="pip install pyarrow"):
            export.write(self.RECORDS, "parquet", tmp_path / "runs.parquet")
        assert not list(tmp_path.iterdir())

    def test_a_place_that_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way")
        with pytest.raises(StoreError, match="cannot write"):
            export.write(self.RECORDS, "csv", tmp_path / "file" / "runs.csv")
