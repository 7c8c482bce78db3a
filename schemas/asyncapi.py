"""The AsyncAPI 3.0 document of the topics, for those who subscribe to them."""

from typing import Any

import yaml

from schemas.events import CATALOGUE
from schemas.json_schema import JsonObject, closed, schema_of
from schemas.samples import record_of
from schemas.topics import PARKED_PARTITIONS, TOPICS, Topic

BINDING = "0.5.0"
DESCRIPTION = """\
Every question, acceptance and message of 연결이 is an event on one of three topics, as CloudEvents 1.0 in binary
mode: the value is the JSON data alone, the rest stands in `ce_*` headers.

**Order.** Order holds within a partition, and nowhere else. The partition follows from the key (murmur2, as in
Apache Kafka's default partitioner), so one question's whole story is one ordered sequence. Partition counts are
fixed when a topic is made.

**What a reader takes.** Per topic and partition keep `last`, the `ce_position` of the record taken last (0 before the
first, or where you choose to begin). Take a record only if `ce_previousposition` ≤ `last` < `ce_position`.

- `ce_position` ≤ `last`: a repeat. Records come again after a restart, and after a broker lost its end and was filled
  again. Drop it. Do not rely on Kafka offsets for that: they may start again.
- `ce_previousposition` > `last`: something between is missing. Leave the record: what a broker lost is published
  again, with everything after it. What retention removed is in the event store alone. A reader that begins in the
  middle takes the first record's `ce_previousposition` as its `last`.

**Parked events.** An event that a view could not take is copied to the parked topic of its topic, for people who
watch: with the reason, without an order, and with a `ce_previousposition` of 0. It stands in its own topic as well.

**Evolution.** What is written is closed: these schemas list every field. What reads must be open: pass over fields
that are not known. A type's fields are only ever added to; a breaking change is a new type ending in `.v2`, published
beside the old one.

**Personal fields.** `x-personal` names the field that holds the id of the person whose words or name it is. Topics
keep 30 days unless set otherwise.
"""

TEXT: JsonObject = {"type": "string"}
NUMBER: JsonObject = {"type": "string", "pattern": "^[0-9]+$"}
UUID_TEXT: JsonObject = {"type": "string", "format": "uuid"}

HEADERS: JsonObject = {
    "type": "object",
    "description": "CloudEvents 1.0 attributes and our extensions. Every value is UTF-8 text.",
    "properties": {
        "content-type": {"const": "application/json"},
        "ce_specversion": {"const": "1.0"},
        "ce_id": TEXT | {"description": "`<stream>:<version>`, the same for every copy of the event."},
        "ce_source": {"const": "urn:yeongyeori"},
        "ce_type": TEXT,
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_subject": UUID_TEXT | {"description": "The aggregate's stream."},
        "ce_dataschema": {"type": "string", "format": "uri-reference"},
        "ce_partitionkey": UUID_TEXT | {"description": "The record's key."},
        "ce_sequence": NUMBER | {"description": "The aggregate's version, from 1 without gaps."},
        "ce_position": NUMBER | {"description": "Place in the whole log, from 1."},
        "ce_previousposition": NUMBER
        | {"description": "`ce_position` of the record before on this partition; 0 for the first."},
        "ce_correlationid": UUID_TEXT,
        "ce_causationid": TEXT | {"description": "What caused it: a `ce_id`, or the id of a request."},
        "ce_commandid": UUID_TEXT,
        "ce_actorid": UUID_TEXT | {"description": "Who caused it; all zeros for the system."},
        "traceparent": TEXT | {"description": "W3C Trace Context, if the cause was traced."},
    },
}
HEADERS["required"] = [name for name in HEADERS["properties"] if name != "traceparent"]

PARKED_HEADERS: JsonObject = {
    "type": "object",
    "description": "What a parked event carries beside its own headers.",
    "properties": {
        "yeonconsumer": TEXT | {"description": "The view that could not take it."},
        "yeonreason": TEXT | {"description": "Why."},
        "ce_previousposition": {"const": "0"},
    },
    "required": ["yeonconsumer", "yeonreason"],
}


def _ref(*path: str) -> JsonObject:
    return {"$ref": "#/" + "/".join(path)}


