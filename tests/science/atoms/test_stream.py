"""Long files are read frame by frame, and a part of one says exactly what the whole does."""

import numpy as np
import pytest
from ase import Atoms

from lang2mlip.errors import RunFault
from lang2mlip.science.atoms.frames import read_frames, write_frames
from lang2mlip.science.atoms.stream import blocks, frames_at, frames_from


@pytest.fixture
def file(tmp_path):
    rng = np.random.default_rng(0)
    frames = [
        Atoms(f"Ar{n % 3 + 1}", positions=rng.normal(size=(n % 3 + 1, 3)), cell=[9, 9, 9], pbc=True,
              info={"id": f"frame {n}", "group": "bulk"})
        for n in range(11)
    ]  # fmt: skip
    write_frames(tmp_path / "pool.extxyz", frames)
    return tmp_path / "pool.extxyz"


def test_blocks_hold_every_frame_once(file):
    parts = blocks(file, 4)
    assert [count for _, count in parts] == [4, 4, 3]
    streamed = [atoms for start, count in parts for _, atoms in frames_from(file, start, count)]
    assert all(a == b and a.info == b.info for a, b in zip(streamed, read_frames(file), strict=True))


def test_a_frame_is_found_by_where_it_begins(file):
    places = [place for place, _ in frames_from(file, 0, 11)]
    assert [atoms.info["id"] for atoms in frames_at(file, [places[7], places[2]])] == ["frame 7", "frame 2"]


def test_a_file_that_was_cut_off_or_is_something_else_is_refused(file, tmp_path):
    whole = file.read_bytes()
    file.write_bytes(whole[:-40])
    with pytest.raises(RunFault, match="not a whole extxyz file"):
        list(frames_from(file, 0, 11))
    (tmp_path / "text").write_text("once upon a time\n")
    with pytest.raises(RunFault, match="not a whole extxyz file"):
        blocks(tmp_path / "text", 4)
    assert blocks("/dev/null", 4) == []
