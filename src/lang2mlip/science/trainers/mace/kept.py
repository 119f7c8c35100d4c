"""A training half way, in a file: a killed one goes on from it, with the same dice."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lang2mlip.errors import PartFailed
from lang2mlip.science.trainers.mace.library import library

__all__ = ["Kept"]

FILE = "halfway.pt"


class Kept:
    """The last state that was written down, for the same job and data alone."""

    def __init__(self, folder: Path, job: dict[str, Any], every_s: float) -> None:
        told = {**job, "settings": {key: value for key, value in job["settings"].items() if key != "save_s"}}
        digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
        digest.update((folder / "train.extxyz").read_bytes())
        self._of, self._file, self._every_s = digest.hexdigest(), folder / FILE, every_s
        self._last = time.monotonic()

    def found(self) -> dict[str, Any] | None:
        """The state; None where there is none that is whole and belongs to this job. Nothing in the file is run."""
        torch, _ = library()
        try:
            state: dict[str, Any] = torch.load(self._file, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError):
            return None
        return state if state.get("of") == self._of else None

    def keep(self, state: Callable[[], dict[str, Any]], now: bool = False) -> None:
        """Write it down when it is time, whole or not at all. Raises PartFailed when the disk refuses."""
        if not now and time.monotonic() - self._last < self._every_s:
            return
        torch, _ = library()
        temporary = self._file.with_name(f".{FILE}.tmp")
        try:
            with temporary.open("wb") as stream:
                torch.save(state() | {"of": self._of}, stream)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(self._file)
        except (OSError, RuntimeError) as error:
            raise PartFailed(f"Cannot write {self._file}: {error}. Free some space and train again.") from error
        self._last = time.monotonic()

    def forget(self) -> None:
        """The training is done."""
        self._file.unlink(missing_ok=True)
