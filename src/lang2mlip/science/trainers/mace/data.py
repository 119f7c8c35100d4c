"""Labelled frames as the graphs that MACE trains on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase.data import atomic_numbers

from lang2mlip.errors import PartFailed
from lang2mlip.science.atoms.padding import padded
from lang2mlip.science.trainers.labels import Label
from lang2mlip.science.trainers.mace.library import library
from lang2mlip.science.trainers.mace.settings import MACESettings

__all__ = ["Data", "prepare"]

FEWEST_TO_SPLIT = 10


@dataclass(frozen=True)
class Data:
    """Shuffled batches to train on, fixed batches to judge by, and what the architecture needs to know of them."""

    training: Any
    validation: Any
    has_stress: bool
    rms_force: float
    neighbours: float
    device: str


def prepare(labels: Sequence[Label], e0: dict[str, float], cutoff_A: float, settings: MACESettings, seed: int) -> Data:
    """Graphs of `labels` with the base energies taken off; the keys of `e0` are the model's elements in its order.

    Taking them off first keeps float32 exact enough for reference methods whose total energies are thousands of eV.
    Raises PartFailed when a frame has an element that the model does not know.
    """
    torch, mace = library()
    unknown = sorted({str(s) for label in labels for s in label.atoms.symbols} - set(e0))
    if unknown:
        raise PartFailed(f"The model to continue from does not know {', '.join(unknown)}; start from scratch.")
    table = mace.tools.AtomicNumberTable([atomic_numbers[element] for element in e0])
    graphs = [_graph(label, e0, table, cutoff_A) for label in labels]
    train, judge = _split(labels, settings.validation_share, seed)
    loader = mace.tools.torch_geometric.dataloader.DataLoader
    degree = float(np.mean(np.concatenate([np.bincount(g.edge_index[1], minlength=g.num_nodes) for g in graphs])))
    rms = float(np.sqrt(np.mean(np.concatenate([label.forces.ravel() for label in labels]) ** 2)))
    cuda = torch.cuda.is_available() if settings.device == "auto" else settings.device == "cuda"
    return Data(
        training=loader([graphs[i] for i in train], batch_size=settings.batch_size, shuffle=True),
        validation=loader([graphs[i] for i in judge], batch_size=settings.batch_size, shuffle=False),
        has_stress=any(label.stress is not None for label in labels),
        rms_force=rms if rms > 1e-6 else 1.0,
        neighbours=max(degree, 1.0),
        device="cuda" if cuda else "cpu",
    )


def _split(labels: Sequence[Label], share: float, seed: int) -> tuple[list[int], list[int]]:
    """Indices to train on and to judge by. Few frames are judged on themselves; free atoms are always trained on."""
    order = [int(i) for i in np.random.default_rng(seed).permutation(len(labels))]
    apart = [i for i in order if not labels[i].isolated][: int(share * len(labels))]
    if len(labels) < FEWEST_TO_SPLIT or not apart:
        return order, sorted(order)
    return [i for i in order if i not in set(apart)], apart


def _graph(label: Label, e0: dict[str, float], table: Any, cutoff_A: float) -> Any:
    _, mace = library()
    box = padded(label.atoms, cutoff_A)
    properties: dict[str, Any] = {
        "energy": label.energy - sum(e0[str(symbol)] for symbol in label.atoms.symbols),
        "forces": label.forces,
    }
    if label.virial is not None:
        properties["stress"] = -label.virial / box.get_volume()
    configuration = mace.data.Configuration(
        atomic_numbers=box.numbers,
        positions=box.positions,
        properties=properties,
        property_weights={"energy": 1.0, "forces": 1.0, "stress": float("stress" in properties)},
        cell=box.cell.array,
        pbc=(True, True, True),
        weight=label.weight,
    )
    return mace.data.AtomicData.from_config(configuration, z_table=table, cutoff=cutoff_A)
