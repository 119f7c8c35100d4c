"""Long extxyz files frame by frame: where each begins, and those that are wanted, never all of them at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO

from ase import Atoms

from lang2mlip.errors import RunFault
from lang2mlip.science.atoms.frames import parse_frames

__all__ = ["blocks", "frames_at", "frames_from"]


def blocks(path: Path | str, size: int) -> list[tuple[int, int]]:
    """(byte at which it begins, frames) of each block of `size` frames. Raises RunFault for what is no such file."""
    found: list[tuple[int, int]] = []
    try:
        with Path(path).open("rb") as file:
            for number, place in enumerate(_starts(file)):
                if number % size == 0:
                    found.append((place, 0))
                found[-1] = (found[-1][0], found[-1][1] + 1)
    except (OSError, ValueError) as error:
        raise RunFault(f"{path} is not a whole extxyz file ({error}); restore it or make it again.") from error
    return found


def frames_from(path: Path | str, start: int, count: int) -> Iterator[tuple[int, Atoms]]:
    """(byte at which it begins, frame) of `count` frames from the byte `start` on. Raises RunFault."""
    with _opened(path) as file:
        file.seek(start)
        for _ in range(count):
            yield file.tell(), _frame(file, path)


def frames_at(path: Path | str, starts: Iterable[int]) -> Iterator[Atoms]:
    """The frames that begin at these bytes. Raises RunFault."""
    with _opened(path) as file:
        for start in starts:
            file.seek(start)
            yield _frame(file, path)


def _opened(path: Path | str) -> IO[bytes]:
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise RunFault(f"Cannot read {path}: {error.strerror}.") from error


def _starts(file: IO[bytes]) -> Iterator[int]:
    while True:
        place = file.tell()
        line = file.readline()
        if not line:
            return
        yield place
        deque(islice(file, int(line) + 1), maxlen=0)


def _frame(file: IO[bytes], path: Path | str) -> Atoms:
    first = file.readline()
    try:
        text = (first + b"".join(islice(file, int(first) + 1))).decode()
    except ValueError as error:
        raise RunFault(f"{path} is not a whole extxyz file ({error}); restore it or make it again.") from error
    return parse_frames(text, path)[0]
