"""Reading: what words say of a task and what they leave open, before anything is assumed."""

from __future__ import annotations

from pydantic import Field

from lang2mlip.contracts import Component, Noun
from lang2mlip.contracts.base import Json
from lang2mlip.contracts.task import Simulation
from lang2mlip.prepare.methods import Method

__all__ = ["Absent", "Choice", "Conflict", "Open", "Reading"]

Open = tuple[float | None, float | None]
"""A range of which either end may be open."""


class Choice(Noun):
    """A name or formula that may mean several entries of the data."""

    name: str = Field(description="name of the component")
    kind: str = Field(description="crystal: forms; molecule: isomers; formula: compositions")
    options: tuple[str, ...] = Field(description="keys or formulas; the first is the default")


class Conflict(Noun):
    """Something that contradicts itself or the data."""

    field: str = Field(description="what it is about, as a question names it")
    text: str


class Absent(Noun):
    """A reference method that was named and cannot be run here."""

    said: str
    instead: str = Field(description="what can be done, in words")


class Reading(Noun):
    """What a prompt says, and what it leaves open. Nothing is assumed here but what a named concept stands for."""

    prompt: str
    components: tuple[Component, ...]
    roles: dict[str, str] = Field(default_factory=dict, description="name of a component → what it does there")
    usual: tuple[str, ...] = Field(
        default=(), description="names of components that a concept brought and no words confirmed"
    )
    layout: tuple[str, ...] = Field(default=(), description="the layers as roles, from the bottom up")
    choices: tuple[Choice, ...] = ()
    concepts: tuple[str, ...] = Field(default=(), description="keys of data/concepts that were named")
    temperature_K: Open | None = None
    pressure_GPa: Open | None = None
    falling: str | None = Field(default=None, description="a temperature range written from high to low, as said")
    properties: tuple[str, ...] = ()
    simulations: tuple[Simulation, ...] = ()
    layers: tuple[str, ...] = Field(default=(), description="names of components from the bottom up")
    reference: Method | None = None
    absent: Absent | None = Field(default=None, description="a reference that was named and cannot be run here")
    settings: dict[str, Json] = Field(default_factory=dict, description="settings of the reference that were agreed")
    potential: str | None = Field(default=None, description="a potential family, part of the catalogue or not")
    files: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = Field(default=(), description="what contradicts itself or the data")
    notes: tuple[str, ...] = Field(default=(), description="remarks on how words were taken")
    not_understood: tuple[str, ...] = ()
    strangers: dict[str, str] = Field(
        default_factory=dict,
        description="words of those that stand where a substance must → the amount said of it",
    )
