"""The frozen files, the journal and the history hold what they promise, without a single training."""

import json

import numpy as np
import pytest
from arenas import entry, tiny

from lang2mlip.errors import BadInput, RunFault
from lang2mlip.labs.research.arena import Arena, create
from lang2mlip.labs.research.card import Card, from_frames, read
from lang2mlip.labs.research.journal import Journal
from lang2mlip.labs.research.keeping import compared, needed, promising, typical
from lang2mlip.labs.research.made import from_file
from lang2mlip.labs.research.proposal import flat, merged
from lang2mlip.labs.research.rules import Rules
from lang2mlip.science.atoms.frames import read_frames, write_frames


@pytest.fixture(scope="module")
def arena(tmp_path_factory):
    return tiny(tmp_path_factory.mktemp("arenas") / "tiny")


def test_the_same_seed_makes_the_same_frozen_files(arena, tmp_path):
    again = tiny(tmp_path / "again")
    assert again.journal.entries[0]["manifest"] == arena.journal.entries[0]["manifest"]


def test_a_folder_that_is_there_is_not_overwritten(arena):
    with pytest.raises(BadInput, match="is there already"):
        create(arena.place, entry(), {}, 0)


@pytest.mark.parametrize("harm", ["change", "remove", "add", "manifest"])
def test_any_change_of_a_frozen_file_is_seen_and_mended(arena, harm):
    file = arena.place / "judge" / "screen.extxyz"
    known = file.read_bytes()
    if harm == "change":
        file.write_bytes(known.replace(b"1", b"2", 1))
    elif harm == "remove":
        file.unlink()
    elif harm == "add":
        (arena.place / "data" / "more.extxyz").write_text("1\n")
    else:
        manifest = json.loads((arena.place / "manifest.json").read_text())
        (arena.place / "manifest.json").write_text(json.dumps(manifest | {"judge/screen.extxyz": "0"}))
    assert arena.tampered()
    arena.mend()
    assert not arena.tampered() and file.read_bytes() == known


def test_a_sealed_copy_that_was_exchanged_restores_nothing(arena):
    copy = arena.place / "sealed.tar.xz"
    known = copy.read_bytes()
    copy.write_bytes(known + b"0")
    with pytest.raises(RunFault, match="make the arena again"):
        arena.mend()
    copy.write_bytes(known)


def test_every_line_of_the_journal_holds_the_one_before(tmp_path):
    journal = Journal(tmp_path / "j.jsonl")
    for number in range(4):
        journal.append("note", value=number / 3)
    assert [one["value"] for one in Journal(journal.path).of("note")] == [number / 3 for number in range(4)]
    lines = journal.path.read_text().splitlines()
    for broken in (lines[:1] + lines[2:], [lines[0], lines[1].replace("0.33", "0.34"), *lines[2:]]):
        journal.path.write_text("\n".join(broken) + "\n")
        with pytest.raises(RunFault, match="restore the file"):
            Journal(journal.path)


def test_a_line_that_a_crash_cut_off_is_put_aside(tmp_path):
    journal = Journal(tmp_path / "j.jsonl")
    journal.append("note", value=1)
    with journal.path.open("a") as file:
        file.write('{"n": 1, "kind": "no')
    again = Journal(journal.path)
    assert [one["value"] for one in again.entries] == [1]
    again.append("note", value=2)
    assert len(Journal(journal.path).entries) == 2
    assert "no" in journal.path.with_suffix(".torn").read_text()


CARD = Card.model_validate(
    {
        "gates": {"dimer_faults": {"at_most": 0, "why": "-"}, "speed": {"at_least": 100, "why": "-"}},
        "score": {
            "force_rmse_meV_A": {"scale": 10.0, "weight": 1},
            "speed": {"scale": 100.0, "weight": 0.2, "more_is_better": True},
        },
    }
)


def run_of(scale, faults=0, speed=200.0, time=10.0, seed=0):
    """A result whose force errors are `scale` times those of a fixed draw."""
    rng = np.random.default_rng(5)
    squares = (scale * rng.uniform(0.5, 1.5, 30)) ** 2 * 1e-4
    frames = {"squares": squares, "components": np.ones(30), "energy": np.full(30, 1e-3), "worst": np.sqrt(squares)}
    metrics = {**from_frames(frames), "dimer_faults": faults, "speed": speed, "train_cpu_s": time}
    return {"status": "scored", "words": "", "metrics": metrics, "frames": {k: list(v) for k, v in frames.items()}}


RULES = Rules(resamples=200)


def test_a_violated_gate_cannot_be_bought_with_score():
    best = run_of(0.01, faults=1)
    assert read(CARD, best["metrics"]).score < read(CARD, run_of(1.0)["metrics"]).score
    assert not compared(CARD, [best] * 3, [run_of(1.0)] * 3, RULES).keep
    assert compared(CARD, [run_of(5.0)] * 3, [best] * 3, RULES).keep


