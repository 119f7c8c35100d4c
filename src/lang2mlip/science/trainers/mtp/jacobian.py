"""Compiled kernels for the fit: derivatives of energy, forces and virial with respect to every parameter.

Rows of a frame: energy (1), forces (3 n_atoms: all x, all y, all z), virial dE/dstrain (6, Voigt).
Columns: basis functions, one shift per species, radial coefficients (centre, neighbour, function, Chebyshev order).
The derivatives of all basis functions run forward through the contractions in lanes (one lane per neighbour
coordinate); those of the radial coefficients run forward and back again in lanes of their own.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from lang2mlip.science.trainers.mtp.kernels import (
    FAST,
    adjoints,
    angular,
    basic_moments,
    contract,
    gather,
    radial,
    smooth,
)
from lang2mlip.science.trainers.mtp.tables import Parameters, System, Tables, work

__all__ = ["frame_jacobian", "n_columns"]

jit: Any = njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")


class Lanes(NamedTuple):
    """Scratch space of the derivative passes."""

    d: np.ndarray
    """(n_moments, 3 wide): derivative of every moment with respect to every neighbour coordinate."""
    q: np.ndarray
    """(n_moments, n_lanes): tangent of every moment for every radial coefficient of the centre's species."""
    b: np.ndarray
    """(n_basic, n_lanes): tangent of the adjoints."""
    out: np.ndarray
    """(n_lanes, 3 wide): derivative of the gradient."""


def n_columns(parameters: Parameters, with_radial: bool) -> int:
    """Number of columns of a Jacobian."""
    linear = parameters.linear.size + parameters.shift.size
    return int(linear + (parameters.radial.size if with_radial else 0))


def frame_jacobian(t: Tables, p: Parameters, s: System, with_radial: bool) -> np.ndarray:
    """The transposed Jacobian of a frame, shape (n_columns, 7 + 3 n_atoms); see the module for the order."""
    w = work(t, p.radial, s)
    n_lanes = int(p.radial[0].size) if with_radial else 0
    wide = w.r.size
    lanes = Lanes(
        np.zeros((w.moment.size, 3 * wide)), np.zeros((w.moment.size, n_lanes)),
        np.zeros((w.moment.size, n_lanes)), np.zeros((n_lanes, 3 * wide)),
    )  # fmt: skip
    out = np.zeros((n_columns(p, with_radial), 7 + 3 * len(s.types)))
    _frame(t, p, s, w, lanes, out)
    return out


@jit
def _frame(t, p, s, w, lanes, out):  # type: ignore[no-untyped-def]
    for i in range(s.types.shape[0]):
        n = gather(i, s, p.high, w)
        radial(n, s.types[i], p, w)
        angular(n, t, w)
        basic_moments(n, t, w)
        contract(t, w.moment)
        _basic_derivatives(n, t, w, lanes.d)
        _forward(n, t, w, lanes.d)
        for k in range(t.mapping.shape[0]):
            out[k, 0] += w.moment[t.mapping[k]]
            _scatter(i, n, w, lanes.d[t.mapping[k]], out[k])
        out[t.mapping.shape[0] + s.types[i], 0] += 1.0
        if lanes.q.shape[1] > 0:
            smooth(n, p, w)
            _radial_columns(i, n, t, p, s, w, lanes, out)


@jit
def _basic_derivatives(n, t, w, d):  # type: ignore[no-untyped-def]
    """Derivative of the basic moments; coordinate a of neighbour k is lane a n + k."""
    for b in range(t.mu.shape[0]):
        mu, m = t.mu[b], t.monomial[b]
        nu = t.power[m, 3]
        for k in range(n):
            w.s0[k] = w.f[mu, k] / w.r[k]
            w.s1[k] = (w.df[mu, k] - nu * w.s0[k]) * w.mono[m, k]
        for a in range(3):
            e, below = t.power[m, a], t.lower[m, a]
            for k in range(n):
                d[b, a * n + k] = w.unit[a, k] * w.s1[k] + e * w.s0[k] * w.mono[below, k]


@jit
def _forward(n, t, w, d):  # type: ignore[no-untyped-def]
    """Product rule through all contractions."""
    d[t.mu.shape[0] :] = 0.0
    for k in range(t.weight.shape[0]):
        a, b, c = t.times[k, 0], t.times[k, 1], t.times[k, 2]
        x, y = t.weight[k] * w.moment[b], t.weight[k] * w.moment[a]
        for lane in range(3 * n):
            d[c, lane] += x * d[a, lane] + y * d[b, lane]


@jit
def _scatter(i, n, w, g, row):  # type: ignore[no-untyped-def]
    """Add the gradient lanes `g` of a centre to forces and virial of one column."""
    atoms = (row.shape[0] - 7) // 3
    base = row.shape[0] - 6
    for a in range(3):
        total = 0.0
        start = 1 + a * atoms
        for k in range(w.edges[-1]):
            total += g[a * n + k]
            row[start + w.partner[k]] -= g[a * n + k]
        row[start + i] += total
    for k in range(w.edges[-1]):
        x, y, z = w.unit[0, k] * w.r[k], w.unit[1, k] * w.r[k], w.unit[2, k] * w.r[k]
        row[base] += g[k] * x
        row[base + 1] += g[n + k] * y
        row[base + 2] += g[2 * n + k] * z
        row[base + 3] += g[n + k] * z
        row[base + 4] += g[k] * z
        row[base + 5] += g[k] * y


