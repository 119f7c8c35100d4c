"""The door to mace-torch: what must be set before it is imported, and undone after.

e3nn 0.4 unpickles a `slice` when it is imported, which torch ≥ 2.6 must be told is harmless; `import mace` turns off
torch's protection against pickles that run code for the whole process, and that is turned on again here.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import warnings
from types import ModuleType

__all__ = ["GUARD", "library"]

GUARD = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"


def library() -> tuple[ModuleType, ModuleType]:
    """The modules `torch` and `mace`, with `mace.data`, `.modules`, `.tools` and `.calculators` imported."""
    import torch

    torch.serialization.add_safe_globals([slice])
    before = os.environ.get(GUARD)
    root = logging.getLogger()
    level = root.level
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mace.calculators
        import mace.data
        import mace.modules
        import mace.tools
    root.setLevel(level)
    if before is None:
        os.environ.pop(GUARD, None)
    return torch, mace
