"""Building a plan: files, the reference's own size, rebuilt and rejected structures, calls counted."""

import numpy as np
import pytest
from ase.build import bulk, molecule
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones

from lang2mlip.contracts import Component, Plan, PotentialSpec, ReferenceSpec, StructureRequest, Task
from lang2mlip.errors import BadInput, PartFailed
from lang2mlip.prepare.build import build
from lang2mlip.prepare.equilibrium import MAX_CALLS, equilibrium_scale
from lang2mlip.prepare.plan import plan
from lang2mlip.prepare.settle import settle
from lang2mlip.science.atoms.frames import read_frames
from lang2mlip.science.atoms.identity import structure_id

EMT_LATTICE_A = 3.5898
"""fcc minimum of ASE's EMT for its first metal, from a dense scan of ase.calculators.emt."""


class Counting(EMT):
    """EMT that counts its evaluations."""

    calls = 0

    def calculate(self, *args, **kwargs):
        self.calls += 1
        super().calculate(*args, **kwargs)


def request(name, builder, role="train", group="bulk", seed=1, **parameters):
    return StructureRequest(name=name, builder=builder, group=group, role=role, parameters=parameters, seed=seed)


def one_of_each():
    return Plan(
        requests=(
            request("bulk-1", "bulk", crystal="Cu"),
            request("vacancy-1", "bulk", group="vacancy", crystal="Cu", vacancies=1),
            request("slab-1", "surface", group="slab", crystal="Cu", miller=(1, 1, 1)),
            request("melt-1", "melt", group="melt", crystal="Cu", atoms=32),
        )
    )


def test_every_structure_lands_in_a_file_that_reads_back_with_the_same_identity(tmp_path):
    records, report = build(one_of_each(), tmp_path)
    assert report.calls == 0 and report.rejected == () and report.built == 4
    for record in records:
        atoms = read_frames(tmp_path / record.file)[0]
        assert structure_id(atoms) == record.id
        assert len(atoms) == record.n_atoms
        assert bool(atoms.pbc.all()) is record.periodic
        assert atoms.info["group"] == record.request.group


def test_crystals_and_what_is_made_of_them_take_the_size_of_the_calculator(tmp_path):
    calculator = Counting()
    records, report = build(one_of_each(), tmp_path, calculator)
    assert report.scales["Cu"] * 3.6146 == pytest.approx(EMT_LATTICE_A, abs=2e-3)
    cell = read_frames(tmp_path / records[0].file)[0].cell.lengths()
    assert cell == pytest.approx([2 * EMT_LATTICE_A] * 3, abs=4e-3)
    assert report.calls == calculator.calls
    assert all(record.request.parameters["scale"] == report.scales["Cu"] for record in records)


def test_a_record_rebuilds_its_own_structure(tmp_path):
    first, _ = build(one_of_each(), tmp_path / "a", EMT())
    again, _ = build(Plan(requests=tuple(r.request for r in first)), tmp_path / "b")
    # The melt was also relaxed by the calculator, which a build without one does not do.
    assert [r.id for r in again][:3] == [r.id for r in first][:3]


def test_a_duplicate_is_rebuilt_or_given_up_with_a_sentence(tmp_path):
    twice = Plan(requests=(request("a", "bulk", crystal="Cu"), request("b", "bulk", crystal="Cu")))
    records, report = build(twice, tmp_path)
    assert [record.request.name for record in records] == ["a"]
    assert "b was given up after 4 builds: it is the same as another structure" in report.remarks[0]
    shaken = Plan(requests=tuple(request(name, "bulk", crystal="Cu", rattle_A=0.05) for name in "ab"))
    records, report = build(shaken, tmp_path)
    assert len({record.id for record in records}) == 2 and report.rebuilt == 1


def test_a_group_without_a_sound_structure_stops_the_preparation(tmp_path):
    crushed = Plan(requests=(request("a", "bulk", crystal="Cu", scale=0.6),))
    with pytest.raises(BadInput, match="No structure of the group bulk is sound: .* too small for 32 atoms"):
        build(crushed, tmp_path)


def test_a_misspelt_parameter_names_the_structure_and_the_right_key(tmp_path):
    with pytest.raises(BadInput, match=r"structure a: the key 'vacancy' is not known. Did you mean 'vacancies'"):
        build(Plan(requests=(request("a", "bulk", crystal="Cu", vacancy=1),)), tmp_path)


def test_a_calculator_without_a_minimum_leaves_the_size_and_says_so(tmp_path):
    # Lennard-Jones spheres of 5 Å repel at every distance within reach.
    plan_ = Plan(requests=(request("a", "bulk", crystal="Cu"),))
    records, report = build(plan_, tmp_path, LennardJones(sigma=5.0, rc=8.0))
    assert len(records) == 1 and report.scales == {"Cu": 1.0}
    assert report.remarks[0].startswith("Cu keeps its size from the literature: No equilibrium size")


@pytest.mark.parametrize("start", [3.4, 3.6, 3.8, 3.95])
def test_the_equilibrium_size_is_found_from_near_and_far_in_few_calls(start):
    calculator = Counting()
    scale = equilibrium_scale(bulk("Cu", a=start, cubic=True), calculator)
    assert start * scale == pytest.approx(EMT_LATTICE_A, rel=1e-3)
    assert calculator.calls <= MAX_CALLS


def test_an_equilibrium_out_of_reach_is_an_error():
    with pytest.raises(PartFailed, match="No equilibrium size"):
        equilibrium_scale(bulk("Cu", a=6.0, cubic=True), EMT())


def test_settling_lowers_the_energy_within_its_calls():
    calculator = Counting()
    start = molecule("N2")
    start.positions[0, 2] += 0.2
    relaxed = settle(start, calculator)
    assert 2 < calculator.calls <= 50
    relaxed.calc = start.calc = EMT()
    assert relaxed.get_potential_energy() < start.get_potential_energy()
    assert abs(relaxed.get_forces()).max() < 0.1


def test_a_whole_plan_builds_and_passes_the_gate(tmp_path):
    wish = Task(
        prompt="test",
        goal="test",
        components=(Component(name="metal", formula="Al", crystal="Al", phases=("crystal", "surface", "melt")),),
        elements=("Al",),
        temperature_K=(300, 900),
        properties=("lattice",),
        reference=ReferenceSpec(name="emt"),
        potential=PotentialSpec(family="mtp"),
    )
    records, report = build(plan(wish), tmp_path, EMT())
    assert report.rejected == () and report.built == len(plan(wish).requests)
    assert len({record.id for record in records}) == len(records)
    assert all(30 <= record.n_atoms <= 110 for record in records)
    shapes = {
        r.request.role: sorted(np.round(read_frames(tmp_path / r.file)[0].cell.cellpar(), 2))
        for r in records
        if r.request.group == "bulk"
    }
    assert shapes["test"] != shapes["validation"] != shapes["train"]
