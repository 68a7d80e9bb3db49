"""What the package offers, how it is found, and what importing it costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from claimbench import kernels

FOLDERS = {
    "bootstrap_ratings": "votes",
    "elo_lanes": "votes",
    "fold_votes": "votes",
    "causal_conv1d": "conv",
    "differential_attention": "differential",
    "rms_norm": "norm",
    "rope": "rotary",
    "schedule_free_step": "schedule_free",
    "selective_scan": "scan",
    "selective_state_update": "scan",
    "swiglu": "gated",
}


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("package_first", [True, False], ids=["package_first", "folder_first"])
def test_a_function_is_one_object_however_it_is_reached(package_first: bool) -> None:
    lines = []
    for name, folder in FOLDERS.items():
        imports = [
            f"from claimbench.kernels import {name} as a",
            f"from claimbench.kernels.{folder} import {name} as b",
        ]
        lines += imports if package_first else imports[::-1]
        lines.append(f"print('{name}', a is b, callable(a))")
    assert python("\n".join(lines)) == "".join(f"{name} True True\n" for name in FOLDERS)


def test_no_folder_hides_a_function() -> None:
    lines = ["import claimbench.kernels as k", *(f"import claimbench.kernels.{folder}" for folder in FOLDERS.values())]
    lines += [f"print('{name}', callable(k.{name}))" for name in FOLDERS]
    assert python("\n".join(lines)) == "".join(f"{name} True\n" for name in FOLDERS)


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
