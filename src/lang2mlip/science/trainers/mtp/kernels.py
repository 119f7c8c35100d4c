"""Compiled kernels: energies, forces and virial of a moment tensor potential, and per-atom basis values.

For a centre atom the neighbours lie along rows, so that every inner loop is a vector loop. Forces come from one reverse
pass through the contractions (adjoint of every moment), not from the derivative of every basis function.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

__all__ = [
    "FAST",
    "adjoints",
    "angular",
    "basic_moments",
    "contract",
    "evaluate",
    "gather",
    "gradient",
    "radial",
    "site_values",
    "smooth",
]

FAST = {"contract", "reassoc", "nsz", "arcp"}
"""Reordering is allowed, ignoring NaN is not."""

jit: Any = njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")


@jit
def gather(i, system, cutoff, w):  # type: ignore[no-untyped-def]
    """Distances and unit vectors of the neighbours of i within the cutoff, by species. Returns their padded number."""
    n = 0
    many = w.edges.shape[0] > 2
    for z in range(w.edges.shape[0] - 1):
        w.edges[z] = n
        for k in range(system.first[i], system.first[i + 1]):
            j = system.partner[k]
            if many and system.types[j] != z:
                continue
            m = system.image[k]
            x = system.positions[j, 0] - system.positions[i, 0] + system.offset[m, 0]
            y = system.positions[j, 1] - system.positions[i, 1] + system.offset[m, 1]
            t = system.positions[j, 2] - system.positions[i, 2] + system.offset[m, 2]
            square = x * x + y * y + t * t
            if square < cutoff * cutoff:
                w.partner[n], w.r[n] = j, square
                w.unit[0, n], w.unit[1, n], w.unit[2, n] = x, y, t
                n += 1
    w.edges[-1] = n
    for k in range(n):
        w.r[k] = np.sqrt(w.r[k])
        for a in range(3):
            w.unit[a, k] /= w.r[k]
    return _pad(n, cutoff, w)


@jit
def _pad(n, cutoff, w):  # type: ignore[no-untyped-def]
    """Fill up to a multiple of 8 with neighbours at the cutoff, which contribute nothing."""
    full = (n + 7) // 8 * 8
    for k in range(n, full):
        w.partner[k], w.r[k] = 0, cutoff
        for a in range(3):
            w.unit[a, k] = 0.0
    return full


@jit
def radial(n, zi, p, w):  # type: ignore[no-untyped-def]
    """Radial functions f = (R - r)^2 sum_q c_q T_q(x(r)) and their slopes; Chebyshev polynomials are left in w."""
    _level_off(n, zi, p, w)
    _chebyshev(n, p, w)
    for mu in range(w.f.shape[0]):
        for z in range(w.edges.shape[0] - 1):
            end = n if z == w.edges.shape[0] - 2 else w.edges[z + 1]
            _chebyshev_sum(w.edges[z], end, p.radial[zi, z, mu], w, w.f[mu], w.df[mu])
        for k in range(n):
            d = p.high - w.rho[k]
            w.df[mu, k] = w.drho[k] * d * (d * w.df[mu, k] - 2.0 * w.f[mu, k])
            w.f[mu, k] *= d * d


@jit
def _chebyshev_sum(begin, end, c, w, f, df):  # type: ignore[no-untyped-def]
    """f = sum_q c_q T_q and df = sum_q c_q dT_q/dr, four terms at a time."""
    size = c.shape[0]
    for k in range(begin, end):
        f[k], df[k] = 0.0, 0.0
    for q in range(0, size // 4 * 4, 4):
        c0, c1, c2, c3 = c[q], c[q + 1], c[q + 2], c[q + 3]
        for k in range(begin, end):
            f[k] += c0 * w.cheb[q, k] + c1 * w.cheb[q + 1, k] + c2 * w.cheb[q + 2, k] + c3 * w.cheb[q + 3, k]
        for k in range(begin, end):
            df[k] += c0 * w.slope[q, k] + c1 * w.slope[q + 1, k] + c2 * w.slope[q + 2, k] + c3 * w.slope[q + 3, k]
    for q in range(size // 4 * 4, size):
        for k in range(begin, end):
            f[k] += c[q] * w.cheb[q, k]
            df[k] += c[q] * w.slope[q, k]


@jit
def smooth(n, p, w):  # type: ignore[no-untyped-def]
    """Multiply the Chebyshev polynomials, and so their slopes, by the smoothing factor (R - r)^2."""
    for q in range(w.cheb.shape[0]):
        for k in range(n):
            d = p.high - w.rho[k]
            w.slope[q, k] = w.drho[k] * d * (d * w.slope[q, k] - 2.0 * w.cheb[q, k])
            w.cheb[q, k] *= d * d


@jit
def _level_off(n, zi, p, w):  # type: ignore[no-untyped-def]
    """rho = r, but for r < r0 it is r0 - width tanh((r0 - r) / width): no polynomial is taken far outside the data."""
    for k in range(n):
        w.rho[k], w.drho[k] = w.r[k], 1.0
    for z in range(w.edges.shape[0] - 1):
        inner = p.inner[zi, z]
        for k in range(w.edges[z], w.edges[z + 1]):
            if w.r[k] < inner:
                x = np.tanh((inner - w.r[k]) / p.width)
                w.rho[k], w.drho[k] = inner - p.width * x, 1.0 - x * x


@jit
def _chebyshev(n, p, w):  # type: ignore[no-untyped-def]
    """T_q(x) and its slope in r, by the recurrence T_{q+1} = 2 x T_q - T_{q-1}."""
    size = w.cheb.shape[0]
    scale = 2.0 / (p.high - p.low)
    for k in range(n):
        w.s0[k] = scale * (w.rho[k] - p.low) - 1.0
        w.cheb[0, k], w.slope[0, k] = 1.0, 0.0
    if size > 1:
        for k in range(n):
            w.cheb[1, k], w.slope[1, k] = w.s0[k], scale
    for q in range(2, size):
        for k in range(n):
            x = 2.0 * w.s0[k]
            w.cheb[q, k] = x * w.cheb[q - 1, k] - w.cheb[q - 2, k]
            w.slope[q, k] = 2.0 * scale * w.cheb[q - 1, k] + x * w.slope[q - 1, k] - w.slope[q - 2, k]


@jit
def angular(n, t, w):  # type: ignore[no-untyped-def]
    """Monomials of the unit vectors."""
    for k in range(n):
        w.mono[0, k] = 1.0
    for m in range(1, t.parent.shape[0]):
        a, b = t.parent[m], t.axis[m]
        for k in range(n):
            w.mono[m, k] = w.mono[a, k] * w.unit[b, k]


@jit
def basic_moments(n, t, w):  # type: ignore[no-untyped-def]
    """M_b = sum over neighbours of f_mu(r) times a monomial of the direction."""
    for b in range(t.mu.shape[0]):
        mu, m = t.mu[b], t.monomial[b]
        total = 0.0
        for k in range(n):
            total += w.f[mu, k] * w.mono[m, k]
        w.moment[b] = total


@jit
def contract(t, moment):  # type: ignore[no-untyped-def]
    """All contracted moments from the basic ones."""
    moment[t.mu.shape[0] :] = 0.0
    for k in range(t.weight.shape[0]):
        moment[t.times[k, 2]] += t.weight[k] * moment[t.times[k, 0]] * moment[t.times[k, 1]]


@jit
def adjoints(t, linear, w):  # type: ignore[no-untyped-def]
    """Energy of the centre, and its derivative with respect to every moment (reverse pass)."""
    energy = 0.0
    w.adjoint[:] = 0.0
    for k in range(t.mapping.shape[0]):
        energy += linear[k] * w.moment[t.mapping[k]]
        w.adjoint[t.mapping[k]] += linear[k]
    for k in range(t.weight.shape[0] - 1, -1, -1):
        a, b, g = t.times[k, 0], t.times[k, 1], t.weight[k] * w.adjoint[t.times[k, 2]]
        w.adjoint[a] += g * w.moment[b]
        w.adjoint[b] += g * w.moment[a]
    return energy


@jit
def gradient(n, t, w):  # type: ignore[no-untyped-def]
    """Derivative of the centre's energy with respect to each neighbour's position, in w.grad.

    First the adjoint of every monomial of the direction, then back along the recurrence that made the monomials. That
    is the derivative in the unit vector u; in the position it is along u plus (1 - u u) / r of it.
    """
    along = w.s1
    for k in range(n):
        along[k], w.grad[0, k], w.grad[1, k], w.grad[2, k] = 0.0, 0.0, 0.0, 0.0
    w.bar[:] = 0.0
    for b in range(t.mu.shape[0]):
        _seed(n, w.adjoint[b], t.mu[b], t.monomial[b], w)
    for m in range(t.parent.shape[0] - 1, 0, -1):
        _back(n, m, t.parent[m], t.axis[m], w)
    for k in range(n):
        x, y, z = w.unit[0, k], w.unit[1, k], w.unit[2, k]
        inverse = 1.0 / w.r[k]
        radial = along[k] - inverse * (w.grad[0, k] * x + w.grad[1, k] * y + w.grad[2, k] * z)
        w.grad[0, k] = w.grad[0, k] * inverse + radial * x
        w.grad[1, k] = w.grad[1, k] * inverse + radial * y
        w.grad[2, k] = w.grad[2, k] * inverse + radial * z


@jit
def _seed(n, g, mu, m, w):  # type: ignore[no-untyped-def]
    """What one basic moment adds to its monomial's adjoint, and to the slope along the bond."""
    for k in range(n):
        w.bar[m, k] += g * w.f[mu, k]
    for k in range(n):
        w.s1[k] += g * w.df[mu, k] * w.mono[m, k]


