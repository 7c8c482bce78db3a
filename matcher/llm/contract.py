"""What asking a language model promises: an object of the form that was asked for, or one kind of error, in time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Prompt:
    """One call: what the model is told to do, what it does it to, and the JSON Schema of the answer."""

    instructions: str
    text: str
    answer: Mapping[str, Any]
    answer_tokens: int = 300
    """Most tokens the answer may take."""

    @property
    def expected_tokens(self) -> int:
        """About what the call costs, before it is known: a token holds at least about two bytes, whatever the script."""
        sent = len(self.instructions.encode()) + len(self.text.encode()) + len(str(self.answer))
        return sent // 2 + self.answer_tokens


@dataclass(frozen=True, slots=True)
class Answered:
    """The model's answer, a JSON object that nobody has checked yet, and what it cost."""

    data: Mapping[str, Any]
    tokens: int


class ModelFailed(Exception):
    """The model gave no answer. `reason` is one word of ours, and never holds anything the model said."""

    def __init__(self, reason: str, detail: str = "", *, retryable: bool = False) -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.retryable = retryable


class LanguageModel(Protocol):
    """Raises ModelFailed and nothing else, whatever happens on the other side."""

    @property
    def name(self) -> str: ...

    async def ask(self, prompt: Prompt) -> Answered: ...
