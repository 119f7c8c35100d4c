"""Words to a recipe with its parameters: what is said is taken, what is not said is asked or said aloud."""

import pytest

from lang2mlip.data import table
from lang2mlip.errors import BadInput
from lang2mlip.labs.lammps.recipes import KNOWN, known
from lang2mlip.labs.lammps.words import understood

SAID = [
    ("How stiff is aluminium?", "elastic", {}),
    ("elastic constants of aluminium from strains of ±0.5 % strain", "elastic", {"strain": 0.005}),
    ("AlNi, CsCl type. a0 at T=0, p=0", "minimise", {}),
    ("lattice constant of MgO in the NaCl structure", "minimise", {}),
    ("part made of tungsten runs at 1200 K in vacuum, bcc lattice parameter", "equilibrate", {"temperature_K": 1200}),
    ("iron bcc at 100 C squeezed to 50 kbar: how much volume has one atom?", "equilibrate", {"pressure_GPa": 5}),
    ("VOLUMETRIC (beta, not linear) thermal expansion of gold, 80 F to 800 F", "expansion", {}),
    ("elastic constants of iron with an FS potential", "elastic", {}),
    ("energy-volume curve of silicon with the Si-C-Ge multicomponent parameters of Tersoff", "energy_volume", {}),
    ("vacancy energy of bcc tungsten, zero K", "vacancy", {}),
    ("Young's modulus of tungsten", "elastic", {}),
    ("E-V curve for aluminum", "energy_volume", {"volume_range": 0.06}),
    ("E-V curve of silicon, ±4 % in the lattice constant", "energy_volume", {"volume_range": 0.12}),
    ("Birch-Murnaghan fit for gold, volumes from -8% to +8%", "energy_volume", {"volume_range": 0.08}),
    ("evaporate copper onto a Cu(001) substrate at 350 K, one atom each 5 ps", "deposition", {"every_ps": 5}),
    ("energy of the (100) surface of gold", "surface", {"miller": (1, 0, 0)}),
    ("cleavage energy of W(110)", "surface", {"miller": (1, 1, 0)}),
    ("What does it cost to remove an atom from tungsten?", "vacancy", {}),
    ("Pull on a nickel crystal at 300 K until 10 % strain", "deform", {"mode": "tension", "strain": 0.1}),
    ("compress copper by 8 % at 300 K", "deform", {"mode": "compression", "strain": 0.08}),
    ("Shear an aluminium crystal at 100 K", "deform", {"mode": "shear", "temperature_K": 100}),
    ("At what temperature does copper melt?", "melting", {"temperature_K": 1357.77}),
    ("viscosity of liquid copper at 1500 K", "viscosity", {"molten": True, "temperature_K": 1500}),
    ("thermal conductivity of silicon at 500 K", "conductivity", {"temperature_K": 500, "molten": False}),
    ("thermal expansion of nickel between 200 and 800 K", "expansion", {"temperature_K": 200, "to_K": 800}),
    ("NPT run of copper at 300 K and 1 bar for 30 ps, time step of 1 fs", "equilibrate",
     {"pressure_GPa": 1e-4, "ps": 30, "timestep_fs": 1}),
    ("simulate 500 atoms of copper in the NVT ensemble at 400 K", "equilibrate", {"atoms": 500, "pressure_GPa": None}),
    ("RDF of liquid silicon at 2000 K", "motion", {"molten": True, "temperature_K": 2000}),
    ("how fast do the atoms move in liquid argon at 90 K and 1.37 g/cm³", "motion", {"density_g_cm3": 1.37}),
    ("relax NiAl", "minimise", {}),
    ("mean lattice constant of silver at 700 K", "equilibrate", {"temperature_K": 700}),
    ("relax copper, then its elastic constants", "elastic", {}),
    ("Young's modulus of silver by pulling it at 300 K", "deform", {"mode": "tension", "temperature_K": 300}),
    ("thermal conductivity of liquid argon at 90 K by Green-Kubo", "heat_flux", {"molten": True}),
    ("nanoindentation of Al(111) with a sphere of radius 2 nm, 0.5 nm deep", "indentation",
     {"miller": (1, 1, 1), "radius_A": 20, "depth_A": 5}),
    ("deposit 30 Ni atoms with 0.8 eV on a nickel (100) surface at 400 K", "deposition",
     {"arriving": 30, "energy_eV": 0.8, "temperature_K": 400}),
    ("potential of mean force of a pair in liquid argon at 95 K", "metadynamics", {"molten": True}),
    ("melting point of copper at 10 GPa", "melting", {"pressure_GPa": 10}),
    ("lattice constant of copper at 10 GPa", "minimise", {"pressure_GPa": 10}),
    ("diffusivty in liquid argon at 90 K", "motion", {"temperature_K": 90}),
    ("density of copper at 300 K, 256 atoms, 15 ps", "equilibrate", {"ps": 15, "atoms": 256}),
    ("shear nickel up to about 1 % at 300 K", "deform", {"mode": "shear", "strain": 0.01}),
    ("viscosity of liquid argon at 90 K and roughly 1.38 g/mL", "viscosity", {"density_g_cm3": 1.38}),
    ("What does it take to rip a single atom out of a nickel lattice, in eV?", "vacancy", {}),
    ("Per kelvin of warming, how much longer is a bar of silver near 400 K?", "expansion",
     {"temperature_K": 300, "to_K": 500}),
    ("CTE of tungsten at 1200 K", "expansion", {"temperature_K": 1100, "to_K": 1300}),
    ("thermal expansion of gold at 60 K", "expansion", {"temperature_K": 30, "to_K": 90}),
    ("Young's modulus of copper along [111] by pulling it at 300 K", "deform", {"direction": (1, 1, 1), "strain": 0.1}),
    ("at which stress does copper yield when pulled along <110> at 10 K", "deform",
     {"direction": (1, 1, 0), "strain": 0.25}),
    ("shear nickel on (111) along [11-2] at 10 K, peak stress", "deform",
     {"mode": "shear", "plane": (1, 1, 1), "direction": (1, 1, -2), "strain": 0.25}),
    ("elastic constants of copper; the part fails at a high load", "elastic", {"strain": 0.002}),
    ("elastic constants of the LJ crystal at T*=0.3 and rho*=1.0, 8x8x8 cells", "elastic_hot", {}),
    ("density of the LJ liquid at T*=0.85 and rho*=0.776 in a [100] box", "equilibrate", {}),
    ("pull copper at 300 K in a box of 20x20x20 angstrom", "deform", {"atoms": 500}),
    ("pull a 6x6x6 copper crystal at 300 K", "deform", {"atoms": 864, "direction": None}),
    ("diffusion in liquid iron at 2000 K and 1 bar, NVT after NPT", "motion", {"pressure_GPa": 1e-4}),
    ("500 silver atoms one by one onto Ag(111) at 300 K, film growth", "deposition", {"arriving": 500}),
    ("indent silver (111) with a sphere of R = 50 Å at 10 m/s, 10 K", "indentation",
     {"radius_A": 50.0, "speed_A_ps": 0.1}),
    ("cubic cell edge of silicon carbide (3C) after relaxing at 0 K", "minimise", {}),
    ("let gold settle at 0 K and tell me its density", "minimise", {}),
    ("How readily does liquid copper pour at 1500 K? Pa s please", "viscosity", {"temperature_K": 1500}),
    ("indent silver (001) with a tip (radius of ~3 nm), depth about 0.5 nm, approx. 20 m/s, 10 K", "indentation",
     {"radius_A": 30, "depth_A": 5, "speed_A_ps": 0.2}),
    ("Press a diamond tip into gold (111) at 20 K, load against depth", "indentation", {"miller": (1, 1, 1)}),
    ("Evaporate silver onto Ag(100) in vacuum at 200 K", "deposition", {"temperature_K": 200}),
    ("energy per atom of Ni3Al squeezed to 50 kbar", "minimise", {"pressure_GPa": 5}),
    ("our welds crack: by how many ppm per kelvin does iron swell on heating at 300 K?", "expansion", {}),
    ("vacancy formation energy of copper under 20 GPa hydrostatic", "vacancy", {"pressure_GPa": 20}),
    ("elastic constants of silver at 300 K and 10 GPa", "elastic_hot", {"temperature_K": 300, "pressure_GPa": 10}),
    ("elastic constants of silver at 0 K", "elastic", {}),
    ("isothermal elastic constants of nickel", "elastic_hot", {"temperature_K": 300}),
    ("pull copper at 300 K at a strain rate of 1e10 1/s", "deform", {"rate_per_ps": 0.01}),
]  # fmt: skip


