"""Servers to compare with, each runnable by itself: `python -m bench.peers.NAME`, which prints its port.

They do nothing but their part: no store, no order, no recovery, no presence, no limits.
"""
