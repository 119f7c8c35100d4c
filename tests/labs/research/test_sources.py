"""Where an arena's data come from: the molecules that come along, and a run of one's own."""

import hashlib
import importlib.util
import lzma
import shutil
from pathlib import Path

import numpy as np
import pytest

from lang2mlip.act.research import held_out as held_out_of
from lang2mlip.data import table
from lang2mlip.errors import BadInput, UnknownName
from lang2mlip.labs.research.arena import create
from lang2mlip.labs.research.card import Card, read
from lang2mlip.labs.research.kit import MOLECULES, check_hidden, for_strategy
from lang2mlip.labs.research.made import from_file
from lang2mlip.labs.research.opening import open_new
from lang2mlip.labs.research.ownrun import Own, entry_of, own_of, split, view_of
from lang2mlip.labs.research.rules import Rules
from lang2mlip.labs.research.trial import Asked, perform
from lang2mlip.science.atoms.frames import labelled, parse_frames
from lang2mlip.units import EV_PER_A3_IN_GPA

ROOT = Path(__file__).parents[3]
RUN = ROOT / "tests" / "record" / "folders" / "v1"


@pytest.fixture(scope="module")
def script():
    """benchmarks/research_molecules.py as a module."""
    pytest.importorskip("rdkit")
    spec = importlib.util.spec_from_file_location("research_molecules", ROOT / "benchmarks" / "research_molecules.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def molecules():
    return parse_frames(lzma.decompress(MOLECULES.read_bytes()).decode(), MOLECULES)


def test_the_file_of_molecules_is_the_one_whose_hash_is_beside_it():
    known = MOLECULES.with_name(MOLECULES.name + ".sha256").read_text().split()[0]
    assert hashlib.sha256(MOLECULES.read_bytes()).hexdigest() == known


def test_three_small_molecules_get_the_labels_of_the_file_again(script, molecules):
    pytest.importorskip("pyscf")
    small = sorted(molecules, key=lambda one: (one.numbers.sum(), one.info["smiles"]))
    for frame in [one for one in small if one.info["heavy"] > 0][:3]:
        again = script.label(frame)
        assert again.get_potential_energy() == pytest.approx(frame.get_potential_energy(), abs=1e-4)
        assert np.allclose(again.get_forces(), frame.get_forces(), atol=1e-3)


def test_the_script_makes_the_geometries_of_the_file_again(script, molecules):
    smallest = min(molecules, key=len).info["smiles"]
    made = script.geometries(smallest, 0)
    for frame in (one for one in molecules if one.info["smiles"] == smallest):
        assert min(np.abs(one.positions - frame.positions).max() for one in made) < 1e-5


def test_molecules_have_the_elements_and_sizes_that_are_promised(script, molecules):
    assert {symbol for one in molecules for symbol in one.symbols} <= {"H", "C", "N", "O", "S"}
    assert max(one.info["heavy"] for one in molecules) <= 7
    assert len(script.enumerated(2)) == len(set(script.enumerated(2))) > 10
    assert "CO" in script.enumerated(2) and "OO" not in script.enumerated(2)


def test_no_molecule_is_in_two_roles_and_no_strategy_sees_the_file(molecules):
    made = from_file(MOLECULES, table("research")["molecules"]["data"], 0)
    names = [{one.info["smiles"] for one in made[role]} for role in ("train", "screen", "final")]
    assert not names[0] & names[1] and not names[0] & names[2] and not names[1] & names[2]
    assert sum(len(made[role]) for role in ("train", "screen", "final")) == len(molecules)
    assert not [path for path in for_strategy() if MOLECULES.is_relative_to(path)]


def test_a_molecule_of_two_heavy_atoms_is_trained_on_so_that_no_bond_is_unseen(molecules):
    for seed in range(3):
        made = from_file(MOLECULES, table("research")["molecules"]["data"], seed)
        assert min(one.info["heavy"] for role in ("screen", "final") for one in made[role]) == 3
        assert {one.info["smiles"] for one in made["train"]} >= {
            one.info["smiles"] for one in molecules if one.info["heavy"] < 3
        }


def test_a_run_in_an_arena_of_molecules_is_scored_and_no_curve_of_volumes_is_asked_of_it(tmp_path):
    entry = table("research")["molecules"]
    trials = {**entry["trials"], "steps": 10, "drift_steps": 20, "seeds": 1, "block_s": 0.05}
    frames = from_file(MOLECULES, entry["data"], 0)
    few = {role: sorted(some, key=len)[:24] for role, some in frames.items()}
    arena = create(tmp_path / "few", {**entry, "trials": trials}, few, 0)
    asked = Asked(place=str(arena.place), commit=arena.journal.entries[0]["commit"], seed=0)
    found = perform(asked, tmp_path / "run")
    assert found["status"] == "scored", found["words"]
    assert "curve_meV_atom" not in found["metrics"] and "curve_meV_atom" not in arena.card.gates
    assert read(arena.card, found["metrics"]).violated


def test_a_test_set_where_every_sandbox_looks_is_refused():
    with pytest.raises(BadInput, match="every sandbox shows"):
        check_hidden(Path("/usr/bin/env"))


def test_every_entry_has_sound_cards_rules_and_reasons():
    for name, entry in table("research").items():
        card = Card.model_validate(entry["scorecard"])
        Rules.model_validate(entry["rules"])
        assert entry["source"] and all(len(gate.why) > 10 for gate in card.gates.values()), name
        assert all(recipe["source"] and recipe["expected"] for recipe in entry["recipes"])


def test_an_arena_that_is_not_known_names_those_that_are(tmp_path):
    with pytest.raises(UnknownName, match="Did you mean 'copper'"):
        open_new(tmp_path / "x", "coper", None, None, 0)
    with pytest.raises(BadInput, match="no run called"):
        open_new(tmp_path / "x", "copper", str(tmp_path / "nothing"), None, 0)


def test_a_run_of_ones_own_is_split_in_the_order_of_its_making(tmp_path):
    shutil.copytree(RUN, tmp_path / "run")
    view = view_of(str(tmp_path / "run"))
    with pytest.raises(BadInput, match="needs 20 at least"):
        split(view.training_frames(), held_out_of(view))
    made = split(view.training_frames(), [], fewest=4)
    ids = [[one.info["id"] for one in made[role]] for role in ("train", "screen", "final")]
    assert len(set(sum(ids, []))) == len(view.training_frames()) == sum(map(len, ids))
    entry = entry_of(own_of(view), made)
    assert entry["elements"] == list(view.task.elements)
    Card.model_validate(entry["scorecard"])
    rms = 1e3 * np.sqrt(np.mean(np.concatenate([one.get_forces().ravel() for one in made["screen"]]) ** 2))
    assert entry["scorecard"]["gates"]["force_rmse_meV_A"]["at_most"] == pytest.approx(0.4 * rms)
    stress = [frame.get_stress() for frame in made["screen"]]
    rms = 1e3 * EV_PER_A3_IN_GPA * np.sqrt(np.mean(np.square(stress)))
    assert entry["scorecard"]["gates"]["stress_rmse_MPa"]["at_most"] == pytest.approx(rms)
    bare = {role: [labelled(one, energy=0.0, forces=one.get_forces()) for one in some] for role, some in made.items()}
    assert "stress_rmse_MPa" not in str(entry_of(own_of(view), bare)["scorecard"])
    held_out = [frame.copy() for frame in made["final"]]
    apart = split(view.training_frames(), held_out, fewest=4)
    assert apart["final"] == held_out and len(apart["train"]) >= len(made["train"])


def test_an_arena_of_a_run_begins_with_what_the_run_trains_with_and_leaves_alone_what_the_person_fixed(tmp_path):
    shutil.copytree(RUN, tmp_path / "run")
    frames = split(view_of(str(tmp_path / "run")).training_frames(), [], fewest=4)
    own = Own(title="-", temperature_K=300.0, family="mtp", settings={"max_level": 12, "core": False}, fixed=("core",))
    entry = entry_of(own, frames)
    assert entry["baseline"]["settings"] == {"max_level": 12, "core": False}
    assert "settings.core" not in entry["space"] and "settings.level" in entry["space"]
    assert not any("settings.core" in recipe["change"] for recipe in entry["recipes"])
    network = entry_of(own.model_copy(update={"family": "mace", "settings": {"channels": 64, "threads": 8}}), frames)
    here = {"threads": 1, "device": "cpu", "use_precision": "float64"}
    assert network["baseline"]["settings"] == {"channels": 64, **here}
    with pytest.raises(UnknownName, match="Known: mace, mtp"):
        entry_of(own.model_copy(update={"family": "gap"}), frames)
