"""LAMMPS input, output and checks."""
