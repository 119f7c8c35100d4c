"""One thing that was seen in a script before its run."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from lang2mlip.contracts import Noun

__all__ = ["Remark", "faults"]


class Remark(Noun):
    """Something seen before the run."""

    kind: str = Field(
        description="refused | style | file | units | timestep | elements | masses | damping | integrator | data | box"
    )
    what: str
    line: int | None = Field(default=None, description="of the script, from 1")
    fatal: bool = True


def faults(remarks: Sequence[Remark]) -> list[Remark]:
    """Those with which nothing is run."""
    return [one for one in remarks if one.fatal]
