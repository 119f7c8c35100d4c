"""A person's own file: read when sound, refused with one sentence when not."""

import pytest
from ase.build import bulk, molecule
from ase.io import write

from lang2mlip.errors import BadInput
from lang2mlip.science.structures.bulk import Bulk, BulkParameters
from lang2mlip.science.structures.other import Other, OtherParameters

CIF = """data_x
_cell_length_a 3.6
_cell_length_b 3.6
_cell_length_c 3.6
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'P 1'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
{sites}
"""


def build(file, **further):
    return Other(OtherParameters(file=str(file), **further)).build(1)


@pytest.mark.parametrize("name", ["a.cif", "POSCAR", "a.extxyz"])
def test_common_formats_are_read_and_repeated(tmp_path, name):
    write(tmp_path / name, bulk("Cu", cubic=True))
    atoms = build(tmp_path / name, repeat=(2, 1, 1))
    assert len(atoms) == 8 and atoms.pbc.all()


def test_a_file_can_be_the_crystal_of_another_builder(tmp_path):
    write(tmp_path / "own.cif", bulk("Al", cubic=True))
    assert len(Bulk(BulkParameters(file=str(tmp_path / "own.cif"), atoms=32)).build(0)) == 32
    write(tmp_path / "single.xyz", molecule("H2O"))
    with pytest.raises(BadInput, match="not periodic"):
        Bulk(BulkParameters(file=str(tmp_path / "single.xyz"))).build(0)


def test_a_partly_occupied_site_is_refused(tmp_path):
    (tmp_path / "mixed.cif").write_text(CIF.format(sites="A1 Cu 0 0 0 0.5\nA2 Au 0 0 0 0.5"))
    with pytest.raises(BadInput, match="partly occupied site .*ordered version"):
        build(tmp_path / "mixed.cif")
    (tmp_path / "holes.cif").write_text(CIF.format(sites="A1 Cu 0 0 0 0.9"))
    with pytest.raises(BadInput, match="partly occupied"):
        build(tmp_path / "holes.cif")


def test_overlapping_atoms_are_refused(tmp_path):
    (tmp_path / "near.cif").write_text(CIF.format(sites="A1 Cu 0 0 0 1\nA2 Cu 0.1 0 0 1"))
    with pytest.raises(BadInput, match="overlapping atoms: Cu 0 and Cu 1 are 0.36 Å apart"):
        build(tmp_path / "near.cif")


@pytest.mark.parametrize("name", ["broken.cif", "POSCAR", "empty.extxyz", "what.ever"])
def test_a_broken_file_gives_one_sentence(tmp_path, name):
    (tmp_path / name).write_text("this is no structure\n" if name != "empty.extxyz" else "")
    with pytest.raises(BadInput, match=name):
        build(tmp_path / name)


def test_a_missing_file_and_a_senseless_repeat_are_refused(tmp_path):
    with pytest.raises(BadInput, match="There is no structure file"):
        build(tmp_path / "none.cif")
    write(tmp_path / "m.xyz", molecule("H2O"))
    with pytest.raises(BadInput, match="cannot be repeated"):
        build(tmp_path / "m.xyz", repeat=(2, 1, 1))
