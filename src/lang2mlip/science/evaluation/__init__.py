"""Properties, a file each."""
