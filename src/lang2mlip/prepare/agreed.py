"""Settings of a reference as a person says them (cut-off, k-spacing, spin, charge), in the names that a part uses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lang2mlip import catalogue
from lang2mlip.contracts import Json, Noun, ReferenceSpec, check
from lang2mlip.data import table
from lang2mlip.errors import BadInput, NotInstalled

__all__ = ["agreeable", "said_settings", "with_settings"]

_LEVEL = ("functional", "method", "basis")
"""A part with one of these is a calculation whose settings are worth agreeing on."""


def said_settings(text: str) -> dict[str, Json]:
    """Name of a setting (as data/words has it) → its value, for every setting that `text` states."""
    found: dict[str, Json] = {}
    for entry in _entries():
        match = re.search(entry["pattern"], text, re.IGNORECASE)
        if match:
            found[entry["name"]] = _value(match, entry)
    return found


def _entries() -> list[Mapping[str, Any]]:
    return [entry for entry in table("words").values() if entry["kind"] == "setting"]


def _value(match: re.Match[str], entry: Mapping[str, Any]) -> Json:
    groups = match.groupdict()
    if groups.get("value") is None:
        return groups.get("yes") is not None
    value = float(groups["value"])
    value *= entry.get("units", {}).get((groups.get("unit") or "").lower(), 1.0)
    if "reciprocal" in entry:
        if value <= 0:
            raise BadInput(f"The {entry['name']} in {match.group()!r} must be more than nothing.")
        value = round(entry["reciprocal"] / value, 4)
    return int(value) if value == int(value) else value


def with_settings(spec: ReferenceSpec, said: Mapping[str, Json]) -> tuple[ReferenceSpec, list[str]]:
    """The reference with what was said of its settings, and a sentence on each that it does not have.

    Raises BadInput for a value that the part refuses.
    """
    kind = _settings(spec)
    if kind is None or not said:
        return spec, []
    fields = {entry["name"]: next((f for f in entry["fields"] if f in kind.model_fields), None) for entry in _entries()}
    settings = {field: value for name, value in said.items() if (field := fields.get(name))}
    lost = [name for name, value in said.items() if not fields.get(name) and value is not False]
    remarks = [f"{spec.name} has no setting for the {name}, so that was left out." for name in lost]
    if not settings:
        return spec, remarks
    checked = spec.model_copy(update={"settings": spec.settings | settings})
    check(kind, checked.settings, f"settings of the reference {spec.name}")
    return checked, remarks


def agreeable(spec: ReferenceSpec) -> str:
    """The level and settings of a calculation in words, for the person to agree; empty where there is nothing to."""
    kind = _settings(spec)
    if kind is None or not set(_LEVEL) & set(kind.model_fields):
        return ""
    try:
        full = kind.model_validate(spec.settings)
    except ValueError:
        return ""
    names = {field: entry["name"] for entry in _entries() for field in entry["fields"]}
    shown = [field for field in kind.model_fields if field in _LEVEL or field in names]
    return ", ".join(f"{names.get(field, field)} {_shown(getattr(full, field), field)}" for field in shown)


def _shown(value: object, field: str) -> str:
    unit = " eV" if field.endswith("_eV") else ""
    return (
        {True: "yes", False: "no", None: "automatic"}.get(value, f"{value}{unit}")
        if isinstance(value, bool | None)
        else f"{value}{unit}"
    )


def _settings(spec: ReferenceSpec) -> type[Noun] | None:
    try:
        kind: type[Noun] = catalogue.load("reference", spec.name).Settings
    except (BadInput, NotInstalled):
        return None
    return kind
