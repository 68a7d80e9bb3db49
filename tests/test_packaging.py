"""The wheel: everything is in it, and it works outside the repository."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = {"claims": "claimbench"} | {name: f"claimbench/{name}" for name in ("impls", "kernels", "reports")}
PACKED = (".py", ".j2", ".json", "py.typed")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    source = tmp_path_factory.mktemp("source")
    # A copy, because a build writes into its source tree; only what git tracks, as in a fresh clone.
    archive = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in archive.stdout.splitlines():
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-P", "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(out), str(source)]
    subprocess.run(command, check=True, cwd=out)
    (built,) = out.glob("claimbench-*.whl")
    return built


def test_the_wheel_holds_every_module_and_data_file(wheel: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    tracked = subprocess.run(["git", "ls-files", *FOLDERS], cwd=ROOT, capture_output=True, text=True, check=True)
    wanted = {
        name.replace(folder, FOLDERS[folder], 1)
        for name in tracked.stdout.splitlines()
        if (folder := name.split("/")[0]) and name.endswith(PACKED) and "/published/" not in name
    }
    assert wanted - packed == set()
    assert {name.split("/")[0] for name in packed if ".dist-info" not in name} == {"claimbench"}


def test_the_installed_wheel_works_outside_the_repository(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    site = next((home / "lib").glob("python3.*")) / "site-packages"
    zipfile.ZipFile(wheel).extractall(site)
    # The dependencies are those of the tests' own environment; the finder of the editable install stays behind.
    borrowed = next(path for path in map(Path, sys.path) if path.name == "site-packages")
    (site / "borrowed.pth").write_text(f"import sys; sys.path.append({str(borrowed)!r})\n")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}

    def claimbench(*words: str) -> str:
        code = "from claimbench.cli import main; main()"
        command = [str(home / "bin" / "python"), "-P", "-c", code, *words]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    origin = subprocess.run(
        [str(home / "bin" / "python"), "-P", "-c", "import claimbench.impls.mamba as m; print(m.__file__)"],
        cwd=tmp_path, capture_output=True, text=True, env=environment, check=True,
    ).stdout  # fmt: skip
    assert str(site) in origin
    assert "MA-01" in claimbench("ls", "-k", "mamba")
    claimbench("report", "--store", str(tmp_path / "runs"))
    assert (tmp_path / "runs" / "report" / "INDEX.md").exists()
