"""Which source files stand behind an experiment: what it imports, directly or not, read without importing any of it.

An edit voids the measurements of the experiments that reach the edited module and of no others, so that a new
kernel or another paper's folder leaves the evidence of the rest in force.
"""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from claimbench.errors import SpecError

__all__ = ["sources_sha"]

_NAMESPACES = ("claimbench.impls", "claimbench.kernels", "claimbench.stats")
"""Packages whose modules are followed one by one; what their own __init__ exports is followed by name alone."""
_WHOLE = ("claimbench.measure", "claimbench.trial")
"""Every trial runs through these, whatever its experiment imports."""


def sources_sha(module: str) -> str:
    """Hash of the sources behind `module`, from a checkout or an installed wheel alike.

    Modules of claimbench's implementations, kernels and statistics are followed through their import statements, those
    inside functions included. Of any other package, a plugin's, every Python file counts, because how it finds its
    parts is not ours to know. Raises SpecError where the module cannot be found, or imports a whole namespace.
    """
    files = {name: path for whole in _WHOLE for name, path in _package(whole).items()}
    if _followed(module):
        _follow(module, files)
    else:
        parts = module.split(".")
        files |= _package(".".join(parts[:3]) if parts[0] == "claimbench" else parts[0])
    total = hashlib.sha256()
    for name, path in sorted(files.items()):
        total.update(f"{name}\n{_sha(path, *_stamp(path))}\n".encode())
    return total.hexdigest()


def _followed(module: str) -> bool:
    return module.startswith(tuple(f"{namespace}." for namespace in _NAMESPACES))


def _follow(module: str, files: dict[str, Path]) -> None:
    """Add a module of a namespace, the packages that it lies in, and all that they import."""
    parts = module.split(".")
    # Importing a.b.c.d runs the __init__ of every package on the way.
    for end in range(3, len(parts) + 1):
        name = ".".join(parts[:end])
        path = _file(name)
        if path is None:
            raise _missing(module)
        if name not in files:
            files[name] = path
            for source, imported in _imports(path, *_stamp(path)):
                _follow_import(source, imported, files)


def _follow_import(source: str, name: str, files: dict[str, Path]) -> None:
    """What `from source import name` runs, or `import source` where the name is empty."""
    if name and _followed(f"{source}.{name}") and _file(f"{source}.{name}"):
        _follow(f"{source}.{name}", files)
    elif _followed(source):
        _follow(source, files)
    elif source in _NAMESPACES:
        init = _init(source)
        homes = [home for home, exported in _imports(init, *_stamp(init)) if exported == name]
        if not homes:
            raise SpecError(f"`import {source}` hides which of its modules an experiment needs: import them by name")
        for home in homes:
            _follow_import(home, name, files)
    elif f"{source}.{name}" in _NAMESPACES:
        raise SpecError(f"`import {source}.{name}` hides which of its modules an experiment needs: import them by name")


def _file(module: str) -> Path | None:
    """Where a module of a namespace lies; no package on the way is imported."""
    namespace = next(each for each in _NAMESPACES if module.startswith(f"{each}."))
    stem = _init(namespace).parent.joinpath(*module.removeprefix(f"{namespace}.").split("."))
    return next((path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.is_file()), None)


@cache
def _init(namespace: str) -> Path:
    found = find_spec(namespace)
    if found is None or found.origin is None:
        raise _missing(namespace)
    return Path(found.origin)


def _package(name: str) -> dict[str, Path]:
    """Every Python file of a package, or the one of a module."""
    try:
        found = find_spec(name)
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise _missing(name)
    if found.submodule_search_locations is None:
        path = Path(found.origin or "")
        return {f"{name}/{path.name}": path} if path.suffix == ".py" else {}
    return {
        f"{name}/{path.relative_to(folder).as_posix()}": path
        for folder in map(Path, found.submodule_search_locations)
        for path in folder.rglob("*.py")
    }


def _stamp(path: Path) -> tuple[int, int]:
    """What changes when a file is edited while a run goes on."""
    about = path.stat()
    return about.st_mtime_ns, about.st_size


@cache
def _sha(path: Path, mtime_ns: int, size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def _imports(path: Path, mtime_ns: int, size: int) -> tuple[tuple[str, str], ...]:
    """(module, name) of every import statement, wherever it stands; the name is empty for `import module`."""
    found: list[tuple[str, str]] = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found += [(each.name, "") for each in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [(node.module, each.name) for each in node.names]
    return tuple(found)


def _missing(module: str) -> SpecError:
    return SpecError(f"no module {module!r}: mend the claim's `experiment`, or install the package that holds it")
