"""Labelled frames out of VASP's OUTCAR and vasprun.xml, with the settings that make labels comparable."""

from __future__ import annotations

import re
import warnings
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

from ase import Atoms
from ase.io import ParseError
from ase.io import read as ase_read

from lang2mlip.errors import BadInput
from lang2mlip.science.atoms.xyz import Raw, attach

__all__ = ["read_outcar", "read_vasprun"]

SETTINGS = ("ENCUT", "GGA", "METAGGA", "ISPIN", "ISMEAR", "SIGMA", "PREC", "IVDW", "LHFCALC", "EDIFF", "LDAU")
"""What must agree before labels of two files may be mixed, by VASP's names."""

OUTCAR_SETTING = re.compile(r"^\s*(" + "|".join(SETTINGS) + r")\s*=\s*([^\s;]+)", re.MULTILINE)
OUTCAR_POTENTIAL = re.compile(r"^\s*TITEL\s*=\s*(.+?)\s*$", re.MULTILINE)
READ_ERRORS = (
    *(ParseError, ValueError, LookupError, OSError, AttributeError, TypeError),
    *(RuntimeError, StopIteration, SyntaxError, AssertionError),
)
"""Whatever ASE's readers stumble over: they were not written with damaged files in mind."""


def read_outcar(file: Path) -> Raw:
    """All ionic steps of an OUTCAR. Raises BadInput when none can be parsed."""
    frames = _frames(file, "vasp-out")
    text = file.read_text(errors="replace")
    settings: dict[str, Any] = {key: _value(value) for key, value in OUTCAR_SETTING.findall(text)}
    potentials = list(dict.fromkeys(OUTCAR_POTENTIAL.findall(text)))
    remarks = [_ENERGY]
    converged = text.count("aborting loop because EDIFF is reached")
    if "aborting loop" in text and converged < len(frames):
        remarks.append(
            f"{len(frames) - converged} of {len(frames)} steps did not reach EDIFF; their labels may be wrong"
        )
    return Raw(frames, settings | ({"potentials": potentials} if potentials else {}), remarks)


def read_vasprun(file: Path) -> Raw:
    """All ionic steps of a vasprun.xml; of a file that was cut off, those that are whole. Raises BadInput otherwise."""
    frames = _frames(file, "vasp-xml")
    settings, remarks = _xml_settings(file)
    return Raw(frames, settings, [_ENERGY, *remarks])


_ENERGY = "the free energy was taken, which VASP's forces belong to"


def _frames(file: Path, kind: str) -> list[Atoms]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = ase_read(file, index=":", format=kind)
    except READ_ERRORS as error:
        reason = f"{type(error).__name__}: {error!s:.160}"
        raise BadInput(
            f"{file} cannot be read as {'an OUTCAR' if kind == 'vasp-out' else 'a vasprun.xml'} ({reason})."
        ) from error
    return [_labelled(atoms) for atoms in ([found] if isinstance(found, Atoms) else found)]


def _labelled(atoms: Atoms) -> Atoms:
    results = atoms.calc.results if atoms.calc is not None else {}
    energy = results.get("free_energy", results.get("energy"))
    return attach(atoms, energy, results.get("forces"), results.get("stress"))


def _xml_settings(file: Path) -> tuple[dict[str, Any], list[str]]:
    """INCAR's settings over VASP's own, the potentials, and whether the file was cut off."""
    own: dict[str, Any] = {}
    given: dict[str, Any] = {}
    remarks: list[str] = []
    try:
        for _, element in ElementTree.iterparse(file):
            if element.tag in ("incar", "parameters"):
                found = {str(i.get("name")): _value(i.text or "") for i in element.iter("i")}
                target = given if element.tag == "incar" else own
                target.update({key: value for key, value in found.items() if key in SETTINGS and value != ""})
            if element.tag == "array" and element.get("name") == "atomtypes":
                rows = [[str(c.text).strip() for c in row.iter("c")] for row in element.iter("rc")]
                own["potentials"] = [row[-1] for row in rows if row]
    except ElementTree.ParseError as error:
        remarks.append(f"the file ends early (line {error.position[0]}); whole steps were kept")
    return own | given, remarks


def _value(text: str) -> Any:
    """A number where it is one; VASP's way of writing true and false; else the word."""
    word = text.strip()
    if word in (".TRUE.", "T", ".FALSE.", "F"):
        return word in (".TRUE.", "T")
    try:
        return float(word)
    except ValueError:
        return word
