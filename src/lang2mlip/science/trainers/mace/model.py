"""A MACE model as plain data: an architecture that JSON can hold and a table of weights; no pickle is executed.

`model.json` + `weights.pt` are what we read; `mace.model` is the whole object as MACE's own tools want it.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase.data import atomic_numbers, chemical_symbols

from lang2mlip.errors import BadInput, RunFault
from lang2mlip.science.atoms.torchfile import refuse_programs
from lang2mlip.science.atoms.zbl import REACH
from lang2mlip.science.trainers.mace.library import library
from lang2mlip.science.trainers.mace.settings import MACESettings

__all__ = ["build", "card", "design", "from_file", "load", "save", "size"]

IRREPS = ("hidden_irreps", "MLP_irreps", "edge_irreps")
BLOCKS = ("interaction_cls", "interaction_cls_first")


def design(settings: MACESettings, elements: Sequence[str], scale: float, neighbours: float) -> dict[str, Any]:
    """The architecture for a new model: `scale` is the rms force (eV/Å), `neighbours` the mean coordination.

    The first block has no self-connection and nothing has a bias, so a free atom has exactly its base energy.
    """
    hidden = [f"{settings.channels}x{order}{'e' if order % 2 == 0 else 'o'}" for order in range(settings.max_L + 1)]
    return {
        "r_max": settings.cutoff_A,
        "num_bessel": settings.radial_functions,
        "num_polynomial_cutoff": 5,
        "max_ell": settings.max_ell,
        "interaction_cls": "RealAgnosticResidualInteractionBlock",
        "interaction_cls_first": "RealAgnosticInteractionBlock",
        "num_interactions": settings.layers,
        "num_elements": len(elements),
        "hidden_irreps": " + ".join(hidden),
        "MLP_irreps": "16x0e",
        "atomic_energies": [0.0] * len(elements),
        "avg_num_neighbors": neighbours,
        "atomic_numbers": [atomic_numbers[element] for element in elements],
        "correlation": settings.correlation,
        "gate": "silu",
        "radial_MLP": [settings.radial_width] * 3,
        "radial_type": "bessel",
        "pair_repulsion": settings.repulsion,
        "atomic_inter_scale": scale,
        "atomic_inter_shift": 0.0,
    }


def build(architecture: dict[str, Any], precision: str) -> Any:
    """A ScaleShiftMACE with random weights (from torch's global generator) and that architecture.

    Weights that are loaded into it bring their own constants of the repulsion along.
    """
    torch, mace = library()
    from e3nn import o3

    made = dict(architecture)
    made.update({key: o3.Irreps(made[key]) for key in IRREPS if made.get(key) is not None})
    made.update({key: mace.modules.interaction_classes[made[key]] for key in BLOCKS})
    if "readout_cls" in made:
        made["readout_cls"] = mace.modules.blocks.__dict__[made["readout_cls"]]
    made["gate"] = mace.modules.gate_dict[made["gate"]]
    made["atomic_energies"] = np.array(made["atomic_energies"], dtype=float)
    with mace.tools.torch_tools.default_dtype(getattr(torch, precision)), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # TorchScript's, a hundred of them, none ours to act on
        model = mace.modules.ScaleShiftMACE(**made)
    if made.get("pair_repulsion"):
        # mace 0.3.16 screens with 0.4543 and Z^0.3, an order of magnitude too soft, and reaches into the bonds.
        model.pair_repulsion_fn.a_prefactor.fill_(0.88534)
        model.pair_repulsion_fn.a_exp.fill_(0.23)
        model.pair_repulsion_fn.covalent_radii.mul_(REACH)
    return model


def save(model: Any, architecture: dict[str, Any], folder: Path, more: dict[str, Any]) -> None:
    """Write the three files into `folder`; `more` goes into the card. The model is moved to the CPU."""
    torch, _ = library()
    model = model.cpu()
    torch.save(model.state_dict(), folder / "weights.pt")
    torch.save(model, folder / "mace.model")
    elements = [chemical_symbols[z] for z in architecture["atomic_numbers"]]
    told = {"elements": elements, "cutoff_A": architecture["r_max"], "architecture": architecture} | more
    (folder / "model.json").write_text(json.dumps(told, indent=1))


def card(folder: Path) -> dict[str, Any]:
    """What `model.json` says. Raises RunFault where there is none."""
    try:
        told: dict[str, Any] = json.loads((folder / "model.json").read_text())
    except (OSError, json.JSONDecodeError) as error:
        raise RunFault(f"{folder} holds no MACE model that can be read: {error}.") from error
    return told


def load(folder: Path, precision: str) -> Any:
    """The model in `folder`, rebuilt from its architecture and weights. Raises RunFault when they do not fit."""
    torch, _ = library()
    told = card(folder)
    model = build(told["architecture"], told["precision"])
    try:
        model.load_state_dict(torch.load(folder / "weights.pt", map_location="cpu", weights_only=True))
    except (OSError, RuntimeError, KeyError) as error:
        raise RunFault(f"The weights in {folder} cannot be read: {error!s:.200}; train the model again.") from error
    return model.to(getattr(torch, precision))


def from_file(file: Path) -> tuple[Any, dict[str, Any]]:
    """A model out of MACE's own file, and its architecture.

    Raises BadInput when the file is missing, would run programs, or holds a kind of model that cannot be trained on.
    """
    refuse_programs(file)
    torch, mace = library()
    from mace.tools.scripts_utils import extract_config_mace_model

    try:
        model = torch.load(file, map_location="cpu", weights_only=False)
    except (OSError, RuntimeError, EOFError) as error:
        raise BadInput(f"The file {file} holds no MACE model that can be read: {error!s:.200}.") from error
    found = extract_config_mace_model(model)
    if "error" in found or len(found["heads"]) != 1:
        raise BadInput(f"{file} is not a single-head ScaleShiftMACE model; convert it with mace_select_head first.")
    return model, {key: _plain(key, value, mace) for key, value in found.items() if value is not None}


def _plain(key: str, value: Any, mace: Any) -> Any:
    """A value that JSON can hold."""
    if key == "gate":
        return next((name for name, gate in mace.modules.gate_dict.items() if gate is value), "silu")
    if isinstance(value, type):
        return value.__name__
    if key in IRREPS:
        return str(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    return value


def size(model: Any) -> int:
    """Number of trained parameters."""
    return sum(int(p.numel()) for p in model.parameters())
