"""Confine this process with the kernel alone, then become another program: `python landlock.py JSON COMMAND…`.

For machines where bubblewrap may not run. Landlock limits which files can be opened, a seccomp filter takes away the
network, other processes, mounts and the kernel's rarer doors, capabilities are dropped, and resources are limited.
It runs as a script of its own, with the standard library only, because nothing but the command may be confined.
See https://docs.kernel.org/userspace-api/landlock.html and https://docs.kernel.org/userspace-api/seccomp_filter.html.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import resource
import struct
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

__all__ = ["confine", "landlock_abi", "seccomp_possible"]

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
"""The Landlock calls have the same numbers on all machines."""

_NO_NEW_PRIVILEGES, _SET_SECCOMP, _DROP_BOUND = 38, 22, 24
_READ_FILE, _READ_DIR, _EXECUTE, _WRITE_FILE, _TRUNCATE = 1 << 2, 1 << 3, 1 << 0, 1 << 1, 1 << 14
_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
"""Landlock version → every right to files that it can take away."""

_MAKE_DEVICES = (1 << 6) | (1 << 11)
"""Character and block devices: nobody is given the right to make them."""

_X86_64, _AARCH64 = 0xC000003E, 0xC00000B7
_ARCHITECTURES = {"x86_64": _X86_64, "aarch64": _AARCH64}

_DENIED = {
    # name: (x86_64, aarch64); None: that machine has no such call
    "socket": (41, 198), "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97),
    "setns": (308, 268), "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225), "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsmount": (432, 432), "mount_setattr": (442, 442), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
    "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424), "pidfd_getfd": (438, 438), "iopl": (172, None),
    "ioperm": (173, None), "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171),
    "sethostname": (170, 161), "setdomainname": (171, 162), "acct": (163, 89), "quotactl": (179, 60),
    "syslog": (103, 116), "setsid": (112, 157), "setpgid": (109, 154), "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "setpriority": (141, 140),
    "sched_setscheduler": (144, 119),
    "shmget": (29, 194), "shmat": (30, 196), "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180),
    "chmod": (90, None), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, None), "lchown": (94, None),
    "fchownat": (260, 54), "setxattr": (188, 5), "lsetxattr": (189, 6), "removexattr": (197, 14),
    "lremovexattr": (198, 15), "utime": (132, None), "utimes": (235, None), "futimesat": (261, None),
    "utimensat": (280, 88), "truncate": (76, 45), "mknod": (133, None), "mknodat": (259, 33),
    "fanotify_init": (300, 262), "memfd_secret": (447, 447), "personality": (135, 92), "vhangup": (153, 58),
}  # fmt: skip
"""What a program that calculates never needs, and one that wants out would try. Denied calls fail with EPERM."""

_OWN = {"kill": (62, 129), "tgkill": (234, 131), "prlimit64": (302, 261), "sched_setaffinity": (203, 122)}
"""Allowed for the process itself only (0 is another name of it, but a whole group to kill), and for no other."""

_CLONE, _CLONE3 = (56, 220), (435, 435)
_NEW_NAMESPACES = 0x7E020000
"""The flags of clone that make namespaces; clone3 hides its flags, so it is said not to exist and clone is used."""

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _EPERM, _ENOSYS = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026
_NUMBER, _MACHINE, _FIRST = 0, 4, 16
"""Where the filter finds the number of the call, the machine, and the low half of the first argument."""


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("program", ctypes.c_void_p))


def landlock_abi() -> int:
    """The kernel's version of Landlock; 0 where there is none."""
    return max(0, int(_libc().syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))))


def seccomp_possible() -> bool:
    """Whether the kernel filters system calls and this machine's numbers of them are known."""
    return platform.machine() in _ARCHITECTURES and Path("/proc/sys/kernel/seccomp/actions_avail").exists()


def confine(writable: Sequence[Path], readable: Iterable[Path], limits: dict[str, int]) -> None:
    """Confine this process for good: it writes in `writable` only, reads there and in `readable`, and has no network.

    `limits` are resource limits by name (`RLIMIT_AS`: bytes, …). Raises OSError when the kernel refuses any of it.
    """
    for name, value in limits.items():
        resource.setrlimit(getattr(resource, name), (value, value))
    libc = _libc()
    for capability in range(64):
        libc.prctl(_DROP_BOUND, capability, 0, 0, 0)  # fails for those that do not exist, and for who has none
    _checked(libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0), "no_new_privs")
    _restrict_files(libc, writable, readable)
    _filter_calls(libc)


