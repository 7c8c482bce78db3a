"""Forgetting people: the views cleared of them, and a search for whatever may be left anywhere."""
