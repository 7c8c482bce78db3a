"""What an event may hold is stated in the catalogue: every field that could hold words says whose they are, or what.

Ids, numbers, times, flags and words from a fixed list can hold nobody's words; a text must be `Personal` or
`Impersonal`; anything else (a free object, say) is never classed.
"""

from collections.abc import Iterator
from datetime import datetime
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from schemas.base import Impersonal, Personal

WORDLESS = frozenset({UUID, int, float, bool, datetime, AwareDatetime, NoneType})


def unclassed(model: type[BaseModel]) -> list[str]:
    """`Model.field` of each field of `model`, or of a model in it, of which nobody said whose words it may hold."""
    return sorted(set(_unclassed(model)))


def _unclassed(model: type[BaseModel]) -> Iterator[str]:
    for name, info in model.model_fields.items():
        marked = _marked(info.metadata)
        if not all(
            kind in WORDLESS or (kind is str and mark) for kind, mark in _leaves(info.annotation, marked)
        ):
            yield f"{model.__name__}.{name}"
        for inner in _models(info.annotation):
            yield from _unclassed(inner)


def _marked(metadata: Any) -> bool:
    return any(isinstance(mark, Personal | Impersonal) for mark in metadata)


def _leaves(annotation: Any, marked: bool) -> Iterator[tuple[Any, bool]]:
    """The types that values of `annotation` are made of, models left out, and whether each is marked."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal or (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return
    if origin is Annotated:
        yield from _leaves(arguments[0], marked or _marked(arguments[1:]))
    elif origin in (Union, UnionType, tuple):
        for argument in arguments:
            if argument is not Ellipsis:
                yield from _leaves(argument, marked)
    else:
        yield annotation, marked


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
