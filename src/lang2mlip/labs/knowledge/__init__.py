"""Questions about simulation and potentials, answered from sources that are shown; "not known" where they are silent.

from lang2mlip.labs.knowledge import ask
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lang2mlip.labs.knowledge.answering import Answer, ask

__all__ = ["Answer", "ask"]


def __getattr__(name: str) -> Any:
    """On demand, so that the command line starts at once."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from lang2mlip.labs.knowledge import answering

    return getattr(answering, name)
