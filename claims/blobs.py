"""Large arrays, kept out of the record lines: `blobs/<sha256>` holds gzipped JSON, named by the hash of the JSON."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from pathlib import Path
from typing import Any

from claimbench.errors import StoreError

__all__ = ["LARGEST_INLINE", "Blobs"]

LARGEST_INLINE = 64 * 1024
"""Bytes of JSON above which an array becomes a blob."""

_FIELDS = ("samples", "curves")


class Blobs:
    """The blobs of one store."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def detach(self, content: dict[str, Any]) -> dict[str, Any]:
        """The record's content with every large array replaced by `{"blob": sha256}`; raises OSError."""
        return content | {
            field: {name: self._detached(value) for name, value in content[field].items()}
            for field in _FIELDS
            if field in content
        }

    def attach(self, content: dict[str, Any]) -> dict[str, Any]:
        """The record's content with its arrays back in place; raises StoreError where one is missing or altered."""
        return content | {
            field: {name: self._attached(value) for name, value in content[field].items()}
            for field in _FIELDS
            if field in content
        }

    def _detached(self, value: Any) -> Any:
        data = json.dumps(value, separators=(",", ":"), allow_nan=False).encode()
        if len(data) <= LARGEST_INLINE:
            return value
        sha = hashlib.sha256(data).hexdigest()
        path = self.root / sha
        if not path.exists():
            self.root.mkdir(parents=True, exist_ok=True)
            part = self.root / f".{sha}.{os.getpid()}.part"
            try:
                with part.open("wb") as file:
                    # mtime 0: equal arrays give equal bytes.
                    file.write(gzip.compress(data, mtime=0))
                    file.flush()
                    os.fsync(file.fileno())
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
        return {"blob": sha}

    def _attached(self, value: Any) -> Any:
        if not (isinstance(value, dict) and "blob" in value):
            return value
        path = self.root / str(value["blob"])  # pyright: ignore[reportUnknownArgumentType]
        try:
            data = gzip.decompress(path.read_bytes())
        except FileNotFoundError as error:
            raise StoreError(f"{path} is missing; copy the folder blobs together with the .jsonl files") from error
        except (OSError, EOFError, zlib.error) as error:
            raise StoreError(f"{path} cannot be read ({error}); restore it from a copy") from error
        if hashlib.sha256(data).hexdigest() != path.name:
            raise StoreError(f"{path} was altered: its content does not have the hash it is named by; restore it")
        return json.loads(data)
