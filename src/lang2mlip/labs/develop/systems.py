"""The systems of the benchmark: a task, its structures, how its truth is made, and what an arm may spend on it."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal

from pydantic import Field

from lang2mlip.contracts import Json, Noun, Plan, Role, StructureRequest, Task, check
from lang2mlip.data import table
from lang2mlip.errors import UnknownName

__all__ = ["Group", "System", "Truth", "family_settings", "plan_of", "system", "systems", "task_of"]

_LATER_SEEDS = 500_000
"""Added to a seed for the structures of the truth, so that no arm starts from one of them."""


class Group(Noun):
    """A group of structures: one builder, and what each structure changes of its parameters."""

    builder: str
    parameters: dict[str, Json] = Field(default_factory=dict)
    train: tuple[dict[str, Json], ...] = Field(
        min_length=1, description="one structure each; the first is the plainest"
    )
    validation: dict[str, Json] = Field(default_factory=dict)
    truth: tuple[dict[str, Json], ...] = Field(min_length=1, description="starts of the truth's own trajectories")
    hot: bool = Field(default=False, description="lives at the hot end only: no trajectory below the mean temperature")
    pressure: bool = Field(default=True, description="some of its trajectories are at constant pressure")


class Truth(Noun):
    """How the pool and the test set are made: MD of the reference from starts of their own."""

    walks: int = Field(ge=4, description="trajectories per group; every fourth is for the test set")
    steps: int = Field(ge=20, description="of each, after as many for coming to rest as make a quarter of it")
    frames: int = Field(ge=2, description="kept of each")
    strain: float = Field(default=0.04, ge=0, lt=0.2, description="largest strain of the cell where it is strained")


class System(Noun):
    """One system of the benchmark. Everything here is fixed before any arm runs."""

    name: str
    half: Literal["tuning", "held_out"] = Field(description="deciders may be tuned on the first half only")
    line: str
    source: str
    expensive: bool = Field(default=False, description="the reference takes most of the time")
    task: dict[str, Json] = Field(description="the fields of the task")
    groups: dict[str, Group] = Field(description="the last is disordered: no two of its structures are alike")
    truth: Truth
    fit: dict[str, Json] = Field(description="settings of the one standard fit, and of every fit in a run")
    opening: tuple[dict[str, Json], ...] = Field(description="the actions with which every loop begins")
    plain: dict[str, Json] = Field(description="explore of the one-shot arm, before it is filled up to the budget")
    round: dict[str, int] = Field(description="of the arms with equal rounds: steps of MD, labels")

    def key(self) -> str:
        """Changes whenever the truth or the floor would."""
        kept = self.model_dump(mode="json", include={"task", "groups", "truth", "fit"})
        kept["task"].pop("budget", None)
        for group in kept["groups"].values():
            group.pop("train"), group.pop("validation")
        return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:12]


def systems() -> dict[str, System]:
    """All systems by name, cheap ones first."""
    found = [check(System, {"name": key, **entry}, f"The system {key}") for key, entry in table("develop").items()]
    return {one.name: one for one in sorted(found, key=lambda one: (one.half != "tuning", one.expensive))}


def system(name: str) -> System:
    """One of them. Raises UnknownName."""
    known = systems()
    if name not in known:
        raise UnknownName.of("benchmark system", name, known)
    return known[name]


def family_settings(one: System) -> dict[str, Json]:
    """The settings of the standard fit."""
    return dict(one.fit)


def task_of(one: System, seed: int, floor: dict[str, float]) -> Task:
    """The task of a run: its goals are the floor itself, so that no arm may stop because it is good enough."""
    potential = {"family": one.task.get("family", "mtp"), "settings": family_settings(one)}
    goals = {
        "force_rmse_meV_A": floor["force_meV_A"],
        "force_relative": floor["worst_relative"],
        "energy_rmse_meV_atom": max(0.05, floor["energy_meV_atom"]),
        "stable_seeds": 1,
        "stable_steps": 200,
    }
    told = {key: value for key, value in one.task.items() if key != "family"}
    fields = {"prompt": one.line, "goal": one.line, "properties": [], **told, "potential": potential, "goals": goals,
              "seed": seed}  # fmt: skip
    return check(Task, fields, f"The task of {one.name}")


def plan_of(one: System, seed: int, simple: bool = False) -> Plan:
    """The structures of a run; `simple`: the plainest of each group alone."""
    requests: list[StructureRequest] = []
    for name, group in one.groups.items():
        for number, changes in enumerate(group.train[: 1 if simple else None], start=1):
            requests.append(_request(name, f"{name}-{number}", "train", group, changes, seed))
        requests.append(_request(name, f"{name}-validation", "validation", group, group.validation, seed))
    # No run ends without a frozen test set; one structure keeps that short, for it is the truth that scores.
    last, group = list(one.groups.items())[-1]
    requests.append(_request(last, f"{last}-test", "test", group, group.truth[-1], seed))
    return Plan(requests=tuple(requests))


def truth_plan(one: System) -> Plan:
    """Starts of the truth's trajectories: the seeds are no arm's."""
    return Plan(
        requests=tuple(
            _request(name, f"{name}-truth-{number}", "train", group, changes, _LATER_SEEDS)
            for name, group in one.groups.items()
            for number, changes in enumerate(group.truth, start=1)
        )
    )


def _request(
    group_name: str, label: str, role: Role, group: Group, changes: dict[str, Any], seed: int
) -> StructureRequest:
    own = int.from_bytes(hashlib.sha256(f"{seed}:{label}".encode()).digest()[:4], "big") % 2**31
    parameters = {**group.parameters, **changes}
    return StructureRequest(
        name=label, builder=group.builder, group=group_name, role=role, parameters=parameters, seed=own
    )
