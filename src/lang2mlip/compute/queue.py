"""Slurm's commands: submit, ask, cancel. No accounting database is needed: nothing but sbatch, squeue and scancel."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lang2mlip.errors import NotInstalled, RunFault

__all__ = ["Queued", "Slurm"]

PASSED_ON = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV",
             "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS",
             "LANG2MLIP_CACHE", "LANG2MLIP_DATA")  # fmt: skip
"""Variables of the environment that a job gets. Keys of language models are not among them."""

PREFIXES = ("LC_", "CONDA_", "MODULE", "LMOD", "_LMFILES_", "LOADEDMODULES", "SLURM_CONF", "ASE_", "GPAW_", "VASP_")
"""Beginnings of the names of further ones."""

PASSING = ("Unable to contact", "Socket timed out", "temporarily", "Zero Bytes", "Connection refused",
           "Unexpected message", "try again", "No route to host", "Transport endpoint")  # fmt: skip
"""What sbatch says when it is worth asking again."""

ANSWER_S = 60.0
"""How long a command of Slurm may take."""

WAITS_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0)
"""Pauses between two attempts to submit."""

OVER = ("BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED",
        "REVOKED", "TIMEOUT")  # fmt: skip


@dataclass(frozen=True)
class Queued:
    """What the queue says of one job of an array."""

    state: str
    reason: str
    node: str

    @property
    def over(self) -> bool:
        """It will not run any more."""
        return self.state in OVER

    @property
    def waits(self) -> bool:
        """It has not begun."""
        return self.state in ("PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "SPECIAL_EXIT")


class Slurm:
    """The queue of this cluster."""

    def submit(self, folder: Path, options: Sequence[str]) -> str:
        """The number of a new job array that runs script.sh of `folder`. Raises RunFault when Slurm refuses it."""
        command = ["sbatch", "--parsable", f"--chdir={folder}", *options, str(folder / "script.sh")]
        for wait in (*WAITS_S, None):
            done = _ask(command)
            if done is not None and done.returncode == 0:
                return done.stdout.strip().partition(";")[0]
            said = "no answer" if done is None else " ".join(done.stderr.split())
            if wait is None or (done is not None and not any(word in said for word in PASSING)):
                break
            time.sleep(wait)
        raise RunFault(f"Slurm did not take the job: {said}. Mend compute.toml or the options and go on.")

    def states(self) -> dict[str, Queued] | None:
        """Job (ARRAY_INDEX) → what the queue says, for all of this user's; None when it does not answer."""
        layout = "--format=%F|%K|%T|%N|%r"
        done = _ask(["squeue", "--noheader", "--array", "--states=all", f"--user={os.getuid()}", layout])
        if done is None or done.returncode != 0:
            return None
        found = {}
        for line in done.stdout.splitlines():
            job, index, state, node, reason = line.strip().split("|", 4)
            if index.isdecimal():
                found[f"{job}_{index}"] = Queued(state, reason, node)
        return found

    def number_of(self, name: str) -> str | None:
        """The number of the job of that name; None when there is none. Raises RunFault when the queue is silent."""
        for wait in (*WAITS_S, None):
            done = _ask(["squeue", "--noheader", "--states=all", f"--name={name}", "--format=%F"])
            if done is not None and done.returncode == 0:
                return next(iter(done.stdout.split()), None)
            if wait is not None:
                time.sleep(wait)
        raise RunFault("Slurm does not answer, so nobody can say whether a job runs already. Go on when it does.")

    def cancel(self, *jobs: str) -> None:
        """End those jobs."""
        if jobs:
            _ask(["scancel", "--quiet", *jobs])


def _ask(command: Sequence[str]) -> subprocess.CompletedProcess[str] | None:
    """What the command answers; None when it does not in time. Raises NotInstalled where there is no Slurm."""
    kept = {key: value for key, value in os.environ.items() if key in PASSED_ON or key.startswith(PREFIXES)}
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=ANSWER_S, env=kept, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return None
    except FileNotFoundError as error:
        raise NotInstalled(
            f"There is no {command[0]} on this machine, so no Slurm. Work here with: --compute local"
        ) from error
