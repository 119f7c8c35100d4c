"""The deliverable: potential/ with the native files, a card, an example, and a checksum for each."""

from __future__ import annotations

import shutil
from pathlib import Path

from lang2mlip.act.base import Desk
from lang2mlip.act.following import hand_over
from lang2mlip.act.production import hand_over_production
from lang2mlip.contracts import Artefact, Evaluation, Model, Verdict
from lang2mlip.record.run import artefact, write_json, write_text

__all__ = ["deliver"]

_EXAMPLE = '''"""How to use this potential. Needs: pip install lang2mlip."""

from pathlib import Path

from ase.io import read

from lang2mlip import load_potential

here = Path(__file__).parent
atoms = read(here / "example.extxyz")
atoms.calc = load_potential(here)
print(f"{atoms.get_chemical_formula()}: {atoms.get_potential_energy() / len(atoms):.4f} eV/atom")
print(f"largest force: {abs(atoms.get_forces()).max():.4f} eV/Å")
'''


def deliver(desk: Desk, model: Model, evaluation: Evaluation, verdicts: tuple[Verdict, ...]) -> tuple[Artefact, ...]:
    """Write potential/, whole or not at all."""
    from lang2mlip.science.atoms.frames import read_frames, write_frames

    target, fresh = desk.run / "potential", desk.run / ".potential.new"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(desk.run / model.folder, fresh / "model")
    write_json(fresh / "potential.json", _facts(desk, model, evaluation, verdicts))
    write_text(fresh / "example.py", _EXAMPLE)
    record = desk.view.structures("train")[0]
    write_frames(fresh / "example.extxyz", read_frames(desk.run / record.file)[-1:])
    hand_over(desk, fresh / "protocols")
    hand_over_production(desk, fresh / "production")
    shutil.rmtree(target, ignore_errors=True)
    fresh.replace(target)
    return tuple(artefact(desk.run, file) for file in sorted(_files(target)))


def _files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


def _facts(desk: Desk, model: Model, evaluation: Evaluation, verdicts: tuple[Verdict, ...]) -> dict[str, object]:
    task = desk.task
    return {
        "family": model.family,
        "model": model.id,
        "elements": task.elements,
        "temperature_K": task.temperature_K,
        "pressure_GPa": task.pressure_GPa,
        "reference": task.reference.model_dump(mode="json"),
        "settings": model.settings,
        "n_frames": model.n_frames,
        "errors_on_frozen_test": {name: each.model_dump() for name, each in evaluation.errors.items()},
        "verdicts": [verdict.model_dump() for verdict in verdicts],
        "versions": desk.view.created.versions,
        "prompt": task.prompt,
    }
