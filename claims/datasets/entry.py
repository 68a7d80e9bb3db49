"""What is known of a data set without having it: where it comes from, its hash, size and licence."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

__all__ = ["DataSet"]


@dataclass(frozen=True)
class DataSet:
    """One data set, as a file on disk or inside what is installed anyway."""

    name: str
    """Name in `needs.data` and in `claimbench data ls`."""
    file: str
    """Path inside CLAIMBENCH_DATA and inside the cache; empty where it is bundled with an installed package."""
    url: str
    """Where the file comes from; of an archive, the folder that holds its members."""
    size_bytes: int
    """Size of the file."""
    licence: str
    """Licence as its source states it."""
    purpose: str
    """What it is for."""
    sha256: str = ""
    """Hash of the bytes at `url`, before any compression here (of a bundled file's, where it must not vary); empty for
    an archive, whose members are hashed."""
    gzipped: bool = False
    """Plain at `url`, and kept compressed here."""
    derived: bool = False
    """Built from what `url` shows, and nowhere as a file: it can be found in CLAIMBENCH_DATA, not fetched."""
    members: tuple[tuple[str, str], ...] = ()
    """Of an archive (tar.gz, built here from single files): name and sha256 of each member, by name."""

    @property
    def identity(self) -> str:
        """Hash of the content, whichever way an archive was packed."""
        if not self.members:
            return self.sha256
        return hashlib.sha256("".join(f"{sha}  {name}\n" for name, sha in self.members).encode()).hexdigest()
