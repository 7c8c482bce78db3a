"""The browsable reference of events, one page in Korean and one in English: every event with its fields and an example.

Plain HTML without scripts; made from the catalogue, and served beside the JSON Schemas.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

from schemas.events import CATALOGUE
from schemas.json_schema import JsonObject, schema_of
from schemas.korean import KEYS, TITLES, korean
from schemas.samples import record_of
from schemas.topics import TOPICS, Topic

Language = Literal["ko", "en"]


@dataclass(frozen=True, slots=True)
class _Words:
    """What a page says in one language beside the catalogue's own sentences."""

    title: str
    other: str
    rules: tuple[str, ...]
    field: str
    type: str
    note: str
    example: str
    parts: str
    keyed: str
    personal: str
    may_be_absent: str


WORDS: dict[Language, _Words] = {
    "en": _Words(
        title="연결이 (Yeongyeori): events",
        other='<a href="ko.html" hreflang="ko" lang="ko">한국어</a>',
        rules=(
            "Every event is a CloudEvent 1.0 in binary mode: the value is the JSON data, the rest stands in headers.",
            "Per topic and partition keep `last`, the `ce_position` taken last. Take a record only if"
            " `ce_previousposition` ≤ `last` < `ce_position`: what is not above `last` is a repeat, and a"
            " `ce_previousposition` above it says that something is missing.",
            "Pass over types and fields you do not know. A type only gains fields; a breaking change is a new type"
            " ending in `.v2`, beside the old one.",
            "`ce_id` is the same for every copy of an event, for ever.",
        ),
        field="field",
        type="type",
        note="meaning",
        example="An example",
        parts="Parts",
        keyed="Keyed by {key}; {partitions} partitions.",
        personal="Words or name of {owner}: readable on the topic, sealed in the store.",
        may_be_absent="May be absent.",
    ),
    "ko": _Words(
        title="연결이: 이벤트",
        other='<a href="en.html" hreflang="en" lang="en">English</a>',
        rules=(
            "모든 이벤트는 CloudEvents 1.0 바이너리 모드입니다. 값은 JSON 데이터이고 나머지는 헤더에 있습니다.",
            "토픽과 파티션마다 마지막으로 받아들인 `ce_position`을 `last`로 기억하세요."
            " `ce_previousposition` ≤ `last` < `ce_position`인 레코드만 받아들입니다. `last`보다 크지 않으면 되풀이된"
            " 것이고, `ce_previousposition`이 더 크면 그 사이에 빠진 것이 있습니다.",
            "모르는 타입과 필드는 그냥 지나가세요. 타입에는 필드가 더해지기만 합니다. 호환되지 않는 변경은 옛 타입 옆에"
            " `.v2`로 끝나는 새 타입으로 나옵니다.",
            "`ce_id`는 같은 이벤트의 모든 사본에서 언제나 같습니다.",
        ),
        field="필드",
        type="형식",
        note="설명",
        example="예",
        parts="구성 요소",
        keyed="키는 {key}, 파티션 {partitions}개.",
        personal="{owner}의 말이나 이름: 토픽에서는 읽을 수 있고, 저장소에는 암호화되어 있습니다.",
        may_be_absent="없을 수 있습니다.",
    ),
}


def page(language: Language) -> str:
    """The whole page."""
    words = WORDS[language]
    body = "".join(_topic(topic, language) for topic in TOPICS.values())
    rules = "".join(f"<li>{_prose(rule)}</li>\n" for rule in words.rules)
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{words.title}</title>\n'
        f'<link rel="stylesheet" href="style.css">\n</head>\n<body>\n'
        f"<header><h1>{words.title}</h1>{words.other}</header>\n<main>\n"
        f"<ul>\n{rules}</ul>\n"
        f'<p><a href="/asyncapi.yaml">AsyncAPI 3</a></p>\n{_contents()}{body}{_parts(language)}'
        "</main>\n</body>\n</html>\n"
    )


