"""The roles of `tests/faults`, for tests of whole processes."""

from tests.faults.conftest import own_kafka, roles

__all__ = ["own_kafka", "roles"]
