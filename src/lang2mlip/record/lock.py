"""One driver a run: a lock that ends with its process, and a file that names the holder where there are no locks."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from lang2mlip.errors import RunFault

__all__ = ["driven_by_name", "has_locks", "held"]

Locker = Callable[[IO[str], int], None]
"""fcntl.flock, or another function that raises OSError like it."""

_TAKEN = (errno.EWOULDBLOCK, errno.EACCES)
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.EIO)


@contextmanager
def held(folder: Path, locker: Locker = fcntl.flock) -> Iterator[str | None]:
    """Meanwhile no other process drives the run in `folder`. Raises RunFault when one does.

    Gives None, or on a file system without locks a sentence that says what stands in for one.
    """
    try:
        handle = (folder / ".lock").open("a+")
    except OSError as error:
        raise RunFault(f"{folder} cannot be locked: {error.strerror}. Make the folder writable.") from error
    with handle:
        try:
            locker(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _TAKEN:
                raise _refused(folder, "") from error
            if error.errno not in _NO_LOCKS:
                raise RunFault(f"{folder} cannot be locked: {error.strerror}.") from error
            with _named(folder / ".driver"):
                yield f"The file system of {folder} has no locks; the file .driver keeps other processes out."
            return
        yield None


def has_locks(folder: Path) -> bool:
    """Whether files in `folder` can be locked; taken for granted where none can be made."""
    try:
        with tempfile.TemporaryFile(dir=folder) as handle:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in _NO_LOCKS
    return True


def driven_by_name(folder: Path) -> bool:
    """Whether, in a folder without locks, a file names a driver that is not known to be gone."""
    try:
        _check_gone(folder / ".driver", socket.gethostname())
    except RunFault:
        return True
    return False


def _refused(folder: Path, who: str) -> RunFault:
    return RunFault(f"Another process{who} is driving {folder.name}. Watch it with: lang2mlip status {folder.name}")


@contextmanager
def _named(file: Path) -> Iterator[None]:
    """A file that says which process of which machine drives; one whose process is gone is taken over."""
    me = {"host": socket.gethostname(), "pid": os.getpid(), "began": _began(os.getpid())}
    for last in (False, True):
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            break
        except FileExistsError as error:
            _check_gone(file, me["host"])
            if last:
                raise _refused(file.parent, "") from error
            file.unlink(missing_ok=True)
        except OSError as error:
            raise RunFault(f"{file.parent} cannot be locked: {error.strerror}.") from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            json.dump(me, handle)
        yield
    finally:
        with suppress(OSError):
            file.unlink(missing_ok=True)


def _check_gone(file: Path, host: object) -> None:
    """Raises RunFault unless the process that the file names is known to be gone."""
    try:
        holder = json.loads(file.read_text(encoding="utf-8"))
        other, pid, began = str(holder["host"]), int(holder["pid"]), holder["began"]
    except FileNotFoundError:
        return
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunFault(f"{file} does not say who drives the run; if nobody does, delete it.") from error
    if other != host:
        raise _refused(file.parent, f" ({pid} on {other}; if that is gone, delete {file})")
    if _began(pid) == began and began is not None:
        raise _refused(file.parent, f" ({pid})")


def _began(pid: int) -> str | None:
    """When a process of this machine began, in ticks since the machine did; None when there is none.

    A number is given to a new process once the old one is gone; the two are told apart by this.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()[19]
