"""Work on a cluster: the same pool of workers, with Slurm between the driver and them.

Pieces are put together to jobs of a sensible length by the time that earlier ones took, and the jobs are submitted as
one array (compute.submission). The driver then listens to the journals of the jobs, and asks the queue now and then
for what no journal can say: that a job waits, or that it is lost. A driver that was killed leaves its jobs running; the
next one waits for them. A lost job's pieces are submitted again: the ones it had in hand each in a job of its own and
counted, so that a structure that kills its job is found out and its neighbours are not blamed.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

from lang2mlip.compute.followed import Followed, Resting
from lang2mlip.compute.journal import Happened, Journal, Reader, node
from lang2mlip.compute.local import STOPPED
from lang2mlip.compute.plan import Worker, length, options, order, script, spread
from lang2mlip.compute.pool import Outcome, Report, Work
from lang2mlip.compute.profile import Profile
from lang2mlip.compute.queue import Slurm
from lang2mlip.compute.submission import NOBODY, Submission, claim, hand_over, handed_over, take

__all__ = ["SlurmPool"]

LISTEN_S = 0.1
"""Time between two looks into the journals of the jobs."""


@dataclass
class SlurmPool:
    """A pool of such workers on a cluster's nodes; `place` lies on a file system that the nodes share."""

    worker: Worker
    profile: Profile
    place: Path
    queue: Slurm = field(default_factory=Slurm)
    journal: Journal = field(init=False)
    resting: list[Resting] = field(default_factory=list)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    """Kind of work → [seconds, pieces] so far, over all drivers of this run."""
    _closed: bool = False

    def __post_init__(self) -> None:
        log = self.place / "log.jsonl"
        for happened in Reader(log).new():
            self.learn(happened)
        self.journal = Journal(log)
        self.journal.note("opened", job=str(os.getpid()), node=node(), words=self.profile.kind)

    @property
    def cores(self) -> int:
        """Cores that a piece of training may have for itself."""
        return self.profile.threads("training")

    def learn(self, happened: Happened) -> None:
        """Remember how long a piece took."""
        if happened.event == "done":
            so_far = self.seconds.setdefault(happened.work, [0.0, 0.0])
            so_far[0] += happened.seconds
            so_far[1] += 1

    def length(self, pieces: int, work: Work) -> int:
        """So many pieces make a job."""
        total, number = self.seconds.get(work, [0.0, 0.0])
        return length(self.profile, work, pieces, total / number if number else None)

    def run(self, folders: Sequence[Path], report: Report | None = None, work: Work = "other") -> list[Outcome]:
        """Work through all folders; outcomes in the order of `folders`. Raises RunFault when Slurm refuses the jobs."""
        if not folders:
            return []
        going = _Round(self, work)
        going.attach(folders)
        fresh = [folder for folder in folders if folder not in going.asked]
        going.submit(spread(fresh, self.length(len(fresh), work)))
        while not self._closed and going.listen():
            if report is not None:
                done = sum(folder in going.outcomes for folder in folders)
                report(done, len(folders), going.words())
            time.sleep(LISTEN_S)
        return [going.outcomes.get(folder, Outcome(folder, STOPPED)) for folder in folders]

    def close(self) -> None:
        """Cancel what still waits or runs, and let go of the jobs that wait for more."""
        self._closed = True
        for resting in self.resting:
            handed_over(resting.place)
        self.resting.clear()
        for submission in Submission.standing(self.place):
            self.drop(submission)

    def drop(self, submission: Submission) -> None:
        """Cancel a submission and forget it."""
        job = submission.job or self.queue.number_of(submission.order.name)
        if job not in (None, NOBODY):
            self.queue.cancel(str(job))
            self.journal.note("cancelled", job=str(job))
        submission.close()


