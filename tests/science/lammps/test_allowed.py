"""LAMMPS text from a model: what would leave its folder or run other code is refused with its line."""

import pytest

from lang2mlip.errors import BadInput
from lang2mlip.science.lammps.allowed import BODY, COMMANDS, refusal
from lang2mlip.science.lammps.commands import commands
from lang2mlip.science.lammps.styles import available_styles, unknown_style

REFUSED = [
    "shell rm -rf x",
    "include other.in",
    "jump other.in again",
    "log /tmp/x",
    "python f here 'print(1)'",
    "plugin load ./evil.so",
    "if '1' then 'shell ls'",
    "clear",
    "geturl http://example.org",
    "read_data ../secret.data",
    "read_data /etc/passwd",
    "write_data ~/x.data",
    "write_data sub/../../x.data",
    "dump d all custom 10 /tmp/x id",
    "dump d all custom 10 x.gz id",
    "dump d all movie 10 x.mp4 type type",
    "dump d all custom 10 log.lammps id",
    "variable a getenv HOME",
    "variable a file list.txt",
    "variable a atomfile list.txt",
    "variable a python f",
    "variable a equal py_f(1)",
    "variable a string 'all python/invoke 1 end f'",
    "fix a all python/invoke 10 end_of_step f",
    "fix a all ${style} 1",
    "fix a all mdi/qm",
    "fix a all ipi here 1",
    "fix a all imd 5678",
    "fix a all colvars c.in",
    "fix a all print 10 'x' file /tmp/x",
    "fix a all print 10 'x' append ../x",
    "fix a all ave/time 1 1 1 c_1 file /tmp/x",
    "fix a all ave/time 1 1 1 c_1 file ${name}",
    "compute a all mliap descriptor sna x model mliappy y.pkl",
    "pair_style python 5.0",
    "pair_style hybrid/overlay zero 5.0 mliap unified m.pt",
    "pair_coeff * * /etc/passwd",
    "fix a all qeq/point 1 10 1e-6 100 '/etc/passwd'",
    "run 100 every 10 'shell ls'",
    "run 100 ${k} 10 'shell ls'",
    'print "# nothing" file /tmp/x',
    'print "# nothing" file log.lammps',
    "print 'x' ${k} y",
    "fix a all print 10 'no end",
    "thermo_modify lost ignore flush yes",
    "run 10 &",
]


@pytest.mark.parametrize("line", REFUSED)
def test_what_leaves_its_folder_or_runs_code_is_refused_with_its_line(line):
    why = refusal(f"# a protocol\n{line}\n")
    assert why is not None
    assert "ine 2" in why


def test_a_command_split_over_lines_is_read_as_one_and_named_by_its_first():
    assert refusal("run 1\nfix a all &\n python/invoke 1 end f\n").startswith("Line 2 ")


def test_a_misspelt_command_comes_with_the_nearest():
    assert "Did you mean 'velocity'?" in refusal("velocty all create 300 1\n")


def test_the_stages_of_a_protocol_may_not_change_atoms_or_potential():
    assert refusal("pair_style zero 5.0\n") is None
    assert "not allowed" in refusal("pair_style zero 5.0\n", BODY)
    assert BODY < COMMANDS


SOUND = """
variable hot equal 2*300/1.5    # a slash and a comment
variable lengths index 10 20
group half id <> 1 4
region slab block INF INF INF INF 0 5 units box
fix move all nvt temp ${hot} 300 0.1
fix mean all ave/time 10 5 100 c_thermo_temp file mean.txt
fix say all print 50 "at # $(step): ${hot} K ~ /fine/" file said.txt screen no
dump more all custom 100 more.dump id type x y z
compute steps all msd com yes
run ${lengths}
print "done # here"
unfix move
"""


def test_sound_text_is_let_through():
    assert refusal(SOUND) is None
    assert unknown_style(SOUND) is None


def test_words_are_those_that_lammps_sees():
    (one,) = commands("""print "a # b" file 'x y' # "c\n""")
    assert one.words == ("print", "a # b", "file", "x y")
    assert one.quoted == (False, True, False, True)
    with pytest.raises(BadInput, match="no end"):
        list(commands('print "a\n'))


@pytest.mark.parametrize(
    ("line", "near"),
    [
        ("fix a all temp/csrv 300 300 0.1 1", "temp/csvr"),
        ("compute a all mds", "msd"),
        ("pair_style lj/cutt 5", "lj/cut"),
        ("pair_style hybrid/overlay eam/aloy", "eam/alloy"),
        ("min_style fir", "fire"),
        ("region a blok 0 1 0 1 0 1", "block"),
        ("kspace_style ppm 1e-4", "pppm"),
    ],
)
def test_a_style_that_this_lammps_has_not_is_named_with_its_line_and_the_nearest(line, near):
    why = unknown_style(f"\n{line}\n")
    assert why.startswith("Line 2: this LAMMPS has no")
    assert near in why


def test_every_allowed_fix_and_dump_is_one_that_lammps_has():
    from lang2mlip.science.lammps.allowed import _DUMPS, _FIXES

    styles = available_styles()
    assert styles["dump"] >= _DUMPS
    assert _FIXES - styles["fix"] == set()
