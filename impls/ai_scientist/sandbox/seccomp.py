"""A filter of system calls: what a process may no longer ask the kernel, for good and for all its children.

Everything is allowed but what is named here: what reaches other processes, the network, mounts, the kernel itself, and
memory that no process's size shows (Documentation/userspace-api/seccomp_filter.rst).
"""

from __future__ import annotations

import ctypes
import errno
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from claimbench.impls.ai_scientist.sandbox.syscalls import AUDIT, number
from claimbench.impls.ai_scientist.sandbox.system import Prctl, machine, syscall

__all__ = ["Rule", "assemble", "install", "rules", "supported"]

_SET_MODE_FILTER = 1
_SPEC_ALLOW = 1 << 2
_NEW_LISTENER = 1 << 3
_ALLOW, _ASK, _ERRNO, _KILL = 0x7FFF0000, 0x7FC00000, 0x00050000, 0x80000000
_LOAD, _AND, _JUMP, _JEQ, _JGE, _JSET, _RETURN = 0x20, 0x54, 0x05, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _ARCH_AT, _ARGUMENTS_AT = 0, 4, 16
_X32 = 0x40000000
_NEW_NAMESPACES = 0x7E020000
_F_SETOWN, _F_SETSIG, _F_SETOWN_EX = 8, 10, 15
_TIOCSTI, _FIOSETOWN, _SIOCSPGRP = 0x5412, 0x8901, 0x8902
_PRIO_PROCESS, _IOPRIO_WHO_PROCESS = 0, 1
_TYPE_OF_SOCKET = 0xF

