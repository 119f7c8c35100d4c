"""What the built-in references share: their one-word form, the files they read, what their numbers depend on."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from lang2mlip.contracts import Json
from lang2mlip.errors import BadInput
from lang2mlip.science.reference.selftest import Tolerances

__all__ = ["Method"]


class Method:
    """Defaults of a reference. A part from another package may leave any of this out."""

    REVISION: ClassVar[int] = 1
    """Raised when a change here changes the numbers: labels of an older revision are then not reused."""
    TEXT: ClassVar[str | None] = None
    """The setting that stands after the colon in `name:text`; None where nothing may."""
    LADDERS: ClassVar[dict[str, tuple[Json, ...]]] = {}
    """Settings that have to be converged, each with values from coarse to fine."""
    TOLERANCES: ClassVar[Tolerances] = Tolerances()
    """What the self-test allows."""

    @classmethod
    def from_text(cls, text: str) -> dict[str, Json]:
        """The settings that `text` (behind the colon of `name:text`) stands for. Raises BadInput when none do."""
        if cls.TEXT is None:
            raise BadInput(f"This reference takes only key=value after its colon, not {text!r}.")
        return {cls.TEXT: text}

    def files(self) -> tuple[Path, ...]:
        """Files that the numbers depend on."""
        return ()

    def packages(self) -> tuple[str, ...]:
        """Distributions whose version can change the numbers."""
        return ()


def own_file(text: str) -> str:
    """A path as an absolute one where the file exists here, so that another working directory finds it too."""
    path = Path(text).expanduser()
    return str(path.resolve()) if path.is_file() else text
