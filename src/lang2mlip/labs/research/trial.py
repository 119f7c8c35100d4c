"""One run of a strategy: frozen files checked, trained in a sandbox, judged in another from the saved model alone."""

from __future__ import annotations

import json
import math
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from lang2mlip.compute.sandbox import Confined, run_confined
from lang2mlip.contracts import Json, Noun
from lang2mlip.labs.research.arena import Arena
from lang2mlip.labs.research.judge import PLAIN
from lang2mlip.labs.research.kit import INSIDE, JUDGE, compiled, for_judge, for_strategy
from lang2mlip.labs.research.manifest import digest
from lang2mlip.labs.research.spent import CpuWatch
from lang2mlip.science.atoms.frames import read_frames, write_frames

__all__ = ["Asked", "perform"]

MOST_MODEL_BYTES = 64 << 20
TAIL = 1200
"""Characters of a run's own last words that are kept."""


class Asked(Noun):
    """What a run is."""

    place: str = Field(description="the arena's folder")
    commit: str = Field(description="of the strategy")
    seed: int = Field(ge=0, description="of the draw of the training frames, and told to the strategy")
    role: str = Field(default="screen", description="frames that it is judged on: screen or final")
    hopeless_above_meV_A: float | None = Field(default=None, description="force error that ends it before its MD")


def perform(asked: Asked, folder: Path) -> dict[str, Json]:
    """Train and judge in `folder`; `status` is scored, hopeless, void, or how it failed, in `words`."""
    arena = Arena.open(Path(asked.place))
    began = time.monotonic()
    found = _performed(arena, asked, folder)
    after = arena.tampered()
    if after and found["status"] != "void":
        found = {"status": "void", "words": f"after the run {after[0]}: nothing of it counts"}
    for name in ("work", "verdict"):
        shutil.rmtree(folder / name / "numba", ignore_errors=True)
    return {**found, "wall_s": round(time.monotonic() - began, 2), "seed": asked.seed, "role": asked.role}


def _performed(arena: Arena, asked: Asked, folder: Path) -> dict[str, Json]:
    before = arena.tampered()
    if before:
        return {"status": "void", "words": f"before the run {before[0]}: it was not begun"}
    work = folder / "work"
    shutil.rmtree(folder, ignore_errors=True)
    work.mkdir(parents=True)
    arena.history.take_out(asked.commit, "strategy", work)
    with CpuWatch() as watch:
        ended = _train(arena, asked, folder)
    (folder / "log").write_text(ended.output, encoding="utf-8")
    spent = {"train_cpu_s": round(watch.seconds, 2)}
    words = _trouble(ended, arena, watch.seconds)
    family = words or _collect(work / "model", folder / "verdict" / "model")
    if words or family not in PLAIN:
        return {"status": "failed", "words": words or family, "tail": ended.output[-TAIL:], **spent}
    with CpuWatch() as watch:
        found = _judge(arena, asked, folder / "verdict", family)
    found = _checked(found, spent["train_cpu_s"])
    if asked.commit == arena.journal.entries[0]["commit"]:
        _keep_cache(arena, folder)
    return {**found, **spent, "score_cpu_s": round(watch.seconds, 2), "tail": ended.output[-TAIL:]}


def _train(arena: Arena, asked: Asked, folder: Path) -> Confined:
    """Run train.py on this seed's draw of the training frames; they are all that it sees of the arena."""
    frames = read_frames(arena.place / "data" / "train.extxyz")
    count = max(1, math.ceil(arena.rules.data_share * len(frames)))
    drawn = np.sort(np.random.default_rng([asked.seed, 11]).permutation(len(frames))[:count])
    data = folder / "data" / "train.extxyz"
    write_frames(data, [frames[index] for index in drawn])
    told = {"data": str(data.resolve()), "elements": arena.spec["elements"], "seed": asked.seed,
            "cpu_s": arena.rules.train_s, "manifest": {str(data.resolve()): digest(data)}}  # fmt: skip
    work = folder / "work"
    (work / "told.json").write_text(json.dumps(told), encoding="utf-8")
    _warm(arena, "train", work)
    return run_confined(
        [sys.executable, str(INSIDE), "told.json"], work, timeout_s=arena.rules.train_s * arena.rules.patience,
        memory_MB=arena.rules.memory_MB, readable=[*for_strategy(), data.parent],
    )  # fmt: skip


