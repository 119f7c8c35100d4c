"""One structure of a plan: built, looked at by the gate, mended or built again with another seed where it fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ase import Atoms
from pydantic import Field

from lang2mlip.catalogue import load
from lang2mlip.contracts import Noun, StructureRequest, check
from lang2mlip.errors import BadInput, PartFailed, UnknownName
from lang2mlip.science.structures.assembly import Assembly
from lang2mlip.science.structures.gate import Expectations, GateReport, inspect
from lang2mlip.science.structures.intact import examine
from lang2mlip.science.structures.resting import mended

__all__ = ["TRIES", "Made", "make", "quick", "seeds"]

TRIES = 4
"""Builds of one structure, each with another seed, before it is given up."""

_PRIME = 104729

_QUICK = frozenset({"bulk", "surface", "cluster", "melt", "molecule", "other"})
"""Builders that need no time in the stand-in, unless their parameters ask for it."""

Settle = Callable[[Atoms], Atoms]


class Made(Noun):
    """How the building of one structure went."""

    seed: int
    attempt: int = Field(ge=0, description="builds before this one, duplicates and refusals")
    rebuilt: int = Field(default=0, ge=0, description="builds that the gate refused in this round")
    repaired: int = Field(default=0, ge=0, description="structures that the stand-in mended in this round")
    seconds: float = Field(default=0.0, ge=0)
    report: GateReport = GateReport()
    trouble: str | None = Field(default=None, description="why it was given up")


@dataclass(frozen=True)
class _Build:
    """What one seed gave."""

    atoms: Atoms
    assembly: Assembly | None
    report: GateReport


def seeds(first: int) -> Iterator[int]:
    """The seeds of the builds of one structure, one after the other."""
    return ((first + _PRIME * attempt) % 2**31 for attempt in range(TRIES))


def quick(request: StructureRequest) -> bool:
    """Built in no time: not worth a process of its own."""
    return request.builder in _QUICK and not request.parameters.get("equilibrate_ps")


def make(request: StructureRequest, attempt: int = 0, settle: Settle | None = None) -> tuple[Atoms | None, Made]:
    """A sound structure from build number `attempt` on, or None and the reason; `settle` relaxes before the gate looks.

    Raises UnknownName for what no seed can cure.
    """
    kind = load("structure", request.builder)
    builder = kind(check(kind.Parameters, request.parameters, f"structure {request.name}"))
    begun, refused, repaired, trouble = time.monotonic(), 0, 0, "it was never built"
    for number, seed in enumerate(seeds(request.seed)):
        if number < attempt:
            continue
        try:
            found, mends = _checked(builder, seed, settle)
        except UnknownName:
            raise
        except (BadInput, PartFailed) as error:
            trouble = str(error)
            continue
        repaired += mends
        if found.report.passed:
            told = {"rebuilt": refused, "repaired": repaired, "seconds": time.monotonic() - begun}
            return found.atoms, Made(seed=seed, attempt=number, report=found.report, **told)
        refused, trouble = refused + 1, "; ".join(found.report.failures)
    spent = time.monotonic() - begun
    return None, Made(seed=seed, attempt=TRIES, rebuilt=refused, repaired=repaired, seconds=spent, trouble=trouble)


def _checked(builder: object, seed: int, settle: Settle | None) -> tuple[_Build, int]:
    """What the seed gives, mended once where atoms are too near or molecules have suffered; 1 when that helped."""
    found = _built(builder, seed, settle)
    if found.report.passed or found.assembly is None or found.assembly.held.all():
        return found, 0
    try:
        again = mended(found.assembly, seed)
    except (BadInput, PartFailed):
        # What is wrong with the structure says more than why it could not be mended.
        return found, 0
    report = _gate(again.atoms, again, builder)
    return (_Build(again.atoms, again, report), 1) if report.passed else (found, 0)


def _built(builder: object, seed: int, settle: Settle | None) -> _Build:
    assembly: Assembly | None = builder.assemble(seed) if hasattr(builder, "assemble") else None
    atoms: Atoms = builder.build(seed) if assembly is None else assembly.atoms  # type: ignore[attr-defined]
    if settle is not None:
        atoms = settle(atoms)
        assembly = None if assembly is None else assembly.with_atoms(atoms)
    return _Build(atoms, assembly, _gate(atoms, assembly, builder))


def _gate(atoms: Atoms, assembly: Assembly | None, builder: object) -> GateReport:
    wanted: Expectations = builder.expectations()  # type: ignore[attr-defined]
    return inspect(atoms, wanted) if assembly is None else examine(assembly, wanted)
