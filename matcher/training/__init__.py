"""Learns rankers from the event log, and compares them on it."""
