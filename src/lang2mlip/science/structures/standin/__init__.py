"""The fast stand-in: a classical field for making structures likely, in LAMMPS. It builds; it never labels."""

from lang2mlip.science.structures.standin.engine import Score, equilibrate, scored
from lang2mlip.science.structures.standin.field import field
from lang2mlip.science.structures.standin.forcefield import ForceField
from lang2mlip.science.structures.standin.network import network
from lang2mlip.science.structures.standin.schedule import Quench, Schedule, Stage, brought_together, melt_quench, settle

__all__ = [
    "ForceField",
    "Quench",
    "Schedule",
    "Score",
    "Stage",
    "brought_together",
    "equilibrate",
    "field",
    "melt_quench",
    "network",
    "scored",
    "settle",
]
