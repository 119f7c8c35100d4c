"""Words → Task: by conversation with a model when one is configured, else by the reader and short questions."""

from __future__ import annotations

import os
import sys

from rich.console import Console
from rich.prompt import Prompt

from lang2mlip.contracts import ReferenceSpec, Task
from lang2mlip.errors import BadInput

__all__ = ["task_from_words"]

console = Console(stderr=True, highlight=False)
_ = (os, sys, Prompt, ReferenceSpec, Task, BadInput)
