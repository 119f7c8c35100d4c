"""Protocols refuse what is unphysical, really run in LAMMPS, and show what their kind must show."""

import json

import numpy as np
import pytest
from ase import units
from ase.build import bulk, molecule
from ase.calculators.calculator import CalculatorError
from ase.calculators.emt import EMT

from lang2mlip.contracts.protocols import (
    Anneal,
    Deform,
    Equilibrate,
    Metadynamics,
    ThermalConductivity,
    Variable,
    Viscosity,
)
from lang2mlip.errors import BadInput, PartFailed
from lang2mlip.science.lammps.allowed import refusal
from lang2mlip.science.lammps.dry import Maker, dry_run
from lang2mlip.science.lammps.files import protocol_from_file, protocol_of, protocol_text
from lang2mlip.science.lammps.log import read_log
from lang2mlip.science.lammps.protocol import run_folder, write_protocol
from lang2mlip.science.lammps.script import placed, script

EMT_MAKER = Maker(function="ase.calculators.emt:EMT")
BOND = Variable(kind="distance", atoms=(1, 2), width=0.05, range=(0.8, 3.0))


def copper(*copies):
    return bulk("Cu", cubic=True).repeat(copies)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"kind": "melt_quench", "melt_K": 300, "end_K": 900}, "a quench cools"),
        ({"kind": "anneal", "start_K": 900, "peak_K": 300}, "annealing heats"),
        ({"kind": "viscosity", "temperature_K": 300, "bins": 7}, "even"),
        (
            {"kind": "metadynamics", "temperature_K": 100, "hill_eV": 1.0, "variable": BOND.model_dump()},
            "thermal energy",
        ),
        ({"kind": "anneal", "start_K": 300, "peak_k": 500}, "peak_K"),
    ],
)
def test_what_is_unphysical_is_refused_in_a_sentence(fields, why):
    with pytest.raises(BadInput, match=why):
        protocol_of(fields, "The protocol")


def test_a_time_step_must_follow_the_stiffest_bond():
    with pytest.raises(BadInput, match="hydrogen"):
        script(Equilibrate(temperature_K=300, pressure_GPa=None, timestep_fs=2.0), molecule("CH4"))
    with pytest.raises(BadInput, match="bonds of C, O"):
        script(Equilibrate(temperature_K=300, pressure_GPa=None, timestep_fs=2.0), molecule("CO"))


def test_a_box_too_small_for_its_bins_is_refused():
    with pytest.raises(BadInput, match="too small"):
        script(ThermalConductivity(temperature_K=300, bins=20), copper(4, 4, 1))


def test_a_protocol_comes_back_from_its_file(tmp_path):
    told = Metadynamics(temperature_K=300, variable=BOND)
    (tmp_path / "one.yaml").write_text(protocol_text(told))
    assert protocol_from_file(tmp_path / "one.yaml") == told


@pytest.mark.parametrize("atoms", [copper(2, 2, 2), bulk("Cu").repeat(3)], ids=["cubic", "triclinic"])
def test_pressure_in_lammps_is_the_kinetic_part_minus_the_stress_of_the_calculator(atoms, tmp_path):
    atoms.set_cell(atoms.cell * 0.98, scale_atoms=True)
    atoms.rattle(0.05, seed=1)
    write_protocol(Equilibrate(temperature_K=300), atoms, tmp_path)
    first = {name: values[0] for name, values in run_folder(tmp_path, EMT(), 1).blocks[0].items()}
    atoms.calc = EMT()
    kinetic = (len(atoms) - 1) * units.kB * first["Temp"] / atoms.get_volume()
    wanted = kinetic - atoms.get_stress()[:3].mean()
    assert first["Press"] / 1e4 == pytest.approx(wanted / units.GPa, rel=2e-3)
    assert first["PotEng"] == pytest.approx(atoms.get_potential_energy(), abs=1e-5)


def test_a_left_handed_cell_is_the_same_crystal():
    left = bulk("Cu", cubic=True)
    left.set_cell(left.cell.array[[1, 0, 2]])
    turned = placed(Equilibrate(temperature_K=300), left)
    assert np.linalg.det(turned.cell.array) > 0
    left.calc, turned.calc = EMT(), EMT()
    assert turned.get_potential_energy() == pytest.approx(left.get_potential_energy())


