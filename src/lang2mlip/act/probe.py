"""A tiny run of one part, in a worker of its own: what the doctor believes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ase import Atoms

from lang2mlip.catalogue import load
from lang2mlip.contracts import Json, ReferenceSpec
from lang2mlip.contracts.parts import FitRequest, Progress
from lang2mlip.errors import PartFailed
from lang2mlip.science.atoms.frames import read_frames
from lang2mlip.science.evaluation.errors import frame_errors
from lang2mlip.science.reference.selftest import Tolerances, probe, self_test
from lang2mlip.science.reference.spec import open_reference

__all__ = ["potential", "reference"]

FIT_S = 20.0
"""A fit may take, where the family has a limit, s."""


def reference(arguments: dict[str, Json], folder: Path, progress: Progress) -> dict[str, Json]:
    """Self-test of a reference: force against energy, stress against strain. Arguments: spec, elements, periodic."""
    begun = time.perf_counter()
    part: Any = open_reference(ReferenceSpec(**arguments["spec"]))
    atoms = probe(arguments["elements"], arguments["periodic"])
    tolerances = getattr(part, "TOLERANCES", Tolerances())
    test = self_test(part.calculator(), atoms, tolerances)
    return {"passed": test.passed, "line": test.summary, "seconds": time.perf_counter() - begun}


def potential(arguments: dict[str, Json], folder: Path, progress: Progress) -> dict[str, Json]:
    """Fit a family to a few frames, and self-test the result. Arguments: family, frames (file)."""
    begun = time.perf_counter()
    frames: list[Atoms] = read_frames(Path(arguments["frames"]))
    trainer: Any = load("potential", arguments["family"])()
    elements = tuple(sorted({symbol for atoms in frames for symbol in atoms.get_chemical_symbols()}))
    settings = trainer.suggest(elements, len(frames), "quick")
    settings |= {"time_limit_s": FIT_S} if "time_limit_s" in settings else {}
    request = FitRequest(elements=elements, effort="quick", seed=0, settings=settings)
    report = trainer.fit(frames, request, folder / "model", progress)
    calculator = trainer.calculator(folder / "model")
    errors = frame_errors(frames, calculator)
    test = self_test(calculator, frames[-1], Tolerances(force_eV_A=5e-3, stress_eV_A3=5e-4))
    if not test.has_stress:
        raise PartFailed(f"{arguments['family']} gives no stress.")
    line = f"{report.n_parameters} parameters, {errors.force_rmse_meV_A:.0f} meV/Å on its data; {test.summary}"
    return {"passed": test.passed, "line": line, "seconds": time.perf_counter() - begun}
