"""The sandbox's parts by themselves: the filter as a program, folders, edits, what is said to hold."""

from __future__ import annotations

import errno
import os
import re
import signal
import struct
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimbench.errors import EditRefused, SandboxError
from claimbench.impls.ai_scientist.sandbox import (
    Limits,
    bubblewrap,
    check_edit,
    folder,
    isolation,
    mechanisms,
    processes,
)
from claimbench.impls.ai_scientist.sandbox.guarantees import GUARANTEES, of
from claimbench.impls.ai_scientist.sandbox.job import Job, Mechanisms, Report
from claimbench.impls.ai_scientist.sandbox.seccomp import Rule, assemble, rules
from claimbench.impls.ai_scientist.sandbox.syscalls import _NUMBERS, AUDIT, number
from claimbench.impls.ai_scientist.sandbox.view import View, interpreter

HEADERS = {
    "x86_64": (Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), Path("/usr/include/asm/unistd_64.h")),
    "aarch64": (Path("/usr/include/asm-generic/unistd.h"),),
}
ALLOW, KILL, ASK, ERRNO = 0x7FFF0000, 0x80000000, 0x7FC00000, 0x00050000
STRONG = Mechanisms(namespaces=True, landlock=7, seccomp=True, gate=True)
needs_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux's /proc")


def answer(program: bytes, architecture: int, call: int, *arguments: int) -> int:
    """What the kernel's virtual machine makes of a call: the few instructions that the filter is written in."""
    data = struct.pack("<IIQ6Q", call, architecture, 0, *(*arguments, 0, 0, 0, 0, 0, 0)[:6])
    code = [struct.unpack_from("<HBBI", program, place) for place in range(0, len(program), 8)]
    accumulator = place = 0
    while True:
        operation, if_true, if_false, value = code[place]
        place += 1
        match operation:
            case 0x20:
                (accumulator,) = struct.unpack_from("<I", data, value)
            case 0x54:
                accumulator &= value
            case 0x05:
                place += value
            case 0x15:
                place += if_true if accumulator == value else if_false
            case 0x35:
                place += if_true if accumulator >= value else if_false
            case 0x45:
                place += if_true if accumulator & value else if_false
            case 0x06:
                return value
            case _:
                raise AssertionError(operation)


def says(rule: Rule, *arguments: int) -> int:
    """What a rule by itself makes of a call of its name."""
    if rule.argument is not None:
        value = arguments[rule.argument] & rule.mask & 0xFFFFFFFF
        if not (value in rule.equals or (rule.differs and value not in rule.differs) or value & rule.any_bit):
            return ALLOW
    return ASK if rule.error is None else ERRNO | rule.error


@pytest.mark.parametrize("architecture", AUDIT)
@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("scoped", [True, False])
@given(data=st.data())
def test_the_filter_answers_as_its_rules_say(architecture: str, alone: bool, scoped: bool, data: st.DataObject) -> None:
    wanted = rules(alone=alone, scoped=scoped, gate=True, process=77)
    program = assemble(wanted, architecture)
    call = data.draw(st.sampled_from([rule.call for rule in wanted]))
    own = [rule for rule in wanted if rule.call == call]
    close = [value for rule in own for value in (*rule.equals, *rule.differs, rule.any_bit)]
    values = st.one_of(st.sampled_from([0, 1, 77, *close]), st.integers(0, 2**64 - 1))
    arguments = data.draw(st.tuples(*[values] * 6))
    expected = next((said for rule in own if (said := says(rule, *arguments)) != ALLOW), ALLOW)
    if (known := number(call, architecture)) is not None:
        assert answer(program, AUDIT[architecture], known, *arguments) == expected


