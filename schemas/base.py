"""The bases of everything that is said: camelCase outside, snake_case inside, frozen, and classed for privacy.

A field that holds a person's words or name carries `Personal(owner)`, where `owner` names the field, in the
same model or in one around it, that holds that person's id. The mapper seals such fields in the store. Any other text
carries `Impersonal`; what holds no text needs no mark.
"""

import re
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetJsonSchemaHandler, StringConstraints
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


@dataclass(frozen=True, slots=True)
class Personal:
    """Marks a field as the words or the name of the person whose id stands in the field `owner`."""

    owner: str

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(core), "x-personal": to_camel(self.owner)}


@dataclass(frozen=True, slots=True)
class Impersonal:
    """Marks a text as nobody's words or name, and says what it is instead."""

    what: str

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(core), "x-impersonal": self.what}


_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def _no_control_characters(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError(
            "control characters (other than line breaks and tabs) and lone surrogates are not allowed"
        )
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must hold more than white space")
    return text


Plain = AfterValidator(_no_control_characters)
NotBlank = AfterValidator(_not_blank)

Name = Annotated[str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True), Plain]
QuestionText = Annotated[str, StringConstraints(min_length=1, max_length=4_000), Plain, NotBlank]
MessageText = Annotated[str, StringConstraints(min_length=1, max_length=8_000), Plain, NotBlank]
ShortText = Annotated[str, StringConstraints(max_length=2_000), Plain]
Category = Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True), Plain]
ClientMsgId = Annotated[str, StringConstraints(min_length=1, max_length=64), Plain]
Username = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{2,31}$")]
Email = Annotated[
    str, StringConstraints(pattern=r"^[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s.]{2,63}$", max_length=254), Plain
]

Role = Literal["questioner", "expert", "both", "operator"]
Urgency = Literal["low", "medium", "high"]
QuestionStatus = Literal["pending", "matched", "unmatched", "in_progress", "resolved", "cancelled"]
Language = Literal["ko", "en"]
MessageType = Literal["text", "file", "system"]
Level = Annotated[int, Field(ge=1, le=5)]


class Said(BaseModel):
    """Base of all models: camelCase names on every wire, immutable once made."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        frozen=True,
        ser_json_timedelta="float",
        use_attribute_docstrings=True,
    )


class ClosedSaid(Said):
    """Base of what clients send us: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class SentFile(Said):
    """What is known of a file that was sent to a room, from its bytes; what its sender says of it is not believed."""

    size: int
    """In bytes."""
    media_type: Annotated[str, Impersonal("what its bytes say it is")]
    width: int | None = None
    """In pixels, of an image that pages may show."""
    height: int | None = None


class EventData(Said):
    """The payload of one event type. Closed when written, open when read (unknown fields are ignored)."""

    TYPE: ClassVar[str]
    TOPIC: ClassVar[str]

    @property
    def partition_key(self) -> UUID:
        """The id whose events stay in one order: the question's, the expert's or the account's."""
        raise TypeError(f"{type(self).__name__} names no partition key")
