"""Whoever takes an advisory lock waits for those of the same purpose, and for nobody else."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("commands", "gateway", "infra", "matcher", "projections", "schemas", "streams")
OURS = 0x7965_6F6E
"""The upper four bytes of every key; two tell them apart."""


def keys() -> Iterator[int]:
    """Every key written down in the code."""
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant) and type(node.value) is int and node.value >> 16 == OURS:
                    yield node.value


def test_every_advisory_lock_has_a_key_of_its_own() -> None:
    found = Counter(keys())

    assert len(found) >= 8
    assert {hex(key): times for key, times in found.items() if times > 1} == {}
