"""The views as they stood at a moment of the past, and what changed between two."""
