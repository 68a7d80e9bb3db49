"""`compiled`: numba compilation, cached on disk under a hash of every kernel's source.

numba's own cache looks at the one file that holds the function; a helper edited in another file would leave a stale
kernel. Here the folder's name is the hash of all of them, so an edit anywhere starts a new folder.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core import config

__all__ = ["cache_folder", "compiled"]


@cache
def cache_folder() -> Path:
    """Where compiled kernels of these sources lie: `claimbench/kernels/<hash>` in the user's cache."""
    total = hashlib.sha256()
    root = Path(__file__).parent
    for path in sorted(root.rglob("*.py")):
        total.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    home = os.environ.get("XDG_CACHE_HOME")
    base = Path(home) if home else Path.home() / ".cache"
    return base / "claimbench" / "kernels" / total.hexdigest()[:16]


def compiled(function: Callable[..., Any]) -> Any:
    """`function` compiled by numba at its first call and kept; divisions follow IEEE, the GIL is released.

    Where the cache folder cannot be written, it is compiled anew in each process.
    """
    options: dict[str, Any] = {"error_model": "numpy", "nogil": True}
    before = config.CACHE_DIR
    config.CACHE_DIR = str(cache_folder())
    try:
        return numba.njit(function, cache=True, **options)
    except RuntimeError:  # numba's word for "no folder to write to"
        return numba.njit(function, **options)
    finally:
        config.CACHE_DIR = before
