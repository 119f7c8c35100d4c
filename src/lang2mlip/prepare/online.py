"""Crystals that the data lack, from the Materials Project when the person has set a key; never without one.

The key is read from MP_API_KEY and sent in a header to the server alone: it reaches no file, log or report.
Source: the summary endpoint of the Materials Project, A. Jain et al., APL Mater. 1, 011002 (2013).
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ase import Atoms
from ase.formula import Formula

from lang2mlip.contracts import Assumption, Component, Task
from lang2mlip.errors import BadInput
from lang2mlip.prepare.mixtures import ingredient
from lang2mlip.prepare.solutions import solid_solution
from lang2mlip.science.atoms.frames import write_frames
from lang2mlip.science.structures.source import key_for

__all__ = ["KEY", "SERVER", "with_crystals"]

KEY = "MP_API_KEY"
SERVER = "https://api.materialsproject.org"

_TIMEOUT_S = 30
_FIELDS = "material_id,formula_pretty,structure,energy_above_hull,symmetry"


def with_crystals(task: Task, folder: Path, server: str | None = None) -> Task:
    """The task with a structure file, kept in `folder`, for each component that has no crystal in the data.

    Does nothing when no key is set. `server` is that of $LANG2MLIP_MP_SERVER, or the public one. Raises BadInput when
    the server cannot be reached or refuses the key.
    """
    key = os.environ.get(KEY, "")
    if not key:
        return task
    address = server or os.environ.get("LANG2MLIP_MP_SERVER", SERVER)
    components, told = [], []
    for one in task.components:
        found = _stablest(one.formula, address, key) if _unknown(one) else None
        if found is None:
            components.append(one)
            continue
        file = folder / f"{found['material_id']}.extxyz"
        write_frames(file, [_atoms(found["structure"])])
        components.append(one.model_copy(update={"file": str(file)}))
        told.append(_assumption(one, found))
    return task.model_copy(update={"components": tuple(components), "assumptions": (*task.assumptions, *told)})


def _unknown(component: Component) -> bool:
    """No part of the data, and no file, says what it looks like."""
    known = component.crystal or component.molecule or component.smiles or component.file or ingredient(component)
    return not (known or key_for(component.formula) or solid_solution(component.formula))


def _assumption(component: Component, found: Mapping[str, Any]) -> Assumption:
    above = 1000 * float(found.get("energy_above_hull") or 0.0)
    symbol = (found.get("symmetry") or {}).get("symbol", "unknown space group")
    why = f"the most stable {component.formula} of the Materials Project: {symbol}, {above:.0f} meV/atom above the hull"
    return Assumption(field=f"crystal.{component.name}", value=str(found["material_id"]), why=why)


def _stablest(formula: str, server: str, key: str) -> Mapping[str, Any] | None:
    """The entry of lowest energy above the hull with this composition; None when there is none."""
    reduced = Formula(formula).reduce()[0].format("hill")
    query = urllib.parse.urlencode({"formula": reduced, "_fields": _FIELDS, "_limit": 100})
    request = urllib.request.Request(f"{server}/materials/summary/?{query}", headers={"X-API-KEY": key})
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
            entries = json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        raise BadInput(f"The Materials Project refused the request ({error.code}); check {KEY}, or unset it.") from None
    except (OSError, ValueError, KeyError) as error:
        raise BadInput(
            f"The Materials Project at {server} gave no answer that can be read ({type(error).__name__});"
            f" give a structure file for {formula}, or unset {KEY}."
        ) from error
    ordered = [one for one in entries if _is_ordered(one.get("structure"))]
    return min(ordered, key=lambda one: float(one.get("energy_above_hull") or 0.0), default=None)


def _is_ordered(structure: Mapping[str, Any] | None) -> bool:
    sites = (structure or {}).get("sites", [])
    return bool(sites) and all(len(site["species"]) == 1 and site["species"][0]["occu"] == 1 for site in sites)


def _atoms(structure: Mapping[str, Any]) -> Atoms:
    sites = structure["sites"]
    return Atoms(
        [site["species"][0]["element"] for site in sites],
        scaled_positions=[site["abc"] for site in sites],
        cell=structure["lattice"]["matrix"],
        pbc=True,
    )
