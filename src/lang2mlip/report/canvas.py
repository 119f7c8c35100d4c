"""What every figure is drawn on: one quiet style, fixed margins and label places, and the SVG as a piece of a page."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable
from typing import Any

__all__ = ["COLOURS", "INK", "MUTED", "POTENTIAL", "draw", "label", "make_room", "margins"]

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B8860B", "#56B4E9", "#5D4A9C", "#8C564B")
"""After Okabe and Ito, Color Universal Design (2008), with the yellow and orange darkened for white paper."""

INK, MUTED, GRID = "#1b2430", "#5a6572", "#e3e8ee"
POTENTIAL = COLOURS[0]
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "report",
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "text.parse_math": False,
    "axes.titley": 1.0,  # no figure has a title; a fixed place saves looking for one
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "text.color": INK,
    "lines.linewidth": 1.6,
}


_LEFT, _SIGNS, _SIGN = 0.7, 6, 0.075
"""Left margin, the signs of a tick that fit into it, and the width of a further one, inches."""


def draw(paint: Callable[[Any], None], label: str, size: tuple[float, float] = (3.4, 2.6)) -> str:
    """The SVG that `paint(figure)` makes, in inches `size`, scalable, with `label` for readers who cannot see it."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=size, dpi=180)
        margins(figure)
        paint(figure)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return _inline(buffer.getvalue(), label)


def margins(figure: Any, right: float = 0.1, top: float = 0.1) -> None:
    """Fixed margins in inches, wide enough for ticks of _SIGNS signs: an automatic layout takes twice as long."""
    width, height = figure.get_size_inches()
    figure.subplots_adjust(_LEFT / width, 0.44 / height, 1 - right / width, 1 - top / height, hspace=0.3)


def make_room(figure: Any, axes: Any) -> None:
    """A wider left margin where the ticks of `axes` have more signs than the fixed one has room for."""
    signs = max(map(len, axes.yaxis.get_major_formatter().format_ticks(axes.yaxis.get_majorticklocs())), default=0)
    if signs > _SIGNS:
        width = figure.get_size_inches()[0]
        figure.subplots_adjust(left=(_LEFT + _SIGN * (signs - _SIGNS)) / width)


def _inline(svg: str, label: str) -> str:
    """An SVG file as a piece of a page: ids of its own, the page's font, the page's width."""
    body = re.sub(r"<metadata>.*?</metadata>\s*", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    mark = "f" + hashlib.sha256(body.encode()).hexdigest()[:8]
    body = re.sub(r'\bid="([^"]+)"', rf'id="{mark}-\1"', body)
    body = re.sub(r'(url\(#|href="#)', rf"\1{mark}-", body)
    body = body.replace("'DejaVu Sans'", "inherit")
    opening = re.search(r'viewBox="[^"]+"', body)
    box = opening.group() if opening else ""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {box} role="img"'
    return f'{head} aria-label="{_attribute(label)}">{body[body.index(">") + 1 :]}'


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")


def label(figure: Any, axes: Any, x: str, y: str) -> None:
    """Names of the axes at fixed places: to look for one costs the size of every tick's words."""
    width, height = figure.get_size_inches()
    room = figure.subplotpars
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.xaxis.set_label_coords(0.5 * (room.left + room.right), 0.2 / height, figure.transFigure)
    axes.yaxis.set_label_coords(0.2 / width, 0.5 * (room.bottom + room.top), figure.transFigure)
