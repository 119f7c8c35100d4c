"""A calculator that counts: a call that fails has been paid for as well."""

from __future__ import annotations

from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes

__all__ = ["Metered"]


class Metered(Calculator):
    """Passes every evaluation on to `inner` and counts it in `calls`."""

    def __init__(self, inner: Calculator) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.implemented_properties = list(inner.implemented_properties)
        self.inner = inner
        self.calls = 0

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: list[str] | None = None,
        system_changes: list[str] = all_changes,
    ) -> None:
        """One evaluation by `inner`, whose results become ours. Raises whatever it raises."""
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]
        self.calls += 1
        for name in properties or ["energy"]:
            self.inner.get_property(name, self.atoms)
        self.results = dict(self.inner.results)
