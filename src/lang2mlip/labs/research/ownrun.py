"""An arena out of a finished run: its labelled frames, its structures, limits in proportion to its forces."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from lang2mlip.errors import BadInput
from lang2mlip.record.run import Run
from lang2mlip.record.view import View

__all__ = ["entry_of", "frames_of"]

SHARES = (0.6, 0.8)
"""Of each group's frames in the order of their making: to train on up to the first, to decide with up to the second."""

FEWEST = 20
STARTS = 3


def view_of(run: str) -> View:
    """The run of that name below runs/, or the folder. Raises BadInput where there is none."""
    place = next((one for one in (Path(run), Path("runs") / run) if (one / "run.db").is_file()), None)
    if place is None:
        raise BadInput(f"There is no run called {run!r} here; see: lang2mlip status RUN.")
    return Run(place).view()


def frames_of(view: View, fewest: int = FEWEST) -> dict[str, list[Atoms]]:
    """Frames by role. Blocks in the order of their making share trajectories at their seams only."""
    groups: dict[str, list[Atoms]] = {}
    for frame in view.training_frames():
        groups.setdefault(str(frame.info.get("group", "all")), []).append(frame)
    made: dict[str, list[Atoms]] = {role: [] for role in ("train", "screen", "final", "curve", "starts")}
    for frames in groups.values():
        first, second = (round(share * len(frames)) for share in SHARES)
        made["train"] += frames[:first]
        made["screen"] += frames[first:second]
        made["final"] += frames[second:]
    if len(made["train"]) < fewest or not made["screen"] or not made["final"]:
        raise BadInput(f"{view.folder.name} has {len(made['train'])} frames to train on; {fewest} are the least.")
    calm = sorted(made["screen"], key=lambda one: float(np.abs(one.get_forces()).max()))
    made["starts"] = calm[:STARTS]
    return made


def entry_of(view: View, entry: Mapping[str, Any], frames: Mapping[str, list[Atoms]]) -> dict[str, Any]:
    """The entry of one's own data: its elements and temperature, its limits in proportion to the rms force."""
    task, made = view.task, deepcopy(dict(entry))
    rms = 1e3 * float(np.sqrt(np.mean(np.concatenate([one.get_forces().ravel() for one in frames["screen"]]) ** 2)))
    card = made["scorecard"]
    for name, share in made.pop("relative_to_force").items():
        card["gates"][name] = {"at_most": share["gate"] * rms, "why": share["why"]}
        card["score"][name]["scale"] = share["scale"] * rms
    made["title"] = f"the data of the run {view.folder.name}"
    made["elements"] = sorted({symbol for one in frames["train"] for symbol in one.symbols})
    made["trials"]["temperature_K"] = 1.2 * task.temperature_K[1]
    made["trials"]["drift_temperature_K"] = task.temperature_K[1]
    made["trials"]["timestep_fs"] = 0.5 if "H" in made["elements"] else 2.0
    return made