def test_a_value_that_was_not_measured_violates_its_gate():
    metrics = dict(run_of(1.0)["metrics"])
    del metrics["speed"]
    assert "speed" in read(CARD, metrics).violated
    assert "speed" in read(CARD, {**metrics, "speed": float("nan")}).violated


def test_better_is_kept_worse_is_not_and_no_difference_is_not():
    old = [run_of(1.0)] * 3
    assert compared(CARD, [run_of(0.8)] * 3, old, RULES).keep
    assert not compared(CARD, [run_of(1.2)] * 3, old, RULES).keep
    same = compared(CARD, [run_of(1.0)] * 3, old, RULES)
    assert not same.keep and same.chance == pytest.approx(0.5)


def test_a_change_that_no_error_feels_is_not_worth_replicates_unless_it_saves_something():
    same = promising(CARD, run_of(1.0, speed=201.0), run_of(1.0), RULES)
    assert not same.keep and "the same" in same.why
    assert promising(CARD, run_of(1.0, time=5.0), run_of(1.0), RULES).keep
    assert promising(CARD, run_of(1.0), run_of(1.0), RULES, lines=-6).why != same.why
    assert promising(CARD, run_of(1.0), run_of(1.0, faults=2), RULES).keep


def test_replicates_that_scatter_more_than_the_gain_are_no_keep():
    lucky = [run_of(0.7), run_of(1.25), run_of(1.2)]
    assert promising(CARD, lucky[0], run_of(1.0), RULES).keep
    assert not compared(CARD, lucky, [run_of(1.0), run_of(0.9), run_of(1.1)], RULES).keep


def test_a_lucky_run_of_the_control_sends_no_candidate_away():
    lucky, usual, unlucky = run_of(1.0, faults=1), run_of(1.0, faults=6), run_of(1.0, faults=8)
    failed = {"status": "failed", "words": "it ended"}
    assert typical(CARD, [lucky, usual, unlucky]) is usual
    assert typical(CARD, [lucky, unlucky]) is lucky and typical(CARD, [failed, usual]) is usual
    assert typical(CARD, [failed]) is failed
    candidate = run_of(1.0, faults=3)
    assert not promising(CARD, candidate, lucky, RULES).keep
    assert promising(CARD, candidate, typical(CARD, [lucky, usual, unlucky]), RULES).keep
    assert compared(CARD, [candidate] * 3, [lucky, usual, unlucky], RULES).keep


def test_an_equal_score_for_less_is_a_keep():
    old = [run_of(1.0)] * 3
    assert "of the time" in compared(CARD, [run_of(1.0, time=5.0)] * 3, old, RULES).why
    assert "shorter" in compared(CARD, [run_of(1.0)] * 3, old, RULES, lines=-6).why
    assert not compared(CARD, [run_of(1.3, time=5.0)] * 3, old, RULES).keep


def test_replicates_are_spent_where_noise_could_decide():
    far, near, whole = run_of(1.0, faults=9), run_of(1.0, faults=2), run_of(1.0)
    assert needed(CARD, near, far, 3) == (1, 1)
    assert needed(CARD, whole, far, 3) == (3, 1)
    assert needed(CARD, run_of(1.0, faults=8), far, 3) == (3, 3)
    assert needed(CARD, whole, run_of(1.1), 3) == (3, 3)


def test_a_failed_replicate_is_no_keep():
    broken = {"status": "failed", "words": "it ended"}
    assert not compared(CARD, [run_of(0.5), broken], [run_of(1.0)], RULES).keep
    assert not promising(CARD, broken, run_of(1.0), RULES).keep
    assert not promising(CARD, {"status": "void", "words": "a frozen file was changed"}, run_of(1.0), RULES).keep


def test_molecules_are_in_one_role_only(arena, tmp_path):
    frames = read_frames(arena.place / "data" / "train.extxyz") * 3
    for number, frame in enumerate(frames):
        frame.info["smiles"] = f"m{number // 3}"
    write_frames(tmp_path / "all.extxyz", frames)
    spec = {"split_by": "smiles", "train": 0.5, "screen": 0.25, "starts": 2}
    made = from_file(tmp_path / "all.extxyz", spec, 1)
    names = [{one.info["group"] for one in made[role]} for role in ("train", "screen", "final")]
    assert all(names) and not names[0] & names[1] and not names[0] & names[2] and not names[1] & names[2]


def test_a_dotted_path_changes_one_setting_and_nothing_else():
    config = {"a": 1, "s": {"x": 1, "y": [2]}}
    assert merged(config, {"s.x": 5}) == {"a": 1, "s": {"x": 5, "y": [2]}}
    assert config["s"]["x"] == 1 and flat(config) == {"a": 1, "s.x": 1, "s.y": [2]}


def test_what_is_no_arena_is_said(tmp_path):
    with pytest.raises(BadInput, match="is no arena"):
        Arena.open(tmp_path)
