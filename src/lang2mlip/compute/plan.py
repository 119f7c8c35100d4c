"""What the scheduler is told: how many pieces make a job, its script, its resources."""

from __future__ import annotations

import math
import secrets
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lang2mlip.compute.pool import Work
from lang2mlip.compute.profile import Profile
from lang2mlip.compute.submission import Order

__all__ = ["Worker", "length", "options", "order", "script", "spread"]

PATIENCE_S = 6 * 3600.0
"""A piece that writes nothing for so long is taken for dead, where the profile does not say."""

MOST_JOBS = 500
"""Jobs of one array, at most: clusters often allow no more than 1000."""

SHARE = 0.7
"""Of a job's time, what its pieces are planned to take."""

_SCRIPT = """#!/bin/bash
# One job of an array; what it does stands in order.json beside this file.
{setup}
exec {python} -m lang2mlip.compute.batch @FOLDER@
"""


@dataclass(frozen=True)
class Worker:
    """The command line that works on folders."""

    command: tuple[str, ...]
    """A single worker."""
    forks: tuple[str, ...] = ()
    """Forks such workers, which share what it imports; quicker for several. Empty: there is none."""


def length(profile: Profile, work: Work, pieces: int, seconds: float | None) -> int:
    """Pieces to put into a job: about `batch_s` of work, well below its time limit.

    `seconds` is what a piece takes, s; None when that is not known yet: then they are spread over the jobs at once.
    """
    resources = profile.resources(work)
    slots = resources.cores // profile.threads(work)
    if seconds is None:
        return max(slots, math.ceil(pieces / profile.at_once))
    rate = slots / max(1e-3, seconds)
    fitting = min(profile.batch_s, SHARE * 60.0 * resources.time_min) * rate
    return max(slots, int(fitting), math.ceil(pieces / MOST_JOBS))


def order(profile: Profile, worker: Worker, run: str, work: Work, batches: Sequence[Sequence[Path]]) -> Order:
    """What a job array with those batches is to do, for the run of that name."""
    resources, time_s = profile.resources(work), 60.0 * profile.resources(work).time_min
    slots = resources.cores // profile.threads(work)
    several = bool(worker.forks) and slots > 1
    return Order(
        name=f"{run[:40]}-{work}-{secrets.token_hex(6)}",
        work=work,
        command=worker.forks if several else worker.command,
        forks=several,
        batches=tuple(tuple(str(folder) for folder in batch) for batch in batches),
        slots=slots,
        tries=profile.tries,
        patience_s=profile.patience_s or PATIENCE_S,
        beat_s=profile.beat_s,
        time_s=time_s,
        linger_s=profile.linger_s,
        warning_s=min(120.0, max(15.0, 0.1 * time_s)),
    )


def script(profile: Profile, work: Work) -> str:
    """What a job runs; its folder stands in it as @FOLDER@."""
    threads = profile.threads(work)
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    setup = [f"export {name}=${{{name}:-{threads}}}" for name in names]
    setup += [*profile.setup, *profile.resources(work).setup]
    return _SCRIPT.format(setup="\n".join(setup), python=shlex.quote(sys.executable))


def options(profile: Profile, order: Order) -> list[str]:
    """What sbatch is told."""
    resources = profile.resources(order.work)
    wanted = {
        "job-name": order.name,
        "array": f"0-{len(order.batches) - 1}%{profile.at_once}",
        "output": "%a/log",
        "open-mode": "append",
        "ntasks": 1,
        "cpus-per-task": resources.cores,
        "time": math.ceil(resources.time_min),
        "signal": f"B:USR1@{order.warning_s:.0f}",
        "mem": f"{round(1024 * resources.memory_GB)}M" if resources.memory_GB else None,
        "gres": f"gpu:{resources.gpus}" if resources.gpus else None,
        "partition": resources.partition,
        "account": resources.account,
    }
    return [f"--{key}={value}" for key, value in wanted.items() if value is not None] + [
        "--requeue", *resources.sbatch
    ]  # fmt: skip


def spread(folders: Sequence[Path], length: int) -> list[list[Path]]:
    """Batches of about that length; each has its share of the first ones, which are the longest."""
    count = math.ceil(len(folders) / max(1, length))
    return [list(folders[index::count]) for index in range(count)]
