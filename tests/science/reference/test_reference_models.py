"""References with electrons or weights: what they refuse, and that a label depends on its structure alone."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from lang2mlip.act.labels import Labeller
from lang2mlip.contracts import ReferenceSpec
from lang2mlip.errors import BadInput, LabelFailed, UnsupportedElement
from lang2mlip.science.reference.selftest import probe, self_test
from lang2mlip.science.reference.spec import identity, open_reference, parse


@pytest.mark.parametrize("text", ["gfn1-xtb", "gfn2-xtb", "pyscf:hf/sto-3g"])
def test_a_label_does_not_depend_on_what_was_asked_before(text: str) -> None:
    pytest.importorskip("tblite" if "xtb" in text else "pyscf")
    reference = open_reference(parse(text))
    used, fresh = reference.calculator(), reference.calculator()
    stretched = molecule("H2O")
    stretched.positions[1] *= 1.3
    used.get_potential_energy(stretched)
    used.get_potential_energy(molecule("CH4"))
    assert used.get_potential_energy(molecule("H2O")) == fresh.get_potential_energy(molecule("H2O"))
    assert np.array_equal(used.get_forces(molecule("H2O")), fresh.get_forces(molecule("H2O")))


def test_gfn2_gives_the_energy_of_its_own_documentation() -> None:
    pytest.importorskip("tblite")
    energy = open_reference(parse("gfn2-xtb")).calculator().get_potential_energy(molecule("H2O"))
    assert energy == pytest.approx(-137.9677, abs=1e-3)


def test_a_radical_is_a_doublet_without_being_told() -> None:
    pytest.importorskip("tblite")
    calculator = open_reference(parse("gfn2-xtb")).calculator()
    told = open_reference(parse("gfn2-xtb:multiplicity=2")).calculator()
    assert calculator.get_potential_energy(molecule("CH3")) == told.get_potential_energy(molecule("CH3"))


def test_a_field_that_does_not_converge_is_a_failed_label() -> None:
    pytest.importorskip("tblite")
    calculator = open_reference(parse("gfn2-xtb:max_iterations=10,accuracy=0.0001")).calculator()
    clash = Atoms("Fe4", positions=np.random.default_rng(0).random((4, 3)) * 1.5)
    with pytest.raises(LabelFailed, match="leave"):
        calculator.get_potential_energy(clash)


def test_restricted_hartree_fock_of_water_has_its_textbook_energy() -> None:
    pytest.importorskip("pyscf")
    water = Atoms("OHH", positions=[[0, 0, 0], [0, 0.7572, 0.5865], [0, -0.7572, 0.5865]])
    calculator = open_reference(parse("pyscf:hf/sto-3g,density_fit=false")).calculator()
    assert calculator.get_potential_energy(water) / 27.211386 == pytest.approx(-74.963, abs=1e-3)


def test_pyscf_refuses_a_periodic_cell_and_a_basis_that_does_not_exist() -> None:
    pytest.importorskip("pyscf")
    with pytest.raises(LabelFailed, match="molecules only"):
        open_reference(parse("pyscf:hf/sto-3g")).calculator().get_potential_energy(bulk("Si"))
    with pytest.raises(BadInput, match="sto-3q"):
        open_reference(parse("pyscf:hf/sto-3q")).elements()
    with pytest.raises(LabelFailed, match="spin"):
        open_reference(parse("pyscf:hf/sto-3g,unpaired=1")).calculator().get_potential_energy(molecule("H2O"))
    with pytest.raises(BadInput, match="nofunctional"):
        open_reference(parse("pyscf:nofunctional/sto-3g")).calculator().get_potential_energy(molecule("H2"))


@pytest.mark.parametrize("text", ["pyscf:pbe/sto-3g,max_cycles=1", "pyscf:hf/sto-3g,max_cycles=1"])
def test_a_molecule_whose_field_does_not_converge_is_no_label(text: str) -> None:
    pytest.importorskip("pyscf")
    labeller = Labeller(parse(text))
    assert labeller.label(molecule("H2O")) is None
    assert labeller.cost.failed == 1 and "did not converge" in labeller.faults[0]


def test_an_atom_alone_has_the_spin_of_its_ground_state_in_whatever_box() -> None:
    pytest.importorskip("pyscf")
    calculator = open_reference(parse("pyscf:hf/sto-3g,density_fit=false")).calculator()
    free = calculator.get_potential_energy(Atoms("O"))
    assert free / 27.211386 == pytest.approx(-73.804, abs=2e-3)  # triplet; the singlet lies at −73.66
    assert calculator.get_potential_energy(Atoms("O", cell=[15] * 3, pbc=True)) == pytest.approx(free, abs=1e-6)


def test_a_molecule_in_a_roomy_periodic_box_is_the_same_molecule() -> None:
    pytest.importorskip("pyscf")
    calculator = open_reference(parse("pyscf:hf/sto-3g")).calculator()
    boxed, crowded = molecule("H2", vacuum=5), molecule("H2", vacuum=2)
    boxed.pbc = crowded.pbc = True
    assert calculator.get_potential_energy(boxed) == pytest.approx(calculator.get_potential_energy(molecule("H2")))
    with pytest.raises(LabelFailed, match="molecules only"):
        calculator.get_potential_energy(crowded)


def test_pyscf_knows_the_elements_of_its_basis() -> None:
    pytest.importorskip("pyscf")
    known = open_reference(parse("pyscf:hf/sto-3g")).elements()
    assert known is not None and {"H", "C", "O"} <= known and "Rn" not in known


@pytest.mark.torch
def test_chgnet_refuses_a_molecule() -> None:
    pytest.importorskip("chgnet")
    with pytest.raises(LabelFailed, match="periodic"):
        open_reference(parse("chgnet")).calculator().get_potential_energy(molecule("H2O"))


@pytest.fixture(scope="module")
def mace_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A MACE model with random weights, as MACE itself would save it."""
    pytest.importorskip("mace")
    import torch

    torch.serialization.add_safe_globals([slice])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from e3nn import o3
        from mace import modules

        before = torch.get_default_dtype()
        torch.manual_seed(0)
        torch.set_default_dtype(torch.float64)
        block = modules.interaction_classes["RealAgnosticResidualInteractionBlock"]
        model = modules.ScaleShiftMACE(
            r_max=4.0,
            num_bessel=4,
            num_polynomial_cutoff=5,
            max_ell=1,
            interaction_cls=block,
            interaction_cls_first=block,
            num_interactions=2,
            num_elements=2,
            hidden_irreps=o3.Irreps("8x0e"),
            MLP_irreps=o3.Irreps("8x0e"),
            atomic_energies=np.array([-1.0, -2.0]),
            avg_num_neighbors=8,
            atomic_numbers=[13, 29],
            correlation=2,
            gate=torch.nn.functional.silu,
            atomic_inter_scale=1.0,
            atomic_inter_shift=0.0,
        )
        file = tmp_path_factory.mktemp("mace") / "random.model"
        torch.save(model, file)
        torch.set_default_dtype(before)
    os.environ.pop("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", None)
    return file


