"""Every exchange with a model, as JSON lines that a person can read and a later run can replay.

A line is one request and its reply: `label` says which conversation it belongs to, `turn` counts from 0 within it.
A conversation that starts again under the same label (after a crash) replaces what was recorded before.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lang2mlip.errors import RunFault

__all__ = ["FILE_NAME", "Transcript", "recorded_replies", "scrub"]

FILE_NAME = "exchanges.jsonl"

_SECRET_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL)S?$", re.IGNORECASE)
_SECRET_SHAPE = re.compile(r"\bsk-[A-Za-z0-9_-]{16,}|(?<=Bearer )[A-Za-z0-9._~+/=-]{16,}|(?<=://)[^/\s\"@]+(?=@)")
_REMOVED = "[removed]"
_SHORTEST_SECRET = 8
"""Shorter values of secret-looking variables (`on`, `none`, `1`) are words, not keys."""


def scrub(text: str, environment: Mapping[str, str] | None = None) -> str:
    """`text` without any key of the environment, and without anything that has the shape of one."""
    variables = os.environ if environment is None else environment
    secrets = {value for name, value in variables.items() if _SECRET_NAME.search(name)}
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            # JSON may have escaped the value.
            text = text.replace(secret, _REMOVED).replace(json.dumps(secret)[1:-1], _REMOVED)
    return _SECRET_SHAPE.sub(_REMOVED, text)


class Transcript:
    """The transcript of one run: a file in its folder, only ever appended to."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made when the first exchange is written."""
        self.file = folder / FILE_NAME

    def write(self, entry: Mapping[str, Any]) -> None:
        """Append one exchange, scrubbed and stamped with the time. Raises RunFault when it cannot be written."""
        line = scrub(json.dumps({"at": datetime.now(UTC).isoformat(), **entry}, ensure_ascii=False))
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self.file.open("a", encoding="utf-8") as stream:
                stream.write(line + "\n")
        except OSError as error:
            raise RunFault(
                f"The transcript {self.file} cannot be written ({error.strerror}); free space or rights are needed."
            ) from error


def recorded_replies(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Label → the replies of that conversation in order, from a transcript folder or file. Raises RunFault."""
    file = folder if folder.is_file() else folder / FILE_NAME
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise RunFault(f"There is no transcript at {file} ({error.strerror}); give the transcript of a run.") from error
    replies: dict[str, list[dict[str, Any]]] = {}
    for number, line in enumerate(lines, start=1):
        entry = _entry(line, number, file, last=number == len(lines))
        if entry is None:
            continue
        if entry["turn"] == 0:
            replies[entry["label"]] = []
        if "reply" in entry:
            replies.setdefault(entry["label"], []).append(entry["reply"])
    return replies


def _entry(line: str, number: int, file: Path, last: bool) -> dict[str, Any] | None:
    """The exchange on a line; None for a last line that a crash cut short."""
    try:
        entry: dict[str, Any] = json.loads(line)
        return entry | {"label": str(entry["label"]), "turn": int(entry["turn"])}
    except (ValueError, KeyError, TypeError) as error:
        if last:
            return None
        raise RunFault(f"Line {number} of the transcript {file} is damaged: {error}; remove the line.") from error
