"""New ids: UUIDs of version 7 (RFC 9562), which sort by the time they were made."""

from uuid import UUID

import uuid_utils


def new_id() -> UUID:
    """A fresh id."""
    return UUID(bytes=uuid_utils.uuid7().bytes)