def _contents() -> str:
    links = "".join(f'<li><a href="#{name}">{name}</a></li>\n' for name in CATALOGUE)
    return f"<nav><ul>\n{links}</ul></nav>\n"


def _topic(topic: Topic, language: Language) -> str:
    words, said = WORDS[language], TITLES[topic.name] if language == "ko" else topic.description
    key = KEYS[topic.key] if language == "ko" else topic.key
    keyed = words.keyed.format(key=key, partitions=topic.partitions)
    events = "".join(_event(name, language) for name in CATALOGUE if topic.name == CATALOGUE[name].TOPIC)
    return f'<h2 id="{topic.name}">{topic.name}</h2>\n<p>{_prose(said)} {keyed}</p>\n{events}'


def _event(name: str, language: Language) -> str:
    schema = schema_of(CATALOGUE[name], "serialization")
    sentence = " ".join((CATALOGUE[name].__doc__ or "").split())
    sample = record_of(name)
    headers = "".join(f"{key}: {value}\n" for key, value in sample["headers"].items())
    value = json.dumps(sample["value"], ensure_ascii=False, indent=2)
    return (
        f'<section id="{name}">\n<h3><a href="../events/{name}.json">{name}</a></h3>\n'
        f"<p>{_prose(_said(sentence, language))}</p>\n{_fields(schema, language)}"
        f"<details><summary>{WORDS[language].example}</summary>\n"
        f"<pre><code>{escape(headers)}</code></pre>\n<pre><code>{escape(value)}</code></pre></details>\n</section>\n"
    )


def _parts(language: Language) -> str:
    found: dict[str, JsonObject] = {}
    for event in CATALOGUE.values():
        found |= schema_of(event, "serialization").get("$defs", {})
    sections = "".join(
        f'<section id="{name}">\n<h3>{name}</h3>\n<p>{_prose(_said(part["description"], language))}</p>\n'
        f"{_fields(part, language)}</section>\n"
        for name, part in sorted(found.items())
    )
    return f"<h2>{WORDS[language].parts}</h2>\n{sections}"


def _fields(schema: JsonObject, language: Language) -> str:
    words = WORDS[language]
    required = schema.get("required", ())
    rows = "".join(
        f"<tr><td><code>{name}</code></td><td>{_kind(field)}</td>"
        f"<td>{' '.join(_notes(field, name in required, language))}</td></tr>\n"
        for name, field in schema["properties"].items()
    )
    head = f"<tr><th>{words.field}</th><th>{words.type}</th><th>{words.note}</th></tr>"
    return f"<table>\n<thead>{head}</thead>\n<tbody>\n{rows}</tbody>\n</table>\n"


def _notes(field: JsonObject, required: bool, language: Language) -> Iterable[str]:
    words = WORDS[language]
    if "description" in field:
        yield _prose(_said(field["description"], language))
    if "x-personal" in field:
        owner = f"<code>{field['x-personal']}</code>"
        yield f'<span class="personal">{words.personal.format(owner=owner)}</span>'
    if not required:
        yield words.may_be_absent


def _kind(schema: JsonObject) -> str:
    """A field's type, linked to the part it is."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[1]
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " | ".join(_kind(option) for option in schema["anyOf"])
    if values := schema.get("enum", [schema["const"]] if "const" in schema else []):
        return ", ".join(f"<code>{_literal(value)}</code>" for value in values)
    if schema.get("type") == "array":
        return f"{_kind(schema['items'])}[]"
    return escape(str(schema.get("format") or schema.get("type") or "any"))


def _literal(value: Any) -> str:
    return escape(json.dumps(value, ensure_ascii=False).strip('"'))


def _said(sentence: str, language: Language) -> str:
    return korean(sentence) if language == "ko" else sentence


def _prose(text: str) -> str:
    """Text with `code` marked as such."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
