"""What is measured on which structure, and what watching the bonds of molecules leaves behind."""

import math

import pytest
from ase.build import molecule

from lang2mlip.act.conditions import STRETCHED, health, is_molecular
from lang2mlip.act.end import _faithful
from lang2mlip.act.gates import UNMEASURED, error_gates, unmeasured_gates
from lang2mlip.act.properties import _wishes
from lang2mlip.contracts import Errors, Evaluation, Gate, Goals, GroupState, StructureRecord, StructureRequest, Task
from lang2mlip.record.ledger import STATICS
from lang2mlip.science.atoms.health import Health, Watch
from lang2mlip.science.atoms.neighbours import bond_graph


def record(builder, group, formula, periodic=True, **parameters):
    request = StructureRequest(
        name=f"{group}-validation", builder=builder, group=group, role="validation", parameters=parameters
    )
    return StructureRecord(
        id=group, request=request, formula=formula, n_atoms=8, periodic=periodic, file=f"{group}.extxyz", line=""
    )


def task(reference, *properties):
    return Task(
        prompt="",
        goal="",
        components=[{"name": "one", "formula": "Cu", "phases": ["crystal"]}],
        elements=["Cu"],
        temperature_K=(300, 300),
        properties=properties,
        reference={"name": reference},
        potential={"family": "mtp"},
    )


BULK = record("bulk", "bulk", "Cu32")
HOLE = record("bulk", "vacancy", "Cu31", vacancies=1)
SLAB = record("surface", "surface-111", "Cu40", periodic=False)
OXIDE_SLAB = record("surface", "oxide-surface", "Mg20O20", periodic=False)
SINGLE = record("molecule", "molecule", "C2H6O", periodic=False)
LIQUID = record("molecule", "liquid", "C8H24O4")


def asked(task, *records):
    return {(one.request.group, name) for one, name, _ in _wishes(task, records)}


def test_a_perfect_crystal_and_the_dimers_are_always_measured_and_a_hole_is_no_crystal():
    assert asked(task("emt"), BULK, HOLE, SLAB) == {("bulk", "lattice"), ("bulk", "elastic"), ("bulk", "dimers")}


def test_vacancy_and_surface_energies_are_measured_where_the_task_wants_them():
    found = asked(task("emt", "vacancy", "surface_energy"), BULK, SLAB, OXIDE_SLAB)
    assert ("bulk", "vacancy") in found and ("surface-111", "surface_energy") in found
    assert ("oxide-surface", "surface_energy") not in found  # its crystal is not there
    assert {name for _, name in found} <= set(STATICS)
    goals = {"vacancy_percent": 4.0, "surface_energy_percent": 3.0}
    wish = task("emt", "vacancy", "surface_energy").model_copy(update={"goals": Goals(**goals)})
    limits = {name: more["settings"].get("limit_percent") for _, name, more in _wishes(wish, [BULK, SLAB])}
    assert limits["vacancy"] == 4.0 and limits["surface_energy"] == 3.0


def test_thermal_expansion_is_measured_at_the_lowest_temperature_of_use_where_the_task_wants_it():
    (more,) = [more for _, name, more in _wishes(task("emt", "thermal_expansion"), [BULK]) if "expansion" in name]
    assert more["settings"] == {"limit_percent": 10.0, "temperature_K": 300.0}


def test_a_compound_has_a_vacancy_of_a_formula_unit_and_one_with_a_large_unit_has_none():
    oxide, salt = record("bulk", "oxide", "Mg32O32"), record("bulk", "salt", "Li8P8F48C40O8")
    found = asked(task("emt", "vacancy"), oxide, salt)
    assert ("oxide", "vacancy") in found and ("salt", "vacancy") not in found


def test_a_molecule_is_measured_in_vacuum_only():
    assert asked(task("gfn2-xtb", "geometry"), SINGLE, LIQUID) == {("molecule", "geometry"), ("molecule", "dimers")}


def test_a_reference_with_the_gamma_point_alone_is_compared_in_the_cell_it_knows():
    settings = {name: more["settings"] for _, name, more in _wishes(task("gfn1-xtb"), [BULK])}
    assert settings["lattice"]["reduce"] is False
    cells = {name: more["settings"].get("reduce") for _, name, more in _wishes(task("emt"), [BULK])}
    assert cells["lattice"] and cells["elastic"]


def test_a_property_without_a_value_fails_a_gate_of_its_group():
    (gate,) = unmeasured_gates([("elastic", "bulk")])
    assert not gate.passed and gate.group == "bulk" and gate.unit == UNMEASURED


def test_bonds_may_stretch_a_quarter_more_than_they_did_with_the_reference():
    water = molecule("H2O")
    watch = Watch(Health(bonds=bond_graph(water), bond_stretch=math.inf), water)
    water.set_distance(0, 1, 2.0 * water.get_distance(0, 1), fix=0)
    assert watch.geometry(water) is None
    assert watch.seen["stretch"][1] == pytest.approx(2.0)
    assert health(GroupState(group="hot", ranges={"stretch": watch.seen["stretch"]})).bond_stretch == pytest.approx(2.5)
    assert health(GroupState(group="cold")).bond_stretch == STRETCHED
    assert is_molecular(SINGLE) and is_molecular(LIQUID) and not is_molecular(BULK)


def verdict_of(force_error, *others):
    errors = Errors(
        n_frames=1,
        n_atoms=10,
        energy_rmse_meV_atom=1.0,
        energy_mae_meV_atom=1.0,
        force_rmse_meV_A=force_error,
        force_mae_meV_A=force_error,
        force_rms_meV_A=1000.0,
        force_max_error_meV_A=force_error,
    )
    gates = error_gates({"all": errors}, Goals()) + others
    return _faithful(Evaluation(model="m", depth="full", on="test", errors={"all": errors}, gates=gates), ()).answer


def test_a_potential_far_from_its_reference_is_a_plain_no_however_many_gates_hold():
    held = tuple(Gate(name=f"C{n}", value=0.0, limit=1.0, unit="%", passed=True, group="bulk") for n in range(9))
    assert verdict_of(10.0, *held) == "yes"
    assert verdict_of(40.0, *held) == "partly"
    assert verdict_of(290.0, *held) == "no"
