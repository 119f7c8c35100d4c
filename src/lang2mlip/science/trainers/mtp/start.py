"""Radial functions to begin a fit with: decaying waves, or those of an earlier potential."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lang2mlip.science.trainers.mtp.potential import Potential

__all__ = ["carried_over", "fresh_radial"]

_NODES = 200
_DECAY_PER_A = 1.0
"""How fast the first guess of the radial functions decays, 1/Å: about that of electron densities."""


def fresh_radial(n_species: int, n_radial: int, size: int, span: tuple[float, float]) -> np.ndarray:
    """Decaying Chebyshev waves on span = (low, high) Å; neighbour species differ in their mixtures."""
    low, high = span
    radial = np.zeros((n_species, n_species, n_radial, size))
    for mu in range(n_radial):
        wave = _expand(lambda r, mu=mu: np.exp(-_DECAY_PER_A * (r - low)) * _wave(r, mu, span), size, span)  # type: ignore[misc]
        mixture = np.cos(np.pi * mu * (np.arange(n_species) + 0.5) / n_species)
        radial[:, :, mu] = (mixture[:, None] * wave)[None] / (high - low) ** 2
    return radial


def carried_over(old: Potential, radial: np.ndarray, span: tuple[float, float]) -> np.ndarray:
    """`radial` with the functions of an earlier potential of the same species in place of the first ones."""
    found = radial.copy()
    shared = min(old.radial.shape[2], radial.shape[2])
    low, high = span
    for a, b in np.ndindex(*radial.shape[:2]):
        for mu in range(shared):
            coefficients = old.radial[a, b, mu] * old.scaling
            found[a, b, mu] = _expand(lambda r, c=coefficients: _value(r, c, old, high), radial.shape[3], span)  # type: ignore[misc]
    return found


def _value(r: np.ndarray, coefficients: np.ndarray, old: Potential, high: float) -> np.ndarray:
    """The old radial function over the new smoothing factor, zero beyond the old cutoff."""
    x = (2.0 * r - old.min_distance - old.cutoff) / (old.cutoff - old.min_distance)
    smooth = np.maximum(old.cutoff - r, 0.0) ** 2 / (high - r) ** 2
    return np.asarray(smooth * np.polynomial.chebyshev.chebval(np.maximum(x, -1.0), coefficients))


def _wave(r: np.ndarray, order: int, span: tuple[float, float]) -> np.ndarray:
    low, high = span
    x = np.clip((2.0 * r - low - high) / (high - low), -1.0, 1.0)
    return np.asarray(np.cos(order * np.arccos(x)))


def _expand(function: Callable[[np.ndarray], np.ndarray], size: int, span: tuple[float, float]) -> np.ndarray:
    """Chebyshev coefficients of a function on the span (quadrature at Chebyshev nodes)."""
    low, high = span
    angle = np.pi * (np.arange(_NODES) + 0.5) / _NODES
    values = function(0.5 * (np.cos(angle) * (high - low) + high + low))
    coefficients = 2.0 / _NODES * (np.cos(np.outer(np.arange(size), angle)) @ values)
    coefficients[0] *= 0.5
    return np.asarray(coefficients)
