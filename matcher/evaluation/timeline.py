"""Reads a timeline: a site's questions and answers in the order of time, with who should have been found.

JSON Lines, plain or gzipped. First `{"type": "timeline", site, experts, cut}`, then `question` and `answer` lines.
"""

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel


class BadFile(ValueError):
    """The file is not what it should be; says where and why."""


class _Line(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="ignore")


class _Header(_Line):
    type: Literal["timeline"]
    site: str
    experts: tuple[str, ...]
    cut: date


class Question(_Line):
    """A question; if `evaluate`, with those who answered it and who was about."""

    type: Literal["question"]
    at: date
    question_id: str
    content: str
    tags: tuple[str, ...] = ()
    evaluate: bool = False
    relevant: Mapping[str, float] = {}
    available: tuple[str, ...] = ()


class Answer(_Line):
    """An expert's answer."""

    type: Literal["answer"]
    at: date
    question_id: str
    expert_id: str
    votes: int = 0


_LINE: TypeAdapter[Question | Answer] = TypeAdapter(Annotated[Question | Answer, Field(discriminator="type")])


@dataclass(frozen=True, slots=True)
class Timeline:
    """A site's past."""

    site: str
    experts: Sequence[str]
    """The candidates."""
    cut: date
    """From here on it is evaluated; before, it may be learnt from."""
    lines: Sequence[Question | Answer]


def seconds(day: date) -> float:
    """The beginning of a day in Unix seconds."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def text_lines(path: Path) -> Iterator[str]:
    """The lines of a text file in UTF-8, plain or gzipped. Raises `BadFile`."""
    try:
        with path.open("rb") as file:
            zipped = file.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rt", encoding="utf-8") if zipped else path.open(encoding="utf-8") as lines:
            yield from lines
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise BadFile(f"{path} cannot be read: {error}") from None


def read_timeline(path: Path) -> Timeline:
    """Read a whole timeline. Raises `BadFile`, which names the line, the field and the rule."""
    header: _Header | None = None
    lines: list[Question | Answer] = []
    for number, line in enumerate(text_lines(path), 1):
        if not line.strip():
            continue
        try:
            said: Any = json.loads(line)
            if header is None:
                header = _Header.model_validate(said)
            else:
                lines.append(_LINE.validate_python(said))
        except json.JSONDecodeError as error:
            raise BadFile(f"{path}, line {number}: not JSON: {error}") from None
        except ValidationError as error:
            first = error.errors()[0]
            at = ".".join(str(part) for part in first["loc"]) or "the line"
            raise BadFile(f"{path}, line {number}: {at}: {first['msg']}") from None
        if len(lines) > 1 and lines[-1].at < lines[-2].at:
            raise BadFile(f"{path}, line {number}: at: lines must be in the order of time")
    if header is None:
        raise BadFile(f"{path}: the file is empty")
    return Timeline(header.site, header.experts, header.cut, lines)