@pytest.mark.parametrize("architecture", AUDIT)
def test_the_filter_lets_the_rest_through_and_kills_other_architectures(architecture: str) -> None:
    program = assemble(rules(alone=False, scoped=False, gate=False, process=77), architecture)
    named = {number(name, architecture) for name in _NUMBERS}
    for call in range(480):
        if call not in named:
            assert answer(program, AUDIT[architecture], call) == ALLOW
    assert answer(program, 0x40000003, 1) == KILL
    if architecture == "x86_64":
        assert answer(program, AUDIT[architecture], 0x40000000 + 41) == KILL
    assert len(program) // 8 < 4096


def test_what_the_filter_forbids_in_particular() -> None:
    program = assemble(rules(alone=False, scoped=False, gate=True, process=77), "x86_64")

    def said(name: str, *arguments: int) -> int:
        found = number(name, "x86_64")
        assert found is not None
        return answer(program, AUDIT["x86_64"], found, *arguments)

    assert said("socket", 2, 1) == ERRNO | errno.EACCES
    assert said("socketpair", 1, 1 | 0o2000000) == ALLOW
    assert said("socketpair", 1, 2) == ERRNO | errno.EACCES
    assert said("clone", 0x3D0F00) == ASK
    assert said("clone", 0x10000000 | signal.SIGCHLD) == ERRNO | errno.EPERM
    assert said("clone3") == ERRNO | errno.ENOSYS
    assert said("kill", 77, 9) == said("kill", 0, 9) == ALLOW
    assert said("kill", 2**32 - 1, 9) == said("kill", 1, 9) == ERRNO | errno.EPERM
    assert said("chmod") == ERRNO
    inside = rules(alone=True, scoped=True, gate=False, process=77)
    assert answer(assemble(inside, "x86_64"), AUDIT["x86_64"], 41, 1) == ALLOW
    assert answer(assemble(inside, "x86_64"), AUDIT["x86_64"], 41, 10) == ERRNO | errno.EACCES


@pytest.mark.parametrize("architecture", AUDIT)
def test_numbers_of_calls_are_the_kernels(architecture: str) -> None:
    header = next((path for path in HEADERS[architecture] if path.exists()), None)
    if header is None:
        pytest.skip("the kernel's headers are not installed")
    known = dict(re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)$", header.read_text(), re.MULTILINE))
    assert len(known) > 250
    shared = [name for name in _NUMBERS if name in known]
    assert len(shared) > 80
    for name in shared:
        assert number(name, architecture) == int(known[name]), name
    # A header of before a call does not know it; one that has no such call never will.
    newer = {name for name in _NUMBERS if name not in known and (number(name, architecture) or 0) < 450}
    assert all(number(name, architecture) is None for name in newer)


def test_jobs_and_reports_come_through_as_they_were() -> None:
    job = Job(
        argv=("python", "experiment.py", "\udcff ü"),
        folder="/a",
        stage="/b",
        environment={"A": "b\n"},
        view=View(("/usr",), "/a", ("/dev/null",)),
        limits=Limits(1.5, 2, 3, 4),
        mechanisms=STRONG,
    )
    assert Job.loads(job.dumps()) == job
    assert "\n" not in job.dumps()
    report = Report("time", -9, 1.5, "out\n", "err", "m")
    assert Report.loads(report.dumps()) == report


@pytest.mark.parametrize("field", ["seconds", "memory_bytes", "processes", "disk_bytes"])
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_limits_are_positive_numbers(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=field):
        replace(Limits(1.0, 1, 1, 1), **{field: value})


def test_a_folder_however_deep_and_closed_is_measured_and_removed(tmp_path: Path) -> None:
    top = tmp_path / "top"
    top.mkdir()
    inner = os.open(top, os.O_RDONLY)
    for _ in range(70):
        os.mkdir("inner" * 40, dir_fd=inner)
        below = os.open("inner" * 40, os.O_RDONLY, dir_fd=inner)
        os.close(inner)
        inner = below
    os.close(inner)
    (top / "closed").mkdir(0)
    (top / "link").symlink_to(tmp_path)
    (top / "file").touch(0)
    assert folder.size(str(top), 1 << 40) > 1 << 40
    folder.remove(str(top))
    assert not list(tmp_path.iterdir())


