"""What is under way, as the journal of the work tells it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from lang2mlip.compute.journal import Happened, Reader, node

__all__ = ["Now"]

_OVER = ("lost", "silent", "ended", "cancelled", "requeued")
"""Events after which nothing runs any more in a job."""


@dataclass
class Now:
    """A fold over a journal, which `hear` carries on."""

    reader: Reader
    driver: Happened | None = None
    """When the last driver took up the work, with its machine and process."""
    running: dict[str, Happened] = field(default_factory=dict)
    """Piece → its start."""
    queued: dict[str, Happened] = field(default_factory=dict)
    """Job → when it was submitted, until it begins."""
    counts: dict[str, int] = field(default_factory=dict)
    """Event → how often it happened, over the whole run."""
    seconds: float = 0.0
    """Time that all pieces together took, s."""

    @classmethod
    def of(cls, run: Path) -> Now:
        """The work of the run in that folder."""
        now = cls(Reader(run / "compute" / "log.jsonl"))
        now.hear()
        return now

    def hear(self) -> None:
        """Take in what has happened since."""
        for happened in self.reader.new():
            self.counts[happened.event] = self.counts.get(happened.event, 0) + 1
            self.seconds += happened.seconds
            self._take(happened)

    def driven(self) -> bool | None:
        """Whether the last driver is alive; None where this machine cannot tell."""
        if self.driver is None:
            return False
        if self.driver.node != node():
            return None
        try:
            os.kill(int(self.driver.job), 0)
        except (ValueError, ProcessLookupError):
            return False
        except PermissionError:
            return True
        return True

    def _take(self, happened: Happened) -> None:
        event, job = happened.event, happened.job
        if event == "opened":
            self.driver = happened
            if happened.words == "local":  # its workers end with it, unlike jobs
                self.running.clear()
        elif event in ("began", *_OVER):
            self._forget(job)
        if event == "started":
            self.running[happened.piece] = happened
        elif happened.piece:
            self.running.pop(happened.piece, None)
        if event in ("submitted", "handed over", "requeued"):
            self.queued[job] = happened

    def _forget(self, job: str) -> None:
        """Nothing runs any more in that job, or in the jobs of that array."""
        mine = [piece for piece, one in self.running.items() if one.job == job or one.job.startswith(f"{job}_")]
        for piece in mine:
            del self.running[piece]
        for name in [name for name in self.queued if name == job or name.startswith(f"{job}_")]:
            del self.queued[name]
