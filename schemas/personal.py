"""Which fields of a model are a person's words or name, taken out of its data and put back.

How a model is laid out is worked out once per type; most events hold their personal fields at the top, and take the
short way.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from types import NoneType
from typing import Any, get_args
from uuid import UUID

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from schemas.base import Personal


@dataclass(frozen=True, slots=True)
class _Field:
    """A personal field: the way to the object that holds it (`*` for each item), its name, and its owner's."""

    path: tuple[str, ...]
    name: str
    owner_depth: int
    """How many steps of `path` lead to the object that holds the owner's id."""
    owner: str
    blank: str | None
    """What it reads as when its words are gone: nothing where the field may hold nothing."""


def _models_in(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """The model in `M`, `M | None`, `tuple[M, ...]`, and whether it stands in a tuple."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    for argument in get_args(annotation):
        if isinstance(argument, type) and issubclass(argument, BaseModel):
            return argument, getattr(annotation, "__origin__", None) is tuple
    return None, False


@cache
def personal_fields(model: type[BaseModel]) -> tuple[_Field, ...]:
    """Every personal field of `model`, those of nested models included."""

    def walk(
        cls: type[BaseModel], path: tuple[str, ...], around: tuple[tuple[type[BaseModel], int], ...]
    ) -> Iterable[_Field]:
        holders = (*around, (cls, len(path)))
        for name, info in cls.model_fields.items():
            for mark in info.metadata:
                if isinstance(mark, Personal):
                    depth = max(at for holder, at in holders if mark.owner in holder.model_fields)
                    blank = None if NoneType in get_args(info.annotation) else ""
                    yield _Field(path, to_camel(name), depth, to_camel(mark.owner), blank)
            inner, many = _models_in(info.annotation)
            if inner is not None:
                yield from walk(inner, (*path, to_camel(name), *(("*",) if many else ())), holders)

    return tuple(walk(model, (), ()))


def _places(data: Any, field: _Field) -> Iterable[tuple[str, dict[str, Any], Any]]:
    """For each place of `field` in `data`: its address, the object that holds it, and the owner's id."""

    def descend(node: Any, step: int, address: str, owner: Any) -> Iterable[tuple[str, dict[str, Any], Any]]:
        if node is None:
            return
        if step == field.owner_depth:
            owner = node[field.owner]
        if step == len(field.path):
            yield f"{address}{field.name}", node, owner
        elif field.path[step] == "*":
            for i, item in enumerate(node):
                yield from descend(item, step + 1, f"{address}{i}/", owner)
        else:
            yield from descend(node.get(field.path[step]), step + 1, f"{address}{field.path[step]}/", owner)

    return descend(data, 0, "", None)


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a model is written: its fields by attribute and alias, and those that hold models of their own."""

    plain: tuple[tuple[str, str], ...]
    nested: tuple[tuple[str, str, "_Plan", bool], ...]


@cache
def _plan(model: type[BaseModel]) -> _Plan:
    plain: list[tuple[str, str]] = []
    nested: list[tuple[str, str, _Plan, bool]] = []
    for name, info in model.model_fields.items():
        inner, many = _models_in(info.annotation)
        if inner is None:
            plain.append((name, to_camel(name)))
        else:
            nested.append((name, to_camel(name), _plan(inner), many))
    return _Plan(tuple(plain), tuple(nested))


def written(model: BaseModel) -> dict[str, Any]:
    """`model` by aliases; ids and times are left to orjson, which writes them as pydantic does."""
    return _written(model, _plan(type(model)))


def _written(model: BaseModel, plan: _Plan) -> dict[str, Any]:
    values = model.__dict__
    data = {alias: values[name] for name, alias in plan.plain}
    for name, alias, inner, many in plan.nested:
        value = values[name]
        if many:
            data[alias] = [_written(item, inner) for item in value]
        else:
            data[alias] = None if value is None else _written(value, inner)
    return data


@cache
def _own_fields(model: type[BaseModel]) -> tuple[tuple[str, str, str | None], ...] | None:
    """Name, owner and blank of each personal field, if all stand in the model itself (`None` if not)."""
    fields = personal_fields(model)
    return None if any(field.path for field in fields) else tuple((f.name, f.owner, f.blank) for f in fields)


@cache
def _own_attributes(model: type[BaseModel]) -> tuple[tuple[str, str, str | None], ...] | None:
    """As `_own_fields`, by the names of the attributes."""
    own = _own_fields(model)
    names = {to_camel(name): name for name in model.model_fields}
    return None if own is None else tuple((names[name], names[owner], blank) for name, owner, blank in own)


def owners_of(model: BaseModel) -> set[UUID]:
    """Whose words stand in `model`: those whose keys it takes to seal it."""
    own = _own_attributes(type(model))
    if own is None:
        return set(take_out(written(model), type(model)))
    values = model.__dict__
    return {values[owner] for name, owner, blank in own if values[name] != blank}


def take_out(data: dict[str, Any], model: type[BaseModel]) -> dict[UUID, dict[str, str]]:
    """Removes the personal texts from `data`: by owner, by address."""
    private: dict[UUID, dict[str, str]] = {}
    own = _own_fields(model)
    if own is not None:
        for name, owner, blank in own:
            if (text := data.pop(name)) != blank:
                private.setdefault(data[owner], {})[name] = text
        return private
    for field in personal_fields(model):
        for address, holder, person in _places(data, field):
            if (text := holder.pop(field.name)) != field.blank:
                private.setdefault(person, {})[address] = text
    return private


def put_back(data: dict[str, Any], model: type[BaseModel], private: dict[str, str]) -> None:
    """Fills in the personal texts, blank where they are not in `private`.

    A text that stands in `data` was written before its field was personal, and stays.
    """
    own = _own_fields(model)
    if own is not None:
        for name, _, blank in own:
            data.setdefault(name, private.get(name, blank))
        return
    for field in personal_fields(model):
        for address, holder, _ in _places(data, field):
            holder.setdefault(field.name, private.get(address, field.blank))
