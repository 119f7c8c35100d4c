"""explore: first data, made with the reference itself: short MD at several temperatures, strained and rattled cells."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lang2mlip.act.allowance import allow, even, shortened
from lang2mlip.act.base import Desk, Done, Piece
from lang2mlip.act.conditions import temperatures, timestep_fs
from lang2mlip.act.gathering import cost_of, dataset, faults_of, frames_of, unique
from lang2mlip.act.labels import Labeller
from lang2mlip.contracts import Explore, Json, ReferenceSpec, Result, StructureRecord
from lang2mlip.contracts.parts import Progress
from lang2mlip.science.atoms.frames import read_frames, write_frames
from lang2mlip.science.sampling.distort import rattled, strained

__all__ = ["ExploreAction", "distortions"]

TEMPERATURES = 2
"""MD temperatures per structure where the decision names none."""


class ExploreAction:
    """Reference MD and distorted cells of the training structures; every kept frame is a label."""

    def pieces(self, desk: Desk, parameters: Explore) -> Sequence[Piece]:
        """A walk per structure and temperature, and a batch of distortions per structure, as the budget allows."""
        return allow(self._wanted(desk, parameters), desk.calls_to_spend())

    def gather(self, desk: Desk, parameters: Explore, done: Sequence[Done]) -> Result:
        """One data set, of no more labels than the budget allows."""
        made = unique(frames_of(done))
        frames = even(made, desk.labels_left())
        faults = (*shortened(self._wanted(desk, parameters), [one.piece for one in done]), *faults_of(done))
        if len(made) > len(frames):
            faults = (f"The budget allowed {len(frames)} of {len(made)} labels; the others were left out.", *faults)
        cost = cost_of(done).model_copy(update={"labels": len(frames)})
        bad = sum(one.fault is not None for one in done)
        if not frames:
            return Result(action="explore", status="failed", summary="No frame could be labelled.", cost=cost,
                          faults=faults)  # fmt: skip
        return Result(
            action="explore",
            status="partial" if bad else "done",
            summary=f"{len(frames)} labelled frames from reference MD and distorted cells.",
            cost=cost,
            data=(dataset(desk, "explore", frames),),
            faults=faults,
        )

    def _wanted(self, desk: Desk, parameters: Explore) -> list[Piece]:
        records = desk.view.structures("train", parameters.groups)
        return [piece for record in records for piece in self._of(desk, parameters, record)]

    def _of(self, desk: Desk, parameters: Explore, record: StructureRecord) -> list[Piece]:
        common = {
            "reference": desk.task.reference.model_dump(mode="json"),
            "structure": record.file,
            "note": {"group": record.request.group, "structure": record.request.name, "source": "explore"},
        }
        kelvins = parameters.temperatures_K or temperatures(desk.task, record, TEMPERATURES)
        walks = [self._walk(desk, parameters, record, common, kelvin) for kelvin in kelvins if parameters.steps]
        return [*walks, self._distort(desk, parameters, record, common)]

    @staticmethod
    def _walk(
        desk: Desk, parameters: Explore, record: StructureRecord, common: dict[str, Json], kelvin: float
    ) -> Piece:
        plan = {
            "ensemble": "nvt",
            "temperature_K": kelvin,
            "timestep_fs": timestep_fs(desk.task.elements),
            "steps": parameters.steps,
            "keep_every": parameters.keep_every,
            "seed": desk.seed(record.request.name, kelvin),
        }
        return Piece(
            f"{record.request.name}-{kelvin:.0f}K", "lang2mlip.act.walk:reference_walk", {**common, "plan": plan}
        )

    @staticmethod
    def _distort(desk: Desk, parameters: Explore, record: StructureRecord, common: dict[str, Json]) -> Piece:
        wanted = parameters.model_dump(include={"strain", "strained", "rattled", "rattle_A"})
        arguments = {**common, **wanted, "seed": desk.seed(record.request.name, "distort")}
        arguments["wants"] = parameters.rattled + parameters.strained
        return Piece(f"{record.request.name}-distorted", "lang2mlip.act.explore:distortions", arguments)


def distortions(arguments: dict[str, Json], folder: Path, progress: Progress) -> dict[str, Json]:
    """Strained and rattled copies of a structure, labelled."""
    start = read_frames(Path(arguments["run"]) / arguments["structure"])[-1]
    seed, size = arguments["seed"], arguments["rattle_A"]
    copies = strained(start, arguments["strain"], arguments["strained"], seed) if start.pbc.any() else []
    copies += rattled(start, size, arguments["rattled"], seed)
    labeller = Labeller(ReferenceSpec(**arguments["reference"]), arguments["max_calls"], arguments["until"])
    for copy in copies:
        copy.info |= arguments["note"]
    frames = labeller.label_all(copies)
    write_frames(folder / "frames.extxyz", frames)
    return {"frames": len(frames), "cost": labeller.cost.model_dump(), "faults": labeller.faults}
