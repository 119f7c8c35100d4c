"""The far end of a job: `python -m lang2mlip.compute.batch FOLDER [INDEX]` works on one batch of a submission.

It is a pool of local workers with a journal that the driver reads. Told that its time will be over (SIGUSR1), it begins
no further piece, lets go of those in hand shortly before the end, and has itself queued again for what is left. A piece
that was begun as often as is allowed and never came to an end is given back as failed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from lang2mlip.compute.journal import Journal, Reader, node
from lang2mlip.compute.local import Workers
from lang2mlip.compute.submission import Order, Submission, claim, is_stopped

__all__ = ["work_on"]

MARGIN_S = 8.0
"""Between letting go of the pieces in hand and the end of the job's time."""


class _Ending:
    """When pieces in hand must be let go; None while nothing has said so."""

    def __init__(self, workers: Workers, order: Order) -> None:
        self.workers, self.at, self.requeue = workers, None, False
        self._grace = max(1.0, order.warning_s - MARGIN_S)
        signal.signal(signal.SIGUSR1, self._time_is_over)
        signal.signal(signal.SIGTERM, self._told_to_end)

    at: float | None

    def _time_is_over(self, *_: object) -> None:
        self.workers.stop()
        self.at, self.requeue = time.monotonic() + self._grace, True

    def _told_to_end(self, *_: object) -> None:
        self.workers.stop()
        self.at = time.monotonic()

    def look(self, *_: object) -> None:
        """Let go when it is time."""
        if self.at is not None and time.monotonic() >= self.at:
            self.workers.close()


def work_on(folder: Path, index: int) -> None:
    """Work on that batch of the submission in `folder`; nothing when it belongs to another job."""
    job = os.environ.get("SLURM_ARRAY_JOB_ID", str(os.getpid()))
    if not claim(folder, job):
        return
    submission = Submission(folder)
    order, place = submission.order, folder / str(index)
    cut_off = Counter(one.piece for one in Reader(place / "journal.jsonl").new() if one.event == "started")
    list(submission.batches[index].hear())
    journal = Journal(place / "journal.jsonl")
    journal.note("began", job=job, node=node(), work=order.work)
    beating = _beat(place / "beat", order.beat_s)
    left = [path for path in submission.batches[index].left if not _worn_out(path, cut_off, order, journal)]
    workers = Workers(order.command, order.slots, 2, order.patience_s, order.forks, journal)
    ending = _Ending(workers, order)
    outcomes = workers.run(left, ending.look, order.work) if left else []
    beating.set()
    workers.close()
    remain = sum(map(is_stopped, outcomes))
    if not remain or ending.requeue:
        _end(journal, job, index, remain)


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


def _end(journal: Journal, job: str, index: int, left: int) -> None:
    """Say that this is the end, or be queued again where something is left."""
    if left:
        journal.note("requeued", job=job, node=node(), count=left)
        asked = subprocess.run(["scontrol", "requeue", f"{job}_{index}"], capture_output=True, text=True, check=False)
        if asked.returncode == 0:
            return
    journal.note("ended", job=job, node=node(), count=left)


if __name__ == "__main__":
    work_on(Path(sys.argv[1]), int(os.environ.get("SLURM_ARRAY_TASK_ID", sys.argv[-1])))
    os._exit(0)