class _Round:
    """All that is under way for one call of `run`."""

    def __init__(self, pool: SlurmPool, work: Work) -> None:
        self.pool, self.work = pool, work
        self.outcomes: dict[Path, Outcome] = {}
        self.asked: set[Path] = set()
        self._open: list[Submission] = []
        self._watches: list[Followed] = []
        self._losses: Counter[Path] = Counter()
        self._resources = pool.profile.resources(work)
        self._needs = (self._resources, pool.profile.threads(work))
        self._known: set[Happened] = set()
        self._next_look = 0.0
        self._silent = False

    def attach(self, folders: Iterable[Path]) -> None:
        """Take over what an earlier driver left running for these folders; cancel what nobody wants any more."""
        wanted = set(folders)
        for submission in Submission.standing(self.pool.place):
            mine = {folder for batch in submission.batches for folder in batch.folders} & wanted
            if not mine:
                self.pool.drop(submission)
            elif self._has_job(submission):
                self._losses.update({Path(folder): n for folder, n in submission.order.losses.items()})
                self._take(submission)
        jobs = {watch.job for watch in self._watches}
        self._known = {one for one in Reader(self.pool.journal.file).new() if one.job in jobs} if jobs else set()

    def submit(self, batches: Sequence[Sequence[Path]]) -> None:
        """Hand batches to jobs that have just ended others, and submit the rest as an array."""
        batches = [batch for batch in batches if not self._hand_over(batch)]
        if not batches:
            return
        submission = self._make(batches)
        job = self.pool.queue.submit(submission.folder, options(self.pool.profile, submission.order))
        claim(submission.folder, job)
        self._take(submission)
        for watch in self._watches[-len(batches) :]:
            self.pool.journal.note("submitted", job=watch.job, work=self.work, count=len(watch.batch.folders))

    def _make(self, batches: Sequence[Sequence[Path]]) -> Submission:
        """A submission on disk: that comes first, so that no job can be lost sight of."""
        pool, losses = self.pool, {str(folder): times for folder, times in self._losses.items()}
        wanted = order(pool.profile, pool.worker, pool.place.parent.name, self.work, batches)
        wanted = wanted.model_copy(update={"losses": losses})
        return Submission.make(pool.place, wanted, script(pool.profile, self.work))

    def _hand_over(self, batch: Sequence[Path]) -> bool:
        """Whether a job that waits for more has taken the batch."""
        now, pool = time.monotonic(), self.pool
        pool.resting = [one for one in pool.resting if now < one.until]
        for resting in [one for one in pool.resting if one.needs == self._needs]:
            pool.resting.remove(resting)
            submission = self._make([batch])
            claim(submission.folder, resting.job)
            if hand_over(resting.place, str(submission.batches[0].place)):
                self._take(submission, resting.born)
                pool.journal.note("handed over", job=resting.job, work=self.work, count=len(batch))
                return True
            submission.close()
        return False

    def listen(self) -> bool:
        """Hear what has happened; whether something is still to come."""
        for watch in self._watches:
            self._hear(watch)
        if time.monotonic() >= self._next_look:
            self._look()
            self._next_look = time.monotonic() + self.pool.profile.look_s
        for watch in [watch for watch in self._watches if watch.batch.over]:
            self._watches.remove(watch)
            if not watch.batch.left:
                self._rest(watch)
            self._again(watch, "the job's time was over")
        self._bring_forward()
        for submission in [one for one in self._open if one.over]:
            self._open.remove(submission)
            submission.close()
        return bool(self._watches)

    def words(self) -> str:
        """Where the jobs are: `2 of 3 jobs wait in the queue since 0:40 (Resources)`."""
        waiting = [watch for watch in self._watches if watch.queued is None or watch.queued.waits]
        silent = "; the queue does not answer" if self._silent else ""
        if not waiting:
            return f"({len(self._watches)} jobs run{silent})"
        minutes, seconds = divmod(round(time.monotonic() - min(watch.since for watch in waiting)), 60)
        reason = next((watch.queued.reason for watch in waiting if watch.queued is not None), "")
        reason = f", {reason}" if reason not in ("", "None") else ""
        count = f"{len(waiting)} of {len(self._watches)} jobs wait" if len(self._watches) > 1 else "the job waits"
        return f"({count} in the queue since {minutes}:{seconds:02d}{reason}{silent})"

    def _bring_forward(self) -> None:
        """Give batches that wait in the queue to jobs that have ended theirs; the last ones would wait longest."""
        for _ in [one for one in self.pool.resting if one.needs == self._needs]:
            taken = [watch for watch in self._next_share() if take(watch.batch.place, NOBODY)]
            if not taken:
                return
            for watch in taken:
                watch.batch.given_up = True
                self._watches.remove(watch)
            self.pool.queue.cancel(*(watch.job for watch in taken))
            self.submit([[folder for watch in taken for folder in watch.batch.left]])

    def _next_share(self) -> list[Followed]:
        """Waiting batches for one job: half of its even share, so that few are handed over and all jobs end together.

        Guided self-scheduling: C. D. Polychronopoulos, D. J. Kuck, IEEE Trans. Comput. C-36, 1425 (1987). Never more
        than a job should have.
        """
        waiting = [watch for watch in reversed(self._watches) if watch.waits and not watch.handed]
        jobs = max(1, len(self._watches) - len(waiting) + len(self.pool.resting))
        share, room = waiting[: -(-len(waiting) // (2 * jobs))], self.pool.length(len(self.asked), self.work)
        sizes = accumulate(len(watch.batch.left) for watch in share)
        return [watch for watch, size in zip(share, sizes, strict=True) if size <= room or watch is share[0]]

    def _rest(self, watch: Followed) -> None:
        """The job may have something else to do soon."""
        until = min(time.monotonic() + watch.submission.order.linger_s, watch.born + 30.0 * self._resources.time_min)
        self.pool.resting.append(Resting(watch.job, watch.batch.place, self._needs, watch.born, until))

    def _take(self, submission: Submission, born: float | None = None) -> None:
        self._open.append(submission)
        open_ = [index for index, batch in enumerate(submission.batches) if not batch.given_up]
        self._watches += [Followed(submission, index, born) for index in open_]
        self.asked.update(folder for batch in submission.batches if not batch.given_up for folder in batch.folders)

    def _has_job(self, submission: Submission) -> bool:
        """Whether it was submitted: its number, or its name in the queue, tells. If not, it never will be."""
        job = submission.job or self.pool.queue.number_of(submission.order.name)
        if claim(submission.folder, job or NOBODY) and job not in (None, NOBODY):
            return True
        submission.close()
        return False

    def _hear(self, watch: Followed) -> None:
        for happened in watch.batch.hear():
            mine = happened.model_copy(update={"job": watch.job})
            if mine.event != "opened" and mine not in self._known:
                self.pool.learn(mine)
                self.pool.journal.copy(mine)
        self.outcomes.update(watch.batch.outcomes)

    def _look(self) -> None:
        """Ask the queue, and find what is lost."""
        states = self.pool.queue.states()
        self._silent = states is None
        for watch in list(self._watches) if states is not None else ():
            assert states is not None
            why = watch.look(states.get(watch.job))
            if why is None:
                continue
            self.pool.queue.cancel(watch.job)
            self.pool.journal.note("silent" if "sign of life" in why else "lost", job=watch.job, words=why)
            self._hear(watch)
            watch.batch.given_up = True
            self._again(watch, why)
        self._watches = [watch for watch in self._watches if not watch.batch.given_up]

    def _again(self, watch: Followed, why: str) -> None:
        """Submit again what a job left undone; what was in hand too often has failed."""
        left = watch.batch.left
        suspects = [folder for folder in left if folder in watch.batch.in_hand] or left
        self._losses.update(suspects)
        again: list[Path] = []
        for folder in suspects:
            times = self._losses[folder]
            if times < self.pool.profile.tries:
                again.append(folder)
                continue
            fault = f"The job was lost {times} times while it worked on {folder.name}: {why}"
            self.outcomes[folder] = Outcome(folder, fault)
            self.pool.journal.note("failed", piece=str(folder), job=watch.job, words=fault)
        for folder in again:
            self.pool.journal.note("retried", piece=str(folder), job=watch.job, words=why)
        others = [folder for folder in left if folder not in suspects]
        self.submit([[folder] for folder in again] + spread(others, self.pool.length(len(others), self.work)))
