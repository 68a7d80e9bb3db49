"""The command line: what it prints, how it exits, and one clear error for every bad input."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from claimbench import registry
from claimbench.cli import main


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            main(list(words))
        out, err = capsys.readouterr()
        code = stop.value.code
        assert isinstance(code, int)
        return code, out, err

    return call


def test_help_names_every_command_and_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from claimbench.cli import app\n"
        "app(['--help'], result_action='return_value')\n"
        "heavy = {'torch', 'scipy', 'pandas', 'numba', 'matplotlib', 'pydantic', 'jinja2'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    commands = "ls show plan run verdict report compare replay lock tune power publish doctor data schema new export"
    assert [name for name in commands.split() if f"│ {name} " not in done.stdout] == []


def test_ls_fits_a_hundred_columns_and_speaks_json(cli) -> None:
    code, out, _ = cli("ls")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 100
    code, out, _ = cli("ls", "-k", "mamba", "--json")
    assert {claim["id"] for claim in json.loads(out)} == {claim.id for claim in registry.paper_claims("mamba")}


def test_show_tells_all_of_every_claim(cli) -> None:
    for claim in registry.select():
        code, out, _ = cli("show", claim.id)
        assert code == 0
        assert claim.label in out
        assert max(map(len, out.splitlines())) <= 100, claim.id


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        pytest.param(("show", "mamba.selectiv_copying"), 2, "did you mean mamba.selective_copying", id="unknown-claim"),
        pytest.param(("run", "-k", "manba"), 2, "did you mean mamba", id="unknown-paper"),
        pytest.param(("run", "--tier", "huge"), 2, "smoke", id="unknown-tier"),
        pytest.param(("run", "-k", "mamba and"), 2, "a word is missing", id="unreadable-expression"),
        pytest.param(("frobnicate",), 2, "claimbench --help", id="unknown-command"),
        pytest.param(("replay", "ffff"), 2, "no record", id="unknown-record"),
        pytest.param(("data", "fetch", "tinyshakespear"), 2, "did you mean tinyshakespeare", id="unknown-data"),
        pytest.param(("new", "mamba", "selective_copying"), 2, "exists already", id="claim-exists"),
        pytest.param(("new", "Mamba", "x"), 2, "snake case", id="bad-slug"),
        pytest.param(("new", "mamba", "x"), 3, "root of a checkout", id="outside-a-checkout"),
        pytest.param(("tune", "MA-19"), 2, "nothing to tune", id="nothing-to-tune"),
        pytest.param(("power", "MA-17"), 2, "its checks cannot vary", id="power-of-what-cannot-vary"),
        pytest.param(("power", "MA-01"), 2, "give --sd, or measure: claimbench tune", id="power-without-records"),
        pytest.param(("power", "MA-01", "--sd", "0"), 2, "above zero", id="power-without-spread"),
        pytest.param(("report", "--check"), 3, "reports/published", id="nothing-published"),
    ],
)
def test_bad_input_gets_one_clear_error(cli, words: tuple[str, ...], code: int, message: str) -> None:
    got, _, err = cli(*words)
    assert (got, message in err) == (code, True), err
    assert "Traceback" not in err


def test_power_says_what_the_units_can_decide(cli) -> None:
    code, out, _ = cli("power", "MA-01", "--sd", "0.1")
    assert code == 0
    assert "0.1 (given)" in out
    assert max(map(len, out.splitlines())) <= 100


def test_a_corrupt_store_names_file_and_line(cli, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "r1.jsonl").write_text("not json\nnot json either\n")
    code, _, err = cli("verdict", "-k", "mamba")
    assert code == 3
    assert "r1.jsonl" in err
    assert "line 1" in err or ":1" in err


def test_a_store_that_cannot_be_written_is_an_error_before_anything_is_measured(cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    began = time.monotonic()
    code, _, err = cli("run", "-k", "MA-17", "--store", str(tmp_path / "file" / "runs"))
    assert code == 3
    assert "file/runs" in err
    assert time.monotonic() - began < 60


def test_a_run_without_its_data_offline_is_skipped_with_the_command(cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from claimbench import data
    from claimbench.errors import DataMissing

    monkeypatch.setenv("CLAIMBENCH_OFFLINE", "1")
    monkeypatch.setenv("CLAIMBENCH_DATA", "nowhere")
    with pytest.raises(DataMissing, match="claimbench data fetch tinyshakespeare"):
        data.path("tinyshakespeare")
    code, _, err = cli("data", "fetch", "tinyshakespeare")
    assert code == 3
    assert "CLAIMBENCH_OFFLINE" in err


def test_new_writes_a_skeleton_that_is_a_valid_claim(cli, tmp_path: Path) -> None:
    (tmp_path / "claims" / "papers").mkdir(parents=True)
    code, out, _ = cli("new", "toy_paper", "faster")
    assert code == 0
    assert "claimbench lock toy_paper.faster" in out
    space: dict[str, object] = {"__name__": "skeleton"}
    exec((tmp_path / "claims/papers/toy_paper.py").read_text(), space)
    assert space["FASTER"].id == "toy_paper.faster"  # type: ignore[attr-defined]


def test_one_deterministic_claim_from_run_to_report(cli, tmp_path: Path) -> None:
    code, out, err = cli("run", "-k", "MA-17")
    assert code == 0, err
    assert "MA-17" in out
    assert (tmp_path / "runs/report/mamba.md").exists()
    code, again, _ = cli("run", "-k", "MA-17")
    assert code == 0
    assert "0 ok, 0 failed, 0 skipped, 1 kept" in again
    code, out, _ = cli("export", "csv", "out.csv")
    assert code == 0
    assert "mamba." in (tmp_path / "out.csv").read_text()
    trial = json.loads((next((tmp_path / "runs").glob("*.jsonl"))).read_text().splitlines()[0])
    identity = (trial.get("record") or trial)["trial"]
    code, out, _ = cli("replay", identity[:12])
    assert code == 0, out
    assert "the same" in out
