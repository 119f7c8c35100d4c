"""gallery.html: every structure of a run to look at, in one file that needs no network.

One live viewer (browsers allow about sixteen) and a still picture of each structure. Time and size grow linearly with
the atoms in all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from pydantic import Field

from lang2mlip.contracts import Noun, StructureRecord
from lang2mlip.errors import RunFault
from lang2mlip.record.run import write_text
from lang2mlip.report.thumbnails import thumbnail
from lang2mlip.science.atoms.frames import read_frames
from lang2mlip.science.atoms.neighbours import Pairs, pairs
from lang2mlip.units import AMU_PER_A3_IN_G_PER_CM3

__all__ = ["Passage", "distances", "write_gallery"]

_HERE = Path(__file__).parent
_REACH_A, _BINS = 6.0, 60
_MOST_PAIRS = 6
_COLUMNS = (
    ("name", "Name"),
    ("group", "Group"),
    ("role", "Role"),
    ("class", "Class"),
    ("formula", "Formula"),
    ("gate", "Gate"),
    ("atoms", "Atoms"),
    ("density", "Density, g/cm³"),
    ("nearest", "Nearest, Å"),
    ("ratio", "of covalent sum"),
)
_NEAR = 1.6
"""The pair that is nearest for its size is looked for up to this times the covalent sum."""


class Passage(Noun):
    """How a structure came through the gate."""

    builds: int = Field(default=1, ge=1, description="builds until one stood; refusals and repeats of others included")
    mended: bool = Field(default=False, description="the gate refused it first, and the stand-in mended it")
    remarks: tuple[str, ...] = Field(default=(), description="what the gate remarked, a sentence each")

    @property
    def words(self) -> str:
        """In a few words, for a column."""
        late = f" at build {self.builds}" if self.builds > 1 else ""
        return f"passed{late}{', mended' if self.mended else ''}"


def write_gallery(
    records: Sequence[StructureRecord], run: Path, title: str, passages: Mapping[str, Passage] | None = None
) -> Path:
    """Write `run`/gallery.html and return its path; passages: name → how it came through the gate, where known.

    Raises RunFault when it cannot be written.
    """
    known = passages or {}
    entries = [
        _entry(record, read_frames(run / record.file)[0]) | _passed(known.get(record.request.name))
        for record in records
    ]
    try:
        return write_text(run / "gallery.html", _page(entries, title))
    except OSError as error:
        reason = error.strerror or str(error)
        raise RunFault(f"The gallery cannot be written to {run}: {reason}. Free or choose another place.") from error


def _page(entries: list[dict[str, Any]], title: str) -> str:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # `<` is escaped, so that no word of a person or a file can end the script.
    data = json.dumps(entries, separators=(",", ":")).replace("<", "\\u003c")
    return environment.get_template("gallery.html.j2").render(
        title=title,
        columns=_COLUMNS,
        entries=entries,
        groups=list(dict.fromkeys(entry["group"] for entry in entries)),
        helped=sum(entry["helped"] for entry in entries),
        data=Markup(data),
        style=Markup((_HERE / "templates" / "gallery.css").read_text()),
        script=Markup((_HERE / "templates" / "gallery.js").read_text()),
        viewer=Markup((_HERE / "vendor" / "3Dmol-min.js").read_text().replace("</script", "<\\/script")),
    )


def _passed(passage: Passage | None) -> dict[str, Any]:
    """What the page says of the gate; a run of an earlier version does not know."""
    if passage is None:
        return {"gate": "not recorded", "helped": False, "remarks": []}
    helped = passage.mended or passage.builds > 1
    return {"gate": passage.words, "helped": helped, "remarks": list(passage.remarks)}


def _entry(record: StructureRecord, atoms: Atoms) -> dict[str, Any]:
    """All that the page says of one structure; lengths in Å, density in g/cm³."""
    request = record.request
    wrapped = Atoms(atoms)
    radii = covalent_radii[atoms.numbers]
    found = pairs(atoms, max(_REACH_A, 2 * _NEAR * float(radii.max())))
    nearest, ratio, pair = _closest(atoms, found)
    whole = bool(atoms.pbc.all())
    return {
        "name": request.name,
        "group": request.group,
        "role": request.role,
        "class": request.builder,
        "formula": record.formula,
        "atoms": len(atoms),
        "line": record.line,
        "density": round(float(atoms.get_masses().sum() / atoms.get_volume()) * AMU_PER_A3_IN_G_PER_CM3, 3)
        if whole
        else None,
        "nearest": nearest,
        "ratio": ratio,
        "pair": pair,
        "seed": request.seed,
        "how": json.dumps(request.parameters, ensure_ascii=False, default=str),
        "symbols": atoms.get_chemical_symbols(),
        "positions": np.round(wrapped.positions, 2).ravel().tolist(),
        "cell": np.round(atoms.cell.array, 3).tolist() if atoms.pbc.any() else None,
        "periodic": whole,
        "rdf": _distances(atoms, found),
        "picture": thumbnail(atoms),
    }


def _closest(atoms: Atoms, found: Pairs) -> tuple[float | None, float | None, str]:
    """The pair that is nearest for its size: its distance, Å, that over the covalent sum, and its elements."""
    radii = covalent_radii[atoms.numbers]
    ratio = found.distance_A / (radii[found.i] + radii[found.j])
    if not (ratio < _NEAR).any():
        return None, None, ""
    worst = int(np.argmin(ratio))
    ends = (atoms.symbols[found.i[worst]], atoms.symbols[found.j[worst]])
    return round(float(found.distance_A[worst]), 3), round(float(ratio[worst]), 2), "–".join(sorted(ends))


def distances(atoms: Atoms) -> dict[str, list[float]]:
    """g(r) of all pairs and of the commonest pairs of elements, in 60 bins to 6 Å.

    Not periodic in three directions: neighbours per atom and bin instead, for there is no density.
    """
    return _distances(atoms, pairs(atoms, _REACH_A))


def _distances(atoms: Atoms, found: Pairs) -> dict[str, list[float]]:
    """`distances` from a list of pairs that reaches at least as far."""
    first, second = np.concatenate([found.i, found.j]), np.concatenate([found.j, found.i])
    lengths = np.tile(found.distance_A, 2)
    symbols = np.array(atoms.get_chemical_symbols())
    edges = np.linspace(0, _REACH_A, _BINS + 1)
    shell = 4 / 3 * np.pi * np.diff(edges**3) / atoms.get_volume() if atoms.pbc.all() else None
    curves = {"all": _curve(np.histogram(lengths, edges)[0], len(atoms), len(atoms), shell)}
    many = {kind: int((symbols == kind).sum()) for kind in sorted(set(symbols))}
    kinds = sorted(many, key=lambda kind: -many[kind])
    couples = sorted(combinations_with_replacement(kinds, 2), key=lambda couple: -many[couple[0]] * many[couple[1]])
    for one, two in couples[:_MOST_PAIRS] if len(kinds) > 1 else []:
        counts = np.histogram(lengths[(symbols[first] == one) & (symbols[second] == two)], edges)[0]
        curves[f"{one}–{two}"] = _curve(counts, many[one], many[two], shell)
    return curves


def _curve(counts: np.ndarray, centres: int, others: int, shell: np.ndarray | None) -> list[float]:
    per_centre = counts / max(1, centres)
    curve = per_centre if shell is None else per_centre / (others * shell)
    return [round(float(value), 3) for value in curve]
