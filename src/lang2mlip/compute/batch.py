"""The far end of a job: `python -m lang2mlip.compute.batch FOLDER [INDEX]` works on one batch of a submission.

It is a pool of local workers with a journal that the driver reads. Told that its time will be over (SIGUSR1), it begins
no further piece, lets go of those in hand shortly before the end, and has itself queued again for what is left. A piece
that was begun as often as is allowed and never came to an end is given back as failed. When all is done it stays for a
moment, with warm workers, for the next batch that the driver may hand to it.
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from lang2mlip.compute.journal import Journal, node
from lang2mlip.compute.local import Workers
from lang2mlip.compute.submission import Order, Submission, claim, handed_over, is_stopped, take

__all__ = ["main"]

LISTEN_S = 0.1
"""Time between two looks for a further batch."""

MARGIN_S = 8.0
"""Between letting go of the pieces in hand and the end of the job's time."""


class _Job:
    """This job: its number, its workers, and when it must let go of what it has in hand."""

    def __init__(self, number: str, order: Order) -> None:
        self.number, self.at, self.requeue = number, math.inf, False
        self.workers = Workers(order.command, order.slots, 2, order.patience_s, order.forks)
        self._grace = max(1.0, order.warning_s - MARGIN_S)
        signal.signal(signal.SIGUSR1, self._time_is_over)
        signal.signal(signal.SIGTERM, self._told_to_end)

    @property
    def ending(self) -> bool:
        """Nothing more may be begun."""
        return self.at < math.inf

    def look(self, *_: object) -> None:
        """Let go when it is time."""
        if time.monotonic() >= self.at:
            self.workers.close()

    def _time_is_over(self, *_: object) -> None:
        self.workers.stop()
        self.at, self.requeue = time.monotonic() + self._grace, True

    def _told_to_end(self, *_: object) -> None:
        self.workers.stop()
        self.at = time.monotonic()


def main(folder: Path, index: int) -> None:
    """Work on that batch of the submission in `folder`, and on what is handed over after it."""
    array = os.environ.get("SLURM_ARRAY_JOB_ID", str(os.getpid()))
    if not (claim(folder, array) and take(folder / str(index), array)):
        return
    order = Submission(folder).order
    job = _Job(f"{array}_{index}", order)
    going: tuple[Path, int] | None = (folder, index)
    while going is not None:
        work_on(*going, job)
        going = _next(going[0] / str(going[1]), order.linger_s, job)
    job.workers.close()


def work_on(folder: Path, index: int, job: _Job) -> None:
    """Work on what is left of a batch, and say in its journal what has become of it."""
    submission = Submission(folder)
    order, place, batch = submission.order, folder / str(index), submission.batches[index]
    cut_off = Counter(one.piece for one in batch.hear() if one.event == "started")
    job.workers.journal = journal = Journal(place / "journal.jsonl")
    journal.note("began", job=job.number, node=node(), work=order.work)
    beating = _beat(place / "beat", order.beat_s)
    left = [path for path in batch.left if not _worn_out(path, cut_off, order, journal)]
    outcomes = job.workers.run(left, job.look, order.work) if left else []
    beating.set()
    remain = sum(map(is_stopped, outcomes))
    if not remain or job.requeue:
        _end(journal, job.number, remain)
    journal.close()


def _next(place: Path, wait_s: float, job: _Job) -> tuple[Path, int] | None:
    """The batch that the driver hands over within that time; None when this job ends: then it can get none any more."""
    end = time.monotonic() + wait_s
    while not (place / "next").exists() and time.monotonic() < end and not job.ending:
        time.sleep(LISTEN_S)
        with contextlib.suppress(OSError):
            os.listdir(place)
    return handed_over(place)


def _worn_out(folder: Path, cut_off: Counter[str], order: Order, journal: Journal) -> bool:
    """Whether that piece has been begun too often; then it has failed."""
    times = cut_off[str(folder)] + order.losses.get(str(folder), 0)
    if times < order.tries:
        return False
    limit = f"{order.time_s / 60:g} min"
    why = f"{folder.name} was cut off {times} times, at the end of its job's time ({limit}) or with its machine."
    journal.note("failed", piece=str(folder), words=f"{why} If it needs longer, raise time_min.", node=node())
    return True


def _beat(file: Path, every_s: float) -> threading.Event:
    """Changes the file every so many seconds, until the event that is given back is set."""
    stop = threading.Event()

    def beat() -> None:
        while True:
            file.write_text(f"{time.time():.3f}", encoding="utf-8")
            if stop.wait(every_s):
                return

    threading.Thread(target=beat, daemon=True).start()
    return stop


def _end(journal: Journal, job: str, left: int) -> None:
    """Say that this is the end, or be queued again where something is left."""
    if left:
        journal.note("requeued", job=job, node=node(), count=left)
        asked = subprocess.run(["scontrol", "requeue", job], capture_output=True, text=True, check=False)
        if asked.returncode == 0:
            return
    journal.note("ended", job=job, node=node(), count=left)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(os.environ.get("SLURM_ARRAY_TASK_ID", sys.argv[-1])))
    os._exit(0)
