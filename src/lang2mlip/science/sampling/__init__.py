"""Where new configurations come from."""
