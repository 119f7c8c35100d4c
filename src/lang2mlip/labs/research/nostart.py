"""A search in which nothing starts: the same fault whatever is tried lies in the machine, not in the strategy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["LIMITS", "REPEATS", "same_fault"]

REPEATS = 3
"""Commits that end with the same words, the baseline among them, before a search stops."""

LIMITS = ("the training was ended", "the training wanted more memory")
"""How the words begin of a training that was too long or too large: a strategy can mend that itself."""


def same_fault(runs: Mapping[tuple[str, int, str], Mapping[str, Any]]) -> str | None:
    """The words in which all runs failed, where that is `REPEATS` commits at least; None where a search may go on."""
    told = {str(run["words"]) for run in runs.values()}
    failed = all(run["status"] == "failed" for run in runs.values())
    words = next(iter(told), "")
    enough = len({commit for commit, _, _ in runs}) >= REPEATS
    return words if failed and enough and len(told) == 1 and not words.startswith(LIMITS) else None
