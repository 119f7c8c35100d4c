"""One worker at a piece: who is still at it, when its driver was killed and the next one gives the piece out again."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["LINGER_S", "alone"]

LINGER_S = 40.0
"""So long a worker may go on with the piece in hand when its driver has been killed."""

LONGEST_S = LINGER_S + 15.0
"""After that nobody is at it who should be: a worker that is frozen, or on a machine that is lost, holds nobody up."""


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Meanwhile no other worker is at the piece in `folder`; waits for one that is, up to LONGEST_S.

    It is a lock on the folder, which ends with its process; where there are no locks, nobody is waited for.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        end = time.monotonic() + LONGEST_S
        while not _locked(handle) and time.monotonic() < end:
            time.sleep(0.05)
        yield
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