@pytest.mark.parametrize(("words", "recipe", "parameters"), SAID)
def test_words_mean_a_recipe_and_its_parameters(words, recipe, parameters):
    made = understood(words, {}).recipe
    assert made.key == recipe
    assert {name: getattr(made, name) for name in parameters} == parameters


@pytest.mark.parametrize(
    "words",
    [
        "a billion atoms of copper: elastic constants",
        "g(r) of amorphous silicon",
        "stress at a crack tip in copper at 300 K",
        "how high a barrier must a platinum adatom climb to hop to the next hollow at 300 K",
        "make me a coffee",
        "write a poem about copper",
        "simulate the interface between copper and nickel",
    ],
)
def test_what_no_recipe_does_is_refused_and_nothing_else_run_in_its_place(words):
    with pytest.raises(BadInput):
        understood(words, {})


def test_what_was_not_said_is_said_aloud():
    assumed = understood("density of copper", {}).assumptions
    assert any("300 K" in one for one in assumed)
    assert any("0 GPa" in one for one in assumed)


def test_a_misspelt_parameter_is_refused_with_the_nearest_name():
    with pytest.raises(BadInput, match="strain"):
        understood("elastic constants of copper", {"strian": 0.001})


def test_every_recipe_has_words_and_a_source_and_every_entry_a_recipe():
    entries = table("recipes").values()
    assert {entry["recipe"] for entry in entries} - {"absent"} == set(KNOWN)
    assert all(entry["source"] and entry["words"] for entry in entries)
    assert all(known(name).key == name for name in KNOWN)


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("g(r) of liquid copper at 1500 K, bins of 0.05 Å", "0.05 Å"),
        ("elastic constants of aluminium, box of 4 nm, over 30 ps", "4 nm, 30 ps"),
        ("melting point of copper, experiment 1358 K, start at 1300 K", ""),
        ("thermal expansion of nickel at 300 K", ""),
        ("indent silver (001) to 0.5 nm with a tip of diameter 4 nm at 10 K", ""),
        ("LJ argon at 60 K, ε/kB = 120 K, σ = 3.4 Å, density", ""),
    ],
)
def test_a_quantity_that_no_parameter_takes_up_is_said_aloud(words, left):
    said = [one for one in understood(words, {}).assumptions if one.startswith("Not used")]
    assert [one.endswith(f"for it: {left}.") for one in said] == ([True] if left else [])
