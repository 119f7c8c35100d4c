"""Whatever a person gives: one clear sentence and exit code 2, no traceback, and nothing left behind."""

from __future__ import annotations

import numpy as np
import pytest
import yaml
from ase.build import bulk

import tiny
from lang2mlip.act.labels import Labeller
from lang2mlip.contracts import ReferenceSpec
from lang2mlip.record.run import Run
from lang2mlip.science.atoms.frames import write_frames

ARGON = ("run", "Solid argon at 40 K", "--yes", "--reference", "lj")
WRONG = {
    "empty prompt": (("run", "  "), "The prompt is empty. Name a substance"),
    "nonsense": (("run", "flurb gnarl", "--yes"), "No substance was found in 'flurb gnarl'; name one by its formula"),
    "unknown element": (("run", "Unobtainium at 300 K", "--yes"), "Not understood: 'Unobtainium'"),
    "element the reference lacks": (
        ("run", "Silicon crystal at 300 K", "--yes", "--reference", "emt"),
        "The reference emt cannot treat Si. These can: lammps:Si.sw",
    ),
    "reference": (("run", "argon", "--yes", "--reference", "ljj"), "No reference is called 'ljj'. Did you mean 'lj'?"),
    "calculator path": (("run", "argon", "--yes", "--reference", "ase:no.Thing"), "'no.Thing' cannot be imported"),
    "potential": ((*ARGON, "--potential", "mpt"), "No potential is called 'mpt'. Did you mean 'mtp'?"),
    "decider": ((*ARGON, "--decider", "ruls"), "No decider is called 'ruls'. Did you mean 'rules'?"),
    "schedule": ((*ARGON, "--decider", "schedule:one-shoot"), "Did you mean 'one-shot'?"),
    "model form": ((*ARGON, "--model", "gpt-5"), "must be given as PROVIDER:NAME"),
    "model provider": ((*ARGON, "--model", "opnai:gpt-5"), "No model provider is called 'opnai'. Did you mean"),
    "no model": ((*ARGON, "--decider", "llm"), "The decider llm needs a model"),
    "unwritable folder": ((*ARGON, "--out", "/dev/null/runs"), "cannot be made: Not a directory. Choose another"),
    "run name": ((*ARGON, "--name", "a/b"), "A run cannot be called 'a/b'"),
    "no time": ((*ARGON, "--max-time", "0"), "max_time_s: Input should be greater than 0"),
    "no task file": (("run", "gone.yaml"), "There is no task file 'gone.yaml'"),
    "broken yaml": (("run", "broken.yaml"), "is no sound YAML: line 2, column 1"),
    "misspelt key": (("run", "misspelt.yaml"), "'budget.max_cals' is not known. Did you mean 'max_calls'?"),
    "impossible value": (("run", "cold.yaml"), "temperature_K must be 0 < low <= high, not 60.0 to 20.0"),
    "corrupt data": (("run", "task.yaml", "--data", "corrupt.extxyz"), "corrupt.extxyz: frame 1 cannot be read"),
    "strange data": (("run", "task.yaml", "--data", "neon.extxyz"), "has Ne, which the task has not (it has Ar)"),
    "no data": (("run", "task.yaml", "--data", "gone.extxyz"), "There is no file or folder gone.extxyz"),
    "no such run": (("resume", "nope"), "There are no runs in runs"),
    "no number": ((*ARGON, "--max-calls", "x"), "Invalid value for '--max-calls': Input should be a valid integer"),
    "too small a number": ((*ARGON, "--max-calls", "0"), "'--max-calls': Input should be greater than or equal to 1"),
    "option": ((*ARGON, "--max-cals", "3"), "No such option: --max-cals"),
    "command": (("runn", "argon"), "No such command 'runn'. Did you mean 'run'? See: "),
    "no words": (("run",), "Missing argument 'PROMPT|TASK.YAML|NAME'. See: "),
    "kind of part": (("parts", "referense"), "No kind of part is called 'referense'. Did you mean 'reference'?"),
}  # fmt: skip


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """All wrong commands, in a folder with wrong files."""
    place = tmp_path_factory.mktemp("wrong")
    good = tiny.task().model_dump(mode="json")
    (place / "task.yaml").write_text(yaml.safe_dump(good))
    (place / "broken.yaml").write_text("prompt: [argon\n")
    (place / "misspelt.yaml").write_text(yaml.safe_dump(good | {"budget": {"max_cals": 3}}))
    (place / "cold.yaml").write_text(yaml.safe_dump(good | {"temperature_K": [60.0, 20.0]}))
    (place / "corrupt.extxyz").write_bytes(np.random.default_rng(0).bytes(300))
    neon = bulk("Ne", cubic=True)
    neon.info["group"] = "bulk"
    write_frames(place / "neon.extxyz", [Labeller(ReferenceSpec(name="lj")).label(neon)])
    said = tiny.batch(place, [words for words, _ in WRONG.values()])
    return place, dict(zip(WRONG, said, strict=True))


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_in_one_sentence_with_exit_code_2(answers, name):
    status, said = answers[1][name]
    lines = [line for line in said.splitlines() if line.strip()]
    assert status == 2, said
    assert len(lines) == 1 and lines[0].startswith("lang2mlip: "), said
    assert WRONG[name][1] in said


def test_a_wrong_word_leaves_no_folder_behind(answers):
    place = answers[0]
    assert not (place / "runs").exists()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A run that is ready to act."""
    place = tmp_path_factory.mktemp("prepared")
    run = tiny.new_run(place)
    assert tiny.lang2mlip(place, "prepare", tiny.NAME)[0] == 0
    return place, run.folder


def test_a_broken_plan_or_task_of_a_prepared_run_is_said_and_nothing_is_built_anew(prepared):
    place, folder = prepared
    good = (folder / "plan.yaml").read_text()
    events = len(Run(folder).view().events)
    for text, words in (
        (good.replace("vacancies", "vacancys"), "Did you mean 'vacancies'"),
        ("requests: []\n", "has no structures"),
    ):
        (folder / "plan.yaml").write_text(text)
        status, said = tiny.lang2mlip(place, "run", tiny.NAME)
        assert status == 2 and words in said, said
    (folder / "plan.yaml").write_text(good)
    assert len(Run(folder).view().events) == events


def test_wrong_options_of_an_action_by_hand_name_the_right_ones(prepared):
    place, _ = prepared
    wrong = {
        ("tain",): "No action is called 'tain'. Did you mean 'train'?",
        ("explore", "--stepps", "3"): "'stepps' is not known. Did you mean 'steps'?",
        ("explore", "--steps"): "Options come in pairs",
        ("train",): "train cannot be done now: There are no labelled frames",
        ("explore", "--groups", "glass"): "There is no group called 'glass'. Known: bulk, vacancy",
    }
    answers = tiny.batch(place, [("act", tiny.NAME, *words) for words in wrong])
    for (status, said), words in zip(answers, wrong.values(), strict=True):
        assert status == 2 and words in said, said
