"""sample: MD with the current potential, watched as it runs: new configurations, and a test of stability."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from lang2mlip.act.base import Desk, Done, Piece
from lang2mlip.act.conditions import health, is_condensed, is_molecular, timestep_fs
from lang2mlip.act.following import follow_piece
from lang2mlip.act.gathering import cost_of, faults_of, frames_of
from lang2mlip.act.walks import Planned, planned
from lang2mlip.contracts import Json, PoolSet, Result, Sample, StabilityRun
from lang2mlip.errors import BadInput
from lang2mlip.science.atoms.frames import write_frames

__all__ = ["SampleAction"]


LARGEST_SEED = 900_000_000
"""Of the random numbers in LAMMPS."""


class SampleAction:
    """Walkers from the training structures; frames of the healthy part and just before a failure go to the pool."""

    def pieces(self, desk: Desk, parameters: Sample) -> Sequence[Piece]:
        """A walk per structure, temperature and walker. Raises BadInput without a model."""
        if desk.state.model is None:
            raise BadInput("There is no potential to sample with yet; train one first.")
        if parameters.protocol is not None:
            return [follow_piece(desk, parameters, parameters.protocol)]
        return [_walk(desk, parameters, one) for one in planned(desk, parameters)]

    def gather(self, desk: Desk, parameters: Sample, done: Sequence[Done]) -> Result:
        """One pool set and the stability of every walker."""
        model = desk.state.model
        assert model is not None
        frames = [atoms for atoms in frames_of(done) if atoms.info["phase_of_run"] != "bad-tail"]
        frames = [atoms for atoms in frames if atoms.info.get("step", 1) > 0]
        file = desk.job / "pool.extxyz"
        write_frames(file, frames)
        walks = tuple(StabilityRun(**one.value["stability"]) for one in done if one.value.get("stability"))
        pool = PoolSet(
            id=desk.number,
            file=str(file.relative_to(desk.run)),
            model=model.id,
            groups=dict(Counter(str(atoms.info["group"]) for atoms in frames)),
            temperatures_K=tuple(sorted({walk.temperature_K for walk in walks})),
        )
        healthy = sum(walk.healthy for walk in walks)
        return Result(
            action="sample",
            status="done" if len(walks) == len(done) else "partial" if walks else "failed",
            summary=(f"Followed the protocol {parameters.protocol}: " if parameters.protocol else "")
            + f"{healthy} of {len(walks)} walkers stayed healthy; {len(frames)} frames wait in the pool."
            + _broken(walks),
            cost=cost_of(done),
            pool=(pool,) if frames else (),
            stability=walks,
            faults=(*_cut(done), *faults_of([one for one in done if one.fault is not None])),
        )


def _walk(desk: Desk, parameters: Sample, one: Planned) -> Piece:
    """A walk with the engine that is asked for."""
    model, request = desk.state.model, one.record.request
    assert model is not None
    limits = health(desk.state.groups.get(request.group), desk.state.groups.values())
    arguments: dict[str, Json] = {
        "family": model.family,
        "model": model.folder,
        "structure": one.record.file,
        "health": limits.model_dump(),
        "note": {"group": request.group, "structure": request.name, "source": f"sample-{model.id}"},
        "molecular": is_molecular(one.record),
        "strain": _strain(parameters, one),
        "strain_seed": desk.seed(f"strain {one.name}") % LARGEST_SEED,
    }
    if parameters.engine == "lammps":
        more = {"protocol": _protocol(desk, one), "steps": one.steps, "keep_every": one.keep_every}
        return Piece(one.name, "lang2mlip.act.follow:protocol_walk", {**arguments, **more})
    plan: dict[str, Json] = {
        "ensemble": "nvt" if one.pressure_GPa is None else "npt",
        "temperature_K": one.temperature_K,
        "pressure_GPa": one.pressure_GPa or 0.0,
        "timestep_fs": timestep_fs(desk.task.elements),
        "steps": one.steps,
        "keep_every": one.keep_every,
        "seed": desk.seed(one.name),
    }
    return Piece(one.name, "lang2mlip.act.walk:potential_walk", {**arguments, "plan": plan})


def _strain(parameters: Sample, one: Planned) -> float:
    """The first walker of each structure keeps its cell, and so does what has no density."""
    return parameters.strain if one.walker > 0 and is_condensed(one.record) else 0.0


def _protocol(desk: Desk, one: Planned) -> dict[str, Json]:
    """The same conditions for LAMMPS."""
    step = timestep_fs(desk.task.elements)
    return {
        "kind": "equilibrate",
        "temperature_K": one.temperature_K,
        "pressure_GPa": one.pressure_GPa,
        "ps": one.steps * step / 1000,
        "timestep_fs": step,
        "thermostat": "langevin",
        "seed": desk.seed(one.name) % LARGEST_SEED + 1,
    }


def _cut(done: Sequence[Done]) -> tuple[str, ...]:
    """A sentence where the budget's time cut walkers short."""
    count = sum(one.fault is None and not one.value["stability"] for one in done)
    return (f"The time that the budget allows cut {count} of {len(done)} walkers short.",) if count else ()


def _broken(walks: Sequence[StabilityRun]) -> str:
    broken = Counter(walk.group for walk in walks if not walk.healthy)
    return " Broke in " + ", ".join(f"{group} ({count})" for group, count in broken.items()) + "." if broken else ""