def test_size_counts_blocks_sparse_bytes_and_links_once(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert folder.size(str(tmp_path), 1 << 30) == 4096
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 20)
    os.link(tmp_path / "sparse", tmp_path / "again")
    (tmp_path / "out").symlink_to("/usr")
    assert folder.size(str(tmp_path), 1 << 30) == 4096 + (1 << 20) + 4096
    assert folder.size(str(tmp_path), 10) > 10
    assert folder.size(str(tmp_path / "none"), 10) == 0


def test_a_template_is_copied_with_its_links_and_modes(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "data").mkdir(parents=True)
    (source / "data" / "text").write_text("x")
    (source / "run.sh").touch(0o555)
    (source / "link").symlink_to("data/text")
    (tmp_path / "beside").write_text("y")
    (source / "data" / "out").symlink_to("../../beside")
    (tmp_path / "far").mkdir()
    folder.copy_in(source, tmp_path / "far" / "target")
    (tmp_path / "target").symlink_to("far/target")
    assert (tmp_path / "target" / "data" / "out").readlink() == tmp_path / "beside"
    assert (tmp_path / "target" / "link").readlink() == Path("data/text")
    assert (tmp_path / "target" / "link").read_text() == "x"
    assert (tmp_path / "target" / "run.sh").stat().st_mode & 0o777 == 0o755


@pytest.fixture
def edited(tmp_path: Path) -> tuple[Path, Path]:
    """A template twice, as before and after an edit."""
    for name in ("before", "after"):
        (tmp_path / name / "data").mkdir(parents=True)
        for path in ("experiment.py", "plot.py", "data/text"):
            (tmp_path / name / path).write_text("x = 1\n")
    return tmp_path / "before", tmp_path / "after"


def test_an_edit_of_the_experiment_alone_passes(edited: tuple[Path, Path]) -> None:
    before, after = edited
    check_edit(before, after)
    (after / "experiment.py").write_text("x = 2\n")
    check_edit(before, after)
    (before / "experiment.py").unlink()
    check_edit(before, after)


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        pytest.param(lambda path: (path / "plot.py").write_text("x = 2\n"), "plot.py", id="changed"),
        pytest.param(lambda path: (path / "plot.py").chmod(0o755), "plot.py", id="made a program"),
        pytest.param(lambda path: (path / "plot.py").unlink(), "plot.py", id="removed"),
        pytest.param(lambda path: (path / "new.py").touch(), "new.py", id="added"),
        pytest.param(lambda path: (path / "folder").mkdir(), "folder", id="a folder added"),
        pytest.param(lambda path: (path / "data" / "text").write_text(""), "data/text", id="within a folder"),
        pytest.param(
            lambda path: (path / "data" / "experiment.py").touch(), "data/experiment.py", id="of the same name"
        ),
        pytest.param(
            lambda path: ((path / "plot.py").unlink(), (path / "plot.py").symlink_to("experiment.py")),
            "plot.py",
            id="a link",
        ),
        pytest.param(lambda path: (path / "experiment.py").unlink(), "no plain file", id="the experiment removed"),
        pytest.param(
            lambda path: ((path / "experiment.py").unlink(), (path / "experiment.py").symlink_to("plot.py")),
            "no plain file",
            id="the experiment a link",
        ),
        pytest.param(lambda path: [(path / f"{n}.py").touch() for n in range(9)], "and 4 more", id="many"),
    ],
)
def test_any_other_edit_is_refused_and_named(edited: tuple[Path, Path], edit: object, named: str) -> None:
    before, after = edited
    edit(after)  # type: ignore[operator]
    with pytest.raises(EditRefused, match=re.escape(named)):
        check_edit(before, after)


