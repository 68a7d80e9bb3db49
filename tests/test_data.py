"""Data sets: found, verified, fetched; offline means that no socket is opened."""

from __future__ import annotations

import gzip
import hashlib
import io
import socket
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pooch
import pytest

from claimbench import data
from claimbench.datasets import DATA_SETS, DataSet
from claimbench.errors import DataMissing, HostError, UnknownName

TEXT = b"To be, or not to be.\n"
MEMBERS = {"A_One_1900.txt": b"one\r\n", "B_Two_1901.txt": b"two\r\n"}


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


TOY = DataSet("toy", "toy/input.txt", "https://example.org/input.txt", len(TEXT), "CC0", "tests", sha256=sha(TEXT))
NOVELS = DataSet(
    "novels",
    "novels/all.tar.gz",
    "https://example.org/corpus/",
    100,
    "CC0",
    "tests",
    members=tuple((name, sha(content)) for name, content in MEMBERS.items()),
)
PACKED = DataSet(
    "packed", "toy/input.txt.gz", "https://example.org/table", 50, "CC0", "tests", sha256=sha(TEXT), gzipped=True
)
FOLDERS = {"one/log.json": b"1", "two/log.json": b"2"}
NESTED = DataSet(
    "nested",
    "nested/all.tar.gz",
    "https://example.org/tree/",
    100,
    "CC0",
    "tests",
    members=tuple((name, sha(content)) for name, content in FOLDERS.items()),
)
BUILT = DataSet(
    "built", "toy/built.csv", "https://example.org/tree", len(TEXT), "CC0", "tests", sha256=sha(TEXT), derived=True
)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own, toy sets, and no way to the network."""
    monkeypatch.setitem(DATA_SETS, "toy", TOY)
    monkeypatch.setitem(DATA_SETS, "novels", NOVELS)
    monkeypatch.setitem(DATA_SETS, "packed", PACKED)
    monkeypatch.setitem(DATA_SETS, "nested", NESTED)
    monkeypatch.setitem(DATA_SETS, "built", BUILT)
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / "cache")
    monkeypatch.delenv("CLAIMBENCH_DATA", raising=False)
    monkeypatch.delenv("CLAIMBENCH_OFFLINE", raising=False)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return tmp_path / "cache"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """What the network serves, by URL, through pooch's own verification."""
    files = {TOY.url: TEXT, PACKED.url: TEXT} | {NOVELS.url + name: content for name, content in MEMBERS.items()}
    files |= {NESTED.url + name: content for name, content in FOLDERS.items()}

    def download(url: str, output_file: str, _: object) -> None:
        Path(output_file).write_bytes(files[url])

    monkeypatch.setattr(pooch.core, "choose_downloader", lambda url, progressbar=False: download)
    return files


def put(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def archive(members: dict[str, bytes]) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), 1234567
            tar.addfile(info, io.BytesIO(content))
    return raw.getvalue()


def test_own_folder_comes_first(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(cache, TOY.file, TEXT)
    mine = put(tmp_path / "mine", TOY.file, TEXT)
    assert data.path("toy") == cache / TOY.file
    monkeypatch.setenv("CLAIMBENCH_DATA", str(tmp_path / "mine"))
    assert data.path("toy") == mine


def test_own_folder_with_other_content_is_refused_and_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, served: dict[str, bytes]
) -> None:
    mine = put(tmp_path / "mine", TOY.file, b"tampered")
    monkeypatch.setenv("CLAIMBENCH_DATA", str(tmp_path / "mine"))
    with pytest.raises(HostError, match="another sha256.*restore it"):
        data.path("toy")
    assert mine.read_bytes() == b"tampered"


