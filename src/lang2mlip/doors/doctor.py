"""What works on this machine, proven by a tiny run of each part, each in a process of its own."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from rich.console import Console

from lang2mlip.catalogue import Part, parts
from lang2mlip.compute.local import Workers
from lang2mlip.compute.sandbox import active, described
from lang2mlip.contracts import Json
from lang2mlip.data import table
from lang2mlip.doors.terminal import open_console, paragraph
from lang2mlip.record.run import write_json
from lang2mlip.science.atoms.frames import write_frames
from lang2mlip.science.reference.spec import open_reference, parse

__all__ = ["examine", "try_part"]


def examine() -> int:
    """Try each part and print a line as soon as it is known; 0 when every installed part works."""
    console, broken = open_console(error=False), 0
    with tempfile.TemporaryDirectory() as place:
        for part in (part for kind in ("reference", "potential") for part in parts(kind)):
            word, line = try_part(part, Path(place))
            broken += word == "NO"
            _tell(console, f"{part.kind} {part.name}", word, line)
    level = active()
    _tell(console, "sandbox", "yes" if level not in (None, "none") else "not here", described())
    return 1 if broken else 0


def _tell(console: Console, name: str, word: str, line: str) -> None:
    paragraph(console, f"{name:<22}{word:<14}", line, style="red" if word == "NO" else "bold")


def try_part(part: Part, place: Path) -> tuple[str, str]:
    """`yes`, `NO`, `not here` or `needs a file`, and what was measured or how to get it."""
    if not part.installed:
        return "not here", part.install
    arguments = _reference(part) if part.kind == "reference" else _potential(part, place)
    if arguments is None:
        return "needs a file", f"try: lang2mlip run … --reference {part.name}:FILE"
    folder = place / f"{part.kind}-{part.name}"
    write_json(folder / "spec.json", {"function": f"lang2mlip.act.probe:{part.kind}", "arguments": arguments,
                                      "run": str(place)})  # fmt: skip
    workers = Workers((sys.executable, "-m", "lang2mlip.act", "serve"), count=1, tries=1)
    try:
        outcome = workers.run([folder])[0]
    finally:
        workers.close()
    if outcome.fault is not None:
        return "NO", outcome.fault
    found = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    return ("yes" if found["passed"] else "NO"), f"{found['line']}, {found['seconds']:.1f} s"


def _reference(part: Part) -> dict[str, Json] | None:
    """What to probe a reference with, from its entry in the table of references."""
    known = table("references").get(part.name, {}).get("probe")
    if known is None:
        return None
    spec = parse(known["spec"])
    return {
        "spec": spec.model_dump(mode="json"),
        "elements": known["elements"],
        "periodic": known.get("periodic", True),
    }


def _potential(part: Part, place: Path) -> dict[str, Json]:
    """A few labelled frames of a toy crystal."""
    file = place / "toy.extxyz"
    if not file.exists():
        known = table("references")["emt"]["probe"]
        calculator = open_reference(parse("emt")).calculator()
        rng, frames = np.random.default_rng(0), []
        for _ in range(8):
            atoms = bulk(known["elements"][0], cubic=True) * (2, 1, 1)
            atoms.set_cell(atoms.cell * rng.uniform(0.97, 1.03), scale_atoms=True)
            atoms.rattle(0.08, rng=rng)
            atoms.calc = calculator
            labels = {
                "energy": atoms.get_potential_energy(),
                "forces": atoms.get_forces(),
                "stress": atoms.get_stress(),
            }
            atoms.calc = SinglePointCalculator(atoms, **labels)
            atoms.info["group"] = "bulk"
            frames.append(atoms)
        write_frames(file, frames)
    return {"family": part.name, "frames": str(file)}
