"""View to pages."""
