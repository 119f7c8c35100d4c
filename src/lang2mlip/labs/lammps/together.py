"""Several simulations side by side, one core each: a small box on many cores is slower than many boxes on one."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from lang2mlip.errors import BadInput, Lang2mlipError
from lang2mlip.labs.lammps.simulation import Settings, Simulation, simulate
from lang2mlip.labs.lammps.watch import ENDED

__all__ = ["Outcome", "Together", "simulate_all"]

Tell = Callable[[int, str], None]
"""tell(number of the request from 1, a line)."""


@dataclass(frozen=True)
class Outcome:
    """What became of one request."""

    prompt: str
    made: Simulation | None
    trouble: str = ""
    """Why there is no simulation; empty where there is one."""

    @property
    def sound(self) -> bool:
        """It ran, passed the rules, and has numbers."""
        return self.made is not None and self.made.sound


@dataclass(frozen=True)
class Together:
    """All of them, in the order of the requests."""

    outcomes: tuple[Outcome, ...]
    cores: int
    wall_s: float
    busy: float
    """Share of the cores' time that the runs in LAMMPS computed, or this process for them; 0 to 1."""


def simulate_all(
    prompts: Sequence[str],
    settings: Settings | None = None,
    cores: int | None = None,
    tell: Tell = lambda n, line: None,
) -> Together:
    """Simulate each in a folder of its own, so many at a time; one that fails stops none of the others.

    `cores`: at most so many at a time; None: all that this process may use. Raises BadInput where there is no request.
    """
    if not prompts:
        raise BadInput("There is no request; give one in words for each simulation.")
    how = settings or Settings()
    if how.manner.ask is not None:
        raise BadInput("Several simulations at a time cannot each wait for a person; ask for them one by one.")
    many = min(cores or len(os.sched_getaffinity(0)), len(prompts))
    begun, used = time.monotonic(), time.process_time()
    with ThreadPoolExecutor(max_workers=many) as pool:  # LAMMPS computes in children: threads only wait for them
        jobs = [pool.submit(_one, n, prompt, len(prompts), how, tell) for n, prompt in enumerate(prompts, 1)]
        outcomes = tuple(job.result() for job in jobs)
    wall, computed = time.monotonic() - begun, time.process_time() - used + _cpu_s(outcomes)
    return Together(outcomes, many, wall, computed / (many * wall))


def _one(number: int, prompt: str, count: int, how: Settings, tell: Tell) -> Outcome:
    manner = replace(how.manner, tell=lambda line: tell(number, line))
    try:
        return Outcome(prompt, simulate(prompt, replace(how, manner=manner, name=_name(number, prompt, count))))
    except Lang2mlipError as error:
        tell(number, str(error))
        return Outcome(prompt, None, str(error))


def _name(number: int, prompt: str, count: int) -> str:
    """A name that no other request has."""
    words = "-".join(re.findall(r"[a-z0-9]+", prompt.lower())[:8])[:60]
    return f"{number:0{len(str(count))}d}-{words or 'simulation'}"


def _cpu_s(outcomes: Sequence[Outcome]) -> float:
    """Processor time of the runs, s, as each tells it: the sandbox hides its processes from their parent's sums."""
    folders = [one.made.folder for one in outcomes if one.made is not None]
    ended = [json.loads(file.read_text(encoding="utf-8")) for one in folders for file in one.glob(f"rounds/*/{ENDED}")]
    return sum(float(one["cpu_s"]) for one in ended)
