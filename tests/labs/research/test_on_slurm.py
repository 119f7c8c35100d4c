"""The runs of an arena on a real Slurm: in the sandbox of a job, with the scores that they have here."""

import subprocess
from pathlib import Path

import pytest
from arenas import tiny

from lang2mlip.compute.profile import find_profile
from lang2mlip.labs.research.arena import Arena
from lang2mlip.labs.research.opening import pool_of, searched
from lang2mlip.labs.research.proposal import Proposal
from lang2mlip.labs.research.search import Budget
from lang2mlip.labs.research.story import story_of
from lang2mlip.labs.research.trial import Asked, perform

UP = Path(__file__).parents[3] / "scripts" / "slurm-up"
PROFILE = """
[profiles.small]
kind = "slurm"
look_s = 0.3
linger_s = 0.0
at_once = 2
[profiles.small.training]
cores = 1
time_min = 10
"""


@pytest.fixture(scope="module", autouse=True)
def slurm():
    """A Slurm that answers; scripts/slurm-up brings one up where it can, and only one at a time."""
    up = subprocess.run([str(UP)], capture_output=True, text=True, timeout=300)
    if up.returncode:
        pytest.skip(f"no Slurm can be brought up here: {up.stderr.strip()}")


class Idle:
    """No ideas: the baseline alone is run, and scored on what no decision saw."""

    name = "idle"

    def propose(self, arena, story) -> Proposal | None:
        return None


def test_runs_are_jobs_of_the_profile_and_score_as_they_do_here(tmp_path):
    arena = tiny(tmp_path / "arenas" / "far")
    (tmp_path / "compute.toml").write_text(PROFILE)
    profile = find_profile(f"{tmp_path / 'compute.toml'}:small", tmp_path)
    searched(arena, Idle(), Budget(), pool_of(profile, arena.place), lambda line: None)
    story = story_of(Arena.open(arena.place).journal)
    assert [one["status"] for one in story.runs.values()] == ["scored", "scored"], story.runs
    here = perform(Asked(place=str(arena.place), commit=story.baseline, seed=0), tmp_path / "here")
    there = story.of(story.baseline)[0]
    for name in ("force_rmse_meV_A", "energy_rmse_meV_atom"):
        assert there["metrics"][name] == pytest.approx(here["metrics"][name], rel=1e-6)
    jobs = [file.read_text() for file in arena.place.glob("compute/*-training/job")]
    assert len(set(jobs)) == 2
