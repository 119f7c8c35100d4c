"""Models of OpenKIM that are installed here, through the KIM API and its Python binding kimpy.

E. B. Tadmor, R. S. Elliott, J. P. Sethna, R. E. Miller and C. A. Becker, JOM 63, 17 (2011). A portable model (MO_…)
computes energies and forces itself; a simulator model (SM_…) is commands and files for one simulator.
"""

from __future__ import annotations

import atexit
import importlib
import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ase import Atoms
from ase.calculators.calculator import Calculator, CalculatorError
from ase.data import chemical_symbols
from pydantic import Field

from lang2mlip.contracts import Json, Noun
from lang2mlip.errors import BadInput, LabelFailed, NotInstalled
from lang2mlip.science.reference.calculator import EMPTY_A, Computed, boxed
from lang2mlip.science.reference.method import Method

__all__ = ["KIMReference", "Model", "Simulator", "find_model", "models_for", "portable", "simulator_parts"]

INSTALL = "apt install libkim-api-dev openkim-models; pip install 'lang2mlip[kim]'"
_KINDS = ("portableModel", "simulatorModel")
_FOLDERS = ("KIM_API_PORTABLE_MODELS_DIR", "KIM_API_MODEL_DRIVERS_DIR")


@dataclass(frozen=True)
class Model:
    """What the KIM API knows of an installed model."""

    name: str
    kind: str
    """portableModel or simulatorModel."""
    elements: tuple[str, ...]
    title: str
    form: str
    """The type of potential, e.g. eam."""
    source: str
    """The publication it comes from, and the DOI of the model itself."""
    disclaimer: str
    library: Path

    def folders(self) -> dict[str, str]:
        """Where a process that sees no home finds a portable model and its driver: variables of the KIM API."""
        root = self.library.parents[2]
        return dict(zip(_FOLDERS, (str(root / "portable-models"), str(root / "model-drivers")), strict=True))


@dataclass(frozen=True)
class Simulator:
    """A simulator model: for which program, in which units, with which commands and files."""

    program: str
    units: str
    before: tuple[str, ...]
    definition: tuple[str, ...]
    """Files by their bare names; the place of the types' symbols is `@<atom-type-sym-list>@`."""
    files: tuple[Path, ...]
    """They last as long as this process."""


class KIMReference(Method):
    """A portable model of OpenKIM, by its id."""

    TEXT = "model"

    class Settings(Noun):
        """Settings of a model of OpenKIM."""

        model: str = Field(description="id of an installed portable model, e.g. NAME__MO_000000000000_000 or MO_…")

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.model = find_model(settings.model)
        if self.model.kind != "portableModel":
            raise BadInput(
                f"{self.model.name} is a simulator model of OpenKIM, commands for one program; as a reference name a"
                " portable one (MO_…), or give its file as lammps:FILE."
            )

    @classmethod
    def from_text(cls, text: str) -> dict[str, Json]:
        """The whole id, so that another version installed later is another reference."""
        return {"model": find_model(text).name}

    def elements(self) -> frozenset[str]:
        """Those that the model lists."""
        return frozenset(self.model.elements)

    def files(self) -> tuple[Path, ...]:
        """The model's library; its parameters are inside."""
        return (self.model.library,)

    def packages(self) -> tuple[str, ...]:
        """The binding; the API and the model are libraries of their own."""
        return ("kimpy",)

    def calculator(self) -> Calculator:
        """A fresh calculator: energy (eV), forces (eV/Å), stress (eV/Å³)."""
        return portable(self.model.name)


def portable(model: str, folders: dict[str, str] | None = None) -> Calculator:
    """The calculator of a portable model; `folders`, as of Model.folders, in a process that sees no home."""
    os.environ.update(folders or {})
    _api()
    return _Portable(model)


class _Portable(Computed):
    """A portable model in ASE's calculator, whose neighbour lists want a cell even where nothing is periodic."""

    def __init__(self, model: str) -> None:
        super().__init__()
        from ase.calculators.kim import KIM

        self._model = KIM(model)

    def compute(self, atoms: Atoms, changes: list[str]) -> dict[str, Any]:
        """Raises LabelFailed for an element that the model has not, and for what it cannot compute."""
        system = atoms.copy()
        if atoms.cell.rank < 3:
            system.set_cell(boxed(atoms, EMPTY_A).cell)
        system.calc = self._model
        try:
            energy, forces = system.get_potential_energy(), system.get_forces()
            stress = {"stress": system.get_stress()} if atoms.cell.rank == 3 else {}
        except (RuntimeError, CalculatorError) as error:
            raise LabelFailed(f"{self._model.model_name} cannot treat {atoms.symbols}: {error}") from error
        return {"energy": energy, "free_energy": energy, "forces": forces, **stress}


