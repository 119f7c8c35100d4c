"""Gates: the same calculator on both sides passes, another one misses, and without a reference nothing is judged."""

import sys
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk, fcc111
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from stretched import Scaled

from lang2mlip.act.base import Done, Piece
from lang2mlip.act.end import _faithful
from lang2mlip.act.evaluate import Measurements, _add_unjudged, summary
from lang2mlip.act.gates import DRIFT, error_gates, property_gates, spoken, stability_gates
from lang2mlip.act.properties import measure
from lang2mlip.contracts import Errors, Evaluation, Goals, StabilityRun
from lang2mlip.report.tables import gate_table
from lang2mlip.science.atoms.md import MDPlan
from lang2mlip.science.evaluation.drift import measure as drift_of
from lang2mlip.science.evaluation.surface_energy import SurfaceEnergy
from lang2mlip.science.evaluation.vacancy import Vacancy

GOALS = Goals()
SMALL = 0.2
WEAK = Scaled(1.0, 0.9)
"""EMT with nine tenths of every energy, so with nine tenths of every formation and surface energy."""


def vacancy(potential):
    part = Vacancy(length_A=7.0, fmax_eV_A=0.05, limit_percent=GOALS.vacancy_percent)
    return part.measure("bulk", bulk("Cu"), potential, EMT())


def surface(potential):
    slab = fcc111("Cu", (1, 1, 5), vacuum=6.0)
    part = SurfaceEnergy(fmax_eV_A=0.05, limit_percent=GOALS.surface_energy_percent)
    return part.measure("surface-111", slab, bulk("Cu"), (potential, EMT()))


@pytest.mark.parametrize("measured", [vacancy, surface])
def test_the_reference_passes_its_own_gate_with_nothing_off_and_a_weaker_potential_misses_it(measured):
    (same,), (other,) = (property_gates(measured(each).properties) for each in (EMT(), WEAK))
    assert same.passed and same.value == pytest.approx(0.0, abs=1e-6)
    assert not other.passed and other.value == pytest.approx(10.0, abs=SMALL) and other.limit == 5.0


class Leaky(Calculator):
    """EMT with forces that are not quite the slope of its energy, as of models that guess forces directly."""

    implemented_properties = ["energy", "forces"]

    def __init__(self):
        super().__init__()
        self.rng = np.random.default_rng(1)

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        whole = atoms.copy()
        whole.calc = EMT()
        forces = whole.get_forces() + self.rng.normal(0.0, 0.5, (len(atoms), 3))
        self.results = {"energy": whole.get_potential_energy(), "forces": forces}


def walked(calculator):
    plan = MDPlan(ensemble="nve", temperature_K=900.0, timestep_fs=2.0, steps=40, seed=3)
    found = drift_of(bulk("Cu", cubic=True) * (2, 2, 2), calculator, plan)
    return StabilityRun(
        group="bulk", structure="bulk-1", temperature_K=900.0, steps=40, done=40, healthy=True,
        drift_meV_atom_ps=found.meV_atom_ps, drift_error_meV_atom_ps=found.error_meV_atom_ps,
    )  # fmt: skip


def drift_gates(*runs):
    return [gate for gate in stability_gates(runs, GOALS) if gate.name == DRIFT]


def test_energy_that_stays_passes_and_energy_that_leaks_misses():
    (kept,), (lost,) = drift_gates(walked(EMT())), drift_gates(walked(Leaky()))
    assert kept.passed and kept.group == "bulk" and kept.unit == "meV/atom/ps"
    assert not lost.passed and lost.value > 10 * lost.limit


def test_only_walks_at_constant_energy_that_held_have_a_drift_gate():
    hot = StabilityRun(group="bulk", structure="s", temperature_K=900.0, steps=9, done=9, healthy=True)
    broken = walked(EMT()).model_copy(update={"healthy": False, "drift_meV_atom_ps": 80.0})
    assert drift_gates(hot, broken) == []
    assert [gate.value for gate in stability_gates([hot, broken], GOALS)] == [1]


def test_noise_of_a_short_walk_is_not_taken_for_drift():
    noisy = walked(EMT()).model_copy(update={"drift_meV_atom_ps": -1.9, "drift_error_meV_atom_ps": 0.5})
    (gate,) = drift_gates(noisy)
    assert gate.passed and gate.limit == pytest.approx(2.0 * GOALS.drift_meV_atom_ps)
    wild = noisy.model_copy(update={"drift_meV_atom_ps": 9.0, "drift_error_meV_atom_ps": 40.0})
    assert not drift_gates(wild)[0].passed  # energy that jumps about is not kept either


