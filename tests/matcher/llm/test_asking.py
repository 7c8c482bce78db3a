"""Asking a model over the network: both protocols, and every way the other side goes wrong."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from matcher.llm.breaker import Breaker
from matcher.llm.budget import Budget
from matcher.llm.client import MOST_BYTES, HttpModel
from matcher.llm.contract import LanguageModel, ModelFailed, Prompt
from matcher.llm.dialects import DIALECTS, DialectName
from matcher.llm.guard import Guarded
from tests.matcher.llm.server import Behaviour, Reply, Server, anthropic, openai, serving

PROMPT = Prompt("file it", '{"question": "why?"}', {"type": "object", "properties": {}})


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=5) as client:
        yield client


def model(http: httpx.AsyncClient, server: Server, dialect: DialectName = "openai") -> HttpModel:
    return HttpModel(http, DIALECTS[dialect], server.url, "key", "small")


def guarded(inside: LanguageModel, *, calls: int = 100, seconds: float = 5.0) -> Guarded:
    return Guarded(inside, Budget(calls, 1_000_000), seconds)


async def failure(asked: LanguageModel) -> str:
    with pytest.raises(ModelFailed) as failed:
        await asked.ask(PROMPT)
    return failed.value.reason


async def test_openais_protocol(http: httpx.AsyncClient) -> None:
    async with serving(lambda call: openai({"a": 1}, tokens=50)) as server:
        answered = await model(http, server).ask(PROMPT)

    [call] = server.calls
    assert (call.path, call.headers["authorization"]) == ("/chat/completions", "Bearer key")
    assert call.body["response_format"]["json_schema"]["schema"] == PROMPT.answer
    assert (answered.data, answered.tokens) == ({"a": 1}, 50)


async def test_anthropics_protocol(http: httpx.AsyncClient) -> None:
    async with serving(lambda call: anthropic({"a": 1})) as server:
        answered = await model(http, server, "anthropic").ask(PROMPT)

    [call] = server.calls
    assert (call.path, call.headers["x-api-key"]) == ("/v1/messages", "key")
    assert call.body["tools"][0]["input_schema"] == PROMPT.answer
    assert call.body["tool_choice"] == {"type": "tool", "name": "answer"}
    assert (answered.data, answered.tokens) == ({"a": 1}, 50)


@pytest.mark.parametrize(
    ("behaviour", "reason", "calls"),
    [
        (lambda call: Reply(500), "broken", 2),
        (lambda call: Reply(429), "refused", 2),
        (lambda call: Reply(401), "refused", 1),
        (lambda call: Reply(body=b"<html>"), "garbage", 1),
        (lambda call: Reply(body=b"[" * 60_000), "garbage", 1),
        (lambda call: Reply(body=b'"' + b"x" * MOST_BYTES), "garbage", 1),
        (lambda call: openai("no JSON"), "garbage", 1),
        (lambda call: openai([1, 2]), "garbage", 1),
        (lambda call: Reply(body=b'{"choices": []}'), "garbage", 1),
        (lambda call: Reply(body=b"null"), "garbage", 1),
    ],
)
async def test_what_goes_wrong_there_is_told_in_one_word(
    http: httpx.AsyncClient, behaviour: Behaviour, reason: str, calls: int
) -> None:
    async with serving(behaviour) as server:
        assert await failure(guarded(model(http, server))) == reason
    assert len(server.calls) == calls


async def test_a_server_that_hangs_is_waited_for_no_longer_than_the_deadline(http: httpx.AsyncClient) -> None:
    async with serving(lambda call: Reply(hangs=True)) as server, asyncio.timeout(3):
        assert await failure(guarded(model(http, server), seconds=0.2)) == "timeout"


async def test_nobody_is_there(http: httpx.AsyncClient) -> None:
    async with serving(lambda call: Reply()) as server:
        gone = model(http, server)
    assert await failure(guarded(gone)) == "unreachable"


async def test_a_second_attempt_may_succeed(http: httpx.AsyncClient) -> None:
    replies = iter([Reply(503), openai({"a": 1})])
    async with serving(lambda call: next(replies)) as server:
        assert (await guarded(model(http, server)).ask(PROMPT)).data == {"a": 1}


async def test_after_five_failures_nothing_is_sent_until_one_call_may_try(http: httpx.AsyncClient) -> None:
    at = 100.0
    answers = [Reply(400)] * 5
    async with serving(lambda call: answers.pop() if answers else openai({"a": 1})) as server:
        asked = Guarded(
            model(http, server), Budget(100, 1_000_000), 5.0, breaker=Breaker(5, 30.0), clock=lambda: at
        )
        assert [await failure(asked) for _ in range(6)] == [*["refused"] * 5, "resting"]
        assert len(server.calls) == 5
        at = 130.0
        assert (await asked.ask(PROMPT)).data == {"a": 1}


async def test_hanging_opens_the_breaker_too(http: httpx.AsyncClient) -> None:
    async with serving(lambda call: Reply(hangs=True)) as server:
        asked = guarded(model(http, server), seconds=0.3)
        await asyncio.gather(*(failure(asked) for _ in range(5)))
        assert await failure(asked) == "resting"


async def test_a_spent_budget_ends_the_calls_of_the_hour(http: httpx.AsyncClient) -> None:
    async with serving(lambda call: openai({"a": 1})) as server:
        asked = guarded(model(http, server), calls=2)
        await asked.ask(PROMPT)
        await asked.ask(PROMPT)
        assert await failure(asked) == "budget"
    assert len(server.calls) == 2
