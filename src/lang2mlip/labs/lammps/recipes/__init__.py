"""A module per recipe; `known` finds them by name."""

from __future__ import annotations

import importlib

from lang2mlip.errors import UnknownName
from lang2mlip.labs.lammps.recipe import Recipe

__all__ = ["KNOWN", "known"]

_HERE = "lang2mlip.labs.lammps.recipes"

KNOWN = {
    "minimise": "minimise:Minimise",
    "equilibrate": "equilibrate:Equilibrate",
    "motion": "motion:Motion",
    "energy_volume": "energy_volume:EnergyVolume",
    "elastic": "elastic:ElasticConstants",
    "elastic_hot": "elastic_hot:HotElasticConstants",
    "expansion": "expansion:ThermalExpansion",
    "vacancy": "vacancy:VacancyEnergy",
    "hop": "hop:VacancyHop",
    "deform": "deform:Deformation",
    "melting": "melting:Melting",
    "viscosity": "viscosity:Viscosity",
    "conductivity": "conductivity:Conductivity",
    "surface": "surface:SurfaceEnergy",
    "heat_flux": "heat_flux:HeatFlux",
    "indentation": "indentation:Indentation",
    "deposition": "deposition:Deposition",
    "metadynamics": "metadynamics:PairFreeEnergy",
}
"""Name → module and class."""


def known(name: str) -> type[Recipe]:
    """The recipe called `name`. Raises UnknownName, which names the nearest."""
    if name not in KNOWN:
        raise UnknownName.of("recipe", name, KNOWN)
    module, _, kind = KNOWN[name].partition(":")
    found: type[Recipe] = getattr(importlib.import_module(f"{_HERE}.{module}"), kind)
    return found
