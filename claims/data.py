"""Data sets: found in CLAIMBENCH_DATA or the user's cache, fetched once, and verified whenever they are opened.

`CLAIMBENCH_DATA=DIR` points to a folder that already holds the files. `CLAIMBENCH_OFFLINE=1` opens no socket.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
import zlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from typing import Literal

from claimbench.datasets import DATA_SETS, DataSet
from claimbench.errors import DataMissing, HostError, UnknownName

__all__ = [
    "Entry",
    "arena_votes",
    "available",
    "breast_cancer",
    "cpython_topics",
    "digits",
    "fetch",
    "identity",
    "iris",
    "listing",
    "offline",
    "path",
    "wine",
]

State = Literal["bundled", "here", "missing", "corrupt"]


@dataclass(frozen=True)
class Entry:
    """A data set and whether it is on this machine."""

    name: str
    """Name."""
    size_bytes: int
    """Size of its file."""
    licence: str
    """Licence."""
    purpose: str
    """What it is for."""
    state: State
    """`here` says only that the file exists, unless the listing verified it."""
    path: Path | None
    """Where it lies."""
    remedy: str = ""
    """What brings it here, where it is not."""


def path(name: str) -> Path:
    """The verified file of a data set, fetched where it is not on this machine.

    Raises UnknownName; DataMissing, before any socket is opened, where it is not here and CLAIMBENCH_OFFLINE is
    set, and where it cannot be fetched; HostError where a file in CLAIMBENCH_DATA has another content.
    """
    entry = _on_disk(name)
    found = _find(entry)
    if found is None:
        return fetch(name)
    if _sound(entry, found):
        return found
    if found.is_relative_to(_cache()):
        return fetch(name)
    raise HostError(
        f"{found} is not the {name} that the claims use (another sha256); restore it or unset CLAIMBENCH_DATA"
    )


def fetch(name: str) -> Path:
    """Fetch a data set into the user's cache and verify it; raises UnknownName, DataMissing."""
    entry = _on_disk(name)
    target = _cache() / entry.file
    if target.exists() and _sound(entry, target):
        return target
    if entry.derived:
        raise DataMissing(
            f"data set {name} cannot be fetched, for it was built from {entry.url} and is nowhere as a file: "
            f"point CLAIMBENCH_DATA to a folder that holds {entry.file}"
        )
    if offline():
        raise DataMissing(
            f"data set {name} is not on this machine: give `claimbench data fetch {name}` with CLAIMBENCH_OFFLINE "
            f"unset, or point CLAIMBENCH_DATA to a folder that holds {entry.file}"
        )
    try:
        if entry.members:
            _pack(target, {member: _download(entry.url + member, sha, target) for member, sha in entry.members})
        elif entry.gzipped:
            _compress(target, _download(entry.url, entry.sha256, target))
        else:
            _download(entry.url, entry.sha256, target).replace(target)
    except (OSError, ValueError) as error:
        raise DataMissing(
            f"data set {name} could not be fetched ({error}): try `claimbench data fetch {name}` again, "
            f"or point CLAIMBENCH_DATA to a folder that holds {entry.file}"
        ) from error
    return target


def available(name: str) -> bool:
    """Whether the data set is on this machine; opens no socket and raises UnknownName."""
    entry = _known(name)
    return not entry.file or _find(entry) is not None


def identity(name: str) -> str:
    """Hash of the data set's content, known without having it; for a bundled one, of what is there."""
    entry = _known(name)
    return entry.identity if entry.file else hashlib.sha256(_BUNDLED[name]()).hexdigest()


def listing(*, verify: bool = False) -> list[Entry]:
    """Every data set and its state on this machine; with `verify`, contents are compared with their hashes."""
    return [_entry(entry, verify) for entry in DATA_SETS.values()]


def offline() -> bool:
    """Whether CLAIMBENCH_OFFLINE forbids sockets."""
    return os.environ.get("CLAIMBENCH_OFFLINE", "0") not in ("", "0")


@cache
def cpython_topics() -> bytes:
    """The English reference text that ships with CPython, topics in alphabetical order, UTF-8; about 460 kB.

    Versions of Python differ in it, so its identity is the hash of what is there.
    """
    from pydoc_data.topics import topics

    return "\n\n".join(topics[name].strip() for name in sorted(topics)).encode()


@cache
def arena_votes() -> bytes:
    """The votes of Chatbot Arena that ship with the package leaderbot, as JSON; 1,670,250 votes in 103 kB.

    Raises DataMissing where the installed leaderbot is not there or holds no such file. It is read without being
    imported, which would take seconds.
    """
    spec = find_spec("leaderbot")
    if spec is not None:
        file = files(module_from_spec(spec)) / "data" / "chatbotarena_20240814.json"
        if file.is_file():
            return file.read_bytes()
    raise DataMissing("the votes of Chatbot Arena ship with leaderbot 0.4.3: pip install leaderbot==0.4.3")


def iris() -> bytes:
    """Fisher's 150 irises as scikit-learn has them, comma-separated; raises DataMissing, HostError."""
    return _scikit_learn("iris")


def wine() -> bytes:
    """178 wines of three growers as scikit-learn has them, comma-separated; raises DataMissing, HostError."""
    return _scikit_learn("wine")


