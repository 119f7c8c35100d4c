"""Every error that a user can meet, in one tree.

Lang2mlipError
├── BadInput            what the person gave cannot be used (exit code 2)
│   ├── UnknownName     a name that no catalogue, table or file has
│   ├── UnsupportedElement  a reference or potential cannot treat an element
│   └── NotInstalled    a part exists, but its packages are not on this machine
├── RunFault            something in a run folder is missing, locked or damaged
├── PartFailed          a calculator, trainer or worker failed at its job
│   ├── LabelFailed     one reference calculation failed or gave a value that is not finite
│   └── ReferenceFailed the reference has no value of a property, so no potential can be judged by it
├── ModelTrouble        a language model was down, slow, or answered nonsense
└── BudgetSpent         the budget does not allow the next piece of work
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "BadInput",
    "BudgetSpent",
    "LabelFailed",
    "Lang2mlipError",
    "ModelTrouble",
    "NotInstalled",
    "PartFailed",
    "ReferenceFailed",
    "RunFault",
    "UnknownName",
    "UnsupportedElement",
    "nearest",
]


class Lang2mlipError(Exception):
    """The root: its text is one sentence that says what, where and what next."""


class BadInput(Lang2mlipError):
    """What the person gave cannot be used."""


class UnknownName(BadInput):
    """A name that no catalogue, table or file has."""

    @classmethod
    def of(cls, kind: str, name: str, known: Iterable[str]) -> UnknownName:
        """`No trainer is called 'mpt'. Did you mean 'mtp'? Known: mace, mtp.`"""
        names = sorted(known)
        return cls(f"No {kind} is called {name!r}.{nearest(name, names)} Known: {', '.join(names)}.")


class UnsupportedElement(BadInput):
    """A reference or potential cannot treat an element."""


class NotInstalled(BadInput):
    """A part exists, but its packages are not on this machine."""


class RunFault(Lang2mlipError):
    """Something in a run folder is missing, locked or damaged."""


class PartFailed(Lang2mlipError):
    """A calculator, trainer or worker failed at its job."""


class LabelFailed(PartFailed):
    """One reference calculation failed or gave a value that is not finite."""


class ReferenceFailed(PartFailed):
    """The reference has no value of a property, so no potential can be judged by it."""


class ModelTrouble(Lang2mlipError):
    """A language model was down, slow, or answered nonsense."""


class BudgetSpent(Lang2mlipError):
    """The budget does not allow the next piece of work."""


def nearest(name: str, known: Iterable[str]) -> str:
    """` Did you mean 'mtp'?` with a leading space, or an empty string when nothing is near."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""
