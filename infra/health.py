"""Whether the relay and the consumers get on: what is behind must have moved. A process that is alive proves nothing,
since a stream can die in silence inside it."""

import time
from dataclasses import dataclass

import psycopg

PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far something is, and how far it could be; both in positions of the log, summed over partitions."""

    done: int
    to_do: int


RELAY = """
SELECT coalesce((SELECT max(position) FROM ops.relay_checkpoints), 0), (SELECT position FROM store.log_head)
"""
_CONSUMERS = """
SELECT coalesce(sum(t.position), 0)::bigint, coalesce(sum(greatest(r.position, t.position)), 0)::bigint
FROM ops.tracking t JOIN ops.relay_checkpoints r USING (topic, partition) WHERE t.consumer {whose}
"""
NOTIFIER = _CONSUMERS.format(whose="= 'notifier'")
STREAMS = _CONSUMERS.format(whose="<> 'notifier' AND t.consumer NOT LIKE 'matcher:%'")
"""Of others it feeds none: where they stand still, the streams may be well."""
WEBHOOKS = """
SELECT coalesce(sum(p.position), 0)::bigint, coalesce(sum(h.position), 0)::bigint
FROM ops.webhook_progress p CROSS JOIN store.log_head h
"""
"""An endpoint that is away stands still when its queue is full: that is its own affair, and not counted."""
STATEMENTS = {"relay": RELAY, "streams": STREAMS, "webhooks": WEBHOOKS, "notifier": NOTIFIER}


def gets_on(url: str, role: str, patience: float = PATIENCE_SECONDS) -> bool:
    """Whether `role` (a key of STATEMENTS) has nothing to do, or does something within `patience` seconds.

    Raises psycopg.Error if PostgreSQL is away.
    """
    with psycopg.connect(url, connect_timeout=5, autocommit=True) as connection:
        first = _progress(connection, role)
        if first.done >= first.to_do:
            return True
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            time.sleep(0.2)
            if _progress(connection, role).done != first.done:
                return True
    return False


def _progress(connection: psycopg.Connection, role: str) -> Progress:
    row = connection.execute(STATEMENTS[role].encode()).fetchone()
    assert row is not None  # aggregates always answer one row
    return Progress(int(row[0]), int(row[1]))
