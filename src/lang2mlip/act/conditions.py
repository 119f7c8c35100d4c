"""Which temperature, which time step, which limits: read off the task and the group, the same for every action."""

from __future__ import annotations

from collections.abc import Iterable

from lang2mlip.act.nearness import CLOSER_A, KEY
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
    """Limits for MD in a group: pairs no nearer than the reference's own MD allows (act/nearness), where that is known.

    The limit is the lowest of all groups: what is near in one is no surprise in another.
    """
    nearest: dict[str, float] = {}
    for known in [*everywhere, *([group] if group else [])]:
        for pair, limit in _nearest(known).items():
            nearest[pair] = min(limit, nearest.get(pair, limit))
    seen = group.ranges.get("stretch", (0.0, 0.0))[1] if group else 0.0
    return Health(
        pair_minimum_A={pair: max(0.3, limit) for pair, limit in nearest.items()},
        bond_stretch=max(STRETCHED, 1.25 * seen),
    )


def _nearest(group: GroupState) -> dict[str, float]:
    """Element pair → nearest distance allowed, Å; from the nearest one seen in runs that know nothing else."""
    found: dict[str, float] = {}
    for key, (low, _) in group.ranges.items():
        word, _, pair = key.partition(" ")
        if word == KEY:
            found[pair] = low
        elif word == "distance" and pair:
            found.setdefault(pair, low - CLOSER_A)
    return found
