"""The generated documents say what the catalogue says."""

from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from jsonschema import Draft202012Validator

from infra.kafka import topics
from schemas.documents import GENERATED, documents, stale
from schemas.events import CATALOGUE
from schemas.samples import record_of
from schemas.topics import TOPICS, Topic
from schemas.wire.server import SERVER_FRAMES

GOLDEN = Path(__file__).parent.parent / "golden"


def test_the_generated_files_are_what_the_catalogue_gives_now() -> None:
    made = documents()
    differing = [
        path.name for path, content in made.items() if not path.is_file() or path.read_bytes() != content
    ]
    assert not differing, f"run python -m schemas: {differing}"
    assert stale(made) == []


@pytest.mark.parametrize(
    "path", sorted(GENERATED.rglob("*.json")), ids=lambda p: str(p.relative_to(GENERATED))
)
def test_each_json_schema_is_one(path: Path) -> None:
    schema = orjson.loads(path.read_bytes())
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"/schemas/{path.relative_to(GENERATED)}"


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_a_golden_event_fits_its_schema_and_one_field_more_does_not(name: str) -> None:
    schema = orjson.loads((GENERATED / "events" / f"{name}.json").read_bytes())
    golden = orjson.loads((GOLDEN / f"{name}.json").read_bytes())
    validator = Draft202012Validator(schema)

    assert golden["kafka"]["headers"]["ce_dataschema"] == schema["$id"]
    validator.validate(golden["kafka"]["value"])
    assert not validator.is_valid(golden["kafka"]["value"] | {"unheardOf": 1})


def _asyncapi() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((GENERATED / "asyncapi.yaml").read_text())
    return document


def _at(document: dict[str, Any], pointer: str) -> Any:
    node: Any = document
    for step in pointer.removeprefix("#/").split("/"):
        node = node[step]
    return node


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [found for item in node for found in _references(item)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + [found for value in node.values() for found in _references(value)]


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    document = _asyncapi()
    references = _references(document)
    assert len(references) > len(CATALOGUE)
    for pointer in references:
        assert _at(document, pointer), pointer


def test_every_topic_is_a_channel_with_its_partitions_and_every_event_is_in_the_one_it_is_published_to() -> (
    None
):
    document = _asyncapi()
    assert set(document["channels"]) == {name for t in TOPICS.values() for name in (t.name, t.parked)}
    for name, topic in TOPICS.items():
        channel = document["channels"][name]
        assert channel["bindings"]["kafka"]["partitions"] == topic.partitions
        assert set(channel["messages"]) == {kind for kind, event in CATALOGUE.items() if name == event.TOPIC}


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_a_golden_record_fits_its_message_in_the_asyncapi_document(name: str) -> None:
    document = _asyncapi()
    golden = orjson.loads((GOLDEN / f"{name}.json").read_bytes())["kafka"]
    message = document["components"]["messages"][name]

    headers = Draft202012Validator(document | message["headers"])
    headers.validate(golden["headers"])
    assert not headers.is_valid(golden["headers"] | {"ce_type": "another.v1"})
    Draft202012Validator(document | message["payload"]).validate(golden["value"])


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_the_examples_of_the_documents_are_what_is_published(name: str) -> None:
    document = _asyncapi()
    (example,) = document["components"]["messages"][name]["examples"]
    assert {"headers": example["headers"], "value": example["payload"]} == {
        part: record_of(name)[part] for part in ("headers", "value")
    }
    Draft202012Validator(document | document["components"]["messages"][name]["payload"]).validate(
        example["payload"]
    )


@pytest.mark.parametrize("topic", TOPICS.values(), ids=lambda topic: topic.parked)
def test_every_topic_that_is_made_for_parked_events_is_described_as_it_is_made(topic: Topic) -> None:
    document = _asyncapi()
    made = {new.name: new.num_partitions for new in topics.catalogue(replication=1, retention_days=1)}
    channel = document["channels"][topic.parked]["bindings"]["kafka"]
    assert channel["partitions"] == made[topic.parked]
    message = document["components"]["messages"][topic.parked]
    headers = Draft202012Validator(document | message["headers"])
    for name, event in CATALOGUE.items():
        if topic.name == event.TOPIC:
            own = record_of(name)["headers"] | {"ce_previousposition": "0"}
            headers.validate(own | {"yeonconsumer": "view:rooms", "yeonreason": "ValueError: no"})
            assert not headers.is_valid(own)


def test_the_document_says_which_records_a_reader_takes() -> None:
    assert "`ce_previousposition` ≤ `last` < `ce_position`" in _asyncapi()["info"]["description"]


@pytest.mark.parametrize("name", sorted(SERVER_FRAMES))
def test_a_client_may_be_sent_more_than_it_knows(name: str) -> None:
    schema = orjson.loads((GENERATED / "wire" / "server" / f"{name}.json").read_bytes())
    assert "additionalProperties" not in schema["properties"]["data"]
