"""Protocols in LAMMPS' own words: placeholders filled, lengths in ps, and what was set up before stays as it is."""

import pytest
from ase.build import bulk
from ase.calculators.emt import EMT

from lang2mlip.contracts.protocols import Written
from lang2mlip.errors import BadInput
from lang2mlip.science.lammps.files import protocol_from_file, protocol_of, protocol_text
from lang2mlip.science.lammps.protocol import run_folder, write_protocol
from lang2mlip.science.lammps.script import script

CYCLES = """fix hot all nvt temp <low_K> <high_K> <damping_ps>
run <steps 0.1>   # up
unfix hot
fix cold all nvt temp <high_K> <low_K> <damping_ps>
run <steps 0.2>
unfix cold
"""


def written(text=CYCLES, **more):
    return Written(name="cycles", purpose="Heat & cool.", temperature_K=(100, 600), text=text, **more)


def copper():
    return bulk("Cu", cubic=True).repeat(2)


def test_it_really_runs_its_stages_for_the_time_they_say(tmp_path):
    write_protocol(written(), copper(), tmp_path)
    log = run_folder(tmp_path, EMT())
    assert [block["Step"][-1] - block["Step"][0] for block in log.blocks] == [50, 100]  # 0.1 and 0.2 ps of 2 fs
    assert log.fault is None


def test_each_stage_of_a_dry_run_is_shortened_and_none_made_longer():
    short = script(written(), copper(), 70).text
    assert "run 50   # up" in short
    assert "run 70\n" in short


def test_its_file_shows_the_text_line_by_line_and_is_read_back(tmp_path):
    text = protocol_text(written())
    assert "  fix hot all nvt temp <low_K> <high_K> <damping_ps>\n" in text
    (tmp_path / "cycles.yaml").write_text(text)
    assert protocol_from_file(tmp_path / "cycles.yaml") == written()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("run 1000\n", "line 1 of text: the length of a run is given in ps"),
        ("fix a all nve\n", "holds no line: run <steps PS>"),
        ("run <steps 0>\n", "the length of a run"),
    ],
)
def test_a_run_without_its_time_is_refused(text, why):
    with pytest.raises(BadInput, match=why):
        protocol_of(written().model_dump() | {"text": text}, "The protocol")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("fix a all nvt temp <hi_K> 300 0.1", "Did you mean 'high_K'"),
        ("shell ls", "'shell' is not allowed here: it starts programs"),
        ("pair_style lj/cut 5", "'pair_style' is not allowed"),
        ("unfix potential", "the fix 'potential' is set up before"),
        ("dump trajectory all atom 1 x.dump", "the dump 'trajectory' is set up before"),
        ("r&\nun 100000000", "hidden"),
        ("variable k string every", None),
    ],
)
def test_what_may_not_run_is_refused_whenever_the_script_is_made(line, why):
    protocol = written(f"{line}\n{CYCLES}")
    if why is None:
        assert line in script(protocol, copper()).text
        return
    with pytest.raises(BadInput, match=why):
        script(protocol, copper())


def test_a_purpose_cannot_swallow_the_line_after_it():
    first = script(written().model_copy(update={"purpose": "Heat\nand cool &"}), copper()).text.splitlines()
    assert first[0] == "# cycles: Heat and cool and"
    assert first[1].startswith("units")
