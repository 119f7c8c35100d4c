"""Figures as inline SVG: one quiet style, units on every axis, colours that colour-blind readers can tell apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lang2mlip.report.canvas import COLOURS, INK, MUTED, POTENTIAL, draw, label, make_room, margins

__all__ = ["COLOURS", "cost", "curves", "eos", "learning", "parity"]


def _pairs(values: Sequence[Sequence[float]], scale: float = 1.0) -> np.ndarray:
    """(reference, potential) pairs as an array of shape (n, 2), finite ones only."""
    array = np.asarray(values, dtype=float).reshape(-1, 2) * scale
    return array[np.isfinite(array).all(axis=1)]


def _xy(curve: Mapping[str, Any] | None, x: str, y: str) -> tuple[np.ndarray, np.ndarray]:
    """The finite points of a curve; empty arrays when it is absent."""
    known = curve or {}
    pairs = _pairs(list(zip(known.get(x, ()), known.get(y, ()), strict=False)))
    return pairs[:, 0], pairs[:, 1]


def parity(values: Sequence[Sequence[float]], quantity: str, colour: str = POTENTIAL) -> str | None:
    """Potential against reference for `energy` (eV/atom) or `forces` (eV/Å), the error in thousandths below it.

    None when there is no finite pair.
    """
    pairs = _pairs(values)
    if not len(pairs):
        return None
    unit = {"energy": ("energy", "eV/atom", "meV/atom"), "forces": ("force component", "eV/Å", "meV/Å")}[quantity]
    error = 1000.0 * (pairs[:, 1] - pairs[:, 0])
    rmse = float(np.sqrt(np.mean(error**2)))

    def paint(figure: Any) -> None:
        top, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        low, reach = float(pairs.min()), 1.15 * float(abs(error).max()) or 1.0
        size = 14 if len(pairs) <= 60 else 6
        dots = {"s": size, "color": colour, "alpha": 0.5, "linewidths": 0, "rasterized": len(pairs) > 150}
        top.axline((low, low), slope=1, color=MUTED, linewidth=0.8)
        top.scatter(pairs[:, 0], pairs[:, 1], **dots)
        top.set_ylabel(f"potential ({unit[1]})")
        top.text(0.05, 0.96, f"RMSE {rmse:.3g}\n{unit[2]}", transform=top.transAxes, va="top", fontweight="bold")
        below.axhline(0, color=MUTED, linewidth=0.8)
        below.scatter(pairs[:, 0], error, **dots)
        below.set_ylim(-reach, reach)
        below.text(0, 1.04, f"error ({unit[2]})", transform=below.transAxes, va="bottom", fontsize=7)
        below.set_xlabel(f"reference {unit[0]} ({unit[1]})")
        for axis in (top.xaxis, top.yaxis):
            axis.set_major_locator(_ticks(4))
        make_room(figure, top)

    return draw(paint, f"{unit[0]}: potential against reference, RMSE {rmse:.3g} {unit[2]}", (2.6, 2.8))


def eos(curve: Mapping[str, Any], subject: str) -> str | None:
    """Energy against volume, each curve relative to its own lowest point, meV/atom; None without points."""
    lines = {who: _xy(curve.get(who), "volume_A3_atom", "energy_eV_atom") for who in ("reference", "potential")}
    if not any(len(x) for x, _ in lines.values()):
        return None
    shifted = {who: (x, 1000 * (y - y.min()) if len(y) else y) for who, (x, y) in lines.items()}

    def paint(figure: Any) -> None:
        axes = _axes(figure, "volume (Å³/atom)", "energy above minimum (meV/atom)")
        _two_lines(axes, shifted)

    return draw(paint, f"Equation of state of {subject}, reference and potential")


def curves(curve: Mapping[str, Any], kind: str, subject: str) -> str | None:
    """A radial distribution (`rdf`), a mean squared displacement (`msd`), `density` or `energy` in time; or None."""
    keys = {"rdf": ("r_A", "g"), "msd": ("t_ps", "msd_A2"), "density": ("t_ps", "g_cm3"), "energy": ("t_ps", "eV_atom")}
    lines = {who: _xy(curve.get(who), *keys[kind]) for who in ("reference", "potential")}
    if not any(len(x) for x, _ in lines.values()):
        return None
    pair = next((part["pair"] for part in curve.values() if part and part.get("pair")), "")
    labels = {"rdf": ("distance (Å)", f"g(r) {pair}".strip()), "msd": ("time (ps)", "MSD (Å²)")}
    labels |= {"density": ("time (ps)", "density (g/cm³)"), "energy": ("time (ps)", "potential energy (eV/atom)")}
    every = np.concatenate([y for _, y in lines.values()])
    low = 0.0 if kind in ("rdf", "msd") else float(every.min()) - 0.1 * float(np.ptp(every))

    def paint(figure: Any) -> None:
        axes = _axes(figure, *labels[kind])
        axes.set_ylim(bottom=low, top=low + (1.18 * (float(every.max()) - low) or 1))
        _two_lines(axes, lines)

    return draw(paint, f"{labels[kind][1]} of {subject}, reference and potential")


def _ticks(most: int) -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(most)


def _axes(figure: Any, x: str, y: str) -> Any:
    axes = figure.subplots()
    label(figure, axes, x, y)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(_ticks(5))  # ticks are most of what a figure costs
    return axes


def _two_lines(axes: Any, lines: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """The reference as a broad pale line, the potential as a thin dark one on top, so that agreement is seen."""
    looks = {
        "reference": {"color": "#9aa5b1", "linewidth": 4.5, "solid_capstyle": "round"},
        "potential": {"color": POTENTIAL, "linewidth": 1.5},
    }
    for who, (x, y) in lines.items():
        if len(x):
            marker = "o" if len(x) <= 25 else None
            axes.plot(x, y, label=who, marker=marker, markersize=3, **looks[who])
    axes.legend(frameon=False, loc="upper center", ncols=2, borderaxespad=0, handlelength=1.6)


def learning(series: Mapping[str, Sequence[tuple[float, float]]], x: str, y: str) -> str | None:
    """Error against what the model had cost, logarithmic; the first series stands out. None without points.

    series: name → (cost, error) in the order of time.
    """
    known = {name: _pairs(points) for name, points in series.items()}
    known = {name: points[points[:, 1] > 0] for name, points in known.items()}
    known = {name: points for name, points in known.items() if len(points)}
    if not known:
        return None

    def paint(figure: Any) -> None:
        margins(figure, right=1.15)
        axes = _axes(figure, x, y)
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.yaxis.set_minor_formatter(lambda value, _: f"{value:g}" if f"{value:.0e}"[0] in "235" else "")
        for index, points in enumerate(known.values()):
            width, size, level = (2.2, 4, 3) if index == 0 else (1.1, 3, 2)
            look: dict[str, Any] = {"linewidth": width, "markersize": size, "zorder": level, "marker": "o"}
            axes.plot(points[:, 0], points[:, 1], color=_line_colour(index), **look)
        _label_ends(axes, [(name, float(p[-1, 1])) for name, p in known.items()])

    return draw(paint, f"{y} against {x}", (5.0, 2.9))


def _label_ends(axes: Any, ends: Sequence[tuple[str, float]], gap: float = 0.075) -> None:
    """The name of each line beside its last point, moved apart where they would touch."""
    low, high = np.log10(axes.get_ylim())
    wanted = np.array([(np.log10(value) - low) / (high - low) for _, value in ends])
    order = np.argsort(wanted)
    placed = wanted[order]
    for i in range(1, len(placed)):
        placed[i] = max(placed[i], placed[i - 1] + gap)
    placed -= max(0.0, placed[-1] - 1.0)
    for place, i in zip(placed, order, strict=True):
        look = {"color": _line_colour(int(i)), "fontweight": "bold" if i == 0 else "normal", "va": "center"}
        axes.text(1.03, place, _short(ends[i][0]), transform=axes.transAxes, **look)


def _short(name: str, longest: int = 18) -> str:
    return name if len(name) <= longest else name[: longest - 1] + "…"


def _line_colour(index: int) -> str:
    """The first line in ink, the others in the colours."""
    return INK if index == 0 else COLOURS[(index - 1) % len(COLOURS)]


def cost(rows: Sequence[tuple[str, tuple[float, float, float]]]) -> str | None:
    """Core-seconds of each step: (name, (reference, training, MD)); None when nothing was spent."""
    values = np.array([parts for _, parts in rows], dtype=float).reshape(-1, 3)
    if not values.sum() > 0:
        return None

    def paint(figure: Any) -> None:
        margins(figure, top=0.3)
        axes = _axes(figure, "step", "core-seconds")
        bottom = np.zeros(len(values))
        for column, name in enumerate(("reference", "training", "MD with the potential")):
            axes.bar(range(len(values)), values[:, column], 0.8, bottom, color=COLOURS[column], label=name)
            bottom += values[:, column]
        every = max(1, len(rows) // 12)
        axes.set_xticks(range(0, len(rows), every), [name for name, _ in rows][::every])
        axes.grid(axis="x", visible=False)
        axes.legend(frameon=False, ncols=3, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)

    return draw(paint, "Core-seconds of each step by reference, training and MD", (10.6, 2.4))


def standing(before: Mapping[str, float], after: Mapping[str, float], x: str) -> str | None:
    """A row per group: where it stood before a step (hollow) and after it (full), beside its target at 1."""
    names = list(dict.fromkeys([*before, *after]))
    if not names:
        return None

    def paint(figure: Any) -> None:
        figure.subplots_adjust(left=0.32, right=0.97, bottom=0.2 + 0.1 / len(names), top=0.97)
        axes = figure.add_subplot()
        axes.set_xlabel(x)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.xaxis.set_minor_formatter(lambda value, _: f"{value:g}" if f"{value:.0e}"[0] in "25" else "")
        axes.axvline(1.0, color=INK, linewidth=0.8)
        for row, name in enumerate(names):
            ends = [values[name] for values in (before, after) if name in values]
            axes.plot(ends, [row] * len(ends), color=POTENTIAL, linewidth=1.2)
            axes.plot(ends[0], row, "o", markersize=6, markerfacecolor="white", color=POTENTIAL)
            if name in after:
                axes.plot(after[name], row, "o", markersize=6, color=POTENTIAL)
        axes.set_yticks(range(len(names)), [_short(name, 24) for name in names])
        axes.set_ylim(len(names) - 0.5, -0.5)

    return draw(paint, f"{x}, before and after", (5.0, 0.9 + 0.3 * len(names)))
