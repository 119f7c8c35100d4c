"""Reference calculators, a file each."""
