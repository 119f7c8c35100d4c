"""StructureRequest → builder → StructureRecord."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from lang2mlip.contracts.base import Json, Noun, Seed

__all__ = ["Plan", "Role", "StructureRecord", "StructureRequest"]

Role = Literal["train", "validation", "test"]


class StructureRequest(Noun):
    """One structure to build: which builder, with what, for which group."""

    name: str = Field(description="unique within the plan, e.g. melt-2")
    builder: str = Field(description="structure class: bulk, amorphous, molecule, surface, cluster, …")
    group: str = Field(description="structural category of the task, e.g. bulk, surface-111, melt")
    role: Role = Field(
        description="train: may enter the data; validation: held out; test: frozen, never seen by a decision"
    )
    parameters: dict[str, Json] = Field(default_factory=dict, description="validated by the builder's own model")
    seed: Seed = 0
    line: str = Field(default="", description="one line for people")


class Plan(Noun):
    """All structures of a run. Saved as plan.yaml, which a person can edit."""

    requests: tuple[StructureRequest, ...]
    remarks: tuple[str, ...] = Field(default=(), description="what the plan leaves out and why, a sentence each")


class StructureRecord(Noun):
    """One structure that was built and passed the gate."""

    id: str = Field(description="content hash of the atoms")
    request: StructureRequest
    formula: str
    n_atoms: int = Field(ge=1)
    periodic: bool
    file: str = Field(description="path below the run folder")
    line: str = Field(description="one line for people")