@jit
def _radial_columns(i, n, t, p, s, w, lanes, out):  # type: ignore[no-untyped-def]
    adjoints(t, p.linear, w)
    _radial_tangents(n, t, w, lanes.q)
    _tangent_passes(t, w, lanes)
    _second_derivatives(n, t, w, lanes)
    _direct_derivatives(n, t, w, lanes.out)
    start = t.mapping.shape[0] + p.shift.shape[0] + s.types[i] * lanes.q.shape[1]
    for c in range(lanes.q.shape[1]):
        energy = 0.0
        for b in range(t.mu.shape[0]):
            energy += w.adjoint[b] * lanes.q[b, c]
        out[start + c, 0] += energy
        _scatter(i, n, w, lanes.out[c], out[start + c])


@jit
def _radial_tangents(n, t, w, q):  # type: ignore[no-untyped-def]
    """Derivative of the basic moments with respect to the radial coefficients (neighbour, function, order)."""
    size, n_radial = w.cheb.shape[0], w.f.shape[0]
    q[:] = 0.0
    for b in range(t.mu.shape[0]):
        m = t.monomial[b]
        for z in range(w.edges.shape[0] - 1):
            for order in range(size):
                total = 0.0
                for k in range(w.edges[z], w.edges[z + 1]):
                    total += w.cheb[order, k] * w.mono[m, k]
                q[b, (z * n_radial + t.mu[b]) * size + order] = total


@jit
def _tangent_passes(t, w, lanes):  # type: ignore[no-untyped-def]
    """Tangents of all moments (forward) and of all adjoints (reverse), every lane at once."""
    q, g = lanes.q, lanes.b
    n = q.shape[1]
    g[:] = 0.0
    for k in range(t.weight.shape[0]):
        a, b, c = t.times[k, 0], t.times[k, 1], t.times[k, 2]
        x, y = t.weight[k] * w.moment[b], t.weight[k] * w.moment[a]
        for lane in range(n):
            q[c, lane] += x * q[a, lane] + y * q[b, lane]
    for k in range(t.weight.shape[0] - 1, -1, -1):
        a, b, c = t.times[k, 0], t.times[k, 1], t.times[k, 2]
        u = t.weight[k] * w.adjoint[c]
        x, y = t.weight[k] * w.moment[b], t.weight[k] * w.moment[a]
        for lane in range(n):
            g[a, lane] += x * g[c, lane] + u * q[b, lane]
        for lane in range(n):
            g[b, lane] += y * g[c, lane] + u * q[a, lane]


@jit
def _second_derivatives(n, t, w, lanes):  # type: ignore[no-untyped-def]
    """out[c] = sum_b g[b, c] d[b]: a matrix product, four rows of d at a time."""
    out, g, d = lanes.out, lanes.b, lanes.d
    n_basic = t.mu.shape[0]
    whole = n_basic // 4 * 4
    for c in range(out.shape[0]):
        for lane in range(3 * n):
            out[c, lane] = 0.0
        for b in range(0, whole, 4):
            x, y, z, u = g[b, c], g[b + 1, c], g[b + 2, c], g[b + 3, c]
            for lane in range(3 * n):
                out[c, lane] += x * d[b, lane] + y * d[b + 1, lane] + z * d[b + 2, lane] + u * d[b + 3, lane]
        for b in range(whole, n_basic):
            x = g[b, c]
            for lane in range(3 * n):
                out[c, lane] += x * d[b, lane]


@jit
def _direct_derivatives(n, t, w, out):  # type: ignore[no-untyped-def]
    """The radial coefficients also stand in the basic moments' own derivatives: add adjoint times that."""
    n_radial = w.f.shape[0]
    for mu in range(n_radial):
        _angular_sums(n, mu, t, w)
        for z in range(w.edges.shape[0] - 1):
            for order in range(w.cheb.shape[0]):
                c = (z * n_radial + mu) * w.cheb.shape[0] + order
                for a in range(3):
                    for k in range(w.edges[z], w.edges[z + 1]):
                        out[c, a * n + k] += (
                            w.slope[order, k] * w.unit[a, k] * w.s0[k] + w.cheb[order, k] * w.grad[a, k]
                        )


@jit
def _angular_sums(n, mu, t, w):  # type: ignore[no-untyped-def]
    """s0 = sum_m g_m Y_m, and grad = its derivative with respect to the neighbour's position at fixed distance."""
    w.s0[:n], w.s1[:n], w.grad[:, :n] = 0.0, 0.0, 0.0
    for b in range(t.mu.shape[0]):
        if t.mu[b] == mu:
            _add_angular(n, t.monomial[b], w.adjoint[b], t, w)
    for a in range(3):
        for k in range(n):
            w.grad[a, k] = (w.grad[a, k] - w.unit[a, k] * w.s1[k]) / w.r[k]


@jit
def _add_angular(n, m, g, t, w):  # type: ignore[no-untyped-def]
    for k in range(n):
        w.s0[k] += g * w.mono[m, k]
        w.s1[k] += g * t.power[m, 3] * w.mono[m, k]
    for a in range(3):
        e, below = g * t.power[m, a], t.lower[m, a]
        for k in range(n):
            w.grad[a, k] += e * w.mono[below, k]
