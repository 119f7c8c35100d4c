"""Moment tensor potentials: basis, kernels, fit, calculator, extrapolation grade."""
