"""The log: one closed union of events, in order, append-only. Everything else about a run can be rebuilt from it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from lang2mlip.contracts import Artefact, Cost, DataSet, Decision, Noun, Plan, Result, StructureRecord, Task

__all__ = [
    "Approved",
    "Created",
    "Decided",
    "Event",
    "Finished",
    "Imported",
    "Mended",
    "Prepared",
    "Remarked",
    "Revised",
    "Started",
    "decode",
    "encode",
]


class _Sealed(Noun):
    """An event with the checksums of the files that it speaks of."""

    artefacts: tuple[Artefact, ...] = Field(
        default=(), description="checksums of these files as they were then; none in runs of the first format"
    )


class Created(Noun):
    """A run begins."""

    tag: Literal["created"] = "created"
    task: Task
    versions: dict[str, str] = Field(default_factory=dict, description="package → version, at the start")
    command: str = Field(default="", description="the command line that began it")
    data: tuple[str, ...] = Field(default=(), description="files with labelled data that the person wants imported")


class Revised(Noun):
    """A person changed the task of a run that goes on."""

    tag: Literal["revised"] = "revised"
    task: Task


class Prepared(_Sealed):
    """The structures stand, or further ones were added."""

    tag: Literal["prepared"] = "prepared"
    structures: tuple[StructureRecord, ...]
    plan: Plan | None = Field(default=None, description="what they were built from")
    afresh: bool = Field(default=False, description="they take the place of all earlier ones")
    cost: Cost = Cost()
    remarks: tuple[str, ...] = ()


class Approved(Noun):
    """MD protocols were proven by dry runs and shown to the person."""

    tag: Literal["approved"] = "approved"
    protocols: dict[str, str] = Field(description="name → hash of protocols/NAME.yaml and its structures, as approved")
    refused: dict[str, str] = Field(default_factory=dict, description="the same of those left out, or that failed")
    by: str = Field(description="who approved: the person, or --yes")
    cost: Cost = Cost()


class Decided(Noun):
    """A decider chose."""

    tag: Literal["decided"] = "decided"
    step: int
    decision: Decision


class Started(Noun):
    """The job of a decision begins; without a Finished after it, a resumed run takes it up again."""

    tag: Literal["started"] = "started"
    step: int
    job: str = Field(description="job folder below the run folder")


class Finished(_Sealed):
    """The job of a decision ended, well or not."""

    tag: Literal["finished"] = "finished"
    step: int
    result: Result


class Imported(_Sealed):
    """Labelled data that a person brought; nothing is charged for them."""

    tag: Literal["imported"] = "imported"
    data: tuple[DataSet, ...]
    provenance: str = Field(description="where they came from, and what was checked")
    remarks: tuple[str, ...] = ()


class Remarked(Noun):
    """Something a reader of the report should know that is no result: a resume, a fallback, a lost worker."""

    tag: Literal["remarked"] = "remarked"
    text: str


class Mended(Noun):
    """A repair took away what was broken; it lies aside, and what it was is said here."""

    tag: Literal["mended"] = "mended"
    text: str
    lost: tuple[str, ...] = Field(default=(), description="files below the run folder that are no longer there")


Event = Annotated[
    Created | Revised | Prepared | Imported | Approved | Decided | Started | Finished | Remarked | Mended,
    Field(discriminator="tag"),
]

_ADAPTER: TypeAdapter[Event] = TypeAdapter(Event)


def encode(event: Event) -> str:
    """An event as JSON text."""
    return _ADAPTER.dump_json(event).decode()


def decode(text: str) -> Event:
    """JSON text as an event; raises pydantic's ValidationError when it is none."""
    return _ADAPTER.validate_json(text)
