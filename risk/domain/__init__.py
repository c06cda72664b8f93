"""Pure arithmetic of the ladder."""
