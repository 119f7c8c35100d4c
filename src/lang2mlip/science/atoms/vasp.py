"""Labelled frames out of VASP's OUTCAR and vasprun.xml, with the settings that make labels comparable."""

from __future__ import annotations

import re
import sys
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
    told = _XML(file)
    short = [i for i, cycles in enumerate(told.cycles[: len(frames)]) if cycles >= told.most_cycles]
    remarks = [_ENERGY, *told.remarks]
    remarks += [
        f"step {i + 1} was left out: its electrons did not converge in NELM = {told.most_cycles}" for i in short
    ]
    return Raw([atoms for i, atoms in enumerate(frames) if i not in set(short)], told.settings, remarks)


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


class _XML:
    """What a vasprun.xml tells besides its steps: settings, electronic cycles per step, and whether it was cut off."""

    def __init__(self, file: Path):
        own: dict[str, Any] = {}
        given: dict[str, Any] = {}
        self.remarks: list[str] = []
        self.cycles: list[int] = []
        try:
            for _, element in ElementTree.iterparse(file):
                if element.tag == "incar":
                    given.update(_items(element))
                elif element.tag == "parameters":
                    own.update(_items(element))
                elif element.tag == "array" and element.get("name") == "atomtypes":
                    own["potentials"] = [str(list(row)[-1].text).strip() for row in element.iter("rc")]
                elif element.tag == "calculation":
                    self.cycles.append(len(element.findall("scstep")))
        except ElementTree.ParseError as error:
            self.remarks.append(f"the file ends early (line {error.position[0]}); whole steps were kept")
        told = own | given
        self.most_cycles = int(told.get("NELM", sys.maxsize))
        self.settings = {key: value for key, value in told.items() if key in (*SETTINGS, "potentials") and value != ""}


def _items(element: ElementTree.Element) -> dict[str, Any]:
    return {str(item.get("name")): _value(item.text or "") for item in element.iter("i")}


def _value(text: str) -> Any:
    """A number where it is one; VASP's way of writing true and false; else the word."""
    word = text.strip()
    if word in (".TRUE.", "T", ".FALSE.", "F"):
        return word in (".TRUE.", "T")
    try:
        return float(word)
    except ValueError:
        return word
