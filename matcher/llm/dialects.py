"""The two protocols models are asked in: OpenAI's chat completions, spoken by many servers, and Anthropic's messages.

Both are held to a JSON Schema: the one by `response_format`, the other by having to use one tool. Pure.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from matcher.llm.contract import Answered, ModelFailed, Prompt

DialectName = Literal["openai", "anthropic"]

_TOOL = "answer"
_ANTHROPIC_VERSION = "2023-06-01"


class Dialect(Protocol):
    """How a prompt is written, and its answer read. `read` raises ModelFailed."""

    @property
    def path(self) -> str: ...

    def headers(self, key: str) -> dict[str, str]: ...

    def write(self, model: str, prompt: Prompt) -> dict[str, Any]: ...

    def read(self, body: bytes) -> Answered: ...


@dataclass(frozen=True, slots=True)
class OpenAI:
    """`POST {url}/chat/completions`; the URL ends with the version, as in `https://…/v1`."""

    path: str = "/chat/completions"

    def headers(self, key: str) -> dict[str, str]:
        return {"authorization": f"Bearer {key}"} if key else {}

    def write(self, model: str, prompt: Prompt) -> dict[str, Any]:
        return {
            "model": model,
            "messages": [
                {"role": "system", "content": prompt.instructions},
                {"role": "user", "content": prompt.text},
            ],
            "temperature": 0,
            "max_tokens": prompt.answer_tokens,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": _TOOL, "strict": True, "schema": prompt.answer},
            },
        }

    def read(self, body: bytes) -> Answered:
        try:
            said = json.loads(body)
            data = json.loads(said["choices"][0]["message"]["content"])
            return _answered(data, said.get("usage"), ("total_tokens",))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise _garbage(error) from error


@dataclass(frozen=True, slots=True)
class Anthropic:
    """`POST {url}/v1/messages`; the URL ends with the host, as in `https://…`."""

    path: str = "/v1/messages"

    def headers(self, key: str) -> dict[str, str]:
        return {"anthropic-version": _ANTHROPIC_VERSION, **({"x-api-key": key} if key else {})}

    def write(self, model: str, prompt: Prompt) -> dict[str, Any]:
        return {
            "model": model,
            "system": prompt.instructions,
            "messages": [{"role": "user", "content": prompt.text}],
            "temperature": 0,
            "max_tokens": prompt.answer_tokens,
            "tools": [{"name": _TOOL, "description": "Gives the answer.", "input_schema": prompt.answer}],
            "tool_choice": {"type": "tool", "name": _TOOL},
        }

    def read(self, body: bytes) -> Answered:
        try:
            said = json.loads(body)
            [data] = [part["input"] for part in said["content"] if part["type"] == "tool_use"]
            return _answered(data, said.get("usage"), ("input_tokens", "output_tokens"))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise _garbage(error) from error


DIALECTS: Mapping[DialectName, Dialect] = {"openai": OpenAI(), "anthropic": Anthropic()}


def _answered(data: object, usage: Mapping[str, Any] | None, counted: tuple[str, ...]) -> Answered:
    if not isinstance(data, dict):
        raise TypeError("the answer is no object")
    return Answered(data, sum(int((usage or {}).get(name) or 0) for name in counted))


def _garbage(error: Exception) -> ModelFailed:
    return ModelFailed("garbage", type(error).__name__)
