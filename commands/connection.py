"""The library's datastore over one connection of the writer's own, opened anew whenever it broke.

A pool would hand out connections that died, and come back late after the server was away. Statistics of young tables
mislead the planner into scanning them, so the writer is told to use its indexes; a writer that freezes inside a
transaction is cut off by the server, so that it cannot hold the lock of the append for ever.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import psycopg
from eventsourcing.postgres import ConnectionPool, PostgresDatastore
from psycopg.rows import DictRow, dict_row

SCHEMA = "store"
FROZEN_SECONDS = 10
"""A writer that says nothing for so long inside a transaction loses it."""

_OPTIONS = " ".join(
    f"-c {name}={value}"
    for name, value in {
        "enable_seqscan": "off",
        "enable_hashjoin": "off",
        "enable_mergejoin": "off",
        "idle_in_transaction_session_timeout": f"{FROZEN_SECONDS}s",
    }.items()
)
_KEEPALIVE = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}


class OneConnection:
    """Stands where the library has its pool. For one thread."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection[DictRow] | None = None

    def open(self, wait: bool = False, timeout: float = 0) -> None:
        """Nothing to do before the first use."""

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[DictRow]]:
        """The connection, in autocommit mode."""
        if self._connection is None or self._connection.closed:
            parameters: dict[str, Any] = {**_KEEPALIVE, "options": _OPTIONS, "connect_timeout": 5}
            self._connection = psycopg.Connection[DictRow].connect(
                self._url,
                autocommit=True,
                row_factory=dict_row,
                application_name="yeon-commands",
                tcp_user_timeout=10_000,
                **parameters,
            )
        yield self._connection

    def close(self) -> None:
        """Leave the server."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class WriterDatastore(PostgresDatastore):
    """The library's datastore for the one thread that appends."""

    def __init__(self, url: str, *, enable_db_functions: bool = False) -> None:
        super().__init__("", "", "", "", "", schema=SCHEMA, enable_db_functions=enable_db_functions)
        self._one = OneConnection(url)
        self.pool = cast("ConnectionPool[psycopg.Connection[DictRow]]", self._one)

    def register_type_adapters(self) -> None:
        """No composite types are used, so there is nothing to look up."""

    def reset(self) -> None:
        """Drop the connection; the next use opens another."""
        self._one.close()
