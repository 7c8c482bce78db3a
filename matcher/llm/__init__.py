"""Asks a language model, within limits. Knows nothing of what is asked."""
