"""Any ASE calculator by its import path, for methods that have no part of their own here."""

from __future__ import annotations

import importlib
from importlib import metadata
from typing import Any

from ase.calculators.calculator import Calculator
from pydantic import Field

from lang2mlip.contracts import Json, Noun
from lang2mlip.errors import BadInput
from lang2mlip.science.reference.method import Method

__all__ = ["ASEReference"]


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
        return tuple(sorted(set(metadata.packages_distributions().get(top, ()))))

    def calculator(self) -> Calculator:
        """A fresh calculator. Raises BadInput when the path or the arguments do not fit."""
        made = self._class()
        try:
            calculator = made(**self.settings.arguments)
        except (TypeError, ValueError, RuntimeError, OSError) as error:
            raise BadInput(f"{self.settings.path} does not accept {self.settings.arguments}: {error}") from error
        if not (hasattr(calculator, "calculate") and hasattr(calculator, "get_potential_energy")):
            raise BadInput(f"{self.settings.path} is not an ASE calculator: it gives a {type(calculator).__name__}.")
        found: Calculator = calculator
        return found

    def _class(self) -> Any:
        module, _, name = self.settings.path.rpartition(".")
        try:
            return getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise BadInput(f"The ASE calculator {self.settings.path!r} cannot be imported: {error}.") from error
