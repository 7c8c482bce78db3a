"""PostgreSQL: connections, and the tables of the store and of the operations around it."""

from infra.postgres.connect import pool
from infra.postgres.prepare import prepare

__all__ = ["pool", "prepare"]