def _judge(arena: Arena, asked: Asked, folder: Path, family: str) -> dict[str, Any]:
    """What the judge measured, or its fault."""
    judge = arena.place / "judge"
    told = {"family": family, "model": "model", "frames": str(judge / f"{asked.role}.extxyz"), "to": "score.json",
            "starts": str(judge / "starts.extxyz"), "trials": arena.spec["trials"],
            "curve": str(judge / "curve.extxyz") if (judge / "curve.extxyz").is_file() else None,
            "hopeless_above_meV_A": asked.hopeless_above_meV_A}  # fmt: skip
    (folder / "told.json").write_text(json.dumps(told), encoding="utf-8")
    _warm(arena, "judge", folder)
    most = int(arena.rules.score_s * min(2.0, arena.rules.patience))
    command = ["/usr/bin/env", "NUMBA_CACHE_DIR=numba", "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "prlimit",
               f"--cpu={most}", sys.executable, "-I", str(JUDGE), "told.json"]  # fmt: skip
    ended = run_confined(command, folder, timeout_s=arena.rules.score_s * arena.rules.patience,
                         memory_MB=arena.rules.memory_MB, readable=[*for_judge(), judge])  # fmt: skip
    (folder / "log").write_text(ended.output, encoding="utf-8")
    try:
        found: dict[str, Any] = json.loads((folder / "score.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        why = "took too long" if ended.timed_out else f"ended with {ended.status}"
        return {"fault": f"scoring {why}: {ended.output[-300:]}"}
    return found


def _checked(found: dict[str, Any], train_cpu_s: float) -> dict[str, Any]:
    """The judge's findings as a result, the cost of the training among the metrics."""
    if "fault" in found:
        return {"status": "failed", "words": f"the model cannot be judged: {found['fault']}"}
    metrics = {**found["metrics"], "train_cpu_s": train_cpu_s}
    sane = all(math.isfinite(metrics[name]) for name in ("force_rmse_meV_A", "energy_rmse_meV_atom"))
    if not sane:
        return {"status": "failed", "words": "the model gives values that are not finite"}
    known = {key: value if math.isfinite(value) else 1e6 for key, value in metrics.items()}
    status = "hopeless" if found["hopeless"] else "scored"
    return {"status": status, "words": "", "metrics": known, "frames": found["frames"], "seen": found.get("seen", {})}


def _trouble(ended: Confined, arena: Arena, cpu_s: float) -> str:
    """Why the training is no success, in words; empty where it is one.

    A program that train.py has started meets the limit on its own, and train.py ends with words of its own.
    """
    if ended.status == 97:
        return "inside of the job the frozen data were not those of the manifest"
    if (
        ended.timed_out
        or "CPU time limit" in ended.output[-200:]
        or ended.status in (-24, 152, 137, -9)
        or (ended.status and cpu_s >= arena.rules.train_s)
    ):
        return f"the training was ended: more than {arena.rules.train_s} s of CPU time, or memory"
    if "MemoryError" in ended.output or "Unable to allocate" in ended.output:
        return f"the training wanted more memory than {arena.rules.memory_MB} MB"
    if ended.status:
        lines = ended.output.strip().splitlines() or ["it said nothing"]
        return f"train.py ended with {ended.status}: {lines[-1]!s:.300}"
    return ""


def _collect(model: Path, to: Path) -> str:
    """Copy the files of a model that are read, and no other; its family, or what is wrong with it."""
    try:
        family = (model / "family").read_text(encoding="utf-8")[:20].strip()
        if family not in PLAIN:
            return f"the model is of no family that is judged: {family!r}; known: {', '.join(PLAIN)}"
        files = [model / name for name in PLAIN[family]]
        if sum(file.stat().st_size for file in files) > MOST_MODEL_BYTES:
            return "the model is larger than 64 MB"
        to.mkdir(parents=True)
        for file in files:
            shutil.copyfile(file, to / file.name)
    except (OSError, ValueError) as error:
        return f"train.py left no whole model behind: {error!s:.200}"
    return family


def _warm(arena: Arena, which: str, folder: Path) -> None:
    """Compiled kernels of the baseline's run, so that each run does not compile them again."""
    kept = arena.place / "cache" / which
    if kept.is_dir():
        shutil.copytree(kept, folder / "numba")
    else:
        (folder / "numba").mkdir()
        compiled(folder / "numba")


def _keep_cache(arena: Arena, folder: Path) -> None:
    """Only what the baseline's run compiled is kept: no strategy leaves code for another."""
    for which, name in (("train", "work"), ("judge", "verdict")):
        kept = arena.place / "cache" / which
        if not kept.is_dir() and (folder / name / "numba").is_dir():
            shutil.copytree(folder / name / "numba", kept)
