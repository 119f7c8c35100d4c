"""ReferenceSpec in, reference out; and the identity under which its labels are kept."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from lang2mlip import catalogue
from lang2mlip.contracts import Json, Noun, ReferenceSpec, check
from lang2mlip.contracts.parts import Reference
from lang2mlip.errors import BadInput

__all__ = ["identity", "open_reference", "parse", "settings_of"]


def parse(text: str) -> ReferenceSpec:
    """`name`, `name:text` or `name:text,key=value,…` as a ReferenceSpec with checked settings.

    Examples: `emt`; `lammps:FILE`; `gfn2-xtb:charge=-1`; `pyscf:b3lyp/6-31g*`; `ase:module.Class`.
    Raises UnknownName, NotInstalled or BadInput.
    """
    name, _, rest = text.strip().partition(":")
    part = catalogue.load("reference", name)
    settings: dict[str, Json] = {}
    for piece in filter(None, (piece.strip() for piece in rest.split(","))):
        key, equals, value = piece.partition("=")
        if equals:
            settings[key.strip()] = _value(value, text)
        elif hasattr(part, "from_text"):
            settings |= part.from_text(piece)
        else:
            raise BadInput(f"The reference {name!r} takes settings as key=value, not {piece!r}.")
    check(part.Settings, settings, f"reference {text}")
    return ReferenceSpec(name=name, settings=settings, reason="named by the person")


def _value(text: str, whole: str) -> Json:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadInput(
            f"In {whole!r} the value {text!r} cannot be read; write a number, true, false or a word."
        ) from error


def settings_of(spec: ReferenceSpec) -> Noun:
    """The validated settings of `spec`. Raises UnknownName, NotInstalled or BadInput."""
    kind: type[Noun] = catalogue.load("reference", spec.name).Settings
    return check(kind, spec.settings, f"settings of the reference {spec.name}")


def open_reference(spec: ReferenceSpec) -> Reference:
    """The reference that `spec` names. Raises UnknownName, NotInstalled or BadInput."""
    reference: Reference = catalogue.load("reference", spec.name)(settings_of(spec))
    return reference


def identity(spec: ReferenceSpec) -> str:
    """Key of the label cache: 32 hex digits that change whenever the numbers can.

    Hash of the name, every validated setting (defaults included), the contents of the files it reads, its revision
    and the versions of the packages behind it. Where a file lies does not matter; its name does (it tells the format).
    """
    reference: Any = open_reference(spec)
    settings = settings_of(spec).model_dump(mode="json")
    files = [Path(file) for file in reference.files()] if hasattr(reference, "files") else []
    packages = reference.packages() if hasattr(reference, "packages") else ()
    facts = {
        "name": spec.name,
        "settings": {key: value for key, value in settings.items() if not (files and key == "file")},
        "files": {file.name: _sha256(file, file.stat().st_mtime_ns, file.stat().st_size) for file in files},
        "revision": getattr(reference, "REVISION", 0),
        "packages": {package: _version(package) for package in packages},
    }
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@lru_cache(maxsize=64)
def _sha256(file: Path, changed_ns: int, size: int) -> str:
    """Hash of a file's content; `changed_ns` and `size` are there so that a changed file is read again."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"
