"""A model on disk: `potential.mtp` (what other MTP codes read), `extras.json` and `active.npz`. Nothing is pickled."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase.data import atomic_numbers

from lang2mlip.errors import BadInput
from lang2mlip.science.trainers.mtp.core import Core
from lang2mlip.science.trainers.mtp.engine import Engine
from lang2mlip.science.trainers.mtp.potential import Potential, read_potential, write_potential

__all__ = ["Model", "load_model", "save_model"]

_EXPORT_NOTE = (
    "potential.mtp holds the moment tensor potential alone. Below core_start_A (a little less than each pair's least "
    "trained distance) this model also levels its radial functions off and adds a repulsive core. A code that "
    "reads only the .mtp file agrees with this model wherever all pairs are farther apart than that."
)


@dataclass(frozen=True)
class Model:
    """Everything a model folder holds."""

    potential: Potential
    species: tuple[str, ...]
    core: Core
    active: tuple[np.ndarray, ...]
    """Inverse active sets, one for each species of the centre atom."""
    settings: dict[str, object]

    def engine(self) -> Engine:
        """The model ready to run."""
        return Engine(self.potential, self.species, self.core)


def save_model(model: Model, folder: Path) -> None:
    """Write a model's files into `folder`, which is made when it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    write_potential(model.potential, folder / "potential.mtp", "-".join(model.species))
    extras = {
        "family": "mtp",
        "elements": list(model.species),
        "level": model.potential.basis.level,
        "core_start_A": model.core.start.tolist(),
        "core_wall_eV_A3": model.core.wall.tolist(),
        "isolated_atom_eV": dict(zip(model.species, model.potential.shift.tolist(), strict=True)),
        "settings": model.settings,
        "export": _EXPORT_NOTE,
    }
    (folder / "extras.json").write_text(json.dumps(extras, indent=1) + "\n", encoding="utf-8")
    np.savez(folder / "active.npz", allow_pickle=False, **{f"species_{k}": a for k, a in enumerate(model.active)})


def load_model(folder: Path) -> Model:
    """The model in `folder`. Raises BadInput when a file is missing or damaged."""
    potential = read_potential(folder / "potential.mtp")
    try:
        extras = json.loads((folder / "extras.json").read_text(encoding="utf-8"))
        species = tuple(str(symbol) for symbol in extras["elements"])
        core = Core(_square(extras["core_start_A"]), _square(extras["core_wall_eV_A3"]), _numbers(species))
        with np.load(folder / "active.npz", allow_pickle=False) as file:
            active = tuple(file[f"species_{k}"] for k in range(len(species)))
        return Model(potential, species, core, active, dict(extras["settings"]))
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise BadInput(f"The model folder {folder} cannot be read ({error}); train the potential again.") from error


def _square(values: object) -> np.ndarray:
    return np.array(values, dtype=float).reshape(len(values), -1)  # type: ignore[arg-type]


def _numbers(species: Sequence[str]) -> np.ndarray:
    return np.array([atomic_numbers[symbol] for symbol in species], dtype=float)
