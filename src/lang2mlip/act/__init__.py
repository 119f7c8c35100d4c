"""Decision to Result."""
