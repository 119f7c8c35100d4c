"""Atoms in, numbers out: knows no run, no agent, no queue."""
