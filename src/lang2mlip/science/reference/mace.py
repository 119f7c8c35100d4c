"""A MACE model from a file: a foundation model, or one's own."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import warnings
from pathlib import Path
from typing import Any, Literal

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols
from ase.stress import full_3x3_to_voigt_6_stress
from pydantic import Field

from lang2mlip.contracts import Json, Noun
from lang2mlip.errors import BadInput, LabelFailed, UnsupportedElement
from lang2mlip.science.atoms.torchfile import refuse_programs
from lang2mlip.science.reference.calculator import Computed, boxed, stress_share
from lang2mlip.science.reference.method import Method, own_file
from lang2mlip.science.reference.selftest import Tolerances

__all__ = ["MACEReference", "MessagePassing"]


class MACEReference(Method):
    """A MACE model as training writes it (a pickled torch module)."""

    TEXT = "file"
    TOLERANCES = Tolerances(force_eV_A=2e-3, stress_eV_A3=2e-4)

    class Settings(Noun):
        """Settings of a MACE model file."""

        file: str = Field(
            description="path of a .model file, as MACE writes it; one that would run programs is refused"
        )
        head: str | None = Field(default=None, description="which head of a multi-head model; None: its default")
        precision: Literal["float64", "float32"] = Field(default="float64", description="arithmetic of the model")
        device: Literal["cpu", "cuda"] = Field(default="cpu", description="where it runs")

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._file = Path(settings.file).expanduser()
        if not self._file.is_file():
            raise BadInput(f"There is no MACE model file {settings.file!r}; give the path of a .model file.")

    @classmethod
    def from_text(cls, text: str) -> dict[str, Json]:
        """The file, as an absolute path."""
        return {"file": own_file(text)}

    def elements(self) -> frozenset[str]:
        """The elements that the model was trained on."""
        numbers = self.calculator().inner().z_table.zs
        return frozenset(chemical_symbols[int(number)] for number in numbers)

    def files(self) -> tuple[Path, ...]:
        """The model file."""
        return (self._file,)

    def packages(self) -> tuple[str, ...]:
        """mace-torch computes the numbers."""
        return ("mace-torch",)

    def calculator(self) -> MessagePassing:
        """A fresh calculator: energy (eV), forces (eV/Å), stress (eV/Å³)."""
        return MessagePassing(self._file, self.settings)


class MessagePassing(Computed):
    """MACE's own calculator, loaded on the first call."""

    def __init__(self, file: Path, settings: MACEReference.Settings) -> None:
        super().__init__(("energy", "free_energy", "energies", "forces", "stress"))
        self._file, self._settings = file, settings
        self._inner: Any = None

    def compute(self, atoms: Atoms, changes: list[str]) -> dict[str, Any]:
        """Raises UnsupportedElement for an element that the model does not know."""
        inner = self.inner()
        strange = sorted({chemical_symbols[z] for z in atoms.numbers} - {chemical_symbols[z] for z in inner.z_table.zs})
        if strange:
            raise UnsupportedElement(f"The MACE model {self._file.name} was not trained on {', '.join(strange)}.")
        system = boxed(atoms, inner.r_max + 5.0) if atoms.pbc.any() else atoms
        inner.calculate(system, ["energy", "forces"], changes)
        found = inner.results
        results: dict[str, Any] = {name: float(found["energy"]) for name in ("energy", "free_energy")}
        results["forces"] = np.asarray(found["forces"], dtype=np.float64)
        if not (np.isfinite(results["energy"]) and np.isfinite(results["forces"]).all()):
            raise LabelFailed(f"{self._file.name} gave a value that is not finite for {atoms.symbols}; leave it out.")
        if "node_energy" in found:
            results["energies"] = np.asarray(found["node_energy"], dtype=np.float64)
        if atoms.cell.rank < 3 or not atoms.pbc.any():
            return results
        stress = np.asarray(found["stress"], dtype=np.float64)
        voigt = full_3x3_to_voigt_6_stress(stress) if stress.shape == (3, 3) else stress
        return results | {"stress": voigt * stress_share(system, atoms)}

    def inner(self) -> Any:
        """MACE's calculator. Raises BadInput when the file is no MACE model."""
        if self._inner is None:
            refuse_programs(self._file)
            self._inner = _load(self._file, self._settings)
        return self._inner


def _load(file: Path, settings: MACEReference.Settings) -> Any:
    """Import MACE without its side effects, and open the file."""
    import torch

    torch.serialization.add_safe_globals([slice])  # e3nn 0.4 pickles one
    guard, level = os.environ.get("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"), logging.getLogger().level
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            from mace.calculators import MACECalculator

            os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"  # mace needs it; taken back below
            logging.disable(logging.WARNING)
            extra: dict[str, Any] = {"head": settings.head} if settings.head else {}
            return MACECalculator(
                model_paths=str(file), device=settings.device, default_dtype=settings.precision, **extra
            )
    except (RuntimeError, ValueError, AttributeError, ModuleNotFoundError) as error:
        raise BadInput(f"{file} cannot be opened as a MACE model: {error}") from error
    finally:
        logging.disable(logging.NOTSET)
        logging.getLogger().setLevel(level)
        os.environ.pop("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", None)
        if guard is not None:
            os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = guard
