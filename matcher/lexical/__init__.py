"""Texts as weighted terms, for the lexical half of retrieval."""
