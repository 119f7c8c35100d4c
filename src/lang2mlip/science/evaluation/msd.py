"""Mean squared displacement and self-diffusion, per element."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from lang2mlip.contracts import Property
from lang2mlip.errors import BadInput
from lang2mlip.science.atoms.statistics import blocks, line
from lang2mlip.units import A2_PER_FS_IN_CM2_PER_S, BOLTZMANN_EV_PER_K

__all__ = [
    "UNSURE",
    "Diffusion",
    "Trajectory",
    "compare",
    "in_an_infinite_cell",
    "liquid_viscosity",
    "msd",
    "yeh_hummer",
]

Floats = NDArray[np.float64]

_BLOCKS = 4
_FIT_FROM = 0.2
"""Share of the longest lag that the fit leaves out: the ballistic part."""

_HUMMER = 2.837297
"""Constant of a cubic periodic lattice (Yeh & Hummer, J. Phys. Chem. B 108, 15873 (2004), eq. 12)."""


_ZWANZIG = 1.0 / (2.0 * np.pi)
"""D η v^(1/3) / k_B T of liquids, v a molecule's volume (J. C. M. Li & P. Chang, J. Chem. Phys. 23, 518 (1955))."""

UNSURE = 0.15
"""How far that number is off, as a share: 0.13 to 0.18 in liquids (R. Zwanzig, J. Chem. Phys. 79, 4507 (1983))."""


@dataclass(frozen=True)
class Trajectory:
    """Frames whose positions were never wrapped, evenly spaced in time."""

    frames: Sequence[Atoms]
    interval_ps: float

    def displacements(self) -> Floats:
        """Positions with the drift of the centre of mass taken out, Å, shape (frames, atoms, 3)."""
        masses = self.frames[0].get_masses()
        places = np.array([frame.positions for frame in self.frames])
        centre = np.einsum("a,fad->fd", masses, places) / masses.sum()
        return np.asarray(places - centre[:, None, :])


@dataclass(frozen=True)
class Diffusion:
    """Mean squared displacement of one element and its diffusion coefficient with a block error."""

    element: str
    t_ps: list[float]
    msd_A2: list[float]
    D_cm2_s: float
    error_cm2_s: float

    def as_json(self) -> dict[str, list[float]]:
        """For the report."""
        return {"t_ps": self.t_ps, "msd_A2": self.msd_A2}


def msd(trajectory: Trajectory) -> list[Diffusion]:
    """Each element's, over all time origins, for lags up to half the run; D from the slope by Einstein's relation.

    D uses lags up to an eighth of the run, which every one of four blocks holds many times over: their spread is its
    error. Run long enough that atoms diffuse within that time. Raises BadInput with fewer than 24 frames.
    """
    n = len(trajectory.frames)
    if n < 6 * _BLOCKS:
        raise BadInput(f"Diffusion needs at least {6 * _BLOCKS} evenly spaced frames, not {n}; keep them more often.")
    places = trajectory.displacements()
    symbols = np.array(trajectory.frames[0].get_chemical_symbols())
    return [_element(str(s), places[:, symbols == s], trajectory.interval_ps) for s in np.unique(symbols)]


def yeh_hummer(temperature_K: float, viscosity_mPa_s: float, box_A: float) -> float:
    """What to add to D of a cubic box for an infinite one, cm²/s: k_B T ξ / (6 π η L)."""
    joule_per_ev, metre_per_angstrom = 1.602176634e-19, 1e-10
    kt = BOLTZMANN_EV_PER_K * temperature_K * joule_per_ev
    return kt * _HUMMER / (6 * np.pi * viscosity_mPa_s * 1e-3 * box_A * metre_per_angstrom) * 1e4


def liquid_viscosity(D_cm2_s: float, temperature_K: float, volume_A3: float) -> float:
    """Viscosity of a liquid whose molecules, of so much volume each, diffuse so fast, mPa s, within `UNSURE`."""
    joule_per_ev, metre_per_angstrom = 1.602176634e-19, 1e-10
    kt = BOLTZMANN_EV_PER_K * temperature_K * joule_per_ev
    return float(1e3 * kt * _ZWANZIG / (D_cm2_s * 1e-4 * volume_A3 ** (1 / 3) * metre_per_angstrom))


def in_an_infinite_cell(D_cm2_s: float, molecules: int) -> float | None:
    """D of a liquid in an infinite cell from that in a cubic one of so many molecules, cm²/s; None below 16 of them.

    `yeh_hummer` with the viscosity that goes with the result (`liquid_viscosity`): temperature and volume cancel.
    """
    share = _HUMMER / (6 * np.pi * _ZWANZIG) * molecules ** (-1 / 3)
    return D_cm2_s / (1.0 - share) if molecules >= 16 else None


def compare(
    subject: str, mine: Trajectory, known: Trajectory, limit_percent: float | None = None
) -> tuple[tuple[Property, ...], dict[str, Any]]:
    """(D per element, curves). Within the error bars of both counts as no deviation beyond them: see `error_bar`."""
    ours, theirs = msd(mine), msd(known)
    found = tuple(_property(subject, a, b, limit_percent) for a, b in zip(ours, theirs, strict=True))
    curves = {
        side: {one.element: one.as_json() for one in every}
        for side, every in (("potential", ours), ("reference", theirs))
    }
    return found, {"msd": curves}


def _element(symbol: str, places: Floats, interval_ps: float) -> Diffusion:
    whole = _curve(places, len(places) // 2)
    longest = len(places) // (2 * _BLOCKS)
    parts = [_slope(_curve(part, longest), interval_ps) for part in blocks(places, _BLOCKS)]
    times = np.arange(len(whole)) * interval_ps
    return Diffusion(
        element=symbol,
        t_ps=times.tolist(),
        msd_A2=whole.tolist(),
        D_cm2_s=_slope(whole[: longest + 1], interval_ps),
        error_cm2_s=float(np.std(parts, ddof=1) / np.sqrt(_BLOCKS)),
    )


def _curve(places: Floats, longest: int) -> Floats:
    """Mean squared displacement for lags 0 to `longest`, Å², over all origins and atoms."""
    return np.array(
        [0.0] + [float(np.mean(np.sum((places[lag:] - places[:-lag]) ** 2, axis=2))) for lag in range(1, longest + 1)]
    )


def _slope(curve: Floats, interval_ps: float) -> float:
    """D in cm²/s: a sixth of the slope over the middle of the lags."""
    first = max(1, int(_FIT_FROM * len(curve)))
    times_fs = np.arange(len(curve)) * interval_ps * 1000
    return line(times_fs[first:], curve[first:]).slope / 6.0 * A2_PER_FS_IN_CM2_PER_S


def _property(subject: str, mine: Diffusion, known: Diffusion, limit_percent: float | None) -> Property:
    away = abs(mine.D_cm2_s - known.D_cm2_s)
    return Property(
        name=f"diffusion_{mine.element}",
        subject=subject,
        unit="cm²/s",
        value=mine.D_cm2_s,
        reference=known.D_cm2_s,
        error_bar=float(np.hypot(mine.error_cm2_s, known.error_cm2_s)),
        limit=limit_percent,
        deviation=away / abs(known.D_cm2_s) * 100 if known.D_cm2_s else float("inf"),
    )
