"""Numbers of molecular dynamics from thermo rows and trajectories, whoever wrote the script."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lang2mlip.contracts import Json
from lang2mlip.errors import PartFailed
from lang2mlip.labs.lammps.bench.raw import Raw
from lang2mlip.science.lammps.thermo import Table

__all__ = ["MOVING", "settled"]

Floats = NDArray[np.float64]
Checker = Callable[[Raw, dict[str, Json]], float]

_UNSETTLED = 0.25
"""Share of a run's rows that is left out, in case it had not come to rest."""

_ELASTIC = 0.03
_PIECES = 12
_BENT = 5.12
"""F of one and nine degrees of freedom that chance exceeds once in twenty."""

_BIN_A = 0.05
_COEXIST = (0.1, 0.9)


def settled(values: Floats) -> Floats:
    """Without the first quarter."""
    return values[int(_UNSETTLED * len(values)) :]


def _mean(column: str, per_atom: bool = False) -> Checker:
    """The mean of a column over the last stretch of MD."""

    def mean(raw: Raw, given: dict[str, Json]) -> float:
        table = raw.production()
        value = float(settled(raw.column(table, column)).mean())
        return value / raw.atoms(table) if per_atom else value

    return mean


def _lattice(raw: Raw, given: dict[str, Json]) -> float:
    """Å, of a cubic cell with given["cell"] atoms, at temperature."""
    return float((_mean("Volume", True)(raw, given) * given["cell"]) ** (1 / 3))


def _expansion(raw: Raw, given: dict[str, Json]) -> float:
    """1e-6/K: the slope of ln V / 3 over the temperatures at which the run held; of two at one, the later."""
    means = {round(kelvin / 10): (kelvin, volume) for kelvin, volume in _held(raw)}
    if len(means) < 3:
        raise PartFailed(f"The run in {raw.folder} held at {len(means)} temperatures, too few for a slope.")
    kelvins, volumes = np.array(list(means.values())).T
    return float(np.polyfit(kelvins, np.log(volumes) / 3, 1)[0] * 1e6)


def _held(raw: Raw) -> list[tuple[float, float]]:
    """(mean temperature, mean volume) of each stretch of MD."""
    return [
        (float(settled(raw.column(one, "Temp")).mean()), float(settled(raw.column(one, "Volume")).mean()))
        for one in raw.moved()
    ]


def _pulled(raw: Raw) -> tuple[Table, str]:
    """The stretch in which an edge changed steadily, and that edge. Raises PartFailed."""
    for table in reversed(raw.moved()):
        for axis in "xyz":
            edge = raw.column(table, f"L{axis}")
            steps = np.diff(edge)
            if abs(edge[-1] / edge[0] - 1) > 0.003 and (np.all(steps >= 0) or np.all(steps <= 0)):
                return table, axis
    raise PartFailed(f"No run in {raw.folder} strains an edge of the box steadily.")


def _young(raw: Raw, given: dict[str, Json]) -> float:
    """GPa: slope of stress against strain at small strain."""
    table, axis = _pulled(raw)
    edge = raw.column(table, f"L{axis}")
    return _slope(edge / edge[0] - 1, -raw.column(table, f"P{axis}{axis}"))


def _poisson(raw: Raw, given: dict[str, Json]) -> float:
    """The sides' shrinkage over the stretch."""
    table, axis = _pulled(raw)
    edge = raw.column(table, f"L{axis}")
    sides = [raw.column(table, f"L{one}") for one in "xyz" if one != axis]
    return _slope(edge / edge[0] - 1, np.mean([1 - one / one[0] for one in sides], axis=0))


def _shear(raw: Raw, given: dict[str, Json]) -> float:
    """GPa: slope of the shear stress against the tilt over the height."""
    for table in reversed(raw.moved()):
        tilt = raw.column(table, "Xy") / raw.column(table, "Ly")
        if abs(tilt[-1] - tilt[0]) > 0.003:
            unwrapped = np.unwrap(tilt, period=float(raw.column(table, "Lx")[0] / raw.column(table, "Ly")[0]))
            return _slope(unwrapped - unwrapped[0], -raw.column(table, "Pxy"))
    raise PartFailed(f"No run in {raw.folder} shears the box along xy.")


