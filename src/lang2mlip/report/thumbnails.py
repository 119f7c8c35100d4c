"""Small still pictures of structures: balls sorted by depth, with the cell, as PNG."""

from __future__ import annotations

import base64
import io

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from ase.data.colors import jmol_colors
from PIL import Image, ImageDraw

__all__ = ["thumbnail"]

_SIZE, _OVERSAMPLE = 180, 2
_BALL = 0.6
"""Radius of a ball over the covalent radius."""


def thumbnail(atoms: Atoms) -> str:
    """A transparent picture as a data URL."""
    size = _SIZE * _OVERSAMPLE
    image = Image.new("RGBA", (size, size), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    view = _rotation()
    corners = _corners(atoms) @ view.T
    spots = atoms.positions @ view.T
    everything = np.vstack([corners, spots])
    low, high = everything.min(axis=0)[:2], everything.max(axis=0)[:2]
    scale = 0.9 * size / max(float((high - low).max()), 4.0)
    offset = size / 2 - scale * np.array([1, -1]) * (low + high) / 2
    flat = np.column_stack([spots[:, 0], -spots[:, 1]]) * scale + offset
    _edges(draw, np.column_stack([corners[:, 0], -corners[:, 1]]) * scale + offset, atoms)
    _balls(draw, flat, atoms, (scale, spots[:, 2]))
    small = image.resize((_SIZE, _SIZE), Image.Resampling.LANCZOS).quantize(64, method=Image.Quantize.FASTOCTREE)
    buffer = io.BytesIO()
    small.save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def _rotation() -> np.ndarray:
    """Rows: right, up, towards the viewer, made orthogonal."""
    up = np.array([0.10, 0.28, 0.955])
    up /= np.linalg.norm(up)
    right = np.array([0.94, -0.34, 0.0])
    right -= (right @ up) * up
    right /= np.linalg.norm(right)
    return np.vstack([right, up, np.cross(right, up)])


def _balls(draw: ImageDraw.ImageDraw, flat: np.ndarray, atoms: Atoms, depth: tuple[float, np.ndarray]) -> None:
    scale, heights = depth
    span = float(np.ptp(heights)) or 1.0
    for n in np.argsort(heights, kind="stable"):
        radius = scale * _BALL * covalent_radii[atoms.numbers[n]]
        near = 0.65 + 0.35 * float(heights[n] - heights.min()) / span
        colour = tuple(int(255 * near * channel) for channel in jmol_colors[atoms.numbers[n]])
        x, y = flat[n]
        box = (x - radius, y - radius, x + radius, y + radius)
        draw.ellipse(box, fill=(*colour, 255), outline=(60, 60, 60, 255))


def _corners(atoms: Atoms) -> np.ndarray:
    if not atoms.pbc.any():
        return np.asarray(atoms.positions)
    corners = np.array([(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    return np.asarray(corners @ atoms.cell.array)


def _edges(draw: ImageDraw.ImageDraw, corners: np.ndarray, atoms: Atoms) -> None:
    if not atoms.pbc.any():
        return
    for one in range(8):
        for bit in (1, 2, 4):
            if not one & bit:
                ends = [tuple(corners[one]), tuple(corners[one | bit])]
                draw.line(ends, fill=(130, 130, 130, 255), width=2)
