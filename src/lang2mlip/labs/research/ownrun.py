"""An arena of a run's own data: its labels by role, what it trains with as the baseline, limits after its forces.

The run orders one as a job (ordered.py), or a person makes one by hand (`new --from-run`); both are made here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from pydantic import Field

from lang2mlip.act.research import to_beat, train_limit_s
from lang2mlip.contracts import Noun
from lang2mlip.data import table
from lang2mlip.errors import BadInput, UnknownName
from lang2mlip.record.run import Run
from lang2mlip.record.view import View
from lang2mlip.units import gpa

__all__ = ["Own", "entry_of", "own_of", "split", "view_of"]

SHARES = (0.6, 0.8)
"""Of each group's frames in the order of their making: to train on up to the first, to decide with up to the second."""

SHARE = 0.75
"""To train on, where held-out frames make the final set; the rest decides."""

FEWEST = 20
STARTS = 3
ENDS_AT = 0.6
"""Share of the time of a training after which a fit begins no further step."""

HOTTER = 1.2
"""Stability is tried at so many times the highest temperature of use."""


class Own(Noun):
    """What an arena takes over from a run, its frames apart."""

    title: str
    temperature_K: float = Field(description="highest of the use, K")
    family: str
    settings: dict[str, Any] = Field(default_factory=dict, description="what the run trains with; empty: the entry's")
    suggested: dict[str, Any] = Field(default_factory=dict, description="of these, what the family suggests by itself")
    fixed: tuple[str, ...] = Field(default=(), description="settings that the person has chosen: no search moves them")
    train_s: int = Field(default=90, gt=0, description="CPU time of a training at most, s")


def view_of(run: str) -> View:
    """The run of that name below runs/, or the folder. Raises BadInput where there is none."""
    place = next((one for one in (Path(run), Path("runs") / run) if (one / "run.db").is_file()), None)
    if place is None:
        raise BadInput(f"There is no run called {run!r} here; see: lang2mlip status RUN.")
    return Run(place).view()


def own_of(view: View) -> Own:
    """What an arena takes over from a run that a person names."""
    spec = view.task.potential
    return Own(
        title=f"the data of the run {view.folder.name}",
        temperature_K=view.task.temperature_K[1],
        family=spec.family,
        **to_beat(view),
        fixed=tuple(sorted(spec.settings)),
        train_s=train_limit_s(view),
    )


def split(training: Sequence[Atoms], held_out: Sequence[Atoms], fewest: int = FEWEST) -> dict[str, list[Atoms]]:
    """Frames by role, group by group: labels to train on and to decide with, held-out frames for the final score.

    Blocks in the order of their making share trajectories at their seams only. Without held-out frames a fifth of the
    labels is the final set. Raises BadInput for too few.
    """
    groups: dict[str, list[Atoms]] = {}
    for frame in training:
        groups.setdefault(str(frame.info.get("group", "all")), []).append(frame)
    made: dict[str, list[Atoms]] = {role: [] for role in ("train", "screen", "final", "curve", "starts")}
    shares = (SHARE, 1.0) if held_out else SHARES
    for frames in groups.values():
        first, second = (round(share * len(frames)) for share in shares)
        made["train"] += frames[:first]
        made["screen"] += frames[first:second]
        made["final"] += frames[second:]
    made["final"] += held_out
    if len(made["train"]) < fewest or not made["screen"] or not made["final"]:
        raise BadInput(f"There are {len(made['train'])} labelled frames to train on; an arena needs {fewest} at least.")
    made["starts"] = _calm(made["screen"])
    return made


def _calm(frames: Sequence[Atoms]) -> list[Atoms]:
    """Where stability runs begin: the least forces, but not lone atoms and pairs beside larger systems."""
    large = float(np.median([len(one) for one in frames]))
    bodies = [one for one in frames if len(one) >= large]
    return sorted(bodies, key=lambda one: float(np.abs(one.get_forces()).max()))[:STARTS]


def entry_of(own: Own, frames: Mapping[str, list[Atoms]]) -> dict[str, Any]:
    """The entry for the family, with the run's settings, elements and temperature, its limits after the rms force.

    Raises UnknownName for a family that no arena judges.
    """
    made = deepcopy(_entries().get(own.family))
    if made is None:
        raise UnknownName.of("arena of a run for the family", own.family, _entries())
    rms = 1e3 * float(np.sqrt(np.mean(np.concatenate([one.get_forces().ravel() for one in frames["screen"]]) ** 2)))
    card = made["scorecard"]
    for name, share in made.pop("relative_to_force").items():
        card["gates"][name] = {"at_most": share["gate"] * rms, "why": share["why"]}
        card["score"][name]["scale"] = share["scale"] * rms
    _judge_stress(card, made.pop("relative_to_stress"), frames["screen"])
    made["title"] = own.title
    made["elements"] = sorted({symbol for one in frames["train"] for symbol in one.symbols})
    made["trials"]["temperature_K"] = HOTTER * own.temperature_K
    made["trials"]["drift_temperature_K"] = own.temperature_K
    made["trials"]["timestep_fs"] = 0.5 if "H" in made["elements"] else 2.0
    made["rules"]["train_s"] = own.train_s
    card["gates"]["train_cpu_s"]["at_most"] = float(own.train_s)
    return _within(made, own)


def _judge_stress(card: dict[str, Any], share: Mapping[str, Any], frames: Sequence[Atoms]) -> None:
    """A gate and a part of the score, in proportion to the rms stress; neither where no frame has a stress."""
    known = [frame.calc.results["stress"] for frame in frames if "stress" in frame.calc.results]
    rms = 1e3 * gpa(float(np.sqrt(np.mean(np.square(known))))) if known else 0.0
    if rms:
        card["gates"]["stress_rmse_MPa"] = {"at_most": share["gate"] * rms, "why": share["why"]}
        card["score"]["stress_rmse_MPa"] = {"scale": share["scale"] * rms, "weight": share["weight"]}


def _in_time(settings: dict[str, Any], train_s: int) -> dict[str, Any]:
    """A fit that ends by itself is better than one that is ended."""
    limit = settings.get("time_limit_s")
    return settings if limit is None else {**settings, "time_limit_s": min(limit, ENDS_AT * train_s)}


def _entries() -> dict[str, dict[str, Any]]:
    """Family → the entry for data of a run."""
    return {one["baseline"]["family"]: one for one in table("research").values() if one["data"]["maker"] == "run"}


def _within(entry: dict[str, Any], own: Own) -> dict[str, Any]:
    """The baseline trains as the run does; what the person has fixed is in no recipe and on no axis of the search."""
    fixed = {f"settings.{name}" for name in own.fixed}
    plain = entry["baseline"]["settings"]
    if own.settings:
        here = {name: plain[name] for name in entry.get("runs_with", ()) if name in plain}
        entry["baseline"]["settings"] = _in_time({**own.settings, **here}, own.train_s)
    entry["suggested"] = own.suggested
    entry["space"] = {path: axis for path, axis in entry["space"].items() if path not in fixed}
    entry["recipes"] = [one for one in entry["recipes"] if not fixed & set(one["change"])]
    return entry
