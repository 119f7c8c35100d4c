"""Goals that take MD are set to the pace of the potential, and the person is told."""

from __future__ import annotations

from lang2mlip.contracts import Assumption, Goals
from lang2mlip.data import table

__all__ = ["for_family"]

SLOW = 5000
"""Atom-steps per core-second below which the stability runs are shortened, in proportion."""

SHORTEST = 500
"""MD steps that they keep in any case."""


def for_family(goals: Goals, family: str) -> tuple[Goals, list[Assumption]]:
    """The goals, with shorter stability runs where the person left their length open and the family is slow."""
    speed = table("speeds").get(family, {}).get("atom_steps_per_s", SLOW)
    if speed >= SLOW or "stable_steps" in goals.model_fields_set:
        return goals, []
    steps = max(SHORTEST, Goals().stable_steps * speed // SLOW)
    why = f"{family} runs about {speed} atom-steps a second on a core; set goals.stable_steps in task.yaml for more"
    told = Assumption(field="goals.stable_steps", value=f"{steps} MD steps", why=why)
    return goals.model_copy(update={"stable_steps": steps}), [told]
