"""Workers that share their imports: one process imports everything once and forks the workers that are asked of it.

The pool's side is `Forker`: it starts `command` with one end of a socket and sends it, per worker, the three files that
are to be the worker's standard input, output and error. The other side is `serve_forks`, run by that command: alone in
its process and without threads, so that a fork is safe. When the pool says so, it kills what it forked and ends. When
the socket closes without a word the pool's process was killed: then the pieces in hand may still come to their end, for
LINGER_S at most. Forked workers lead process groups of their own and are reaped only when the pool asks:
a number that the pool may still kill is never given to another process.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any

from lang2mlip.compute.holding import LINGER_S

__all__ = ["Forked", "Forker", "serve_forks"]

STARTS = 6
"""So often a process that forks is started for one worker: it may be killed from outside while it imports."""

_SIZE = 200
"""Bytes of the longest message: a word and a process number."""


class Forked:
    """A forked worker, as the pool sees it: what it needs of a subprocess.Popen."""

    def __init__(self, pid: int, stdin: IO[str], stdout: IO[str], ask: Callable[[str, int], int | None]) -> None:
        self.pid, self.stdin, self.stdout = pid, stdin, stdout
        self.returncode: int | None = None
        self._ask = ask

    def wait(self) -> int | None:
        """Its exit status, once it has ended; None when nobody can tell any more."""
        if self.returncode is None:
            self.returncode = self._ask("wait", self.pid)
        return self.returncode


class Forker:
    """The process that forks; started with the first worker, and again when it is gone."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    def start(self, errors: IO[str], environment: Mapping[str, str], own: Mapping[str, str]) -> Forked:
        """A new worker; `own` is for its environment alone. Raises OSError when the forking process always ends."""
        for left in reversed(range(STARTS)):
            theirs_in, ours_in = os.pipe()
            ours_out, theirs_out = os.pipe()
            try:
                with self._lock:
                    pid = self._fork([theirs_in, theirs_out, errors.fileno()], environment, own)
            except OSError:
                os.close(ours_in)
                os.close(ours_out)
                if not left:
                    raise
            else:
                stdin = os.fdopen(ours_in, "w", buffering=1, encoding="utf-8")
                return Forked(pid, stdin, os.fdopen(ours_out, encoding="utf-8"), self._ask)
            finally:
                os.close(theirs_in)
                os.close(theirs_out)
        raise AssertionError("the last try returns or raises")

    def close(self) -> None:
        """End the process that forks, and with it all that it forked."""
        with self._lock:
            self._end()

    def _fork(self, files: list[int], environment: Mapping[str, str], own: Mapping[str, str]) -> int:
        if self._socket is None:
            self._begin(environment)
        assert self._socket is not None
        try:
            socket.send_fds(self._socket, [b"fork " + json.dumps(dict(own)).encode()], files)
            return _number(self._socket.recv(_SIZE))
        except OSError:
            self._end()
            raise

    def _begin(self, environment: Mapping[str, str]) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [*self._command, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                env=dict(environment),
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._socket = ours

    def _ask(self, word: str, pid: int) -> int | None:
        with self._lock, contextlib.suppress(OSError):
            if self._socket is not None:
                self._socket.send(f"{word} {pid}".encode())
                return _number(self._socket.recv(_SIZE))
        return None

    def _end(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.send(b"end")
            self._socket.close()
        if self._process is not None:
            self._process.wait()
        self._socket = self._process = None


def _number(answer: bytes) -> int:
    """Raises OSError on no answer: the other side is gone."""
    if not answer:
        raise ConnectionResetError("The process that forks the workers has ended.")
    return int(json.loads(answer))


def serve_forks(descriptor: int, work: Callable[[], Any], linger_s: float = LINGER_S) -> None:
    """Fork a process that runs `work()` for each request on the socket `descriptor`, until it closes; then end all.

    Those whose pool was killed have `linger_s` for what they have in hand; they end by themselves when it is done.
    """
    children: set[int] = set()
    told = False
    with socket.socket(fileno=descriptor) as line, contextlib.suppress(ConnectionError):
        while True:
            message, files, _, _ = socket.recv_fds(line, _SIZE, 3)
            told = message == b"end"
            if told or not message:
                break
            if message.startswith(b"fork "):
                answer = _fork(line, files, work, json.loads(message[5:]))
                children.add(answer)
            else:
                answer = _reap(int(message.split()[1]), children)
            line.send(json.dumps(answer).encode())
    if not told:
        _await(children, linger_s)
    for pid in list(children):
        _kill(pid)
        _reap(pid, children)


def _await(children: set[int], linger_s: float) -> None:
    """Until all have ended, and at most so long. The pool's ends of their pipes are gone, so none waits for more."""
    end = time.monotonic() + linger_s
    while children and time.monotonic() < end:
        for pid in list(children):
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                _kill(pid)  # what it may have started
                _reap(pid, children)
        time.sleep(0.1)


def _fork(line: socket.socket, files: Sequence[int], work: Callable[[], Any], own: Mapping[str, str]) -> int:
    pid = os.fork()
    if pid == 0:
        line.close()
        os.environ.update(own)
        _become(files, work)
    with contextlib.suppress(OSError):
        os.setpgid(pid, pid)  # here as well: the pool may kill the group at once
    for file in files:
        os.close(file)
    return pid


def _become(files: Sequence[int], work: Callable[[], Any]) -> None:
    """In the fork: a process group of its own, the three files as standard ones, the work, and never back."""
    status = 1
    try:
        os.setpgid(0, 0)
        for target, file in enumerate(files):
            os.dup2(file, target)
            os.close(file)
        work()
        status = 0
    except BaseException:  # noqa: BLE001 - the border of a process: what ends it is its last words
        import traceback

        traceback.print_exc()
    finally:
        os._exit(status)


def _reap(pid: int, children: set[int]) -> int:
    """The exit status of a child that is about to end, -N when signal N ended it; one that does not end is killed."""
    if pid not in children:
        return 0
    children.discard(pid)
    for _ in range(500):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    _kill(pid)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _kill(pid: int) -> None:
    """A child and everything it started."""
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)
