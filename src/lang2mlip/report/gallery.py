"""gallery.html: every structure of a run to look at, in one file that needs no network.

One live viewer (browsers allow about sixteen) and a still picture of each structure. Time and size grow linearly with
the atoms in all.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from ase.neighborlist import neighbor_list
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from lang2mlip.contracts import StructureRecord
from lang2mlip.errors import RunFault
from lang2mlip.record.run import write_text
from lang2mlip.report.thumbnails import thumbnail
from lang2mlip.science.atoms.frames import read_frames
from lang2mlip.units import AMU_PER_A3_IN_G_PER_CM3

__all__ = ["distances", "write_gallery"]

_HERE = Path(__file__).parent
_REACH_A, _BINS = 6.0, 60
_MOST_PAIRS = 6


def write_gallery(records: Sequence[StructureRecord], run: Path, title: str) -> Path:
    """Write `run`/gallery.html and return its path. Raises RunFault when it cannot be written."""
    entries = [_entry(record, read_frames(run / record.file)[0]) for record in records]
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
        entries=entries,
        groups=list(dict.fromkeys(entry["group"] for entry in entries)),
        data=Markup(data),
        style=Markup((_HERE / "templates" / "gallery.css").read_text()),
        script=Markup((_HERE / "templates" / "gallery.js").read_text()),
        viewer=Markup((_HERE / "vendor" / "3Dmol-min.js").read_text().replace("</script", "<\\/script")),
    )


def _entry(record: StructureRecord, atoms: Atoms) -> dict[str, Any]:
    """All that the page says of one structure; lengths in Å, density in g/cm³."""
    request = record.request
    wrapped = Atoms(atoms)
    nearest, ratio, pair = _closest(atoms)
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
        "rdf": distances(atoms),
        "picture": thumbnail(atoms),
    }


def _closest(atoms: Atoms) -> tuple[float | None, float | None, str]:
    """The pair that is nearest for its size: its distance, Å, that over the covalent sum, and its elements."""
    i, j, d = neighbor_list("ijd", atoms, 1.6 * covalent_radii[atoms.numbers])
    if not len(d):
        return None, None, ""
    ratio = d / (covalent_radii[atoms.numbers[i]] + covalent_radii[atoms.numbers[j]])
    worst = int(np.argmin(ratio))
    pair = "–".join(sorted((atoms.symbols[i[worst]], atoms.symbols[j[worst]])))
    return round(float(d[worst]), 3), round(float(ratio[worst]), 2), pair


def distances(atoms: Atoms) -> dict[str, list[float]]:
    """g(r) of all pairs and of the commonest pairs of elements, in 60 bins to 6 Å.

    Not periodic in three directions: neighbours per atom and bin instead, for there is no density.
    """
    i, j, d = neighbor_list("ijd", atoms, _REACH_A)
    symbols = np.array(atoms.get_chemical_symbols())
    edges = np.linspace(0, _REACH_A, _BINS + 1)
    shell = 4 / 3 * np.pi * np.diff(edges**3) / atoms.get_volume() if atoms.pbc.all() else None
    found = {"all": _curve(np.histogram(d, edges)[0], len(atoms), len(atoms), shell)}
    kinds = sorted(set(symbols), key=lambda kind: -int((symbols == kind).sum()))
    pairs = sorted(
        combinations_with_replacement(kinds, 2), key=lambda p: -int((symbols == p[0]).sum() * (symbols == p[1]).sum())
    )
    for one, two in pairs[:_MOST_PAIRS] if len(kinds) > 1 else []:
        chosen = (symbols[i] == one) & (symbols[j] == two)
        counts = np.histogram(d[chosen], edges)[0]
        found[f"{one}–{two}"] = _curve(counts, int((symbols == one).sum()), int((symbols == two).sum()), shell)
    return found


def _curve(counts: np.ndarray, centres: int, others: int, shell: np.ndarray | None) -> list[float]:
    per_centre = counts / max(1, centres)
    curve = per_centre if shell is None else per_centre / (others * shell)
    return [round(float(value), 3) for value in curve]
