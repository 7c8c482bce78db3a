"""An event as CloudEvents 1.0 in structured mode: one JSON object with everything that stands in a record's headers.

Made of the record itself, so that what is read over HTTP is what is read from Kafka. Attributes are texts there as
here: CloudEvents has no integers above 32 bits.
"""

import orjson

from schemas.envelope import Event
from schemas.mapper import to_kafka

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
_PREFIX = "ce_"
_OF_PARTITIONS = frozenset({"ce_previousposition"})
"""Of use to a reader of a partition alone."""


def to_structured(event: Event) -> bytes:
    """The JSON of `event`: `specversion`, `id`, `type`, `position`, … and `data`. Raises `ValueError` without data."""
    _, value, headers = to_kafka(event, 0)
    if not value:
        raise ValueError(f"the event at position {event.position} cannot be read")
    attributes = {
        name.removeprefix(_PREFIX): text.decode()
        for name, text in headers
        if name != "content-type" and name not in _OF_PARTITIONS
    }
    attributes["datacontenttype"] = "application/json"
    return orjson.dumps({**attributes, "data": orjson.Fragment(value)})
