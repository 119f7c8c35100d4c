"""explore: first data, made with the reference itself: MD at several temperatures, distorted and defective cells."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement

from lang2mlip.act.allowance import allow, even, shortened
from lang2mlip.act.base import Desk, Done, Piece
from lang2mlip.act.conditions import is_condensed, is_molecular, temperatures, timestep_fs
from lang2mlip.act.coverage import coverage
from lang2mlip.act.distort import ATOMS_AND_PAIRS, RELAX_STEPS
from lang2mlip.act.gathering import calls_by_group, cost_of, dataset, faults_of, frames_of, unique
from lang2mlip.contracts import Explore, Json, Result, StructureRecord

__all__ = ["ExploreAction"]

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
            summary=f"{len(frames)} labelled frames from the reference.{coverage(desk, frames)}",
            cost=cost,
            calls_by_group=calls_by_group(done),
            data=(dataset(desk, "explore", frames),),
            faults=faults,
        )

    def _wanted(self, desk: Desk, parameters: Explore) -> list[Piece]:
        records = desk.view.structures("train", parameters.groups)
        pieces = [piece for record in records for piece in self._of(desk, parameters, record)]
        return [*pieces, *self._atoms_and_pairs(desk, parameters)]

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
            "ensemble": parameters.ensemble if is_condensed(record) else "nvt",
            "temperature_K": kelvin,
            "pressure_GPa": desk.task.pressure_GPa[0],
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
        made = ("strained", "rattled", "compressed", "vacancies", "exchanged", "substituted")
        fields = {*made, "relaxed", "strain", "rattle_A", "compression"}
        arguments = {**common, **parameters.model_dump(include=fields)}
        arguments["elements"] = list(desk.task.elements)
        arguments["seed"] = desk.seed(record.request.name, "distort")
        arguments["condensed"] = is_condensed(record) and not is_molecular(record)
        arguments["wants"] = sum(arguments[name] for name in made) + parameters.relaxed * (RELAX_STEPS + 1)
        return Piece(f"{record.request.name}-distorted", "lang2mlip.act.distort:distortions", arguments)

    @staticmethod
    def _atoms_and_pairs(desk: Desk, parameters: Explore) -> list[Piece]:
        elements = list(desk.task.elements)
        pairs = len(list(combinations_with_replacement(elements, 2))) * parameters.dimers
        wants = pairs + len(elements) * parameters.isolated
        arguments = {
            "reference": desk.task.reference.model_dump(mode="json"),
            "elements": elements,
            "dimers": parameters.dimers,
            "isolated": parameters.isolated,
            "note": {"group": ATOMS_AND_PAIRS, "structure": ATOMS_AND_PAIRS},
            "wants": wants,
        }
        return [Piece("atoms-and-pairs", "lang2mlip.act.distort:atoms_and_pairs", arguments)] if wants else []