def _hoisted(schema: Any) -> Any:
    """`schema` with its references pointing at the components of the document."""
    if isinstance(schema, list):
        return [_hoisted(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: value.replace("#/$defs/", "#/components/schemas/") if key == "$ref" else _hoisted(value)
        for key, value in schema.items()
    }


def _schemas() -> JsonObject:
    components: JsonObject = {"headers": HEADERS, "parkedHeaders": PARKED_HEADERS}
    for name, event in CATALOGUE.items():
        schema = closed(schema_of(event, "serialization"))
        for inner, definition in schema.pop("$defs", {}).items():
            hoisted = _hoisted(definition)
            if components.setdefault(inner, hoisted) != hoisted:
                raise ValueError(f"two different models are called {inner}")
        components[name] = _hoisted(schema)
    return components


def _message(name: str) -> JsonObject:
    event, sample = CATALOGUE[name], record_of(name)
    return {
        "name": name,
        "title": event.__name__,
        "summary": (event.__doc__ or "").strip(),
        "contentType": "application/json",
        "headers": {
            "allOf": [
                _ref("components", "schemas", "headers"),
                {"type": "object", "properties": {"ce_type": {"const": name}}},
            ]
        },
        "payload": _ref("components", "schemas", name),
        "bindings": {"kafka": {"key": UUID_TEXT, "bindingVersion": BINDING}},
        "examples": [{"name": "sample", "headers": sample["headers"], "payload": sample["value"]}],
    }


def _parked_message(topic: Topic) -> JsonObject:
    return {
        "name": topic.parked,
        "title": f"Parked: {topic.name}",
        "summary": "Any event of the topic, with the view that could not take it and why.",
        "contentType": "application/json",
        "headers": {
            "allOf": [
                _ref("components", "schemas", "headers"),
                _ref("components", "schemas", "parkedHeaders"),
            ]
        },
        "payload": {"anyOf": [_ref("components", "schemas", name) for name in _types_of(topic)]},
        "bindings": {"kafka": {"key": UUID_TEXT, "bindingVersion": BINDING}},
    }


def _types_of(topic: Topic) -> list[str]:
    return [name for name, event in CATALOGUE.items() if topic.name == event.TOPIC]


def _channel(topic: Topic) -> JsonObject:
    return {
        "address": topic.name,
        "description": f"{topic.description} Keyed by {topic.key}; {topic.partitions} partitions.",
        "messages": {name: _ref("components", "messages", name) for name in _types_of(topic)},
        "bindings": {
            "kafka": {"topic": topic.name, "partitions": topic.partitions, "bindingVersion": BINDING}
        },
    }


def _parked_channel(topic: Topic) -> JsonObject:
    return {
        "address": topic.parked,
        "description": f"Copies of events of {topic.name} that a view could not take. Keyed by {topic.key}.",
        "messages": {topic.parked: _ref("components", "messages", topic.parked)},
        "bindings": {
            "kafka": {"topic": topic.parked, "partitions": PARKED_PARTITIONS, "bindingVersion": BINDING}
        },
    }


def _operation(channel: str, messages: list[str], summary: str) -> JsonObject:
    return {
        "action": "send",
        "channel": _ref("channels", channel),
        "summary": summary,
        "messages": [_ref("channels", channel, "messages", name) for name in messages],
    }


def _operations() -> JsonObject:
    found: JsonObject = {}
    for topic in TOPICS.values():
        noun = topic.name.split(".")[1]
        found[f"publish-{noun}"] = _operation(
            topic.name,
            _types_of(topic),
            "The relay publishes; it is the only writer, and writes in the order of `ce_position`.",
        )
        found[f"park-{noun}"] = _operation(
            topic.parked, [topic.parked], "The worker of the views copies what a view could not take."
        )
    return found


def document() -> str:
    """The document, as YAML."""
    whole = {
        "asyncapi": "3.0.0",
        "id": "urn:yeongyeori:topics",
        "info": {"title": "연결이 (Yeongyeori) topics", "version": "1.0.0", "description": DESCRIPTION},
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in TOPICS.values()}
        | {topic.parked: _parked_channel(topic) for topic in TOPICS.values()},
        "operations": _operations(),
        "components": {
            "messages": {name: _message(name) for name in CATALOGUE}
            | {topic.parked: _parked_message(topic) for topic in TOPICS.values()},
            "schemas": _schemas(),
        },
    }
    return yaml.dump(whole, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


class _Dumper(yaml.SafeDumper):
    """Block style for texts of several lines, and no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