@pytest.mark.parametrize("name", ["toy", "novels"])
@pytest.mark.parametrize("call", [data.path, data.fetch])
def test_offline_opens_no_socket_and_says_how_to_fetch(
    name: str, call: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAIMBENCH_OFFLINE", "1")
    with pytest.raises(DataMissing, match=f"claimbench data fetch {name}") as caught:
        call(name)
    assert caught.value.exit_code == 3
    assert not data.available(name)


def test_offline_with_a_corrupt_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAIMBENCH_OFFLINE", "1")
    put(cache, TOY.file, b"half")
    with pytest.raises(DataMissing, match="claimbench data fetch toy"):
        data.path("toy")


def test_fetch_verifies_and_keeps(cache: Path, served: dict[str, bytes]) -> None:
    assert data.path("toy").read_bytes() == TEXT
    served.clear()
    assert data.path("toy") == cache / TOY.file


def test_a_corrupt_cache_is_fetched_again(cache: Path, served: dict[str, bytes]) -> None:
    put(cache, TOY.file, b"half")
    assert data.path("toy").read_bytes() == TEXT


def test_a_server_with_other_content_is_refused(cache: Path, served: dict[str, bytes]) -> None:
    served[TOY.url] = b"another text"
    with pytest.raises(DataMissing, match="could not be fetched"):
        data.path("toy")
    assert not (cache / TOY.file).exists()


def test_no_network(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(url: str, output_file: str, _: object) -> None:
        raise ConnectionError("no route to host")

    monkeypatch.setattr(pooch.core, "choose_downloader", lambda url, progressbar=False: broken)
    with pytest.raises(DataMissing, match="no route to host.*again, or point CLAIMBENCH_DATA"):
        data.path("toy")


def test_an_archive_is_built_from_its_members_byte_for_byte_alike(cache: Path, served: dict[str, bytes]) -> None:
    path = data.fetch("novels")
    with tarfile.open(path) as tar:
        found = {info.name: tar.extractfile(info).read() for info in tar}  # type: ignore[union-attr]
    assert found == MEMBERS
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    first = path.read_bytes()
    path.unlink()
    assert data.fetch("novels").read_bytes() == first


def test_members_of_one_name_in_two_folders_stay_apart(cache: Path, served: dict[str, bytes]) -> None:
    with tarfile.open(data.fetch("nested")) as tar:
        assert {info.name: tar.extractfile(info).read() for info in tar} == FOLDERS  # type: ignore[union-attr]


def test_an_archive_packed_by_others_counts_by_its_content(cache: Path) -> None:
    put(cache, NOVELS.file, archive(MEMBERS))
    assert data.path("novels") == cache / NOVELS.file


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(archive(MEMBERS | {"B_Two_1901.txt": b"two\n"}), id="member altered"),
        pytest.param(archive({"A_One_1900.txt": b"one\r\n"}), id="member missing"),
        pytest.param(archive(MEMBERS | {"C_Three_1902.txt": b""}), id="member added"),
        pytest.param(archive(MEMBERS)[:-30], id="cut"),
        pytest.param(b"nonsense", id="not an archive"),
    ],
)
def test_a_wrong_archive_is_refused(tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "mine", NOVELS.file, content)
    monkeypatch.setenv("CLAIMBENCH_DATA", str(tmp_path / "mine"))
    with pytest.raises(HostError, match="another sha256"):
        data.path("novels")


def test_what_is_kept_compressed_counts_by_its_content(
    tmp_path: Path, cache: Path, served: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = data.path("packed")
    assert gzip.decompress(path.read_bytes()) == TEXT
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    first = path.read_bytes()
    path.unlink()
    assert data.fetch("packed").read_bytes() == first
    mine = put(tmp_path / "mine", PACKED.file, gzip.compress(TEXT, compresslevel=1, mtime=7))
    monkeypatch.setenv("CLAIMBENCH_DATA", str(tmp_path / "mine"))
    assert data.path("packed") == mine


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(gzip.compress(TEXT + b"!"), id="altered"),
        pytest.param(gzip.compress(TEXT)[:-12], id="cut"),
        pytest.param(TEXT, id="plain"),
    ],
)
def test_a_wrong_compressed_file_is_refused(tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "mine", PACKED.file, content)
    monkeypatch.setenv("CLAIMBENCH_DATA", str(tmp_path / "mine"))
    with pytest.raises(HostError, match="another sha256"):
        data.path("packed")


def test_a_derived_set_is_found_and_never_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataMissing, match=r"cannot be fetched.*CLAIMBENCH_DATA to a folder that holds toy/built\.csv"):
        data.path("built")
    assert "CLAIMBENCH_DATA" in {entry.name: entry.remedy for entry in data.listing()}["built"]
    mine = put(tmp_path / "mine", BUILT.file, TEXT)
    monkeypatch.setenv("CLAIMBENCH_DATA", str(tmp_path / "mine"))
    assert data.path("built") == mine


def test_listing_names_the_state(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(cache, NOVELS.file, b"nonsense")
    put(cache, TOY.file, TEXT)
    states = {entry.name: entry.state for entry in data.listing()}
    verified = {entry.name: entry.state for entry in data.listing(verify=True)}
    assert (states["toy"], states["novels"], states["tinyshakespeare"]) == ("here", "here", "missing")
    assert (verified["toy"], verified["novels"], verified["cpython_topics"]) == ("here", "corrupt", "bundled")


def test_bundled_text_is_english_and_needs_no_file() -> None:
    text = data.cpython_topics().decode()
    assert len(text) > 300_000
    assert "The standard type hierarchy" in text
    assert data.identity("cpython_topics") == sha(data.cpython_topics())
    assert data.available("cpython_topics")
    with pytest.raises(HostError, match=r"data\.cpython_topics\(\)"):
        data.path("cpython_topics")


def test_the_votes_of_the_arena_come_without_importing_their_package() -> None:
    ask = "import sys; from claimbench import data; n = len(data.arena_votes()); print(n, 'leaderbot' in sys.modules)"
    answer = subprocess.run([sys.executable, "-P", "-c", ask], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["102901", "False"]


def test_without_leaderbot_the_votes_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    data.arena_votes.cache_clear()
    monkeypatch.setattr(data, "find_spec", lambda name: None)
    with pytest.raises(DataMissing, match="pip install leaderbot"):
        data.arena_votes()


def test_unknown_name_suggests() -> None:
    with pytest.raises(UnknownName, match="did you mean tinyshakespeare"):
        data.path("tinyshakespear")


def test_identities_differ_and_ignore_packing() -> None:
    identities = [data.identity(name) for name in DATA_SETS if name not in ("packed", "built")]
    assert len(set(identities)) == len(identities)
    assert len(DATA_SETS["english_novels"].members) == 34
    assert len(DATA_SETS["qlora_gpt4"].members) == 98
    for entry in DATA_SETS.values():
        assert entry.members == tuple(sorted(entry.members)), entry.name
