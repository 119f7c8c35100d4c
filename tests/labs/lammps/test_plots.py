"""Curves of a log have axes in units that are written on them."""

import pytest

from lang2mlip.labs.lammps.plots import thermo_curves
from lang2mlip.labs.lammps.reduced.results import relabelled
from lang2mlip.labs.lammps.system import UNITS
from lang2mlip.science.lammps.thermo import thermo_of

LOG = """run 20
   Step          Temp          Press         PotEng        Density
         0   300            10000         -10            2
        10   310            20000         -12            2.5
        20   320            30000         -14            3
Loop time of 1 on 1 procs for 20 steps with 4 atoms
"""


def curves(style):
    return {one.name: one for one in thermo_curves(thermo_of(LOG), 2.0, UNITS[style])}


def test_pressures_of_a_log_are_drawn_in_GPa_and_energies_in_eV():
    metal, real = curves("metal"), curves("real")
    assert metal["thermo_Press"].y_label == "pressure (GPa)" and metal["thermo_Press"].y == pytest.approx((1, 2, 3))
    assert real["thermo_Press"].y == pytest.approx((1.01325, 2.0265, 3.03975))
    assert metal["thermo_PotEng"].y == (-10, -12, -14) and metal["thermo_PotEng"].y_label == "potential energy (eV)"
    assert real["thermo_PotEng"].y[0] == pytest.approx(-0.433641, rel=1e-5)
    assert metal["thermo_Temp"].x == pytest.approx((0, 0.02, 0.04))


def test_those_of_reduced_units_keep_their_values_and_say_so():
    one = relabelled(curves("lj")["thermo_Press"])
    assert one.y == (10000, 20000, 30000) and "GPa" not in one.y_label and "σ" in one.y_label
