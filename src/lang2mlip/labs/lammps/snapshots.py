"""Still pictures of a run: the atoms it began with, and those of its last frame."""

from __future__ import annotations

import base64
from pathlib import Path

from ase import Atoms

from lang2mlip.labs.lammps.system import System
from lang2mlip.labs.lammps.trajectory import TRAJECTORY, last_frame
from lang2mlip.report.thumbnails import thumbnail

__all__ = ["shown", "snapshots"]

_MOST = 20_000
"""Atoms beyond which a picture of a few hundred points shows nothing."""


def snapshots(folder: Path, system: System) -> dict[str, str]:
    """Name → picture as a data URL: `begin`, and `end` where the run left a trajectory; none of very many atoms."""
    if len(system.atoms) > _MOST:
        return {}
    last = last_frame(folder / TRAJECTORY, system.types, len(system.atoms))
    return {"begin": _picture(system.atoms)} | ({"end": _picture(last)} if last is not None else {})


def shown(pictures: dict[str, str], plots: Path) -> list[str]:
    """The pictures written to plots/NAME.png, as HTML for the report."""
    for name, picture in pictures.items():
        (plots / f"{name}.png").write_bytes(base64.b64decode(picture.partition(",")[2]))
    return [
        f'<figure><img src="{picture}" alt="the atoms at the {name}"><figcaption>{name}</figcaption></figure>'
        for name, picture in pictures.items()
    ]


def _picture(atoms: Atoms) -> str:
    """Inside the box, for positions of a trajectory are never wrapped."""
    inside = atoms.copy()
    inside.wrap()
    return thumbnail(inside)
