"""Every word of the reference is counted, cached, bounded and checked; what fails is left out and said."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk

from lang2mlip.act.labels import Labeller, MeteredCalculator
from lang2mlip.contracts import ReferenceSpec
from lang2mlip.errors import BudgetSpent, LabelFailed
from lang2mlip.science.atoms.frames import write_frames
from lang2mlip.science.atoms.md import MDPlan, run
from lang2mlip.science.reference.spec import open_reference

LJ = ReferenceSpec(name="lj")


@pytest.fixture
def moody(monkeypatch, tmp_path):
    """A reference with a mood; its log tells what was really computed."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    monkeypatch.setenv("LANG2MLIP_CACHE", str(tmp_path / "cache"))

    def make(mood, **more):
        arguments = {"mood": mood, "log": str(tmp_path / "log"), **more}
        return ReferenceSpec(name="ase", settings={"path": "moody.Moody", "arguments": arguments})

    yield make
    sys.modules.pop("moody", None)


def frames(count):
    """Crystals with small forces, every second one with an atom far from its place and large ones."""
    made = []
    for seed in range(count):
        atoms = bulk("Ar", cubic=True)
        atoms.rattle(0.01, seed=seed)
        atoms.positions[0] += 0.0 if seed % 2 else [0.8, 0.0, 0.0]
        made.append(atoms)
    return made


def test_a_structure_is_computed_once_whoever_asks_and_how_often(moody, tmp_path):
    for _ in range(3):
        labeller = Labeller(moody("good"))
        labelled = labeller.label_all(frames(4))
    assert len((tmp_path / "log").read_text().splitlines()) == 4
    assert (labeller.cost.calls, labeller.cost.cached) == (4, 4)
    assert len({atoms.info["id"] for atoms in labelled}) == 4


OTHERS = """
import sys
from pathlib import Path
from lang2mlip.act.labels import Labeller
from lang2mlip.contracts import ReferenceSpec
from lang2mlip.science.atoms.frames import read_frames

labeller = Labeller(ReferenceSpec.model_validate_json(sys.argv[1]))
labelled = labeller.label_all(read_frames(Path(sys.argv[2])))
print(len(labelled), labeller.cost.calls, labeller.cost.cached)
"""


def others(spec, file, count):
    """Processes that label the same frames at the same time."""
    paths = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-c", OTHERS, spec.model_dump_json(), str(file)]
    return [
        subprocess.Popen(command, env={**os.environ, "PYTHONPATH": paths}, stdout=subprocess.PIPE, text=True)
        for _ in range(count)
    ]


def test_processes_that_want_the_same_label_pay_for_it_once(moody, tmp_path):
    write_frames(tmp_path / "frames", frames(4))
    going = others(moody("good", pause_s=0.3), tmp_path / "frames", 3)
    said = [tuple(map(int, one.communicate(timeout=120)[0].split())) for one in going]
    assert [(labelled, calls) for labelled, calls, _ in said] == [(4, 4)] * 3
    assert sum(cached for *_, cached in said) == 8
    assert len((tmp_path / "log").read_text().splitlines()) == 4


def test_a_process_that_dies_gives_up_what_it_had_claimed(moody, tmp_path):
    write_frames(tmp_path / "frames", frames(1))
    (lost,) = others(moody("die_first"), tmp_path / "frames", 1)
    lost.communicate(timeout=120)
    assert lost.returncode == 9
    assert Labeller(moody("die_first")).label(frames(1)[0]) is not None
    assert len((tmp_path / "log").read_text().splitlines()) == 2


@pytest.mark.parametrize(("mood", "words"), [("nan", "not finite"), ("raise", "did not converge")])
def test_a_label_that_fails_is_left_out_counted_and_said(moody, mood, words):
    labeller = Labeller(moody(mood))
    assert len(labeller.label_all(frames(4))) == 2
    assert labeller.cost.failed == 2 and labeller.cost.calls == 4
    assert words in labeller.faults[0]


def test_a_failed_label_is_never_kept_in_the_cache(moody, tmp_path):
    for _ in range(2):
        with pytest.raises(LabelFailed):
            MeteredCalculator(moody("nan")).get_potential_energy(frames(1)[0])
    assert len((tmp_path / "log").read_text().splitlines()) == 2


def test_no_call_is_made_beyond_the_bound(tmp_path):
    calculator = MeteredCalculator(LJ, max_calls=2)
    for atoms in frames(2):
        calculator.get_forces(atoms)
    with pytest.raises(BudgetSpent, match="2 reference calls"):
        calculator.get_forces(frames(3)[2])
    assert calculator.cost.calls == 2
    labeller = Labeller(LJ, max_calls=3)
    assert len(labeller.label_all(frames(6))) == 3 and len(labeller.faults) == 1


def test_md_that_meets_the_bound_keeps_the_frames_so_far():
    calculator = MeteredCalculator(LJ, max_calls=11)
    plan = MDPlan(ensemble="nvt", temperature_K=40.0, timestep_fs=2.0, steps=50, keep_every=5, seed=1)
    outcome = run(frames(2)[1], calculator, plan)
    assert outcome.ended == "budget" and calculator.cost.calls == 11
    assert [atoms.info["step"] for atoms in outcome.frames][:3] == [0, 5, 10]


def test_labels_carry_what_the_reference_says():
    atoms = frames(2)[1]
    label = Labeller(LJ).label(atoms)
    atoms.calc = MeteredCalculator(LJ)
    assert label.get_potential_energy() == atoms.get_potential_energy()
    assert np.array_equal(label.get_forces(), atoms.get_forces())
    assert np.array_equal(label.get_stress(), atoms.get_stress())


@pytest.mark.parametrize(("name", "element"), [("lj", "Ar"), ("emt", "Cu")])
def test_a_reference_says_the_same_to_the_last_bit_whatever_it_was_asked_before(name, element):
    """What a resumed run needs: half of its calls come from the cache, so its neighbour lists have another past."""
    atoms, dice = bulk(element, cubic=True), np.random.default_rng(0)
    seasoned = open_reference(ReferenceSpec(name=name)).calculator()
    for _ in range(40):
        atoms.positions += dice.normal(0, 0.02, atoms.positions.shape)
        fresh = open_reference(ReferenceSpec(name=name)).calculator()
        seasoned.calculate(atoms)
        fresh.calculate(atoms)
        assert seasoned.results["energy"] == fresh.results["energy"]
        assert np.array_equal(seasoned.results["forces"], fresh.results["forces"])
