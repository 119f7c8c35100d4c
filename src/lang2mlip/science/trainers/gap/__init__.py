"""Gaussian approximation potentials through quippy: two-body and SOAP kernels on a repulsive core."""
