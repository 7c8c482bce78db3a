"""Writes a golden file for every sample that has none: `python tests/golden/write.py`.

Files that are there are never written again: they stand for what was published, and are read for ever.
"""

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid5

import orjson
from samples import QUESTION, SAMPLES

from schemas.envelope import Event, Meta
from schemas.ids import expert_stream, room_of
from schemas.mapper import to_kafka, to_stored

HERE = Path(__file__).parent


def key_of(owner: UUID) -> bytes:
    """The fixed test key of a person."""
    return sha256(owner.bytes).digest()


def stream_of(type_name: str, partition_key: UUID) -> UUID:
    """The stream in which an event of this type could stand."""
    if type_name.startswith("yeon.room."):
        return room_of(partition_key)
    return expert_stream(partition_key) if type_name.startswith("yeon.expert.") else partition_key


def main() -> None:
    """Write what is missing."""
    for number, data in enumerate(SAMPLES, 1):
        path = HERE / f"{data.TYPE}.json"
        if path.exists():
            continue
        meta = Meta(
            at=datetime(2026, 11, 22, 9, 30, number, 123456, tzinfo=UTC),
            actor_id=data.partition_key,
            command_id=uuid5(QUESTION, f"command:{number}"),
            correlation_id=QUESTION,
            causation_id=f"{QUESTION}:{number}",
            traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        )
        seq = getattr(data, "seq", 0)
        stream = stream_of(data.TYPE, data.partition_key)
        event = Event(100 + number, stream, seq + 1 if seq else 1, data, meta)
        key, value, headers = to_kafka(event, previous=90 + number)
        golden = {
            "position": event.position,
            "previous": 90 + number,
            "streamId": event.stream_id,
            "version": event.version,
            "type": event.type,
            "stored": orjson.loads(to_stored(event, key_of)),
            "kafka": {
                "key": key.decode(),
                "value": orjson.loads(value),
                "headers": {name: raw.decode() for name, raw in headers},
            },
        }
        path.write_bytes(orjson.dumps(golden, option=orjson.OPT_INDENT_2) + b"\n")


if __name__ == "__main__":
    main()
