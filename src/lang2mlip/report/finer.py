"""Errors looked at more closely: by element, and by the size of the force."""

from __future__ import annotations

from typing import Any

from lang2mlip.contracts import Errors
from lang2mlip.report.evidence import Evidence
from lang2mlip.report.tables import Cell, Table
from lang2mlip.report.words import MISSING, count, number

__all__ = ["finer_tables"]


def finer_tables(evidence: Evidence) -> tuple[Table, ...]:
    """Tables by element, and by group and element (of two or more), and by the size of the force, where taken."""
    found = []
    overall = evidence.evaluation.errors.get("all") if evidence.evaluation else None
    elements = overall.by_element_meV_A if overall else {}
    if len(elements) > 1:
        rows = tuple((Cell(name, "text"), _figure(value), _share(overall, name)) for name, value in elements.items())
        found.append(Table(("element", "force error, meV/Å", "of its rms force, %"), rows, "By element"))
        found += _by_group(evidence.by_group, list(elements))
    bins: list[dict[str, Any]] = evidence.curves.get("by_force", {}).get("all") or []
    if bins:
        columns = ("true force, eV/Å", "atoms", "force error, meV/Å", "of the force, %")
        found.append(Table(columns, tuple(_row(one) for one in bins), "By the size of the force"))
    return tuple(found)


def _by_group(groups: dict[str, Errors], elements: list[str]) -> list[Table]:
    """Groups in rows, elements in columns, force errors in meV/Å; nothing where there is one group alone."""
    if len(groups) < 2:
        return []
    rows = tuple(
        (Cell(name, "text"), *(Cell(number(errors.by_element_meV_A.get(each))) for each in elements))
        for name, errors in groups.items()
    )
    return [Table(("group", *elements), rows, "Force error of each element in each group, meV/Å")]


def _share(errors: Errors | None, element: str) -> Cell:
    """An element's force error over its own rms force, in %."""
    share = errors.element_relative.get(element) if errors else None
    return Cell(MISSING if share is None else number(100 * share, 2))


def _row(one: dict[str, Any]) -> tuple[Cell, ...]:
    size = f"{number(one['from_eV_A'], 2)} to {number(one['to_eV_A'], 2)}"
    atoms = Cell(count(int(one["atoms"])), "num")
    return Cell(size, "text"), atoms, _figure(one["rmse_meV_A"]), _figure(one["percent"])


def _figure(value: float) -> Cell:
    return Cell(number(value), "num")
