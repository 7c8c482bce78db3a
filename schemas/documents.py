"""JSON Schema (draft 2020-12) of everything that is said, and the list of all documents made from the catalogue.

Schemas of events and of what clients send are closed: this is all that is ever written. Schemas of what we send to
clients are open: readers must pass over fields they do not know.
"""

from collections.abc import Iterable
from pathlib import Path

import orjson
from pydantic import BaseModel

from schemas import asyncapi, reference, reference_pages
from schemas.commands import CATALOGUE as COMMANDS
from schemas.events import CATALOGUE as EVENTS
from schemas.json_schema import JsonObject, closed, schema_of
from schemas.published import new_revisions
from schemas.wire.client import CLIENT_FRAMES
from schemas.wire.server import SERVER_FRAMES

GENERATED = Path(__file__).parent / "generated"
REFERENCE = Path(__file__).parent.parent / "docs" / "reference"
STYLE = Path(__file__).with_name("reference.css")
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def _document(path: str, schema: JsonObject) -> bytes:
    whole = {"$schema": DIALECT, "$id": f"/schemas/{path}", **schema}
    return orjson.dumps(whole, option=orjson.OPT_INDENT_2) + b"\n"


def _frame(
    type_name: str, data: type[BaseModel], schema: JsonObject, *, answered: bool, traced: bool = False
) -> JsonObject:
    """The schema of a whole frame around the schema of its `data`."""
    definitions = schema.pop("$defs", None)
    frame: JsonObject = {
        "title": type_name,
        "description": schema.pop("description", ""),
        "type": "object",
        "properties": {"type": {"const": type_name}, "id": {"type": ["string", "integer"]}, "data": schema},
        "required": ["type", "id", "data"] if answered else ["type", "data"],
    }
    if traced:
        frame["properties"]["traceparent"] = {
            "type": "string",
            "description": "W3C Trace Context, if traced.",
        }
    if type_name == "ping":
        frame["required"] = ["type"]
    return frame | ({"$defs": definitions} if definitions else {})


def _json_schemas() -> Iterable[tuple[str, bytes]]:
    for name, event in EVENTS.items():
        path = f"events/{name}.json"
        yield path, _document(path, closed(schema_of(event, "serialization")))
    for name, command in COMMANDS.items():
        path = f"commands/{name}.json"
        yield path, _document(path, schema_of(command, "validation"))
    for name, frame in CLIENT_FRAMES.items():
        path = f"wire/client/{name}.json"
        yield (
            path,
            _document(
                path, closed(_frame(name, frame, schema_of(frame, "validation"), answered=False, traced=True))
            ),
        )
    for name, sent in SERVER_FRAMES.items():
        path = f"wire/server/{name}.json"
        schema = _frame(name, sent, schema_of(sent, "serialization"), answered=name == "ack")
        yield path, _document(path, schema)


def documents() -> dict[Path, bytes]:
    """Every generated file with its content: the schemas and their new revisions, `asyncapi.yaml`, and the reference."""
    made: dict[Path, bytes] = {GENERATED / path: content for path, content in _json_schemas()}
    made |= new_revisions()
    made[GENERATED / "asyncapi.yaml"] = asyncapi.document().encode()
    made[GENERATED / "reference" / "ko.html"] = reference_pages.page("ko").encode()
    made[GENERATED / "reference" / "en.html"] = reference_pages.page("en").encode()
    made[GENERATED / "reference" / "style.css"] = STYLE.read_bytes()
    made[REFERENCE / "events.md"] = reference.events().encode()
    made[REFERENCE / "commands.md"] = reference.commands().encode()
    return made


def stale(made: dict[Path, bytes]) -> list[Path]:
    """Files of an earlier generation that nothing makes any more."""
    return sorted(path for path in GENERATED.rglob("*") if path.is_file() and path not in made)
