"""Equivariant message passing through mace-torch; training runs in a process of its own."""
