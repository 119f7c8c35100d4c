"""CHGNet, a universal potential with its weights inside the package."""

from __future__ import annotations

import contextlib
import io
import warnings
from typing import Any, Literal

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import Calculator
from ase.data import chemical_symbols
from ase.stress import full_3x3_to_voigt_6_stress
from pydantic import Field

from lang2mlip.contracts import Noun
from lang2mlip.errors import LabelFailed
from lang2mlip.science.reference.calculator import Computed, boxed, stress_share
from lang2mlip.science.reference.method import Method
from lang2mlip.science.reference.selftest import Tolerances

__all__ = ["CHGNetReference", "CrystalGraph"]

VACUUM_A = 15.0
"""Between a slab and its image; the graph reaches 6 Å."""

LAST_ELEMENT = 94
"""The last atomic number of its embedding."""


class CHGNetReference(Method):
    """CHGNet (Deng et al. 2023): energies, forces and stresses of periodic crystals at the PBE/PBE+U level."""

    TEXT = "weights"
    TOLERANCES = Tolerances(step_A=1e-2, strain=1e-2, force_eV_A=2e-2, stress_eV_A3=2e-3, invariance_eV_atom=2e-5)

    class Settings(Noun):
        """Settings of CHGNet."""

        weights: Literal["0.3.0", "0.2.0", "r2scan"] = Field(
            default="0.3.0", description="which of the bundled weights: 0.3.0 and 0.2.0 (PBE/PBE+U), r2scan"
        )
        device: Literal["cpu", "cuda"] = Field(default="cpu", description="where it runs")

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def elements(self) -> frozenset[str]:
        """Every element up to the last of the embedding; rare gases and the heaviest had little data or none."""
        return frozenset(chemical_symbols[1 : LAST_ELEMENT + 1])

    def packages(self) -> tuple[str, ...]:
        """The weights come with the package."""
        return ("chgnet",)

    def calculator(self) -> Calculator:
        """A fresh calculator: energy (eV), forces (eV/Å), stress (eV/Å³); periodic cells only."""
        return CrystalGraph(self.settings)


class CrystalGraph(Computed):
    """CHGNet's prediction in single precision, handed on in double."""

    def __init__(self, settings: CHGNetReference.Settings) -> None:
        super().__init__(("energy", "free_energy", "forces", "stress", "magmoms"))
        self._settings = settings
        self._model: Any = None

    def compute(self, atoms: Atoms, changes: list[str]) -> dict[str, Any]:
        """Raises LabelFailed for a structure that is not periodic at all; a slab gets a vacuum."""
        if not atoms.pbc.any():
            raise LabelFailed(f"CHGNet treats periodic crystals only; {atoms.symbols} is not periodic.")
        system = boxed(atoms, VACUUM_A)
        if self._model is None:
            self._model = self._load()
        from pymatgen.io.ase import AseAtomsAdaptor

        try:
            graph = self._model.graph_converter(AseAtomsAdaptor.get_structure(system))
        except (ValueError, RuntimeError) as error:
            raise LabelFailed(f"CHGNet cannot treat {atoms.symbols}: {error}; leave the frame out.") from error
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of torch, about a scalar inside CHGNet
            found = self._model.predict_graph(graph.to(self._settings.device), task="efsm")
        energy = float(found["e"]) * (len(atoms) if self._model.is_intensive else 1)
        results: dict[str, Any] = {
            "energy": energy,
            "free_energy": energy,
            "forces": np.asarray(found["f"], dtype=np.float64),
            "magmoms": np.asarray(found["m"], dtype=np.float64),
        }
        if not (np.isfinite(energy) and np.isfinite(results["forces"]).all()):
            raise LabelFailed(f"CHGNet gave a value that is not finite for {atoms.symbols}; leave the frame out.")
        if atoms.cell.rank < 3:
            return results
        stress = full_3x3_to_voigt_6_stress(np.asarray(found["s"], dtype=np.float64) * units.GPa)
        hand = np.sign(np.linalg.det(system.cell.array))  # CHGNet divides by the signed volume
        return results | {"stress": hand * stress * stress_share(system, atoms)}

    def _load(self) -> Any:
        from chgnet.model.model import CHGNet

        with contextlib.redirect_stdout(io.StringIO()):
            model = CHGNet.load(
                model_name=self._settings.weights, use_device=self._settings.device, check_cuda_mem=False, verbose=False
            )
        model.graph_converter.set_isolated_atom_response("ignore")
        return model
