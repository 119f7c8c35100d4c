"""Any ASE calculator by its import path, for methods that have no part of their own here."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import metadata
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, CalculatorError
from pydantic import Field

from lang2mlip.contracts import Json, Noun
from lang2mlip.errors import BadInput, LabelFailed
from lang2mlip.science.reference.calculator import Computed
from lang2mlip.science.reference.method import Method

__all__ = ["ASEReference", "Guarded"]


class ASEReference(Method):
    """`module.Class` with keyword arguments; its units must be ASE's (eV, Å)."""

    TEXT = "path"

    class Settings(Noun):
        """Settings of a calculator by import path."""

        path: str = Field(pattern=r"^[A-Za-z_][\w.]*\.[A-Za-z_]\w*$", description="module.Class of an ASE calculator")
        arguments: dict[str, Json] = Field(default_factory=dict, description="keyword arguments of the class")
        elements: tuple[str, ...] | None = Field(default=None, description="elements it can treat; None: any")

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def elements(self) -> frozenset[str] | None:
        """What the settings say; a foreign calculator does not tell."""
        return frozenset(self.settings.elements) if self.settings.elements else None

    def packages(self) -> tuple[str, ...]:
        """The distributions behind the module."""
        top = self.settings.path.partition(".")[0]
        return tuple(sorted(set(_distributions().get(top, ()))))

    def calculator(self) -> Calculator:
        """A fresh calculator, guarded. Raises BadInput when the path or the arguments do not fit."""
        made = self._class()
        # Before it is called: a task file of a stranger may name any function with any arguments.
        if not (isinstance(made, type) and hasattr(made, "calculate") and hasattr(made, "get_potential_energy")):
            raise BadInput(f"{self.settings.path} is not an ASE calculator class, so it is not called.")
        try:
            calculator = made(**self.settings.arguments)
        except (TypeError, ValueError, RuntimeError, OSError) as error:
            raise BadInput(f"{self.settings.path} does not accept {self.settings.arguments}: {error}") from error
        return Guarded(calculator, self.settings.path)

    def _class(self) -> Any:
        module, _, name = self.settings.path.rpartition(".")
        try:
            return getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise BadInput(f"The ASE calculator {self.settings.path!r} cannot be imported: {error}.") from error


@cache
def _distributions() -> Mapping[str, Sequence[str]]:
    """Top module → distributions; a second of work in a large environment, so once in a process."""
    return metadata.packages_distributions()


class Guarded(Computed):
    """A foreign calculator whose failures are failed labels, and whose every result is finite."""

    def __init__(self, inner: Calculator, name: str) -> None:
        known = [each for each in ("energy", "forces", "stress") if each in inner.implemented_properties]
        super().__init__([*known, "free_energy"])
        self._inner, self._name = inner, name

    def compute(self, atoms: Atoms, changes: list[str]) -> dict[str, Any]:
        """Raises LabelFailed when the calculator gives up."""
        wanted = [each for each in ("energy", "forces", "stress") if each in self.implemented_properties]
        if atoms.cell.rank < 3 or not atoms.pbc.any():
            wanted = [each for each in wanted if each != "stress"]
        try:
            results: dict[str, Any] = {each: self._inner.get_property(each, atoms) for each in wanted}
        except (CalculatorError, RuntimeError, ValueError, ArithmeticError, OSError) as error:
            raise LabelFailed(f"{self._name} failed for {atoms.symbols}: {error}; leave the frame out.") from error
        if any(value is None or not np.isfinite(value).all() for value in results.values()):
            raise LabelFailed(f"{self._name} gave a value that is not finite for {atoms.symbols}; leave it out.")
        return results | {"free_energy": results["energy"]}
