"""The reference method and the potential family that the words name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import Field

from lang2mlip import catalogue
from lang2mlip.contracts import Noun
from lang2mlip.prepare.text import Item, normal

__all__ = ["Method", "family_of", "method_of"]


class Method(Noun):
    """A reference method in the person's words."""

    name: str = Field(description="a reference part of the catalogue, or dft where the substance decides which")
    said: str = Field(description="the words")
    spec: str | None = Field(default=None, description="written out, e.g. lammps:FILE")
    style: str | None = Field(default=None, description="kind of classical potential, e.g. sw, tersoff, eam")
    functional: str | None = None
    method: str | None = Field(default=None, description="wave-function method, e.g. mp2")
    basis: str | None = None


def method_of(items: Sequence[Item], prompt: str) -> tuple[Method | None, list[tuple[str, str]]]:
    """The reference that is named, and a sentence when two are."""
    specs = [
        Method(name=item.value.partition(":")[0], said=item.text, spec=item.value)
        for item in items
        if item.kind == "spec"
    ]
    named = [_named(item) for item in items if item.kind == "reference" or _as_reference(item, prompt)]
    functional = next((item for item in items if item.kind == "functional"), None)
    basis = next((item.text for item in items if item.kind == "basis"), None)
    found = specs + [method for method in named if method.name not in [spec.name for spec in specs]]
    if not found and functional is not None:
        found = [Method(name="dft", said=functional.text)]
    found = _precise(found)
    if not found:
        return None, []
    level = {"functional": functional.value.entry["value"] if functional else None, "basis": basis}
    chosen = found[0].model_copy(update=level)
    others = [method.said for method in found[1:]]
    if functional and (lacks := functional.value.entry.get("lacks")):
        return chosen, [("reference", f"{functional.text} asks for {lacks}, which no reference here offers")]
    return chosen, [
        ("reference", f"several references are named: {', '.join([chosen.said, *others])}")
    ] if others else []


def _named(item: Item) -> Method:
    entry = item.value.entry
    return Method(name=entry["value"], said=item.text, style=entry.get("style"), method=entry.get("method"))


def _precise(methods: list[Method]) -> list[Method]:
    """Without `dft` beside a code that does it, and with one of each."""
    unique = list({(m.name, m.style, m.method, m.spec): m for m in methods}.values())
    codes = [method for method in unique if method.name in ("gpaw", "pyscf")]
    classical = [method for method in unique if method.name == "lammps" and (method.style or method.spec)]
    return [
        method
        for method in unique
        if not (method.name == "dft" and codes)
        and not (method.name == "lammps" and classical and not (method.style or method.spec))
    ]


def _as_reference(item: Item, prompt: str) -> bool:
    """A family that is a reference too, and is called one: `X as reference`, `reference: X`."""
    if item.kind != "family" or item.value.entry["value"] not in catalogue.names("reference"):
        return False
    text = normal(prompt)
    after = re.match(r"\s*(?:model\s+)?(?:as|for)?\s*(?:the|a)?\s*reference\b", text[item.end :], re.IGNORECASE)
    before = re.search(r"\breference\s*(?:is|=|:|method)?\s*$", text[: item.start], re.IGNORECASE)
    return bool(after or before)


def family_of(items: Sequence[Item], prompt: str) -> str | None:
    """The potential family that is named."""
    return next((i.value.entry["value"] for i in items if i.kind == "family" and not _as_reference(i, prompt)), None)
