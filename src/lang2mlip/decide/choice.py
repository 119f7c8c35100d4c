"""What a rule of the built-in expert says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Choice"]


@dataclass(frozen=True)
class Choice:
    """The parameters of an action, why, and what should come of it."""

    parameters: Any
    reason: str
    expectation: str
