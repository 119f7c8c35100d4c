"""Work on this machine: warm workers, each a process that reads job folders on its standard input.

A worker answers one line per folder, `done FOLDER`, `failed WHY` or `broken WHY`. What it made lies in the folder. A
worker that dies, or shows no sign of life for too long, is replaced; its folder is tried again a few times and then
given back as failed, with the end of the worker's own words. `broken` means that nothing else can be done either (a
full disk).
"""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue
from typing import IO

from lang2mlip.compute.forks import Forked, Forker
from lang2mlip.compute.journal import Journal, Word, node
from lang2mlip.compute.pool import Outcome, Report, Work
from lang2mlip.compute.slots import Slots

__all__ = ["Outcome", "Workers"]

_Process = subprocess.Popen[str] | Forked

STOPPED = "stopped"
"""Fault of a piece that the pool's end cut off or did not begin: it is neither done nor failed."""

LOOK_S = 1.0
"""Seconds between two looks at how far the pieces are, which cost CPU time; the end of a piece is noticed at once."""

HEAR_S = 0.5
"""So long after a worker's death it may turn out that everything is to end, s."""


@dataclass
class Workers:
    """A pool of warm worker processes that run `command` with the folder paths on standard input."""

    command: Sequence[str]
    count: int = field(default_factory=lambda: max(1, len(os.sched_getaffinity(0))))
    tries: int = 4
    """A piece is begun so often while its workers die; one that was ended for its silence counts twice. Workers may be
    killed from outside, once and again, or while they wait, and the piece is not to blame for that."""
    patience_s: float = 6 * 3600.0
    """A worker that writes nothing into its folder for so long is taken for dead."""
    forks: bool = False
    """`command` is not a worker but forks them, see compute.forks: what it has imported, all have."""
    journal: Journal | None = None
    """Where the start and the end of every piece are noted."""
    slots: Slots = field(default_factory=Slots)
    """Which core and GPU each worker has."""
    _forker: Forker | None = None
    _idle: list[_Worker] = field(default_factory=list)
    _all: list[_Worker] = field(default_factory=list)
    _closed: bool = False
    _last: bool = False
    _trouble: str | None = None
    """Why no worker can be started."""
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        if self.forks:
            self._forker = Forker(self.command)
        if self.journal is not None:
            self.journal.note("opened", job=str(os.getpid()), node=node(), words="local")

    @property
    def cores(self) -> int:
        """Cores that a piece of training may have for itself: it is alone."""
        return self.count

    def run(self, folders: Sequence[Path], report: Report | None = None, work: Work = "other") -> list[Outcome]:
        """Work through all folders, in parallel; outcomes in the order of `folders`."""
        waiting: Queue[int] = Queue()
        for index in range(len(folders)):
            waiting.put(index)
        outcomes: dict[int, Outcome] = {}
        threads = [
            threading.Thread(target=self._drain, args=(folders, waiting, outcomes, work), daemon=True)
            for _ in range(min(self.count, len(folders)))
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            threads[0].join(LOOK_S) if threads[0].is_alive() else _join_any(threads)
            if report is not None:
                report(len(outcomes), len(folders), "")
        missing = (STOPPED, False) if self._trouble is None else (self._trouble, True)
        return [outcomes.get(index, Outcome(folder, *missing)) for index, folder in enumerate(folders)]

    def stop(self) -> None:
        """Begin no further piece; those in hand go on."""
        self._last = True

    def close(self) -> None:
        """End all workers now, busy ones too."""
        self._closed = self._last = True
        while self._all:
            self._all.pop().end()
        if self._forker is not None:
            self._forker.close()

    def _drain(self, folders: Sequence[Path], waiting: Queue[int], outcomes: dict[int, Outcome], work: Work) -> None:
        """A worker and what it does, from its start to when nothing waits any more."""
        try:
            self._work_off(folders, waiting, outcomes, work)
        except OSError as error:
            self._trouble = f"No worker can be started: {error}. Look at the memory and the processes of this machine."

    def _work_off(self, folders: Sequence[Path], waiting: Queue[int], outcomes: dict[int, Outcome], work: Work) -> None:
        worker = self._idle.pop() if self._idle else self._new(next(self._numbers) % self.count)
        while not self._last:
            try:
                index = waiting.get_nowait()
            except Empty:
                break
            folder, begun = folders[index], time.monotonic()
            worker, outcome = self._attempt(worker, folder, work)
            self._note_end(outcome, worker, time.monotonic() - begun, work)
            outcomes[index] = outcome
        self._idle.append(worker)

    def _note_end(self, outcome: Outcome, worker: _Worker, seconds: float, work: Work) -> None:
        word: Word = "done" if outcome.fault is None else "broken" if outcome.broken else "failed"
        if outcome.fault != STOPPED:
            self._note(word, outcome.folder, worker, work=work, seconds=round(seconds, 3), words=outcome.fault or "")

    def _note(self, word: Word, folder: Path, worker: _Worker, **facts: str | float) -> None:
        if self.journal is not None:
            self.journal.note(word, piece=str(folder), job=str(worker.pid), node=node(), **facts)

    def _attempt(self, worker: _Worker, folder: Path, work: Work) -> tuple[_Worker, Outcome]:
        begun, left = 0, self.tries
        while left > 0:
            begun += 1
            self._note("started", folder, worker, work=work)
            self.slots.place(worker.pid, worker.slot, work)
            answer = worker.work(folder, self.patience_s)
            if answer is not None:
                return worker, answer
            if self._hears_the_end():
                return worker, Outcome(folder, STOPPED)
            last_words = worker.last_words()
            left -= 2 if worker.silent else 1
            self._note("retried", folder, worker, work=work, words=last_words)
            worker = self._new(worker.slot)
        return worker, Outcome(folder, f"The worker died {begun} times on {folder.name}: {last_words}")

    def _hears_the_end(self) -> bool:
        """Whether a worker died because all ends: what ends a whole job can reach its workers first."""
        end = time.monotonic() + HEAR_S
        while not self._last and time.monotonic() < end:
            time.sleep(HEAR_S / 10)
        return self._last

    def _new(self, slot: int) -> _Worker:
        worker = _Worker(self._start, slot)
        self._all.append(worker)
        return worker

    def _start(self, errors: IO[str], slot: int) -> _Process:
        threads = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
        environment = {**threads, **os.environ, "LANG2MLIP_PARENT": str(os.getpid())}
        if self._forker is not None:
            return self._forker.start(errors, environment, self.slots.environment(slot))
        return subprocess.Popen(
            list(self.command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            bufsize=1,
            env=environment | self.slots.environment(slot),
            start_new_session=True,
        )


def _join_any(threads: Sequence[threading.Thread]) -> None:
    for thread in threads:
        if thread.is_alive():
            thread.join(LOOK_S)
            return


class _Worker:
    """One warm process."""

    def __init__(self, start: Callable[[IO[str], int], _Process], slot: int) -> None:
        self._silence, self.slot = "", slot
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - lives as long as the worker
        self._process = start(self._errors, slot)

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def work(self, folder: Path, patience_s: float) -> Outcome | None:
        """What became of the folder; None when the process died or was ended for its silence."""
        with self._watched(folder, patience_s):
            return self._work(folder)

    def _work(self, folder: Path) -> Outcome | None:
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(f"{folder}\n")
            self._process.stdin.flush()
            for line in self._process.stdout:
                word, _, rest = line.rstrip("\n").partition(" ")
                if word == "done":
                    return Outcome(folder)
                if word in ("failed", "broken"):
                    return Outcome(folder, rest or "failed without a word", word == "broken")
                sys.stderr.write(line)
        except (OSError, ValueError):
            # A pool that is closed meanwhile closes the pipes under our feet, which is a ValueError.
            return None
        return None

    @contextlib.contextmanager
    def _watched(self, folder: Path, patience_s: float) -> Iterator[None]:
        """Meanwhile end the process when nothing in `folder` has changed for `patience_s`."""
        finished = threading.Event()

        def watch() -> None:
            seen, since = _looks(folder), time.monotonic()
            while not finished.wait(min(5.0, patience_s / 4)):
                now = _looks(folder)
                if now != seen:
                    seen, since = now, time.monotonic()
                elif time.monotonic() - since > patience_s:
                    self._silence = f"no sign of life for {patience_s:g} s"
                    self._kill()
                    return

        threading.Thread(target=watch, daemon=True).start()
        try:
            yield
        finally:
            finished.set()

    @property
    def silent(self) -> bool:
        """It was ended because it gave no sign of life."""
        return bool(self._silence)

    def last_words(self) -> str:
        """The end of what it wrote to standard error, or that it was ended for its silence."""
        self._process.wait()
        self._kill()
        if self._silence:
            return self._silence
        self._errors.seek(0)
        lines = [line.strip() for line in self._errors.read()[-2000:].splitlines() if line.strip()]
        return lines[-1] if lines else f"exit status {self._process.returncode}"

    def end(self) -> None:
        """Kill the process and everything it started."""
        self._kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream is not None:
                # What a dead process did not read any more cannot be flushed.
                with contextlib.suppress(OSError):
                    stream.close()

    def _kill(self) -> None:
        """The process and everything it started, which may live on where the process itself was killed."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, 9)


def _looks(folder: Path) -> frozenset[tuple[str, int, int]]:
    """Name, size and time of what lies in `folder`: another answer than before is a sign of life.

    Only compared with itself, so that a clock that is set forth or back is no sign, and hides none.
    """
    with contextlib.suppress(OSError):
        found = [(entry.name, entry.stat()) for entry in os.scandir(folder)]
        return frozenset((name, stat.st_size, stat.st_mtime_ns) for name, stat in found)
    return frozenset()
