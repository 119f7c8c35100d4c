"""Structure builders, a file per class."""
