"""The labelled data beside the reference's own MD: where a potential is used beyond what it was taught."""

from __future__ import annotations

from lang2mlip.errors import Lang2mlipError
from lang2mlip.record.view import View
from lang2mlip.report.tables import Cell, Table
from lang2mlip.report.words import count, number
from lang2mlip.science.evaluation.reach import Reach, beside

__all__ = ["reaching"]


def reaching(view: View) -> tuple[tuple[Table, ...], tuple[str, ...]]:
    """A table of what falls short, where anything does, and a sentence on all that was compared; empty without MD."""
    try:
        found = _found(view)
    except (Lang2mlipError, OSError, ValueError) as error:
        return (), (f"The data could not be set beside the reference's own MD: {error}",)
    if not found:
        return (), ()
    short = [(group, one) for group, one in found if one.short]
    told = (
        f"Of {count(len(found))} ranges that the reference's own MD showed (nearest distances, forces, volumes) the "
        f"labelled data reach as far in {count(len(found) - len(short))}."
    )
    columns = ("group", "quantity", "data from", "to", "reference's own MD from", "to", "unit")
    rows = tuple(_row(group, one) for group, one in short)
    return ((Table(columns, rows, "Where the labelled data fall short"),) if rows else ()), (told,)


def _found(view: View) -> list[tuple[str, Reach]]:
    groups = {name: group.ranges for name, group in view.state.groups.items() if group.ranges}
    frames = view.training_frames() if groups else []
    return [
        (name, one)
        for name, ranges in groups.items()
        for one in beside([atoms for atoms in frames if atoms.info["group"] == name], ranges)
    ]


def _row(group: str, one: Reach) -> tuple[Cell, ...]:
    figures = (Cell(number(value)) for value in (*one.data, *one.reference))
    return Cell(group, "text"), Cell(one.quantity, "text"), *figures, Cell(one.unit, "text")
