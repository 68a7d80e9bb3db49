"""What the package offers, how it is found, and what importing it costs."""

from __future__ import annotations

import itertools
import subprocess
import sys

import pytest

from claimbench import kernels

FOLDERS = {"selective_scan": "scan", "selective_state_update": "scan", "causal_conv1d": "conv"}


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", sorted(FOLDERS))
def test_a_function_is_one_object_however_it_is_reached(name: str) -> None:
    package = f"from claimbench.kernels import {name} as a"
    folder = f"from claimbench.kernels.{FOLDERS[name]} import {name} as b"
    for first, second in itertools.permutations((package, folder)):
        assert python(f"{first}\n{second}\nprint(a is b, callable(a))") == "True True\n"
    first = f"import claimbench.kernels.{FOLDERS[name]}"
    assert python(f"{first}\nimport claimbench.kernels as k\nprint(callable(k.{name}))") == "True\n"


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, claimbench.kernels as k; dir(k); print({'torch', 'numba', 'triton', 'numpy'} & set(sys.modules))"
    )
    assert python(code) == "set()\n"


def test_every_public_name_exists_and_no_other() -> None:
    assert {name: callable(getattr(kernels, name)) for name in kernels.__all__} == dict.fromkeys(kernels.__all__, True)
    assert set(kernels.__all__) <= set(dir(kernels))
    with pytest.raises(AttributeError, match="no attribute 'selective_scam'"):
        _ = kernels.selective_scam
