"""The Lennard-Jones model in its own units: read from words, simulated in units lj, told in ε, σ, m and k_B."""
