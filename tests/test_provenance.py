"""Where numbers come from: hashes that follow the code and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from claimbench import provenance
from claimbench.errors import SpecError
from claimbench.record import Machine

MACHINE = Machine(cpu="abacus", cores=2, memory_bytes=1, os="none", arch="wood", gpu="slide rule", load_1m=0.5)


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "plugin_under_test"
    (folder / "deep").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('sources are hashed, not imported')\n")
    (folder / "deep" / "experiments.py").write_text("def f(trial): ...\n")
    (folder / "notes.txt").write_text("prose")
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


REFERENCE = "plugin_under_test.deep.experiments:f"


def sha() -> str:
    return provenance.code_sha(REFERENCE)


def test_follows_every_python_source_and_nothing_else(plugin: Path) -> None:
    seen = [sha()]
    (plugin / "notes.txt").write_text("other prose")
    (plugin / "__pycache__").mkdir()
    (plugin / "__pycache__" / "x.cpython-311.pyc").write_bytes(b"bytecode")
    assert sha() == seen[0]
    for change in (
        lambda: (plugin / "deep" / "experiments.py").write_text("def f(trial): return 1\n"),
        lambda: (plugin / "new.py").write_text(""),
        lambda: (plugin / "new.py").rename(plugin / "renamed.py"),
    ):
        change()
        seen.append(sha())
    assert len(set(seen)) == len(seen)
    (plugin / "renamed.py").unlink()
    assert sha() == seen[1]


def test_does_not_depend_on_where_the_code_lies(plugin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sha()
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(plugin, elsewhere / plugin.name)
    monkeypatch.syspath_prepend(str(elsewhere))
    assert sha() == before


def test_a_paper_has_its_own_hash_and_shares_what_measures() -> None:
    one = provenance.code_sha("claimbench.impls.mamba.experiments:f")
    assert one == provenance.code_sha("claimbench.impls.mamba.other:g")
    assert one != provenance.code_sha("claimbench.measure.controls:f")


def test_an_experiment_that_nobody_has() -> None:
    with pytest.raises(SpecError, match=r"no module 'nowhere'.*experiment"):
        provenance.code_sha("nowhere.at.all:f")


def test_environment_follows_versions_processor_and_threads_not_the_load(monkeypatch: pytest.MonkeyPatch) -> None:
    base = provenance.environment(MACHINE).sha
    assert provenance.environment(MACHINE.model_copy(update={"load_1m": 9.0, "memory_bytes": 2})).sha == base
    different = {
        base,
        provenance.environment(MACHINE.model_copy(update={"cpu": "brain"})).sha,
        provenance.environment(MACHINE, "cuda").sha,
        provenance.environment(MACHINE, threads=2).sha,
    }
    assert provenance.environment(MACHINE.model_copy(update={"gpu": "none"})).sha == base
    monkeypatch.setattr(provenance, "versions", lambda: {"python": "3.11.0"})
    assert len(different | {provenance.environment(MACHINE).sha}) == 5


def test_versions_name_what_is_installed() -> None:
    found = provenance.versions()
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert {"torch", "numba", "numpy"} <= set(found)


def test_no_torch_is_imported() -> None:
    code = (
        "import sys; from claimbench import provenance; provenance.versions(); "
        "provenance.code_sha('claimbench.impls.mamba.experiments:f'); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-P", "-c", code], check=False).returncode == 0


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


class TestCommit:
    @pytest.fixture
    def checkout(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        git(tmp_path, "init", "-q")
        (tmp_path / "provenance.py").write_text("")
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "-qm", "first")
        monkeypatch.setattr(provenance, "__file__", str(tmp_path / "provenance.py"))
        provenance.commit.cache_clear()
        return tmp_path

    @pytest.fixture(autouse=True)
    def forget_afterwards(self) -> object:
        yield
        provenance.commit.cache_clear()

    def test_clean_and_dirty(self, checkout: Path) -> None:
        head = git(checkout, "rev-parse", "HEAD")
        assert provenance.commit() == head
        (checkout / "new.py").write_text("")
        provenance.commit.cache_clear()
        assert provenance.commit() == f"{head}+dirty"

    def test_an_untracked_copy_inside_a_checkout_is_not_that_checkout(
        self, checkout: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        site = checkout / "site-packages"
        site.mkdir()
        shutil.copy(checkout / "provenance.py", site)
        monkeypatch.setattr(provenance, "__file__", str(site / "provenance.py"))
        assert provenance.commit() == "unknown"

    def test_without_git(self, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(checkout / "nowhere"))
        assert provenance.commit() == "unknown"
