"""Telling people who are away, by Web Push and by mail: what, when, in which words, and what becomes of it."""