@jit
def _back(n, m, a, b, w):  # type: ignore[no-untyped-def]
    """Y_m = Y_a u_b, in reverse."""
    for k in range(n):
        w.grad[b, k] += w.bar[m, k] * w.mono[a, k]
    for k in range(n):
        w.bar[a, k] += w.bar[m, k] * w.unit[b, k]


@jit
def evaluate(t, p, system, w, energies, forces, virial):  # type: ignore[no-untyped-def]
    """Site energies (n,), forces (n, 3) and virial dE/dstrain (3, 3), added to what the arrays hold."""
    for i in range(system.types.shape[0]):
        n = gather(i, system, p.high, w)
        radial(n, system.types[i], p, w)
        angular(n, t, w)
        basic_moments(n, t, w)
        contract(t, w.moment)
        energies[i] += adjoints(t, p.linear, w) + p.shift[system.types[i]]
        gradient(n, t, w)
        _scatter(i, w, forces, virial)


@jit
def _scatter(i, w, forces, virial):  # type: ignore[no-untyped-def]
    for k in range(w.edges[-1]):
        j = w.partner[k]
        for a in range(3):
            forces[i, a] += w.grad[a, k]
            forces[j, a] -= w.grad[a, k]
            for b in range(3):
                virial[a, b] += w.grad[a, k] * w.unit[b, k] * w.r[k]


@jit
def site_values(t, p, system, w, values):  # type: ignore[no-untyped-def]
    """Basis functions of every atom, (n_atoms, n_scalars)."""
    for i in range(system.types.shape[0]):
        n = gather(i, system, p.high, w)
        radial(n, system.types[i], p, w)
        angular(n, t, w)
        basic_moments(n, t, w)
        contract(t, w.moment)
        for k in range(t.mapping.shape[0]):
            values[i, k] = w.moment[t.mapping[k]]
