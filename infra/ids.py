"""New ids: UUIDs of version 7 (RFC 9562), which sort by the time they were made."""

import os
from uuid import UUID

import uuid_utils


def new_id() -> UUID:
    """A fresh id."""
    return UUID(bytes=uuid_utils.uuid7().bytes)


def new_traceparent() -> str:
    """The beginning of a trace that nobody records (W3C Trace Context, not sampled)."""
    drawn = os.urandom(24).hex()
    return f"00-{drawn[:32]}-{drawn[32:]}-00"
