"""Structure files that the person named: each is a component, or the structure of the one component that is named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ase import Atoms

from lang2mlip.contracts import Component
from lang2mlip.errors import BadInput
from lang2mlip.prepare.text import Item

__all__ = ["from_files"]

_FULL = 1.01
"""Occupancies are rounded: a site holds no more than this."""


def from_files(components: list[Component], items: Sequence[Item]) -> tuple[list[Component], tuple[str, ...]]:
    """Components with the files named among `items`. Raises BadInput for one that is missing or cannot be read."""
    files = tuple(item.value for item in items if item.kind == "file")
    formulas = {file: _formula(file) for file in files}
    if len(files) == 1 and len(components) == 1:
        return [_joined(components[0], files[0], formulas[files[0]])], files
    own = [Component(name=Path(file).stem, formula=formulas[file], phases=(), file=file) for file in files]
    return components + own, files


def _joined(component: Component, file: str, formula: str) -> Component:
    from lang2mlip.prepare.formulas import parse_formula

    if set(parse_formula(formula) or ()) != set(parse_formula(component.formula) or ()):
        raise BadInput(
            f"The structure file {file!r} holds {formula}, but the words name {component.formula}; keep one."
        )
    return component.model_copy(update={"file": file, "formula": formula})


def _formula(path: str) -> str:
    from ase.io import read as read_file

    from lang2mlip.science.atoms.foreign import READ_FAULTS

    file = Path(path).expanduser()
    if not file.is_file():
        raise BadInput(f"The structure file {path!r} is not there; give its path from where you are.")
    try:
        atoms = read_file(file)
    except READ_FAULTS as error:
        told = str(error) or "it holds no structure"
        raise BadInput(f"The structure file {path!r} cannot be read: {told}.") from error
    return _with_shares(path, atoms)  # type: ignore[arg-type]


def _with_shares(path: str, atoms: Atoms) -> str:
    """The formula, in which a site that several elements share counts for each. Raises BadInput for more than full."""
    sites = {int(kind): shares for kind, shares in atoms.info.get("occupancy", {}).items()}
    kinds = atoms.arrays.get("spacegroup_kinds")
    if not sites or kinds is None:
        return str(atoms.get_chemical_formula(empirical=True))
    counts: dict[str, float] = {}
    for kind in kinds:
        if sum(sites[int(kind)].values()) > _FULL:
            told = ", ".join(f"{symbol} {share:g}" for symbol, share in sites[int(kind)].items())
            raise BadInput(f"A site of {path!r} is more than full ({told}); mend its occupancies.")
        for symbol, share in sites[int(kind)].items():
            counts[symbol] = counts.get(symbol, 0.0) + share
    if all(n.is_integer() for n in counts.values()):
        return str(atoms.get_chemical_formula(empirical=True))
    return "".join(f"{symbol}{n:.3f}".rstrip("0").rstrip(".") for symbol, n in counts.items())
