"""Potentials of the NIST Interatomic Potentials Repository by their id, through its own package `potentials`.

L. M. Hale, Z. T. Trautt and C. A. Becker, Model. Simul. Mater. Sci. Eng. 26, 055003 (2018). What was got once is kept
in the library of that package (or in $LANG2MLIP_POTENTIALS), and needs no network again.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lang2mlip.errors import BadInput, NotInstalled, PartFailed
from lang2mlip.labs.lammps.potential import Potential

__all__ = ["published"]

_FOLDER = "LANG2MLIP_POTENTIALS"
_STYLE = "potential_LAMMPS"
_KIM = re.compile(r"(?:^|_)[SM][MO]_\d{12}_\d{3}$")
_WHERE = "NIST Interatomic Potentials Repository"


def published(name: str) -> Potential:
    """The potential with this id, its files in the library. Raises BadInput for an id that is not there, NotInstalled
    without the package, PartFailed where neither the library nor the network has it."""
    if _KIM.search(name):
        raise BadInput(f"{name} is a model of OpenKIM and none of the {_WHERE}: name it with --potential kim:{name}.")
    try:
        package = importlib.import_module("potentials")
    except ImportError as error:
        raise NotInstalled(f"The {_WHERE} needs its package; get it with: pip install 'lang2mlip[nist]'") from error
    library = _reached(lambda: package.Database(local=True, remote=False, localpath=os.environ.get(_FOLDER)))
    record = _record(library, name) or _remote(package, library, name)
    folder = Path(library.local_database.host) / _STYLE / record.id
    if any(not (folder / one.filename).is_file() for one in record.artifacts):
        _reached(lambda: record.download_files(pot_dir=str(folder)))
    return _potential(record, folder)


def _record(database: Any, name: str) -> Any | None:
    """Of one id; None where the database has it not."""
    remote = bool(database.remote)
    found = database.get_lammps_potentials(id=name, local=not remote, remote=remote)
    return found[0] if len(found) else None


def _remote(package: Any, library: Any, name: str) -> Any:
    """From the repository itself, and kept. Raises PartFailed without a network, BadInput for an unknown id."""
    distant = _reached(lambda: package.Database(local=False, remote=True))
    record = _reached(lambda: _record(distant, name))
    if record is None:
        raise BadInput(f"The {_WHERE} has no LAMMPS potential {name!r}; look its id up at https://potentials.nist.gov.")
    library.save_lammps_potential(record)
    return record


def _reached(ask: Callable[[], Any]) -> Any:
    """What the package answers. Raises PartFailed where the network does not: its errors are those of the system."""
    try:
        return ask()
    except OSError as error:
        raise PartFailed(
            f"The {_WHERE} cannot be reached ({type(error).__name__}); download the files elsewhere and name them with"
            " --potential FILE."
        ) from error


def _potential(record: Any, folder: Path) -> Potential:
    """The record as the lab takes it. Raises BadInput for one that recipes cannot run, PartFailed for lacking files."""
    elements = [record.elements(one)[0] for one in record.symbols]
    if record.atom_style != "atomic" or len(set(elements)) < len(elements):
        raise BadInput(
            f"{record.id} wants atom_style {record.atom_style} and {len(elements)} types of"
            f" {', '.join(sorted(set(elements)))}; the recipes give each element one, without charges."
        )
    files = tuple(folder / one.filename for one in record.artifacts)
    if lacking := [file.name for file in files if not file.is_file()]:
        raise PartFailed(f"{record.id} is published with {', '.join(lacking)}, which could not be downloaded.")
    record.pot_dir = ""
    told = record.pair_info(comments=False).replace("&\n", " ").splitlines()
    lines = tuple(" ".join(line.split()) for line in told if line.strip() and not line.startswith("mass"))
    status = record.status or "active"
    dois = ", ".join(f"doi:{one}" for one in record.dois or ())
    return Potential(
        record.id, f"named by the person; {_WHERE}, {record.potid}: {record.pair_style} for {', '.join(elements)}",
        dict(zip(elements, record.symbols, strict=True)), lines, files, record.units, all_types=True,
        source="; ".join(filter(None, (dois, record.poturl or record.url))),
        remarks=() if status == "active" else (f"{record.id} is {status}: its authors advise another.",),
    )  # fmt: skip