def test_annealing_reaches_its_temperatures(tmp_path):
    protocol = Anneal(start_K=300, peak_K=900, thermostat="csvr", pressure_GPa=None)
    report = dry_run(protocol, copper(2, 2, 2), EMT_MAKER, tmp_path, (100, 60.0))
    assert report.passed
    means = [np.mean(block["Temp"][len(block["Temp"]) // 2 :]) for block in read_log(tmp_path / "log.lammps").blocks]
    assert means[1] == pytest.approx(900, rel=0.3)
    assert means[3] == pytest.approx(300, rel=0.4)


@pytest.mark.parametrize(("strain", "lateral"), [(0.05, "free"), (-0.04, "fixed")])
def test_a_deformation_gives_the_strain_asked_for(strain, lateral, tmp_path):
    protocol = Deform(temperature_K=300, strain=strain, lateral=lateral)
    report = dry_run(protocol, copper(2, 2, 2), EMT_MAKER, tmp_path, (60, 60.0))
    assert report.passed
    assert report.shown.strain == pytest.approx(strain, rel=0.01)


def test_swapped_energy_flows_and_the_middle_layer_gets_hot(tmp_path):
    report = dry_run(ThermalConductivity(temperature_K=300, bins=6), copper(2, 2, 6), EMT_MAKER, tmp_path, (80, 60.0))
    assert report.passed
    assert report.shown.exchanged > 0
    assert report.shown.contrast > 50


def test_swapped_momentum_makes_the_layers_slide(tmp_path):
    report = dry_run(Viscosity(temperature_K=1500, bins=6), copper(2, 2, 6), EMT_MAKER, tmp_path, (60, 60.0))
    assert report.passed
    assert abs(report.shown.contrast) > 0.5


def test_hills_push_a_molecule_out_of_its_valley(tmp_path):
    """The dimer's bond is longer or shorter after tall hills than where it began, and every hill is counted."""
    protocol = Metadynamics(temperature_K=100, variable=BOND, hill_eV=0.04, every=10, thermostat="langevin")
    report = dry_run(protocol, molecule("CO"), EMT_MAKER, tmp_path, (400, 60.0))
    assert report.passed
    assert report.shown.hills >= 10
    values = np.loadtxt(tmp_path / "metadynamics.colvars.traj", comments="#")[:, 1]
    assert np.ptp(values) > 0.05


class Sulking(EMT):
    """A calculator that fails at its fifth call."""

    calls = 0

    def calculate(self, *arguments, **named):
        self.calls += 1
        if self.calls == 5:
            raise CalculatorError("I will not")
        super().calculate(*arguments, **named)


def test_a_calculator_that_fails_stops_the_run_with_its_reason(tmp_path):
    write_protocol(Equilibrate(temperature_K=300, pressure_GPa=None), copper(1, 1, 1), tmp_path)
    with pytest.raises(PartFailed, match="I will not"):
        run_folder(tmp_path, Sulking(), 50)


def test_a_dry_run_that_takes_too_long_is_failed(tmp_path):
    report = dry_run(Equilibrate(temperature_K=300), copper(2, 2, 2), EMT_MAKER, tmp_path, (50, 0.05))
    assert not report.passed
    assert "longer than" in report.fault


def test_a_log_with_values_that_are_not_finite_or_an_error_at_its_end_is_faulty(tmp_path):
    file = tmp_path / "log.lammps"
    file.write_text("   Step   Temp\n   0   300\n   1   nan\nLoop time of 1\n")
    assert "not finite" in read_log(file).fault
    file.write_text("   Step   Temp\n   0   300\nERROR: Lost atoms: original 4 current 3\n")
    assert "Lost atoms" in read_log(file).fault


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("shell rm structure.data", "'shell' is not allowed"),
        ("read_data /etc/passwd", "outside"),
        ("write_data ../../data", "outside"),
        ('run 10 every 1 "shell ls"', "further commands"),
        ("variable a getenv HOME", "not allowed"),
        ("fix 1 all python/invoke 1 end_of_step f", "not allowed"),
    ],
)
def test_text_of_a_model_may_not_leave_its_folder(line, why):
    assert why in refusal(f"units metal\n{line}\n")


def test_what_this_project_renders_itself_is_allowed():
    protocol = Metadynamics(temperature_K=300, variable=BOND)
    assert refusal(script(protocol, placed(protocol, molecule("CO"))).text) is None


def test_the_report_can_be_kept_as_json(tmp_path):
    report = dry_run(Equilibrate(temperature_K=300), copper(2, 2, 2), EMT_MAKER, tmp_path, (10, 60.0))
    assert json.loads(report.model_dump_json())["passed"]
