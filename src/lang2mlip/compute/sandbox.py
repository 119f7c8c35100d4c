"""What a model wrote runs here or not at all: no network, a read-only system, one writable folder, a clean environment.

Two levels do that: bubblewrap, and where it may not run Landlock with seccomp (compute/landlock.py). Where neither can
be had nothing is run, unless the person opts in (`--unsafe-no-sandbox`).
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

from lang2mlip.compute import landlock
from lang2mlip.errors import NotInstalled, PartFailed

__all__ = ["INSIDE", "OPT_IN", "Confined", "Level", "active", "available", "described", "levels", "run_confined"]

Level = Literal["bubblewrap", "landlock", "none"]

INSIDE = "/job"
"""An argument of a command that stands for its folder, whatever it is called inside."""

OPT_IN = "LANG2MLIP_UNSAFE_NO_SANDBOX"
"""Environment variable by which a person allows texts of a model to run without a sandbox."""

_SYSTEM = ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/sbin", "/etc/ld.so.cache", "/etc/alternatives")

_ALONE = {"UCX_TLS": "self"}
"""MPI makes memory that any process can attach to even where it runs alone, unless it is told that it does."""

_WORDS: dict[Level, str] = {
    "bubblewrap": "bubblewrap: own namespaces, no network, a read-only system, one writable folder",
    "landlock": "Landlock and seccomp: no network, a read-only system, one writable folder; sizes of files are seen",
    "none": "NONE, by --unsafe-no-sandbox: what a model writes runs with all the rights of this user",
}


@dataclass(frozen=True)
class Confined:
    """How a confined command ended. `timed_out` is never a success."""

    status: int
    output: str
    timed_out: bool
    level: Level = "bubblewrap"


@dataclass(frozen=True)
class _Job:
    """A command with all that confines it."""

    command: Sequence[str]
    folder: Path
    timeout_s: float
    memory_MB: int
    readable: Sequence[Path] = field(default=())
    writable: Sequence[Path] = field(default=())

    def limits(self) -> dict[str, int]:
        """Resource limits by name."""
        seconds = int(self.timeout_s) + 1
        return {"RLIMIT_AS": self.memory_MB << 20, "RLIMIT_CPU": seconds, "RLIMIT_FSIZE": 1 << 30, "RLIMIT_CORE": 0}

    def seen(self) -> list[Path]:
        """What can be read: the system, this Python, and what was named."""
        every = [*_SYSTEM, sys.prefix, sys.base_prefix, *map(str, self.readable)]
        return [Path(path) for path in dict.fromkeys(every) if Path(path).exists()]


def levels() -> tuple[Level, ...]:
    """The sandboxes that work on this machine, the strongest first; proven by a tiny run of each."""
    found: list[Level] = []
    if _bubblewrap_works(shutil.which("bwrap")):
        found.append("bubblewrap")
    if _landlock_works():
        found.append("landlock")
    return tuple(found)


def active() -> Level | None:
    """The level that is used: the strongest there is; "none" where the person opted in; None: nothing is run."""
    return next(iter(levels()), "none" if os.environ.get(OPT_IN) == "1" else None)


def available() -> bool:
    """Whether what a model wrote can be run here."""
    return active() is not None


def described() -> str:
    """The active level in words, or how to get one."""
    level = active()
    return _WORDS[level] if level else "not here, so nothing a model wrote is run; get one with: apt install bubblewrap"


def run_confined(
    command: Sequence[str],
    folder: Path,
    *,
    timeout_s: float = 60.0,
    memory_MB: int = 4096,
    readable: Sequence[Path] = (),
    mpi: bool = False,
    level: Level | None = None,
) -> Confined:
    """Run `command` in `folder`, the only place it can write. Raises NotInstalled where no sandbox can be made.

    It sees /usr and this Python read-only, no home, no network, a clean environment; and what `readable` names,
    read-only. `mpi`: the command is linked with MPI, which makes files in /dev/shm; Landlock's level then shares that
    folder with the person's own programs, so it is for checked LAMMPS texts only. `level` asks for another than the
    active one. Afterwards the folder holds plain files only.
    """
    level = level or active()
    if level is None:
        raise NotInstalled("No sandbox here, so nothing a model wrote is run. Get one with: apt install bubblewrap")
    job = _Job(command, folder.resolve(), timeout_s, memory_MB, readable, (Path("/dev/shm"),) if mpi else ())
    started = _bubblewrap(job) if level == "bubblewrap" else _landlock(job) if level == "landlock" else _bare(job)
    try:
        return _watched(job, started, level)
    finally:
        _leave_plain_files(job.folder)


def _watched(job: _Job, started: subprocess.Popen[bytes], level: Level) -> Confined:
    """Wait for the end or the time limit, and end all that was started either way."""
    late = False
    try:
        output = started.communicate(timeout=job.timeout_s)[0]
    except subprocess.TimeoutExpired:
        late = True
        _end(started.pid)
        output = started.communicate()[0]
    finally:
        _end(started.pid)
    return Confined(-9 if late else started.returncode, output.decode(errors="replace"), late, level)


def _end(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _start(
    job: _Job, arguments: Sequence[str], environment: dict[str, str] | None, limited: bool
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            list(arguments),
            cwd=job.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
            preexec_fn=(lambda: _limit(job.limits())) if limited else None,
        )
    except OSError as error:
        raise PartFailed(f"The sandbox could not start {job.command[0]!r}: {error}.") from error


def _limit(limits: dict[str, int]) -> None:
    for name, value in limits.items():
        resource.setrlimit(getattr(resource, name), (value, value))


def _bubblewrap(job: _Job) -> subprocess.Popen[bytes]:
    binds = [part for path in job.seen() for part in ("--ro-bind", str(path), str(path))]
    arguments = [
        "bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv",
        "--setenv", "PATH", _path(), "--setenv", "HOME", INSIDE, "--setenv", "LANG", "C.UTF-8",
        "--tmpfs", "/tmp", *binds, "--proc", "/proc", "--dev", "/dev",
        "--bind", str(job.folder), INSIDE, "--chdir", INSIDE, *job.command,
    ]  # fmt: skip
    return _start(job, arguments, None, limited=True)


def _landlock(job: _Job) -> subprocess.Popen[bytes]:
    told = {
        "folder": str(job.folder),
        "readable": [str(path) for path in job.seen()],
        "writable": [str(path) for path in job.writable],
        "limits": job.limits(),
        "environment": _environment(job.folder),
    }
    launcher = [sys.executable, "-I", "-S", str(landlock.__file__), json.dumps(told)]
    return _start(job, [*launcher, *_outside(job)], {}, limited=False)


def _bare(job: _Job) -> subprocess.Popen[bytes]:
    return _start(job, _outside(job), _environment(job.folder), limited=True)


def _outside(job: _Job) -> list[str]:
    """The command where the folder has its own name."""
    return [str(job.folder) if word == INSIDE else word for word in job.command]


def _environment(folder: Path) -> dict[str, str]:
    (folder / ".tmp").mkdir(exist_ok=True)
    own = {"HOME": str(folder), "TMPDIR": str(folder / ".tmp")}
    return {"PATH": _path(), "LANG": "C.UTF-8", **own, **_ALONE}


def _path() -> str:
    return f"{sys.prefix}/bin:/usr/bin:/bin"


def _leave_plain_files(folder: Path) -> None:
    """Take away what could make a reader outside do something else than read: links out, pipes, special rights."""
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(place, name)
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                if not path.resolve().is_relative_to(folder):
                    path.unlink()
            elif not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                path.unlink()
            elif mode & (stat.S_ISUID | stat.S_ISGID):
                path.chmod(stat.S_IMODE(mode) & 0o777)
    shutil.rmtree(folder / ".tmp", ignore_errors=True)


@cache
def _bubblewrap_works(tool: str | None) -> bool:
    if tool is None:
        return False
    probe = [tool, "--unshare-all", "--ro-bind", "/", "/", "/bin/true"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


@cache
def _landlock_works() -> bool:
    if not sys.platform.startswith("linux") or not landlock.seccomp_possible() or not landlock.landlock_abi():
        return False
    told = json.dumps({"folder": "/", "readable": [], "writable": [], "limits": {}, "environment": {}})
    probe = [sys.executable, "-I", "-S", str(landlock.__file__), told, "/bin/true"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0
