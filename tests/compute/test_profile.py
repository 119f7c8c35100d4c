"""compute.toml: what is meant is found, what is misspelt is said with the nearest right word, sizes are sensible."""

import re
from pathlib import Path

import pytest

import tiny
from lang2mlip.compute.plan import Worker, length, options, order, script, spread
from lang2mlip.compute.profile import Profile, find_profile
from lang2mlip.errors import BadInput

CLUSTERS = (Path(__file__).parents[2] / "docs" / "clusters.md").read_text(encoding="utf-8")
SITE = """
default = "site"

[profiles.site]
kind = "slurm"
setup = ["module load python"]

[profiles.site.reference]
cores = 16
memory_GB = 32
partition = "cpu"
sbatch = ["--qos=long"]

[profiles.site.training]
cores = 8
gpus = 1

[profiles.here]
kind = "local"
"""


def site(place, text=SITE):
    (place / "compute.toml").write_text(text, encoding="utf-8")
    return place


def test_a_profile_is_found_by_file_by_name_and_by_default(tmp_path):
    site(tmp_path)
    named = [find_profile(text, tmp_path) for text in (None, "compute.toml", "compute.toml:site", "site")]
    assert all(profile == named[0] for profile in named) and named[0].reference.cores == 16
    assert find_profile("here", tmp_path).kind == "local"
    assert find_profile("slurm", tmp_path).kind == "slurm"  # built in
    assert find_profile(None, tmp_path / "elsewhere") is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("memory_GB", "memory_gb"), "profile 'site': the key 'reference.memory_gb' is not known. Did you mean 'mem"),
        (('kind = "slurm"', 'kind = "slrum"'), "kind: Input should be 'local', 'slurm' or 'parsl' (got 'slrum')"),
        (("[profiles.site.training]", "[profiles.site.trainig]"), "Did you mean 'training'?"),
        (('default = "site"', 'default = "sit"'), "is called 'sit'. Did you mean 'site'?"),
        (('default = "site"', 'defualt = "site"'), "the key 'defualt' is not known. Did you mean 'default'?"),
        (("cores = 16", "cores = 0"), "reference.cores: Input should be greater than or equal to 1"),
        (('"--qos=long"', '"rm -rf"'), "reference.sbatch: 'rm -rf' is no option of sbatch"),
        (("cores = 16", "cores ="), "is not TOML"),
    ],
)
def test_a_wrong_word_is_said_with_its_place(tmp_path, wrong, said):
    assert wrong[0] in SITE
    with pytest.raises(BadInput, match=re.escape(said)):
        find_profile("compute.toml", site(tmp_path, SITE.replace(*wrong, 1)))


def test_a_wrong_profile_stops_before_anything_is_made(tmp_path):
    status, said = tiny.lang2mlip(tmp_path, "run", tiny.WORDS, "--yes", "--compute", "sluurm")
    assert status == 2 and "Did you mean 'slurm'?" in said
    assert not (tmp_path / "runs").exists()


def test_sbatch_gets_the_resources_of_the_kind_of_work(tmp_path):
    profile = find_profile(None, site(tmp_path))
    worker = Worker(("one",), forks=("several",))
    labelling = order(profile, worker, "run", "reference", [[tmp_path / "a"], [tmp_path / "b"]])
    told = options(profile, labelling)
    assert {"--cpus-per-task=16", "--mem=32768M", "--partition=cpu", "--qos=long", "--array=0-1%50"} <= set(told)
    assert labelling.slots == 16 and labelling.command == ("several",)
    fit = order(profile, worker, "run", "training", [[tmp_path / "a"]])
    assert "--gres=gpu:1" in options(profile, fit) and fit.slots == 1 and fit.command == ("one",)
    assert "export OMP_NUM_THREADS=${OMP_NUM_THREADS:-8}\n" in script(profile, "training")
    assert "\nmodule load python\nexec " in script(profile, "training")


def test_jobs_are_of_the_length_asked_for_and_end_well_before_their_limit():
    profile = Profile(kind="slurm", batch_s=600.0)
    assert length(profile, "md", 1000, 6.0) == 100
    assert length(profile, "md", 400, 7200.0) == 1
    short = Profile.model_validate({"kind": "slurm", "batch_s": 600.0, "md": {"time_min": 5}})
    assert length(short, "md", 1000, 6.0) * 6.0 < 300
    assert length(profile, "md", 200, None) == 4  # nothing known yet: spread over the 50 jobs at once
    pieces = [Path(str(number)) for number in range(10)]
    assert sorted(sum(spread(pieces, 4), [])) == sorted(pieces) and [len(one) for one in spread(pieces, 4)] == [4, 3, 3]


def test_the_examples_of_the_documentation_are_profiles(tmp_path):
    examples = re.findall(r"```toml\n(.*?)```", CLUSTERS, re.DOTALL)
    kinds = []
    for number, text in enumerate(examples):
        (tmp_path / f"{number}.toml").write_text(text, encoding="utf-8")
        kinds.append(find_profile(f"{number}.toml", tmp_path).kind)
    assert set(kinds) == {"slurm", "parsl", "local"}
