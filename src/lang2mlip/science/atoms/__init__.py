"""The ground that every science room may use."""
