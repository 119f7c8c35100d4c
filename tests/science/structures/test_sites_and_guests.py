"""Adsorbates on their sites, guests in their voids: places by geometry, nothing torn, nothing touching."""

import numpy as np
import pytest

from lang2mlip.errors import BadInput
from lang2mlip.science.structures.bulk import Bulk, BulkParameters
from lang2mlip.science.structures.gate import density_g_cm3
from lang2mlip.science.structures.guests import opened
from lang2mlip.science.structures.intact import examine
from lang2mlip.science.structures.sites import sites, spaced
from lang2mlip.science.structures.solid_molecule import SolidMolecule, SolidMoleculeParameters
from lang2mlip.science.structures.surface import Surface, SurfaceParameters

CO = {"smiles": "[C-]#[O+]"}


def slab(miller, lateral=(3, 3)):
    return Surface(SurfaceParameters(crystal="Cu", miller=miller, layers=3, lateral=lateral)).build(0)


def covered(miller=(1, 1, 1), **more):
    solid = {"builder": "surface", "parameters": {"crystal": "Cu", "miller": miller, "layers": 3, "lateral": (3, 3)}}
    return SolidMolecule(SolidMoleculeParameters(**{"solid": solid, "molecules": [CO], **more}))


def filled(crystal, guest, **more):
    solid = {"builder": "bulk", "parameters": crystal}
    return SolidMolecule(SolidMoleculeParameters(solid=solid, molecules=[guest], how="soaked", **more))


@pytest.mark.parametrize(
    ("miller", "counts"), [((1, 1, 1), (9, 27, 18)), ((1, 0, 0), (9, 18, 9))], ids=["triangles", "squares"]
)
def test_a_terrace_has_the_sites_of_its_net(miller, counts):
    surface = slab(miller)
    assert tuple(len(sites(surface, kind)) for kind in ("top", "bridge", "hollow")) == counts


@pytest.mark.parametrize(("miller", "touching"), [((1, 1, 1), 3), ((1, 0, 0), 4)])
def test_the_anchor_touches_as_many_atoms_as_its_site_has_neighbours(miller, touching):
    for site, neighbours in {"top": 1, "bridge": 2, "hollow": touching}.items():
        atoms = covered(miller, site=site, count=1).build(1)
        carbon = int(np.flatnonzero(atoms.symbols == "C")[0])
        distances = np.sort(atoms.get_distances(carbon, np.flatnonzero(atoms.symbols == "Cu"), mic=True))
        assert distances[:neighbours] == pytest.approx(np.full(neighbours, 1.32 + 0.76), abs=0.02)
        assert distances[neighbours] > distances[0] + 0.3


def test_adsorbates_stand_with_their_anchor_below_and_pass_the_gate():
    builder = covered(coverage=1 / 3)
    assembly = builder.assemble(4)
    assert examine(assembly, builder.expectations()).passed
    atoms = assembly.atoms
    assert atoms.symbols.formula.count() == {"Cu": 27, "C": 3, "O": 3}
    z = atoms.positions[:, 2]
    assert z[atoms.symbols == "O"].min() > z[atoms.symbols == "C"].max() > z[atoms.symbols == "Cu"].max()
    assert (np.unique(atoms.arrays["layer"][atoms.symbols == "Cu"]) == 0).all()
    empty = atoms.cell[2, 2] - np.ptp(z)
    assert empty == pytest.approx(12.0)


def test_adsorbates_keep_apart():
    surface = slab((1, 1, 1))
    cell = surface.cell.array[:2, :2]
    chosen = spaced(sites(surface, "top"), cell, 3, np.random.default_rng(0))
    nearest = min(np.linalg.norm(chosen[i] - chosen[j]) for i in range(3) for j in range(i))
    assert nearest > 1.7 * 2.556
    with pytest.raises(BadInput, match="10 adsorbates do not fit on 9 sites"):
        spaced(sites(surface, "top"), cell, 10, np.random.default_rng(0))


def test_an_adsorbate_without_its_anchor_is_refused():
    with pytest.raises(BadInput, match="has no N to bind with"):
        covered(anchor="N").build(1)


def test_guests_lie_in_the_opened_galleries_of_a_layered_host():
    host = {"crystal": "C-graphite", "repeat": (4, 4, 1)}
    builder = filled(host, {"name": "propylene-carbonate"}, count=2, gallery_A=4.5)
    assembly = builder.assemble(1)
    assert examine(assembly, builder.expectations()).passed
    planes = np.unique(np.round(assembly.atoms.positions[:64, 2], 3))
    height = assembly.atoms.cell[2, 2]
    for body in (1, 2):
        middle = assembly.atoms.positions[assembly.body == body, 2].mean()
        gaps = abs((middle - planes + height / 2) % height - height / 2)
        assert gaps.min() > 2.0


def test_opening_a_layered_crystal_moves_its_layers_and_nothing_else():
    host = Bulk(BulkParameters(crystal="C-graphite", repeat=(2, 2, 1))).build(0)
    wide = opened(host, 3.0)
    assert wide.cell[2, 2] == pytest.approx(host.cell[2, 2] + 6.0)
    nearest = wide.get_all_distances(mic=True) + 99 * np.eye(len(wide))
    assert nearest.min() == pytest.approx(1.42, abs=0.01)
    assert density_g_cm3(wide) == pytest.approx(density_g_cm3(host) * host.cell[2, 2] / wide.cell[2, 2])


def test_a_loading_is_the_mass_of_the_guests_over_that_of_the_host():
    host = {"crystal": "C-graphite", "repeat": (4, 4, 1)}
    atoms = filled(host, {"name": "water"}, loading=0.12, gallery_A=3.5).build(2)
    masses = atoms.get_masses()
    assert masses[64:].sum() / masses[:64].sum() == pytest.approx(0.12, abs=0.012)


def test_a_host_without_room_says_how_many_found_some():
    with pytest.raises(BadInput, match="0 of 4 guests found room in C64"):
        filled({"crystal": "C-graphite", "repeat": (4, 4, 1)}, {"name": "water"}, count=4).build(1)


@pytest.mark.parametrize("vacuum_A", [0.0, 14.0])
def test_a_film_of_liquid_wets_the_slab_and_stays_liquid(vacuum_A):
    builder = covered(
        how="film",
        molecules=[{"name": "water"}],
        lateral_A=10.0,
        thickness_A=10.0,
        solid_thickness_A=4.0,
        vacuum_A=vacuum_A,
        equilibrate_ps=1.0,
    )
    assembly = builder.assemble(1)
    assert examine(assembly, builder.expectations()).passed
    atoms, film = assembly.atoms, assembly.layer == 1
    assert atoms.symbols[film].formula.reduce()[0].count() == {"H": 2, "O": 1}
    z = atoms.positions[:, 2]
    assert 1.5 < z[film].min() - z[~film].max() < 3.6
    amount = atoms.get_masses()[film].sum() * 1.66054 / np.linalg.norm(np.cross(*atoms.cell.array[:2]))
    assert amount / 10.0 == pytest.approx(0.997, rel=0.1)


def test_guests_may_come_to_rest_while_the_host_is_held():
    host = {"crystal": "C-graphite", "repeat": (4, 4, 1)}
    laid, rested = (
        filled(host, {"name": "water"}, count=6, gallery_A=4.0, equilibrate_ps=ps).assemble(2) for ps in (0.0, 1.0)
    )
    assert examine(rested).passed
    moved = np.linalg.norm(rested.atoms.positions - laid.atoms.positions, axis=1)
    assert moved[:64].max() < 1e-6 < 0.1 < moved[64:].max()
