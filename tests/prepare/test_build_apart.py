"""Building in worker processes: side by side, stopped and taken up, damaged and built anew, never two alike."""

import json

import pytest

from lang2mlip.contracts import Plan, StructureRequest
from lang2mlip.errors import BadInput
from lang2mlip.prepare.build import build
from lang2mlip.prepare.making import make
from lang2mlip.science.atoms.frames import read_frames
from lang2mlip.science.atoms.identity import structure_id
from lang2mlip.science.structures.conformer import signature
from lang2mlip.science.structures.gate import fragments


def stack(name, lateral_A=8.0, seed=1, rattle_A=0.0, **more):
    """Two crystals on each other: a structure for a worker, without any other package."""
    below = {"crystal": "Cu", "miller": (1, 1, 1), "rattle_A": rattle_A}
    layers = [
        {"builder": "surface", "parameters": below, "thickness_A": 4.0},
        {"builder": "surface", "parameters": {"crystal": "Ni", "miller": (1, 1, 1)}, "thickness_A": 4.0},
    ]
    parameters = {"layers": layers, "lateral_A": lateral_A, "max_strain": 0.1, "equilibrate_ps": 0.0, **more}
    return StructureRequest(
        name=name, builder="stack", group="interface", role="train", parameters=parameters, seed=seed
    )


def a_plan():
    return Plan(requests=tuple(stack(f"pair-{n}", 6.0 + 3 * n) for n in range(3)))


class Stopped(Exception):
    """Somebody pressed Ctrl-C."""


def test_workers_build_what_the_plan_asks_for_and_progress_is_told(tmp_path):
    told = []
    records, report = build(a_plan(), tmp_path, progress=lambda share, words: told.append((share, words)), processes=2)
    assert [record.request.name for record in records] == ["pair-0", "pair-1", "pair-2"]
    assert report.built == 3 and report.taken_over == 0 and set(report.seconds) == {"pair-0", "pair-1", "pair-2"}
    assert all(seconds > 0 for seconds in report.seconds.values())
    assert told[-1] == (1.0, "3 of 3 structures")
    for record in records:
        atoms = read_frames(tmp_path / record.file)[0]
        assert structure_id(atoms) == record.id
        assert set(atoms.arrays["layer"][atoms.symbols == "Cu"]) == {0}
        assert set(atoms.arrays["layer"][atoms.symbols == "Ni"]) == {1}
    assert not (tmp_path / "structures" / ".building").exists()


def test_one_process_and_two_give_the_same_structures(tmp_path):
    one, _ = build(a_plan(), tmp_path / "a", processes=1)
    two, _ = build(a_plan(), tmp_path / "b", processes=2)
    assert [record.id for record in one] == [record.id for record in two]


def test_a_stopped_call_is_taken_up_without_building_anything_twice(tmp_path):
    def stop_after_the_first(share, words):
        if share > 0:
            raise Stopped

    with pytest.raises(Stopped):
        build(a_plan(), tmp_path, progress=stop_after_the_first, processes=1)
    left = sorted(file.parent.name for file in tmp_path.glob("structures/.building/*/made.json"))
    assert left
    # However many were done when the call stopped: let the others be those that were not.
    name, others = left[0], left[1:]
    for other in others:
        (tmp_path / "structures" / ".building" / other / "made.json").unlink()
    seen = json.loads((tmp_path / "structures" / ".building" / name / "made.json").read_text())["made"]["seconds"]
    _, report = build(a_plan(), tmp_path, processes=1)
    assert report.built == 3
    # The seconds are those that the first call measured: it was not built again.
    assert report.seconds[name] == round(seen, 3)


def test_what_stands_is_taken_over_and_what_was_touched_or_changed_is_built_anew(tmp_path):
    first, _ = build(a_plan(), tmp_path, processes=1)
    again, report = build(a_plan(), tmp_path, processes=1)
    assert report.taken_over == 3 and again == first
    damaged = tmp_path / first[0].file
    damaged.write_text(damaged.read_text().replace("Cu", "Ag"))
    changed = Plan(requests=(*a_plan().requests[:2], stack("pair-2", 7.0, gap_A=2.5)))
    third, report = build(changed, tmp_path, processes=1)
    assert report.taken_over == 1
    assert third[0].id == first[0].id and third[1].id == first[1].id and third[2].id != first[2].id


def test_duplicates_across_workers_are_built_again_with_the_next_seed_or_given_up(tmp_path):
    shaken = Plan(requests=(stack("a", rattle_A=0.08), stack("b", rattle_A=0.08)))
    records, report = build(shaken, tmp_path / "shaken", processes=2)
    assert report.rebuilt == 1 and len({record.id for record in records}) == 2
    perfect = Plan(requests=(stack("a"), stack("b", seed=2)))
    records, report = build(perfect, tmp_path / "perfect", processes=2)
    assert [record.request.name for record in records] == ["a"]
    assert report.rejected == ("b was given up after 4 builds: it is the same as another structure, a.",)


def test_a_structure_that_cannot_be_built_is_told_with_its_reason(tmp_path):
    plan = Plan(requests=(stack("a"), stack("b", 6.0, max_strain=1e-6)))
    records, report = build(plan, tmp_path, processes=2)
    assert len(records) == 1
    assert report.rejected[0].startswith("b was given up after 4 builds: Crystals do not fit together within 0.0%")


def test_a_misspelt_parameter_of_a_layer_is_named_with_its_place(tmp_path):
    wrong = stack("a").model_dump()["parameters"]
    wrong["layers"][0]["parameters"]["miler"] = [1, 1, 1]
    plan = Plan(requests=(stack("a").model_copy(update={"parameters": wrong}),))
    with pytest.raises(BadInput, match=r"structure a: layers.0: surface: the key 'miler' is not known. .*'miller'"):
        build(plan, tmp_path)


def test_what_lies_too_near_is_pushed_off_in_the_stand_in_and_counted():
    solid = {"builder": "surface", "parameters": {"crystal": "Cu", "miller": (1, 1, 1), "layers": 3, "lateral": (3, 3)}}
    parameters = {"solid": solid, "molecules": [{"smiles": "CO"}], "count": 1, "height_A": 1.0}
    request = StructureRequest(
        name="too-near", builder="solid_molecule", group="surface", role="train", parameters=parameters, seed=1
    )
    atoms, made = make(request)
    assert atoms is not None and made.repaired == 1 and made.rebuilt == 0
    metal = atoms.symbols == "Cu"
    assert made.report.closest_ratio >= 0.7
    assert atoms.get_all_distances(mic=True)[metal][:, ~metal].min() > 0.7 * (1.32 + 0.31)
    assert fragments(atoms[~metal]) == {signature("CO"): 1}
