"""Texts that several papers learn."""

from __future__ import annotations

from claimbench.archives import NOVELS
from claimbench.datasets.entry import DataSet

__all__ = ["DATA_SETS"]

DATA_SETS = (
    DataSet(
        name="cpython_topics",
        file="",
        url="https://docs.python.org/3/reference/",
        size_bytes=460_000,
        licence="PSF-2.0",
        purpose="English reference text that ships with CPython (pydoc_data.topics)",
    ),
    DataSet(
        name="tinyshakespeare",
        file="tinyshakespeare/input.txt",
        url="https://raw.githubusercontent.com/karpathy/char-rnn/"
        "6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/tinyshakespeare/input.txt",
        sha256="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
        size_bytes=1_115_394,
        licence="MIT (text in the public domain)",
        purpose="character-level language modelling; the first 90 % train, the rest validate",
    ),
    DataSet(
        name="english_novels",
        file="english_novels/novels_34_authors.tar.gz",
        url="https://raw.githubusercontent.com/computationalstylistics/100_english_novels/"
        "143e601875d70e195f2cc5ebd8b034609271194d/corpus/",
        size_bytes=7_235_198,
        licence="public domain (texts; no licence file)",
        purpose="long-context language modelling; one novel an author, CRLF line ends",
        members=NOVELS,
    ),
)