def _restrict_files(libc: ctypes.CDLL, writable: Iterable[Path], readable: Iterable[Path]) -> None:
    abi = landlock_abi()
    if not abi:
        raise OSError("this kernel has no Landlock")
    every = _RIGHTS[min(abi, max(_RIGHTS))]
    network = (1 << 0) | (1 << 1) if abi >= 4 else 0
    scoped = (1 << 0) | (1 << 1) if abi >= 6 else 0
    size = {1: 8, 2: 8, 3: 8, 4: 16, 5: 16}.get(abi, 24)
    attributes = struct.pack("QQQ", every, network, scoped)[:size]
    made = libc.syscall(_CREATE, attributes, ctypes.c_size_t(size), ctypes.c_uint32(0))
    ruleset = _checked(made, "a Landlock ruleset")
    reading = _READ_FILE | _READ_DIR | _EXECUTE
    for path in readable:
        _allow(libc, ruleset, path, reading & every)
    for device in ("/dev/null", "/dev/zero", "/dev/full"):
        _allow(libc, ruleset, Path(device), (_READ_FILE | _WRITE_FILE | _TRUNCATE) & every)
    for device in ("/dev/urandom", "/dev/random"):
        _allow(libc, ruleset, Path(device), _READ_FILE)
    for folder in writable:
        _allow(libc, ruleset, folder, every & ~_MAKE_DEVICES)
    _checked(libc.syscall(_RESTRICT, ruleset, ctypes.c_uint32(0)), "Landlock")
    os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    """Rights below a path; a path that is not there is passed over."""
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not path.is_dir():
            rights &= _READ_FILE | _WRITE_FILE | _EXECUTE | _TRUNCATE
        rule = struct.pack("=Qi", rights, opened)
        _checked(libc.syscall(_ADD_RULE, ruleset, 1, rule, ctypes.c_uint32(0)), f"a Landlock rule for {path}")
    finally:
        os.close(opened)


def _filter_calls(libc: ctypes.CDLL) -> None:
    """Install the filter: another machine's calls end the process, denied ones fail, all others pass."""
    program = b"".join(struct.pack("=HBBI", *step) for step in _program(platform.machine(), os.getpid()))
    kept = ctypes.create_string_buffer(program, len(program))
    what = _Filter(len(program) // 8, ctypes.cast(kept, ctypes.c_void_p))
    _checked(libc.prctl(_SET_SECCOMP, 2, ctypes.byref(what), 0, 0), "the seccomp filter")


def _program(machine: str, me: int) -> list[tuple[int, int, int, int]]:
    """The filter as (operation, jump if true, jump if false, number); see linux/filter.h."""
    column = list(_ARCHITECTURES).index(machine)
    numbers = [pair[column] for pair in _DENIED.values()]
    steps = [
        (_LOAD, 0, 0, _MACHINE), (_EQUAL, 1, 0, _ARCHITECTURES[machine]), (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, 0x40000000), (_RETURN, 0, 0, _KILL),  # the x32 numbers, which would pass all below
        (_EQUAL, 0, 1, _CLONE3[column]), (_RETURN, 0, 0, _ENOSYS),
    ]  # fmt: skip
    for number in numbers:
        if number is not None:
            steps += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _EPERM)]
    allow, deny = (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _EPERM)
    new = [(_LOAD, 0, 0, _FIRST), (_ANY_BIT, 1, 0, _NEW_NAMESPACES), allow, deny]
    steps += [(_EQUAL, 0, len(new), _CLONE[column]), *new]
    for name, pair in _OWN.items():
        zero = [] if "kill" in name else [(_EQUAL, 0, 1, 0), allow]
        own = [(_LOAD, 0, 0, _FIRST), *zero, (_EQUAL, 0, 1, me), allow, deny]
        steps += [(_EQUAL, 0, len(own), pair[column]), *own]
    return [*steps, allow]


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(answer: int, what: str) -> int:
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return answer


def main(arguments: Sequence[str]) -> int:
    """Confine, then become the command. Status 126 and a line on standard error where that cannot be done."""
    told = json.loads(arguments[0])
    try:
        os.chdir(told["folder"])
        places = [[Path(path) for path in told[key]] for key in ("writable", "readable")]
        confine([Path(told["folder"]), *places[0]], places[1], told["limits"])
        os.execvpe(arguments[1], list(arguments[1:]), told["environment"])
    except (OSError, ValueError) as error:
        print(f"cannot confine or start {arguments[1]}: {error}", file=sys.stderr)
    return 126


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