def _slope(strain: Floats, response: Floats) -> float:
    """At no strain, through means over pieces: of a parabola where the line misses them by more than they scatter."""
    small = np.abs(strain) <= _ELASTIC
    if small.sum() < 10:
        raise PartFailed("There are fewer than ten rows at small strain; more thermo output is needed.")
    pieces = min(_PIECES, int(small.sum()) // 2)
    x, y = (np.array([part.mean() for part in np.array_split(one[small], pieces)]) for one in (strain, response))
    left = [float(((y - np.polyval(np.polyfit(x, y, n), x)) ** 2).sum()) for n in (1, 2)]
    bent = (left[0] - left[1]) * (pieces - 3) > _BENT * left[1]
    return float(np.polyfit(x, y, 2 if bent else 1)[-2])


def _diffusion(raw: Raw, given: dict[str, Json]) -> float:
    """cm²/s: a sixth of the slope of the mean squared displacement between a fifth and half of the run."""
    frames, times = raw.frames()
    places = np.array([one.positions for one in frames])
    places -= places.mean(axis=1, keepdims=True)
    count = len(frames)
    lags = np.unique(np.linspace(count // 5, count // 2, 15).astype(int))
    lags = lags[lags > 0]
    moved = [float(((places[lag:] - places[:-lag]) ** 2).sum(axis=2).mean()) for lag in lags]
    return float(np.polyfit(times[lags] - times[0], moved, 1)[0] / 6 * 1e-4)


def _distances(raw: Raw) -> tuple[Floats, Floats, float]:
    """(middles of bins in Å, g(r), atoms per Å³) of at most thirty frames."""
    frames, _ = raw.frames()
    frames = frames[:: max(1, len(frames) // 30)]
    reach = min(8.0, 0.499 * float(min(min(one.cell.lengths()) for one in frames)))
    edges = np.arange(0.0, reach, _BIN_A)
    total = np.zeros(len(edges) - 1)
    for one in frames:
        inside = one.positions @ np.linalg.inv(one.cell.array)
        apart = inside[:, None] - inside[None]
        real = (apart - np.round(apart)) @ one.cell.array
        lengths = np.linalg.norm(real, axis=2)[np.triu_indices(len(one), 1)]
        total += np.histogram(lengths, edges)[0]
    count, volume = len(frames[0]), float(np.mean([one.get_volume() for one in frames]))
    shells = 4 / 3 * np.pi * np.diff(edges**3)
    g = total / len(frames) / (count * (count - 1) / 2 / volume * shells)
    return (edges[:-1] + edges[1:]) / 2, np.asarray(g), count / volume


def _peak(raw: Raw, given: dict[str, Json]) -> float:
    """Å: the top of a parabola through the highest bins of g(r)."""
    r, g, _ = _distances(raw)
    top = int(np.argmax(g))
    near = slice(max(0, top - 2), top + 3)
    bend, slope, _ = np.polyfit(r[near] - r[top], g[near], 2)
    return float(r[top] - slope / (2 * bend)) if bend < 0 else float(r[top])


def _coordination(raw: Raw, given: dict[str, Json]) -> float:
    """Neighbours within given["within_A"], else within the first minimum of g(r), smoothed over 0.25 Å."""
    r, g, density = _distances(raw)
    within = given.get("within_A") or _first_minimum(r, g)
    inside = r < within
    return float(density * np.sum(4 * np.pi * r[inside] ** 2 * g[inside]) * _BIN_A)


def _first_minimum(r: Floats, g: Floats) -> float:
    smooth = np.convolve(g, np.ones(5) / 5, mode="same")
    top = int(np.argmax(smooth[:-5]))
    behind = smooth[top : top + int(2.5 / _BIN_A)]
    return float(r[top + int(np.argmin(behind))])


def _largest(raw: Raw, given: dict[str, Json]) -> float:
    """GPa: the largest mean of the stress over a twentieth of the curve."""
    table, axis = _pulled(raw)
    stress = -raw.column(table, f"P{axis}{axis}")
    return float(max(piece.mean() for piece in np.array_split(stress, 20)))


def _melting(raw: Raw, given: dict[str, Json]) -> float:
    """K: the mean temperature of a stretch in which both phases were there to the end. Raises PartFailed."""
    frames, _ = raw.frames()
    moved = np.linalg.norm(frames[-1].positions - frames[len(frames) // 2].positions, axis=1)
    molten = float(np.mean(moved > 0.5 * (frames[-1].get_volume() / len(frames[-1])) ** (1 / 3)))
    if not _COEXIST[0] < molten < _COEXIST[1]:
        raise PartFailed(f"{100 * molten:.0f} % of the atoms in {raw.folder} are molten: one phase is gone.")
    return _mean("Temp")(raw, given)


MOVING: dict[str, Checker] = {
    "mean_temperature": _mean("Temp"),
    "pressure": _mean("Press"),
    "density": _mean("Density"),
    "volume": _mean("Volume", True),
    "potential_energy": _mean("PotEng", True),
    "hot_lattice_parameter": _lattice,
    "linear_expansion": _expansion,
    "young_modulus": _young,
    "poisson_ratio": _poisson,
    "shear_modulus": _shear,
    "largest_stress": _largest,
    "diffusion": _diffusion,
    "rdf_peak": _peak,
    "coordination": _coordination,
    "melting_point": _melting,
}
"""Quantity → how it is recomputed from the raw output of a run."""
