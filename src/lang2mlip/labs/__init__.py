"""Agent loops of their own, started as jobs."""