@pytest.mark.torch
def test_a_mace_file_is_a_reference(mace_file: Path) -> None:
    spec = parse(f"mace:{mace_file}")
    reference = open_reference(spec)
    assert reference.elements() == {"Al", "Cu"}
    found = self_test(reference.calculator(), probe(["Al", "Cu"]), reference.TOLERANCES)  # type: ignore[attr-defined]
    assert found.passed, found.summary
    assert found.has_stress
    assert identity(spec) != identity(parse(f"mace:{mace_file},precision=float32"))
    with pytest.raises(UnsupportedElement, match="not trained on H, O"):
        reference.calculator().get_potential_energy(molecule("H2O"))


@pytest.mark.torch
def test_opening_a_mace_file_leaves_torch_as_careful_as_before(mace_file: Path) -> None:
    open_reference(parse(f"mace:{mace_file}")).elements()
    assert "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD" not in os.environ


class _Attack:
    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (self.command,)


@pytest.mark.torch
def test_a_file_that_would_run_a_command_is_not_opened(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("mace")
    file, witness = tmp_path / "evil.model", tmp_path / "witness"
    torch.save(_Attack(f"touch {witness}"), file)
    with pytest.raises(BadInput, match="asks for posix.system"):
        open_reference(parse(f"mace:{file}")).elements()
    assert not witness.exists()


@pytest.mark.torch
def test_a_file_that_is_no_model_is_bad_input(tmp_path: Path) -> None:
    pytest.importorskip("mace")
    (tmp_path / "junk.model").write_text("junk")
    with pytest.raises(BadInput, match="not a torch file"):
        open_reference(parse(f"mace:{tmp_path / 'junk.model'}")).elements()
    with pytest.raises(BadInput, match="There is no MACE model file"):
        open_reference(ReferenceSpec(name="mace", settings={"file": str(tmp_path / "none.model")}))
