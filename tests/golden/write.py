"""Writes a golden file for the newest revision of every type that has none: `python tests/golden/write.py`.

Files that are there are never written again: they stand for what was published, and are read for ever.
"""

from hashlib import sha256
from pathlib import Path
from uuid import UUID

import orjson

from schemas.mapper import to_stored
from schemas.published import revisions
from schemas.samples import EVENTS, previous_of, record_of

HERE = Path(__file__).parent


def key_of(owner: UUID) -> bytes:
    """The fixed test key of a person."""
    return sha256(owner.bytes).digest()


def main() -> None:
    """Write what is missing."""
    for type_name, event in EVENTS.items():
        revision = max(revisions(type_name))
        path = HERE / (f"{type_name}.json" if revision == 1 else f"{type_name}.{revision}.json")
        if path.exists():
            continue
        record = record_of(type_name)
        golden = {
            "position": event.position,
            "previous": previous_of(event),
            "streamId": event.stream_id,
            "version": event.version,
            "type": event.type,
            "stored": orjson.loads(to_stored(event, key_of)),
            "kafka": {"key": record["key"], "value": record["value"], "headers": record["headers"]},
        }
        path.write_bytes(orjson.dumps(golden, option=orjson.OPT_INDENT_2) + b"\n")


if __name__ == "__main__":
    main()
