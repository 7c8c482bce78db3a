"""Two pages of the reference, made from the catalogue: what can happen, and what can be asked for."""

from typing import Any

from pydantic import BaseModel

from schemas.commands import CATALOGUE as COMMANDS
from schemas.events import CATALOGUE as EVENTS
from schemas.json_schema import schema_of
from schemas.topics import TOPICS

MADE = "<!-- Made by `python -m schemas` from the catalogue in schemas/; change that instead. -->\n"


def _kind(schema: dict[str, Any]) -> str:
    """A field's type in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[1]
    if "anyOf" in schema:
        return " or ".join(_kind(option) for option in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`" if schema["const"] else "empty"
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    return str(schema.get("format") or schema.get("type") or "any")


def _table(schema: dict[str, Any]) -> str:
    """The fields of one object."""
    rows = ["| field | type | |", "|---|---|---|"]
    for name, field in schema.get("properties", {}).items():
        notes = [field["description"]] if "description" in field else []
        if "x-personal" in field:
            notes.append(f"Words or name of `{field['x-personal']}`.")
        rows.append(f"| `{name}` | {_kind(field)} | {' '.join(notes)} |")
    return "\n".join(rows) + "\n"


def _fields(model: type[BaseModel]) -> str:
    return _table(schema_of(model, "serialization"))


def _doc(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split())


def _parts(models: list[type[BaseModel]]) -> dict[str, dict[str, Any]]:
    """The nested models of `models`, by name."""
    found: dict[str, dict[str, Any]] = {}
    for model in models:
        found |= schema_of(model, "serialization").get("$defs", {})
    return dict(sorted(found.items()))


def _nested(models: list[type[BaseModel]]) -> list[str]:
    return [
        f"### {name}\n\n{schema.get('description', '')}\n\n{_table(schema)}"
        for name, schema in _parts(models).items()
    ]


def events() -> str:
    """The page of events."""
    sections = [
        MADE,
        "# Events\n",
        "Every event ever written, by its stable type. On Kafka the data is JSON under these names, the rest stands"
        " in headers ([how to read the topics](../how-to/read-the-topics.md)). In the store, fields marked as a"
        " person's words or name are sealed under that person's key.\n",
    ]
    for topic in TOPICS.values():
        sections.append(
            f"## `{topic.name}`\n\n{topic.description} Keyed by {topic.key}; {topic.partitions} partitions.\n"
        )
        for name, event in EVENTS.items():
            if topic.name == event.TOPIC:
                sections.append(f"### `{name}`\n\n{_doc(event)}\n\n{_fields(event)}")
    return "\n".join([*sections, "## Parts\n", *_nested(list(EVENTS.values()))])


def commands() -> str:
    """The page of commands."""
    sections = [
        MADE,
        "# Commands\n",
        "Every wish to change something. Beside each stand who sends it and its id; the same id again from the same"
        " sender gives the first answer and no second event.\n",
    ]
    for name, command in COMMANDS.items():
        sections.append(f"## `{name}`\n\n{_doc(command)}\n\n{_fields(command)}")
    return "\n".join([*sections, "## Parts\n", *_nested(list(COMMANDS.values()))])