def test_isolation_says_what_holds_by_what_and_what_to_install() -> None:
    strong = of(STRONG)
    assert {one.guarantee for one in strong.held} == set(GUARANTEES)
    assert strong.missing == ()
    assert "install" not in strong.text()
    strong.require(*GUARANTEES)
    weak = of(Mechanisms())
    assert {"network", "writes", "reads", "environment", "others", "disk"} <= set(weak.missing)
    assert weak.text().count("DOES NOT HOLD") == len(weak.missing)
    assert "apt install bubblewrap" in weak.text()
    with pytest.raises(SandboxError, match=r"network.*nothing stops it.*install bubblewrap"):
        weak.require("network")


@pytest.mark.parametrize(
    ("found", "missing"),
    [
        pytest.param(replace(STRONG, landlock=0, seccomp=False, gate=False), set(), id="namespaces"),
        pytest.param(Mechanisms(bubblewrap="/usr/bin/bwrap"), set(), id="bubblewrap"),
        pytest.param(Mechanisms(landlock=1, seccomp=True), set(), id="Landlock 1 and filter"),
        pytest.param(Mechanisms(landlock=7), {"network", "writes", "others"}, id="Landlock 7"),
        pytest.param(Mechanisms(seccomp=True), {"writes", "reads", "environment", "disk"}, id="filter"),
    ],
)
@needs_linux
def test_isolation_knows_each_mechanisms_reach(found: Mechanisms, missing: set[str]) -> None:
    assert set(of(found).missing) == missing


def test_isolation_of_this_machine_is_of_what_was_tried() -> None:
    found = mechanisms.at_hand()
    assert isolation() == of(found)
    assert mechanisms.at_hand() is found
    assert not (found.bubblewrap and found.namespaces)
    if found.landlock or found.seccomp or found.alone:
        assert mechanisms.holds(found)


def test_a_mechanism_that_does_not_work_does_not_count(tmp_path: Path) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text('#!/bin/sh\nwhile [ $1 != -- ]; do shift; done; shift; exec "$@"\n')
    broken.chmod(0o755)
    assert not mechanisms.holds(Mechanisms(bubblewrap=str(broken)))


def test_a_view_shows_no_path_twice_and_nothing_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "inner")
    view = View.of(str(tmp_path), [str(tmp_path / name) for name in ("inner", "link", "none")])
    assert str(tmp_path / "inner") in view.readable
    assert str(tmp_path / "link") in view.readable
    assert str(tmp_path / "none") not in view.readable
    for path in view.readable:
        assert not [other for other in view.readable if other != path and path.startswith(other + "/")]
    words = bubblewrap.command("bwrap", view, 1 << 20)
    assert words[-1] == "--"
    assert words[words.index("--bind") + 1] == str(tmp_path)


def test_the_interpreter_and_its_packages_are_shown_and_sources_are_not() -> None:
    shown = interpreter()
    assert sys.prefix in shown
    assert sys.base_prefix in shown
    assert not [path for path in shown if (Path(path) / "pyproject.toml").exists()]


@needs_linux
def test_descendants_are_found_counted_and_measured() -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        if os.fork() == 0:
            kept = bytearray(b"x") * (32 << 20)
            os.write(writer, b"ready")
            signal.pause()
            os._exit(len(kept))
        signal.pause()
    try:
        os.read(reader, 5)
        found = processes.descendants(child)
        assert len(found) == 1
        assert child in processes.descendants(os.getpid())
        use = processes.usage([child, *found])
        assert use.tasks == 2
        assert use.memory_bytes > 32 << 20
        assert 32 << 20 < processes.memory([child, *found], 0) <= use.memory_bytes
        by_parent = processes._by_parent()
        assert by_parent[child] == found
    finally:
        for pid in (*found, child):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reader)
        os.close(writer)
    assert processes.usage([child]).tasks == 0
    assert processes.user_tasks() >= 1
    assert asdict(processes.usage([])) == {"tasks": 0, "memory_bytes": 0}
