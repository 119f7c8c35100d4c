"""Which data or models to take out."""
