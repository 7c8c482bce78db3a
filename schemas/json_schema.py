"""JSON Schema of one model, without the noise: no invented titles on fields, personal fields as `x-personal`."""

from typing import Any, Literal

from pydantic import BaseModel

JsonObject = dict[str, Any]


def schema_of(model: type[BaseModel], mode: Literal["serialization", "validation"]) -> JsonObject:
    """The schema of `model` under its names on the wire, nested models in `$defs`."""
    schema = model.model_json_schema(by_alias=True, mode=mode)
    for holder in (schema, *schema.get("$defs", {}).values()):
        for name, field in holder.get("properties", {}).items():
            holder["properties"][name] = {key: value for key, value in field.items() if key != "title"}
    return schema


def closed(schema: Any) -> Any:
    """`schema` with every object that lists its properties refusing any other."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    if inner.get("type") == "object" and "properties" in inner:
        inner["additionalProperties"] = False
    return inner