def find_model(text: str) -> Model:
    """The installed model with this id, whole or short. Raises BadInput for one that is not here, NotInstalled
    without the KIM API."""
    found = [(kind, name) for kind, name in _installed() if name == text or _same(name, text)]
    if not found:
        raise BadInput(f"No model {text!r} of OpenKIM is installed here; its ids stand at https://openkim.org.")
    return _described(*max(found, key=lambda one: one[1]))


def models_for(elements: frozenset[str]) -> list[Model]:
    """The installed models that treat all of these elements, those with fewest others first."""
    every = [_described(kind, name) for kind, name in _installed()]
    able = [model for model in every if model.elements and elements <= set(model.elements)]
    return sorted(able, key=lambda model: (len(model.elements), model.name))


def _same(name: str, text: str) -> bool:
    """Whether `text` is the short id of `name`, with its version or without."""
    short = name.rpartition("__")[2]
    return text in (short, short.rpartition("_")[0])


@cache
def _api() -> Any:
    """The package kimpy; raises NotInstalled without it. The API is told not to write kim.log where one stands."""
    try:
        kimpy, _ = importlib.import_module("kimpy"), importlib.import_module("kim_edn")
    except ImportError as error:
        raise NotInstalled(f"Models of OpenKIM need the KIM API and its binding; get them with: {INSTALL}") from error
    kimpy.log.Log.push_default_verbosity(kimpy.log_verbosity.silent)
    return kimpy


@cache
def _collections() -> Any:
    return _api().collections.create()


def _installed() -> list[tuple[str, str]]:
    """(kind, name) of every model."""
    every = []
    for kind in _KINDS:
        item = getattr(_api().collection_item_type, kind)
        count = _collections().cache_list_of_item_names_by_type(item)
        every += [(kind, _collections().get_item_name_by_type(index)) for index in range(count)]
    return every


def _described(kind: str, name: str) -> Model:
    item = getattr(_api().collection_item_type, kind)
    library, _ = _collections().get_item_library_file_name_and_collection(item, name)
    told = _specification(item, name)
    cited = told.get("source-citations") or []
    paper: dict[str, Any] = next((one for one in cited if "recordprimary" in one), cited[0] if cited else {})
    words = (paper.get("author"), paper.get("journal"), paper.get("volume"), paper.get("year"))
    dois = [f"doi:{one}" for one in (paper.get("doi"), told.get("doi")) if one]
    return Model(
        name, kind, tuple(one for one in told.get("species", ()) if one in chemical_symbols[1:]),
        _plain(str(told.get("title", name))), str(told.get("potential-type", "potential")),
        _plain(", ".join([str(word) for word in words if word] + dois)), _plain(str(told.get("disclaimer", ""))),
        Path(os.path.realpath(library)),
    )  # fmt: skip


def _specification(item: Any, name: str) -> dict[str, Any]:
    """kimspec.edn of a model; empty where it has none."""
    count = _collections().cache_list_of_item_metadata_files(item, name)
    files = [_collections().get_item_metadata_file(index) for index in range(count)]
    text = next((file[-1] for file in files if file[0] == "kimspec.edn"), "{}")
    found: dict[str, Any] = importlib.import_module("kim_edn").loads(text)
    return found


def _plain(text: str) -> str:
    """Without the marks of LaTeX."""
    return " ".join(re.sub(r"\\['`^\"~&]|[{}\\]", "", text).split())


@cache
def _opened(name: str) -> Any:
    """Its files last as long as it does."""
    return _api().simulator_model.create(name)


atexit.register(_opened.cache_clear)


def simulator_parts(model: Model) -> Simulator:
    """What a simulator model is made of."""
    opened = _opened(model.name)
    if opened.template_map_is_open():
        opened.close_template_map()
    fields: dict[str, list[str]] = {}
    for index in range(opened.get_number_of_simulator_fields()):
        count, name = opened.get_simulator_field_metadata(index)
        fields[name] = [opened.get_simulator_field_line(index, line) for line in range(count)]
    folder = Path(opened.get_parameter_file_directory_name())
    bare = [line.replace(f"{folder}/", "").strip() for line in fields.get("model-defn", [])]
    files = tuple(sorted(file for file in folder.iterdir() if file.name != "smspec.edn"))
    before = tuple(filter(None, (line.strip() for line in fields.get("model-init", []))))
    return Simulator(
        opened.get_simulator_name_and_version()[0], "".join(fields.get("units", ["metal"])), before,
        tuple(filter(None, bare)), files,
    )  # fmt: skip
