"""Result to events."""
