"""Systems that a few words stand for, from data/concepts: one schema, checked, so that a person can add their own.

An entry names substances with the roles they play. Roles let entries combine: a person's words, or another entry,
take the place of what this one has for a role (`prepare/folding.py`).
"""

from __future__ import annotations

from functools import cache
from typing import Literal

from pydantic import Field, model_validator

from lang2mlip.contracts import Noun, Phase, check
from lang2mlip.contracts.task import PropertyName, Simulation
from lang2mlip.data import table
from lang2mlip.errors import BadInput
from lang2mlip.prepare.amounts import parse_amount
from lang2mlip.prepare.substances import Substance, from_text
from lang2mlip.prepare.text import fold

__all__ = ["Concept", "Part", "concept", "named", "substance_of"]

JOIN = " + "

Kind = Literal[
    "interphase", "electrolyte", "electrode", "alloy", "oxide", "glass", "salt melt", "polymer", "catalyst",
    "semiconductor", "hydrate", "ionic crystal", "framework", "mineral", "layered material", "solution",
]  # fmt: skip


class Part(Noun):
    """One substance of a concept."""

    substance: str = Field(description="name or formula, as data/crystals or data/molecules have it; else give formula")
    role: str | None = Field(default=None, description="what it does there: anode, inorganic layer, solvent, salt, …")
    phases: tuple[Phase, ...] = Field(min_length=1)
    facets: tuple[tuple[int, ...], ...] = Field(default=(), description="Miller indices, three or four")
    amount: str | None = Field(default=None, description="as in a task: 1 mol/L, 1 part by mole, 30 wt%")
    formula: str | None = Field(default=None, description="of a substance that the other tables lack")
    smiles: str | None = Field(default=None, description="of a molecule that the other tables lack")


def _sound_amount(text: str | None) -> None:
    try:
        if text is not None:
            parse_amount(text)
    except BadInput as error:
        raise ValueError(str(error)) from error


class Concept(Noun):
    """One entry of data/concepts."""

    names: tuple[str, ...] = Field(min_length=1, description="what people call it; entries may share a name")
    kind: Kind = Field(description="what sort of system; of two entries of one sort the later named counts")
    components: tuple[Part, ...] = Field(min_length=1)
    layers: tuple[str, ...] = Field(
        default=(), description="roles from the bottom up; ' + ' joins roles that share a layer"
    )
    temperature_K: tuple[float, float] | None = Field(default=None, description="usual range of use, K")
    properties: tuple[PropertyName, ...] = Field(default=(), description="what it is usually studied for")
    simulations: tuple[Simulation, ...] = Field(default=(), description="MD protocols that it usually needs")
    note: str = Field(default="", description="what an expert would remark on this description")
    source: str = Field(min_length=4, description="citation")

    @model_validator(mode="after")
    def _sound(self) -> Concept:
        places = {role for layer in self.layers for role in layer.split(JOIN)}
        # A place may stay empty until the person fills it, but every component of a layered system needs one.
        lost = [part.substance for part in self.components if self.layers and part.role not in places]
        if lost:
            raise ValueError(f"the roles of {', '.join(lost)} stand in no layer")
        for part in self.components:
            _sound_amount(part.amount)
        return self


@cache
def concept(key: str) -> Concept:
    """The entry called `key`, checked. Raises BadInput that names the entry, the key and what is allowed."""
    return check(Concept, table("concepts")[key], f"data/concepts, entry {key!r}")


def named(text: str) -> list[str]:
    """Keys of the entries that go by this name, in their order."""
    wanted = fold(text)
    return [key for key, entry in table("concepts").items() if wanted in [fold(name) for name in entry["names"]]]


def substance_of(key: str, part: Part) -> Substance:
    """The substance of a part. Raises BadInput where no table has it."""
    found = from_text(part.substance, part.model_dump(exclude_none=True))
    if found is None:
        raise BadInput(f"The concept {key!r} names {part.substance!r}, which no data table has; give it a formula.")
    return found
