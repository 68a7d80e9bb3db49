"""The store: append-only JSON Lines, one file a run, hash-chained within the file; merging is copying files.

A line is `{"chain":"<sha256>","record":{...}}` and a newline, where chain = sha256(chain before + text of the
record), and the chain before the first line is sha256(id of the run that took the first record). A file names
nothing but itself, so that copies, renamed copies and several stores in one folder are all harmless: equal records
count once. Arrays over 64 kB lie beside the files in `blobs/<sha256>`, as gzipped JSON.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from pydantic import ValidationError

from claimbench.blobs import Blobs
from claimbench.errors import StoreError
from claimbench.record import SCHEMA, Record
from claimbench.spec import Tier

__all__ = ["RunWriter", "Store", "TornLine", "new_run_id"]

_HEAD = '{"chain":"'
_MIDDLE = '","record":'
_TEXT_AT = len(_HEAD) + 64 + len(_MIDDLE)


class TornLine(UserWarning):
    """The last line of a file was cut while it was being written; the trial it held is run again."""


def new_run_id() -> str:
    """A name for a run that sorts by time and that no other run bears."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.urandom(4).hex()}"


class Store:
    """The records under one folder."""

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)
        self.blobs = Blobs(self.root / "blobs")

    def run(self, run_id: str) -> RunWriter:
        """A writer of the new file of one run, to be used in a `with`; raises StoreError where it cannot be made."""
        return RunWriter(self, run_id)

    def records(self, claim: str | None = None, tier: Tier | None = None) -> list[Record]:
        """Every record, or those of one claim or tier, by file name and then in the order they were written.

        Raises StoreError, naming file and line, where a file was altered, is unreadable or of an unknown schema.
        """

        def wanted(content: dict[str, Any]) -> bool:
            return (claim is None or content.get("claim") == claim) and (tier is None or content.get("tier") == tier)

        return [record for _, record in self._read(wanted)]

    def ok_trials(self) -> set[str]:
        """Identities of the trials that ended `ok`."""
        return {record.trial for _, record in self._read(lambda content: content.get("status") == "ok")}

    def verify(self) -> int:
        """Read every file and blob and return the number of records; raises StoreError at the first fault."""
        return sum(1 for _ in self._read(lambda content: True))

    def publish(self, records: Iterable[Record], out: Path) -> list[Path]:
        """Write the records as evidence, one chained file a paper `out/<paper>.jsonl` and the blobs they need.

        The order is fixed by what the records are, not by when they were written, so that the same records give
        the same bytes. Files are replaced whole. Raises StoreError where `out` cannot be written.
        """
        papers: dict[str, list[Record]] = {}
        for record in records:
            papers.setdefault(record.claim.split(".")[0], []).append(record)
        target = Store(out)
        return [target._write_whole(paper, papers[paper]) for paper in sorted(papers)]

    def _write_whole(self, name: str, records: list[Record]) -> Path:
        path, part = self.root / f"{name}.jsonl", self.root / f".{name}.part"
        lines: list[str] = []
        chain = ""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            for record in sorted(records, key=_place):
                chain, line = _line(chain or _start(record.run), self.text(record))
                lines.append(line)
            with part.open("w", encoding="utf-8", newline="") as file:
                file.writelines(lines)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise _cannot_write(path, error) from error
        return path

    def text(self, record: Record) -> str:
        """The record as it stands in a line, its large arrays written to blobs; raises OSError."""
        # By way of JSON text, because only there NaN and infinities become strings.
        content = json.loads(record.model_dump_json(exclude_none=True))
        return json.dumps(self.blobs.detach(content), separators=(",", ":"), ensure_ascii=False, allow_nan=False)

    def _read(self, wanted: Callable[[dict[str, Any]], bool]) -> Iterator[tuple[Path, Record]]:
        seen: set[str] = set()
        for path in sorted(self.root.glob("*.jsonl")):
            for number, text in _verified(path):
                content = _content(path, number, text)
                digest = hashlib.sha256(text.encode()).hexdigest()
                if digest in seen or not wanted(content):
                    continue
                seen.add(digest)
                try:
                    yield path, Record.model_validate(self.blobs.attach(content))
                except ValidationError as error:
                    raise StoreError(
                        f"{path}:{number}: not a record ({error.error_count()} errors, the first at "
                        f"{'.'.join(map(str, error.errors()[0]['loc']))}); move the file away and run again"
                    ) from error


