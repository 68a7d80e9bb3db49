"""Compiled kernels lie under the hash of all kernels' sources."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from claimbench.kernels import _cache


def test_an_edit_in_any_file_starts_a_new_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_cache, "__file__", str(tmp_path / "_cache.py"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    helper = tmp_path / "scan" / "helper.py"
    helper.parent.mkdir()
    helper.write_text("a = 1")
    folders = [_cache.cache_folder.__wrapped__()]
    helper.write_text("a = 2")
    folders.append(_cache.cache_folder.__wrapped__())
    helper.write_text("a = 1")
    folders.append(_cache.cache_folder.__wrapped__())
    assert folders[0] != folders[1]
    assert folders[0] == folders[2]
    assert folders[0].parent == tmp_path / "cache" / "claimbench" / "kernels"


KERNEL = """
import numpy as np
from claimbench.kernels._cache import compiled
from kernel_under_test import double
value = double(np.float64(21))
print(value, sum(double.stats.cache_hits.values()), sum(double.stats.cache_misses.values()))
"""


def test_a_second_process_loads_what_the_first_compiled(tmp_path: Path) -> None:
    (tmp_path / "kernel_under_test.py").write_text(
        "from claimbench.kernels._cache import compiled\n\n@compiled\ndef double(x):\n    return x + x\n"
    )
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONPATH": str(tmp_path)}
    found = [
        subprocess.run(
            [sys.executable, "-P", "-c", KERNEL], env=environment, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert found == ["42.0 0 1\n", "42.0 1 0\n"]


def test_where_nothing_can_be_written_kernels_still_compile(tmp_path: Path) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    (tmp_path / "kernel_under_test.py").write_text(
        "from claimbench.kernels._cache import compiled\n\n@compiled\ndef double(x):\n    return x + x\n"
    )
    environment = os.environ | {"XDG_CACHE_HOME": str(blocked), "PYTHONPATH": str(tmp_path)}
    code = "from kernel_under_test import double; print(double(2))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "4\n"
