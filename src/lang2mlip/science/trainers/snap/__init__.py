"""Spectral neighbour analysis potentials: what stock LAMMPS runs natively, fitted by least squares."""
