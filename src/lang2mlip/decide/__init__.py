"""State to Decision."""