class RunWriter:
    """Appends one run's records; each is on the disk when `append` returns."""

    def __init__(self, store: Store, run_id: str) -> None:
        self._store = store
        self._chain = ""
        self._good = 0
        self.path = store.root / f"{run_id}.jsonl"
        try:
            store.root.mkdir(parents=True, exist_ok=True)
            # Exclusive: a writer never goes on with a file that it did not begin, whose tail may be torn.
            self._fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise _cannot_write(self.path, error) from error
        _sync_folder(store.root)

    def append(self, record: Record) -> None:
        """Write one record and force it to the disk; raises StoreError, and leaves what was written before whole."""
        if self._good < 0:
            raise StoreError(f"{self.path} could not be written before; start a new run, which goes on from here")
        try:
            chain, line = _line(self._chain or _start(record.run), self._store.text(record))
            data = line.encode()
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._fd, rest) :]
            os.fsync(self._fd)
        except OSError as error:
            # Cut the half-written line off again; if even that fails, the torn tail is ignored when it is read.
            with suppress(OSError):
                os.ftruncate(self._fd, self._good)
            self._good = -1
            raise _cannot_write(self.path, error) from error
        self._chain = chain
        self._good += len(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._fd)
        with suppress(OSError):
            if self.path.stat().st_size == 0:
                self.path.unlink()


def _place(record: Record) -> tuple[str | int | tuple[int, ...], ...]:
    return (
        record.claim, record.tier, record.role, record.arm, record.seeds, record.attempt,
        record.started, record.run, record.trial,
    )  # fmt: skip


def _start(run_id: str) -> str:
    return hashlib.sha256(run_id.encode()).hexdigest()


def _line(chain: str, text: str) -> tuple[str, str]:
    chain = hashlib.sha256((chain + text).encode()).hexdigest()
    return chain, f"{_HEAD}{chain}{_MIDDLE}{text}}}\n"


def _verified(path: Path) -> Iterator[tuple[int, str]]:
    """Line numbers and record texts of a file whose chain holds."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror}); mend its permissions or move it away") from error
    *lines, tail = data.split(b"\n")
    chain = ""
    for number, line in enumerate(lines, 1):
        try:
            text = line[_TEXT_AT:-1].decode()
            chain, expected = _line(chain or _start(json.loads(text)["run"]), text)
        except (ValueError, KeyError, TypeError) as error:
            raise _altered(path, number) from error
        if line + b"\n" != expected.encode():
            raise _altered(path, number)
        yield number, text
    if tail:
        warnings.warn(
            f"{path}:{len(lines) + 1}: the last line was cut while it was being written; its trial will be run again",
            TornLine,
            stacklevel=2,
        )


def _content(path: Path, number: int, text: str) -> dict[str, Any]:
    content = cast("dict[str, Any]", json.loads(text))
    if (schema := content.get("schema_version", SCHEMA)) != SCHEMA:
        raise StoreError(
            f"{path}:{number}: records of schema {schema}, but this claimbench reads schema {SCHEMA}; "
            "install the claimbench that wrote them, or move the file away"
        )
    return content


def _altered(path: Path, number: int) -> StoreError:
    return StoreError(
        f"{path}:{number}: the line does not continue the file's hash chain, so it was altered after it was written; "
        "restore the file from a copy, or move it away and run again"
    )


def _cannot_write(path: Path, error: OSError) -> StoreError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        todo = "the disk is full; free some space and give the same command again"
    else:
        todo = f"{error.strerror}; choose a folder that can be written with --store"
    return StoreError(f"cannot write {path}: {todo}. Records written before are kept")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network file systems cannot sync a folder; the file itself is synced at every append.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        os.close(handle)