_FORBIDDEN = (
    # other processes, their memory and files
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "process_mrelease", "pidfd_getfd", "kcmp"),
    *("perf_event_open", "migrate_pages", "move_pages", "add_key", "request_key", "keyctl"),
    # mounts and namespaces
    *("mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "open_tree_attr", "mount_setattr"),
    *("fsopen", "fsmount", "fsconfig", "fspick", "unshare", "setns", "name_to_handle_at", "open_by_handle_at"),
    # the kernel and the machine
    *("bpf", "userfaultfd", "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot"),
    *("swapon", "swapoff", "acct", "quotactl", "quotactl_fd", "syslog", "sethostname", "setdomainname", "vhangup"),
    *("settimeofday", "clock_settime", "adjtimex", "clock_adjtime", "iopl", "ioperm", "fanotify_init"),
    # memory that belongs to no process and outlives all
    *("shmget", "msgget", "semget", "mq_open"),
)
_UNKNOWN = (
    # Callers have another way where the kernel does not know these: clone for clone3, whose flags cannot be seen.
    *("clone3", "io_uring_setup", "io_uring_enter", "io_uring_register", "memfd_create", "memfd_secret"),
)
_METADATA = (
    *("chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "lchown", "fchown", "fchownat"),
    *("utime", "utimes", "utimensat", "futimesat"),
)
_ATTRIBUTES = (
    *("setxattr", "lsetxattr", "fsetxattr", "setxattrat", "removexattr", "lremovexattr", "fremovexattr"),
    *("removexattrat", "file_setattr"),
)


@dataclass(frozen=True)
class Rule:
    """What one call is answered."""

    call: str
    """Name of the call."""
    error: int | None
    """Error that it fails with; 0 makes it do nothing and succeed; None asks whoever keeps the gate."""
    argument: int | None = None
    """Argument that decides whether the rule applies, from 0; None: it always does."""
    equals: tuple[int, ...] = ()
    """It applies where the argument's low 32 bits, after `mask`, are one of these."""
    differs: tuple[int, ...] = ()
    """It applies where they are none of these."""
    any_bit: int = 0
    """It applies where they have one of these bits."""
    mask: int = 0xFFFFFFFF
    """Bits of the argument that are looked at."""


def supported() -> bool:
    """Whether the calls of this architecture are known here."""
    return machine() in AUDIT


def rules(*, alone: bool, scoped: bool, gate: bool, process: int) -> tuple[Rule, ...]:
    """What is forbidden to `process` and its children.

    `alone`: it has namespaces of its own, so that other processes, sockets and files are out of its reach anyway.
    `scoped`: signals to others are, by other means. `gate`: somebody decides about new processes.
    """
    denied = errno.EPERM
    found = [Rule(call, denied) for call in _FORBIDDEN]
    found += [Rule(call, errno.ENOSYS) for call in _UNKNOWN]
    found += [
        Rule("clone", denied, 0, any_bit=_NEW_NAMESPACES),
        Rule("prctl", denied, 0, equals=(int(Prctl.SET_DUMPABLE),)),
        Rule("fcntl", denied, 1, equals=(_F_SETOWN, _F_SETSIG, _F_SETOWN_EX)),
        Rule("ioctl", denied, 1, equals=(_TIOCSTI, _FIOSETOWN, _SIOCSPGRP)),
    ]
    if gate:
        found += [Rule(call, None) for call in ("clone", "fork", "vfork")]
    if alone:
        return (*found, Rule("socket", errno.EACCES, 0, differs=(socket.AF_UNIX,)))
    # A socket of the host's is a way out, so that only pairs that are connected from birth are left.
    found += [Rule(call, errno.EACCES) for call in ("socket", "connect")]
    found += [Rule("socketpair", errno.EACCES, 1, differs=(socket.SOCK_STREAM,), mask=_TYPE_OF_SOCKET)]
    # The owner of a file may change its mode and times wherever it is. To do nothing lets copies of files succeed.
    found += [Rule(call, 0) for call in _METADATA]
    found += [Rule(call, errno.EOPNOTSUPP) for call in _ATTRIBUTES]
    found += [Rule("truncate", denied)]
    own = (0, process)
    for call, which in (("setpriority", _PRIO_PROCESS), ("ioprio_set", _IOPRIO_WHO_PROCESS)):
        found += [Rule(call, denied, 0, differs=(which,)), Rule(call, denied, 1, differs=own)]
    found += [
        Rule(call, denied, 0, differs=own)
        for call in ("prlimit64", "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler")
    ]
    if not scoped:
        found += [Rule(call, denied, 0, differs=own) for call in ("kill", "tgkill", "tkill", "rt_sigqueueinfo")]
        found += [Rule(call, denied) for call in ("rt_tgsigqueueinfo", "pidfd_send_signal")]
    return tuple(found)


def assemble(rules: Sequence[Rule], architecture: str) -> bytes:
    """The filter as the kernel's virtual machine wants it: 8 bytes an instruction."""
    program = [
        _instruction(_LOAD, _ARCH_AT),
        _instruction(_JEQ, AUDIT[architecture], 1, 0),
        _instruction(_RETURN, _KILL),
        _instruction(_LOAD, _NUMBER_AT),
    ]
    if architecture == "x86_64":
        program += [_instruction(_JGE, _X32, 0, 1), _instruction(_RETURN, _KILL)]
    for rule in rules:
        call = number(rule.call, architecture)
        if call is not None:
            body = _body(rule)
            program += [_instruction(_JEQ, call, 0, len(body)), *body]
    program.append(_instruction(_RETURN, _ALLOW))
    return b"".join(program)


def install(rules: Sequence[Rule]) -> int | None:
    """Filter this process's calls from now on; the listener that is asked, if any rule asks.

    Needs no_new_privs. Raises OSError where the kernel refuses.
    """
    program = assemble(rules, machine())
    code = ctypes.create_string_buffer(program, len(program))
    pointer = ctypes.addressof(code)
    head = struct.pack("@HP", len(program) // 8, pointer)
    call = number("seccomp", machine())
    assert call is not None
    asks = any(rule.error is None for rule in rules)
    flags = _SPEC_ALLOW | (_NEW_LISTENER if asks else 0)
    listener = syscall(call, _SET_MODE_FILTER, flags, ctypes.create_string_buffer(head, len(head)))
    return listener if asks else None


def _body(rule: Rule) -> list[bytes]:
    """What follows where the number is the rule's: the answer, or, where an argument lets it through, the number."""
    answer = _instruction(_RETURN, _ASK if rule.error is None else _ERRNO | rule.error)
    if rule.argument is None:
        return [answer]
    tests = [(_JEQ, value) for value in rule.equals or rule.differs]
    tests += [(_JSET, rule.any_bit)] if rule.any_bit else []
    # A test that holds jumps over those that follow and one instruction more: over the answer, or over the way past it.
    jumps = [_instruction(code, value, len(tests) - place, 0) for place, (code, value) in enumerate(tests)]
    past = [] if rule.differs else [_instruction(_JUMP, 1)]
    load = [_instruction(_LOAD, _ARGUMENTS_AT + 8 * rule.argument), _instruction(_AND, rule.mask)]
    return [*load, *jumps, *past, answer, _instruction(_LOAD, _NUMBER_AT)]


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
