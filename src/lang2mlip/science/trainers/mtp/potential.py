"""The parameters of a moment tensor potential, and the `.mtp` file they are kept in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lang2mlip.errors import BadInput
from lang2mlip.science.trainers.mtp.basis import MomentBasis, moment_basis

__all__ = ["Potential", "read_potential", "write_potential"]


@dataclass(frozen=True)
class Potential:
    """E_i = shift[z_i] + sum_k linear[k] B_k(neighbours of i); radial functions are Chebyshev sums times (R - r)^2."""

    basis: MomentBasis
    min_distance: float
    """Where the Chebyshev argument is -1, Å."""
    cutoff: float
    """Where it is +1 and every function ends, Å."""
    radial: np.ndarray
    """(n_species, n_species, n_radial, radial_size): Chebyshev coefficients for centre and neighbour species."""
    linear: np.ndarray
    """(n_scalars,): coefficients of the basis functions, eV."""
    shift: np.ndarray
    """(n_species,): energy of an isolated atom of each species, eV."""
    scaling: float = 1.0

    @property
    def n_species(self) -> int:
        """Number of species."""
        return int(self.radial.shape[0])

    @property
    def n_parameters(self) -> int:
        """Number of fitted parameters."""
        return int(self.radial.size + self.linear.size + self.shift.size)

    def with_parameters(self, linear: np.ndarray, shift: np.ndarray, radial: np.ndarray) -> Potential:
        """The same form with other parameters."""
        return replace(self, linear=linear, shift=shift, radial=radial)


def write_potential(potential: Potential, path: Path, name: str) -> None:
    """Write the legacy `.mtp` text that the MLIP packages and motep read (17 digits: nothing is lost)."""
    basis = potential.basis
    lines = [
        "MTP",
        "version = 1.1.0",
        f"potential_name = {name}",
        f"scaling = {potential.scaling:.16e}",
        f"species_count = {potential.n_species}",
        "potential_tag = ",
        "radial_basis_type = RBChebyshev",
        f"\tmin_dist = {potential.min_distance:.16e}",
        f"\tmax_dist = {potential.cutoff:.16e}",
        f"\tradial_basis_size = {potential.radial.shape[3]}",
        f"\tradial_funcs_count = {potential.radial.shape[2]}",
        "\tradial_coeffs",
        *_radial_lines(potential.radial),
        f"alpha_moments_count = {basis.n_moments}",
        f"alpha_index_basic_count = {len(basis.basic)}",
        f"alpha_index_basic = {_braces(basis.basic)}",
        f"alpha_index_times_count = {len(basis.times)}",
        f"alpha_index_times = {_braces(basis.times)}",
        f"alpha_scalar_moments = {len(basis.mapping)}",
        f"alpha_moment_mapping = {_braces(basis.mapping)}",
        f"species_coeffs = {_braces(potential.shift)}",
        f"moment_coeffs = {_braces(potential.linear)}",
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _radial_lines(radial: np.ndarray) -> list[str]:
    lines = []
    for centre, row in enumerate(radial):
        for neighbour, functions in enumerate(row):
            lines.append(f"\t\t{centre}-{neighbour}")
            lines += [f"\t\t\t{_braces(coefficients)}" for coefficients in functions]
    return lines


def _braces(values: np.ndarray) -> str:
    if values.ndim == 2:
        return "{" + ", ".join(_braces(row) for row in values) + "}"
    if values.dtype.kind == "i":
        return "{" + ", ".join(str(value) for value in values) + "}"
    return "{" + ", ".join(f"{value:.16e}" for value in values) + "}"


def read_potential(path: Path) -> Potential:
    """The potential in a `.mtp` file. Raises BadInput when the file is missing, damaged or not a fitted MTP."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        keys = {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in lines) if value}
        return _parsed(keys, [line for line in lines if line.strip().startswith("{")])
    except (OSError, KeyError, ValueError) as error:
        raise BadInput(
            f"{path} is not a moment tensor potential that can be read ({error}); train it again."
        ) from error


def _parsed(keys: dict[str, str], radial_lines: list[str]) -> Potential:
    n_species, n_radial = int(keys["species_count"]), int(keys["radial_funcs_count"])
    size = int(keys["radial_basis_size"])
    if keys["radial_basis_type"] != "RBChebyshev":
        raise ValueError(f"radial basis {keys['radial_basis_type']}, only RBChebyshev is known")
    radial = np.array([_numbers(line) for line in radial_lines]).reshape(n_species, n_species, n_radial, size)
    basis = MomentBasis(
        _level_of(int(keys["alpha_scalar_moments"])),
        _numbers(keys["alpha_index_basic"]).astype(np.int32).reshape(-1, 4),
        _numbers(keys["alpha_index_times"]).astype(np.int32).reshape(-1, 4),
        _numbers(keys["alpha_moment_mapping"]).astype(np.int32),
    )
    linear, shift = _numbers(keys["moment_coeffs"]), _numbers(keys["species_coeffs"])
    return Potential(
        basis, float(keys["min_dist"]), float(keys["max_dist"]), radial, linear, shift, float(keys["scaling"])
    )


def _level_of(n_scalars: int) -> int:
    """The level with that many scalars, 0 when no level has."""
    return next((level for level in range(2, 23, 2) if len(moment_basis(level).mapping) >= n_scalars), 0)


def _numbers(text: str) -> np.ndarray:
    return np.array([float(word) for word in text.replace("{", " ").replace("}", " ").replace(",", " ").split()])