def test_a_group_that_the_name_of_a_gate_says_is_not_said_twice():
    (of_bulk,) = property_gates(vacancy(WEAK).properties)
    assert spoken(of_bulk) == "vacancy_formation_energy of bulk"
    assert spoken(drift_gates(walked(EMT()))[0]) == "energy drift at constant energy in bulk"
    (overall, *_) = error_gates({"all": judged(()).errors["all"]}, GOALS)
    assert spoken(overall) == "force error"


RUN = Path(__file__).parents[1] / "record" / "folders" / "v1"


def piece(reference, structure="structures/bulk-validation.extxyz"):
    arguments = {
        "run": str(RUN), "property": "lattice", "settings": {}, "subject": "bulk", "structure": structure,
        "family": "mtp", "model": "models/m3", "reference": reference, "until": None,
    }  # fmt: skip
    return Piece("lattice-bulk", "lang2mlip.act.properties:measure", arguments)


@pytest.fixture
def moody(monkeypatch, tmp_path):
    """A reference that fails at every call."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    monkeypatch.setenv("LANG2MLIP_CACHE", str(tmp_path / "cache"))
    yield {"name": "ase", "settings": {"path": "moody.Moody", "arguments": {"mood": "raise", "limit": -1.0}}}
    sys.modules.pop("moody", None)


def test_where_the_reference_fails_the_potential_is_not_judged_and_not_blamed(moody, tmp_path):
    wanted, found = piece(moody), Measurements()
    value = measure(wanted.arguments, tmp_path, lambda *_: None)
    assert "unmeasured" not in value and "did not converge" in value["faults"][0]
    _add_unjudged(Done(wanted, tmp_path, value), found)
    assert [(one.name, one.group) for one in found.unjudged] == [("lattice", "bulk")]


def test_where_the_potential_fails_the_gate_is_missed(tmp_path):
    value = measure(piece({"name": "lj"}, "structures/far.extxyz").arguments | {"run": far_apart(tmp_path)}, tmp_path,
                    lambda *_: None)  # fmt: skip
    assert value["unmeasured"] and value["cost"]["calls"] == 0


def far_apart(place):
    """A run folder whose only structure has atoms that the potential does not see from each other: no minimum."""
    (place / "structures").mkdir()
    (place / "models").symlink_to(RUN / "models")
    bulk("Ar", a=12.0).write(place / "structures" / "far.extxyz")
    return str(place)


def test_a_broken_off_piece_leaves_its_property_unjudged_and_other_work_leaves_nothing(tmp_path):
    found = Measurements()
    _add_unjudged(Done(piece({"name": "lj"}), tmp_path, {}, fault="the worker died"), found)
    _add_unjudged(Done(Piece("walk", "lang2mlip.act.walk:potential_walk", {}), tmp_path, {}, fault="it died"), found)
    assert [one.because for one in found.unjudged] == ["the worker died"]


def judged(unjudged):
    errors = Errors(
        n_frames=1, n_atoms=10, energy_rmse_meV_atom=1.0, energy_mae_meV_atom=1.0, force_rmse_meV_A=9.0,
        force_mae_meV_A=9.0, force_rms_meV_A=1000.0,
    )  # fmt: skip
    gates = stability_gates([walked(EMT())], GOALS)
    return Evaluation(model="m1", depth="full", on="test", errors={"all": errors}, gates=gates, unjudged=unjudged)


def test_what_was_not_judged_is_told_and_is_no_unreserved_yes():
    found = Measurements()
    _add_unjudged(Done(piece({"name": "lj"}), Path(), {}, fault="the worker died"), found)
    whole, holed = judged(()), judged(tuple(found.unjudged))
    assert _faithful(whole, ()).answer == "yes" and whole.passed
    verdict = _faithful(holed, ())
    assert verdict.answer == "partly" and verdict.because.endswith("Not judged: lattice of bulk.")
    assert summary(holed).endswith("2 of 2 gates hold; 1 not judged.") and holed.passed
    table = gate_table(holed.gates, holed.unjudged)
    assert [row[-1].text for row in table.rows] == ["pass", "pass", "not judged"]
    assert {len(row) for row in table.rows} == {len(table.columns)}


def test_a_whole_run_is_judged_by_its_drift_and_the_report_says_so(finished):
    evaluation = finished.run.state.evaluations[-1]
    drifts = [gate for gate in evaluation.gates if gate.name == DRIFT]
    assert {gate.group for gate in drifts} == {"bulk", "vacancy"} and all(gate.passed for gate in drifts)
    page = (finished.run.folder / "report" / "index.html").read_text()
    assert page.count(DRIFT) >= 2 and evaluation.unjudged == ()
