"""A trajectory is read as LAMMPS wrote it: leaning boxes, unwrapped positions, a last frame that was cut short."""

import numpy as np
import pytest

from lang2mlip.errors import PartFailed
from lang2mlip.labs.lammps.trajectory import last_frame, read_dump

CELL = np.array([[4.0, 0, 0], [1.0, 3.0, 0], [-0.5, 0.25, 5.0]])
PLACES = np.array([[0.1, 0.2, 0.3], [9.0, -2.0, 4.0]])


def frame(step, shift):
    """One frame as `dump custom … id type element xu yu zu` writes it, with the bounds around the leaning box."""
    xy, xz, yz = CELL[1, 0], CELL[2, 0], CELL[2, 1]
    bounds = [
        (min(0, xy, xz, xy + xz), CELL[0, 0] + max(0, xy, xz, xy + xz), xy),
        (min(0, yz), CELL[1, 1] + max(0, yz), xz),
        (0, CELL[2, 2], yz),
    ]
    rows = [f"{n} {n} X {x} {y} {z}" for n, (x, y, z) in enumerate((PLACES + shift).tolist(), 1)]
    head = ["ITEM: TIMESTEP", str(step), "ITEM: NUMBER OF ATOMS", "2", "ITEM: BOX BOUNDS xy xz yz pp pp pp"]
    return (
        "\n".join([*head, *(f"{a} {b} {c}" for a, b, c in bounds), "ITEM: ATOMS id type element xu yu zu", *rows])
        + "\n"
    )


def test_frames_come_back_with_their_box_their_elements_and_their_steps(tmp_path):
    (tmp_path / "t.dump").write_text(frame(0, 0.0) + frame(50, 1.5))
    frames, steps = read_dump(tmp_path / "t.dump", ["Na", "Cl"])
    assert steps == [0, 50]
    assert frames[0].get_chemical_symbols() == ["Na", "Cl"]
    assert np.allclose(frames[0].cell.array, CELL)
    assert np.allclose(frames[1].positions, PLACES + 1.5)


def test_a_frame_that_was_cut_short_is_left_out(tmp_path):
    (tmp_path / "t.dump").write_text(frame(0, 0.0) + frame(50, 1.5) + frame(100, 2.0)[:-7])
    assert read_dump(tmp_path / "t.dump", ["Na", "Cl"])[1] == [0, 50]


def test_a_single_frame_is_too_few(tmp_path):
    (tmp_path / "t.dump").write_text(frame(0, 0.0))
    with pytest.raises(PartFailed, match="1 whole frames"):
        read_dump(tmp_path / "t.dump", ["Na", "Cl"])


def test_the_last_whole_frame_is_found_from_the_end_without_reading_the_rest(tmp_path):
    file = tmp_path / "t.dump"
    assert last_frame(file, ["Na", "Cl"], 2) is None
    file.write_text("".join(frame(n, 0.1 * n) for n in range(200)) + frame(200, 9.0)[:-7])
    found = last_frame(file, ["Na", "Cl"], 2)
    assert np.allclose(found.positions, PLACES + 19.9) and np.allclose(found.cell.array, CELL)