def breast_cancer() -> bytes:
    """569 breast tumours as scikit-learn has them, comma-separated; raises DataMissing, HostError."""
    return _scikit_learn("breast_cancer")


def digits() -> bytes:
    """1,797 handwritten digits of 8 × 8 pixels as scikit-learn has them, comma-separated; raises as the others do."""
    return _scikit_learn("digits")


_SCIKIT_LEARN = {
    "iris": "iris.csv",
    "wine": "wine_data.csv",
    "breast_cancer": "breast_cancer.csv",
    "digits": "digits.csv.gz",
}


@cache
def _scikit_learn(name: str) -> bytes:
    """A table inside the installed scikit-learn, which leaderbot brings; read, and not imported."""
    spec = find_spec("sklearn")
    entry = DATA_SETS[name]
    if spec is not None:
        file = files(module_from_spec(spec)) / "datasets" / "data" / _SCIKIT_LEARN[name]
        if file.is_file():
            content = file.read_bytes()
            content = gzip.decompress(content) if _SCIKIT_LEARN[name].endswith(".gz") else content
            if hashlib.sha256(content).hexdigest() != entry.sha256:
                raise HostError(
                    f"scikit-learn's {name} is not the one that the claims use: pip install scikit-learn==1.9"
                )
            return content
    raise DataMissing(f"{name} ships with scikit-learn: pip install scikit-learn")


_BUNDLED = {
    "cpython_topics": cpython_topics,
    "arena_votes": arena_votes,
    "iris": iris,
    "wine": wine,
    "breast_cancer": breast_cancer,
    "digits": digits,
}


def _known(name: str) -> DataSet:
    if name not in DATA_SETS:
        raise UnknownName("data set", name, DATA_SETS)
    return DATA_SETS[name]


def _on_disk(name: str) -> DataSet:
    entry = _known(name)
    if not entry.file:
        raise HostError(f"{name} is bundled and has no file of its own; read it with claimbench.data.{name}()")
    return entry


def _find(entry: DataSet) -> Path | None:
    own = os.environ.get("CLAIMBENCH_DATA")
    folders = [*([Path(own)] if own else []), _cache()]
    return next((folder / entry.file for folder in folders if (folder / entry.file).is_file()), None)


def _cache() -> Path:
    import pooch

    return Path(pooch.os_cache("claimbench"))


def _entry(entry: DataSet, verify: bool) -> Entry:
    found = _find(entry) if entry.file else None
    state: State
    if not entry.file:
        state = "bundled"
    elif found is None:
        state = "missing"
    else:
        state = "here" if not verify or _sound(entry, found) else "corrupt"
    remedy = "" if state in ("bundled", "here") else _remedy(entry)
    return Entry(entry.name, entry.size_bytes, entry.licence, entry.purpose, state, found, remedy)


def _remedy(entry: DataSet) -> str:
    if entry.derived:
        return f"point CLAIMBENCH_DATA to a folder that holds {entry.file}"
    return f"claimbench data fetch {entry.name}"


def _sound(entry: DataSet, file: Path) -> bool:
    about = file.stat()
    packing = "archive" if entry.members else "gzip" if entry.gzipped else "plain"
    return _content_sha(file, packing, about.st_mtime_ns, about.st_size) == entry.identity


@cache
def _content_sha(file: Path, packing: Literal["plain", "gzip", "archive"], mtime_ns: int, size: int) -> str:
    # Keyed by time and size as well, so that a file replaced during the life of the process is read anew.
    if packing == "plain":
        return hashlib.sha256(file.read_bytes()).hexdigest()
    try:
        if packing == "gzip":
            return hashlib.sha256(gzip.decompress(file.read_bytes())).hexdigest()
        with tarfile.open(file, "r:gz") as tar:
            members = [
                (info.name, hashlib.sha256(stream.read()).hexdigest())
                for info in tar
                if (stream := tar.extractfile(info)) is not None
            ]
    except (OSError, EOFError, tarfile.TarError, zlib.error):
        return "not what it is packed as"
    return hashlib.sha256("".join(f"{sha}  {name}\n" for name, sha in sorted(members)).encode()).hexdigest()


def _download(url: str, sha256: str, target: Path) -> Path:
    import pooch

    # By the whole address: members of an archive may bear one name in several folders.
    name = f"{hashlib.sha256(url.encode()).hexdigest()[:16]}.part"
    return Path(pooch.retrieve(url, known_hash=f"sha256:{sha256}", fname=name, path=target.parent))


def _compress(target: Path, file: Path) -> None:
    part = target.with_suffix(".packed")
    # No time and no name, so that the same content is the same file.
    part.write_bytes(gzip.compress(file.read_bytes(), mtime=0))
    part.replace(target)
    file.unlink()


def _pack(target: Path, files: dict[str, Path]) -> None:
    part = target.with_suffix(".part")
    with (
        part.open("wb") as raw,
        gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as packed,
        tarfile.open(fileobj=packed, mode="w") as tar,
    ):
        for name, file in files.items():
            content = file.read_bytes()
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    part.replace(target)
    for file in files.values():
        file.unlink()
