"""sample: MD with the current potential, watched as it runs: new configurations, and a test of stability."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from lang2mlip.act.base import Desk, Done, Piece
from lang2mlip.act.conditions import health, is_molecular, temperatures, timestep_fs
from lang2mlip.act.following import follow_piece
from lang2mlip.act.gathering import cost_of, faults_of, frames_of
from lang2mlip.contracts import Json, PoolSet, Result, Sample, StabilityRun, StructureRecord
from lang2mlip.errors import BadInput
from lang2mlip.science.atoms.frames import write_frames

__all__ = ["SampleAction"]


class SampleAction:
    """Walkers from the training structures; frames of the healthy part and just before a failure go to the pool."""

    def pieces(self, desk: Desk, parameters: Sample) -> Sequence[Piece]:
        """A walk per structure, temperature and walker. Raises BadInput without a model."""
        if desk.state.model is None:
            raise BadInput("There is no potential to sample with yet; train one first.")
        if parameters.protocol is not None:
            return [follow_piece(desk, parameters, parameters.protocol)]
        return [
            self._walk(desk, parameters, record, kelvin, walker)
            for record in desk.view.structures("train", parameters.groups)
            for kelvin in parameters.temperatures_K or (temperatures(desk.task, record, 2)[-1],)
            for walker in range(parameters.walkers)
        ]

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

    @staticmethod
    def _walk(desk: Desk, parameters: Sample, record: StructureRecord, kelvin: float, walker: int) -> Piece:
        model, group = desk.state.model, record.request.group
        assert model is not None
        name = f"{record.request.name}-{kelvin:.0f}K-{walker}"
        plan: dict[str, Json] = {
            "ensemble": "nvt" if parameters.pressure_GPa is None or not record.periodic else "npt",
            "temperature_K": kelvin,
            "pressure_GPa": parameters.pressure_GPa or 0.0,
            "timestep_fs": timestep_fs(desk.task.elements),
            "steps": parameters.steps,
            "keep_every": parameters.keep_every,
            "seed": desk.seed(name),
        }
        limits = health(desk.state.groups.get(group), desk.state.groups.values())
        arguments: dict[str, Json] = {
            "family": model.family,
            "model": model.folder,
            "structure": record.file,
            "plan": plan,
            "health": limits.model_dump(),
            "note": {"group": group, "structure": record.request.name, "source": f"sample-{model.id}"},
            "molecular": is_molecular(record),
        }
        return Piece(name, "lang2mlip.act.walk:potential_walk", arguments)


def _cut(done: Sequence[Done]) -> tuple[str, ...]:
    """A sentence where the budget's time cut walkers short."""
    count = sum(one.fault is None and not one.value["stability"] for one in done)
    return (f"The time that the budget allows cut {count} of {len(done)} walkers short.",) if count else ()


def _broken(walks: Sequence[StabilityRun]) -> str:
    broken = Counter(walk.group for walk in walks if not walk.healthy)
    return " Broke in " + ", ".join(f"{group} ({count})" for group, count in broken.items()) + "." if broken else ""
