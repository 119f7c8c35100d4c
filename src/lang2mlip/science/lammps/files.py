"""protocols/NAME.yaml: a protocol written so that a person can read and edit it, and read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import yaml

from lang2mlip.contracts import Json, check
from lang2mlip.contracts.protocols import Protocol
from lang2mlip.errors import BadInput, UnknownName

__all__ = ["protocol_from_file", "protocol_of", "protocol_text"]

_KINDS: dict[str, Any] = {kind.model_fields["kind"].default: kind for kind in get_args(get_args(Protocol)[0])}

_HEAD = """# An MD protocol of this run, {kind}. Edit it, then: lang2mlip run NAME
# Lengths in ps or fs, temperatures in K, pressures in GPa, strains as fractions, energies in eV.
"""


def protocol_of(data: Json, where: str) -> Protocol:
    """A protocol from its fields. Raises BadInput naming `where` and what is wrong."""
    kind = data.get("kind") if isinstance(data, dict) else None
    if kind not in _KINDS:
        raise BadInput(f"{where}: {UnknownName.of('kind of MD protocol', str(kind), _KINDS)}")
    made: Protocol = check(_KINDS[kind], data, where)
    return made


def protocol_text(protocol: Protocol) -> str:
    """A protocol as commented YAML."""
    body = {"kind": protocol.kind, **protocol.model_dump(mode="json", exclude_none=True)}
    text: str = yaml.dump(body, Dumper=_Lines, sort_keys=False, allow_unicode=True, width=116)
    return _HEAD.format(kind=protocol.kind.replace("_", " ")) + text


class _Lines(yaml.SafeDumper):
    """Text of several lines is written as such."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Lines.add_representer(str, _text)


def protocol_from_file(file: Path) -> Protocol:
    """The protocol in a YAML file. Raises BadInput naming the file and what is wrong in it."""
    try:
        data: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"The protocol {file} cannot be read: {error}.") from error
    except yaml.YAMLError as error:
        raise BadInput(f"The protocol {file} is no sound YAML: {' '.join(str(error).split())}.") from error
    return protocol_of(data, f"The protocol {file}")
