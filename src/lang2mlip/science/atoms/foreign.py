"""What the parsers of some forty foreign file formats raise when they stumble over something that is none of them."""

from __future__ import annotations

import sqlite3
import struct
import zipfile

from ase.io.formats import UnknownFileTypeError

__all__ = ["READ_FAULTS"]

READ_FAULTS = (
    OSError, ValueError, LookupError, TypeError, AttributeError, AssertionError, StopIteration, RuntimeError,
    SyntaxError, ArithmeticError, ImportError, MemoryError, EOFError, struct.error, sqlite3.Error, zipfile.BadZipFile,
    UnknownFileTypeError,
)  # fmt: skip
