"""Where numbers come from: hashes that follow the code and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from claimbench import provenance, registry, sources
from claimbench.errors import SpecError
from claimbench.record import Machine
from claimbench.spec import Claim

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


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two papers and two kernels, of which the first experiment reaches one each; laid out as claimbench is."""
    files = {
        "impls/__init__.py": "",
        "impls/common/__init__.py": "",
        "impls/common/loop.py": "",
        "impls/first/__init__.py": "",
        "impls/first/speed.py": "import torch\nfrom claimbench.kernels import scan_it\n"
        "def f(trial):\n    from claimbench.impls.common import loop\n",
        "impls/first/quality.py": "from claimbench.impls.first import speed\nimport claimbench.kernels.other.op\n",
        "impls/second/__init__.py": "",
        "impls/second/speed.py": "import claimbench.spec\n",
        "kernels/__init__.py": "from claimbench.kernels.scan import scan_it\nfrom claimbench.kernels.other import it\n",
        "kernels/_shared.py": "",
        "kernels/scan/__init__.py": "from claimbench.kernels.scan.op import scan_it\n",
        "kernels/scan/op.py": "def scan_it(x):\n    from claimbench.kernels import _shared\n",
        "kernels/scan/unused.py": "",
        "kernels/other/__init__.py": "",
        "kernels/other/op.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(sources, "_init", lambda namespace: tmp_path / namespace.split(".")[1] / "__init__.py")
    return tmp_path


REACHED = {
    "impls/first/speed.py": {"first.speed", "first.quality"},
    "impls/first/quality.py": {"first.quality"},
    "impls/first/__init__.py": {"first.speed", "first.quality"},
    "impls/common/loop.py": {"first.speed", "first.quality"},
    "impls/second/speed.py": {"second.speed"},
    "kernels/__init__.py": set(),
    "kernels/_shared.py": {"first.speed", "first.quality"},
    "kernels/scan/__init__.py": {"first.speed", "first.quality"},
    "kernels/scan/op.py": {"first.speed", "first.quality"},
    "kernels/scan/unused.py": set(),
    "kernels/other/__init__.py": {"first.quality"},
    "kernels/other/op.py": {"first.quality"},
}


@pytest.mark.parametrize("edited", list(REACHED))
def test_an_edit_voids_the_experiments_that_reach_it_and_no_others(house: Path, edited: str) -> None:
    def shas() -> dict[str, str]:
        every = ("first.speed", "first.quality", "second.speed")
        return {name: provenance.code_sha(f"claimbench.impls.{name}:f") for name in every}

    before = shas()
    with (house / edited).open("a") as file:
        file.write("x = 1\n")
    assert {name for name, sha in shas().items() if sha != before[name]} == REACHED[edited]


def test_a_kernel_that_nobody_exports_or_a_module_that_is_gone(house: Path) -> None:
    (house / "kernels/scan/op.py").unlink()
    with pytest.raises(SpecError, match=r"no module 'claimbench\.kernels\.scan\.op'"):
        provenance.code_sha("claimbench.impls.first.speed:f")


EXPERIMENTS = sorted(
    {claim.experiment.split(":")[0] for claim in registry.claims().values() if isinstance(claim, Claim)}
)


@pytest.mark.parametrize("module", [name for name in EXPERIMENTS if name.startswith("claimbench.impls")])
def test_every_module_that_a_trial_loads_is_in_its_hash(module: str) -> None:
    """What Python loads for an experiment is what was found by reading."""
    namespaces = sources._NAMESPACES  # pyright: ignore[reportPrivateUsage]
    code = f"import sys, {module}; print(*(n for n in sys.modules if n.startswith({namespaces})))"
    done = subprocess.run([sys.executable, "-P", "-c", code], check=True, capture_output=True, text=True)
    files: dict[str, Path] = {}
    sources._follow(module, files)  # pyright: ignore[reportPrivateUsage]
    assert module in done.stdout.split()
    assert set(done.stdout.split()) - set(namespaces) <= set(files)


def test_what_kernels_export_is_what_is_followed() -> None:
    """The names that are fetched when they are asked for, and the imports that type checkers and hashes read."""
    import claimbench.kernels as kernels

    init = sources._init("claimbench.kernels")  # pyright: ignore[reportPrivateUsage]
    read = {
        name: home.rsplit(".", 1)[1]
        for home, name in sources._imports(init, *sources._stamp(init))  # pyright: ignore[reportPrivateUsage]
        if home.startswith("claimbench.kernels.")
    }
    assert read == kernels._HOME  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize(
    "statement",
    ["import claimbench.kernels", "from claimbench import kernels", "from claimbench.kernels import *"],
)
def test_an_import_of_everything_is_refused(house: Path, statement: str) -> None:
    with (house / "impls/first/speed.py").open("a") as file:
        file.write(f"{statement}\n")
    with pytest.raises(SpecError, match="import them by name"):
        provenance.code_sha("claimbench.impls.first.speed:f")


def test_the_measuring_code_is_behind_every_experiment(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = provenance.code_sha("claimbench.impls.second.speed:f")
    monkeypatch.setattr(sources, "_WHOLE", ("claimbench.measure",))
    assert provenance.code_sha("claimbench.impls.second.speed:f") != before


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
        "provenance.code_sha('claimbench.impls.mamba.experiments.copying:f'); sys.exit('torch' in sys.modules)"
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
