"""Which temperature, which time step, which limits: read off the task and the group, the same for every action."""

from __future__ import annotations

from collections.abc import Iterable

from lang2mlip.contracts import GroupState, StructureRecord, Task
from lang2mlip.science.atoms.health import Health

__all__ = ["DISORDERED", "health", "is_condensed", "is_molecular", "temperatures", "timestep_fs"]

DISORDERED = ("melt", "liquid", "amorphous")
"""Builders and phases that live at the hot end only."""

CONDENSED = ("bulk", "melt", "amorphous", "blend", "polymer", "molecule", "liquid_liquid")
"""Builders whose periodic structures have no vacuum, and so a density."""

HOT_MARGIN = 1.15
"""Sampling goes this much above the highest temperature of use, so that use never leaves the data."""

STRETCHED = 1.6
"""A bond of a molecule may become so many times its first length, or a quarter longer than it ever was in the
reference's own MD where that is more: there it reacts."""

CLOSER_A = 0.2
"""A pair may come this much closer than it ever did in the reference's own MD, Å."""


def timestep_fs(elements: Iterable[str]) -> float:
    """0.5 fs with hydrogen, 2 fs without."""
    return 0.5 if "H" in set(elements) else 2.0


def temperatures(task: Task, record: StructureRecord, count: int) -> tuple[float, ...]:
    """`count` temperatures for a structure: spread over the range of use, or the hot end for what is disordered."""
    low, high = task.temperature_K
    if _hot(record) or count == 1:
        return (high,) if count == 1 else (high, HOT_MARGIN * high)[:count]
    step = (HOT_MARGIN * high - low) / (count - 1)
    return tuple(round(low + step * index, 1) for index in range(count))


def _hot(record: StructureRecord) -> bool:
    request = record.request
    return request.builder == "melt" or (request.builder == "blend" and request.parameters.get("state") == "melt")


def is_condensed(record: StructureRecord) -> bool:
    """Periodic in three directions and without vacuum: it has a density."""
    return record.periodic and record.request.builder in CONDENSED


def is_molecular(record: StructureRecord) -> bool:
    """Made of molecules whose bonds are known from the start."""
    return record.request.builder == "molecule"


def health(group: GroupState | None, everywhere: Iterable[GroupState] = ()) -> Health:
    """Limits for MD in a group: pairs no closer than the reference's own minimum minus 0.2 Å, where that is known.

    The minimum is taken over all groups: what is near in one is no surprise in another.
    """
    closest: dict[str, float] = {}
    for known in [*everywhere, *([group] if group else [])]:
        for key, (low, _) in known.ranges.items():
            word, _, pair = key.partition(" ")
            if word == "distance" and pair:
                closest[pair] = min(low, closest.get(pair, low))
    seen = group.ranges.get("stretch", (0.0, 0.0))[1] if group else 0.0
    return Health(
        pair_minimum_A={pair: max(0.3, low - CLOSER_A) for pair, low in closest.items()},
        bond_stretch=max(STRETCHED, 1.25 * seen),
    )
