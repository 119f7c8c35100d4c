"""Potential families, a folder each."""
