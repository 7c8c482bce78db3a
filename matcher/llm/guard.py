"""A model that can be relied on to answer or fail in time: deadline, retry, budget and circuit breaker around one."""

import asyncio
import logging
import random
from collections.abc import Callable
from time import monotonic

from matcher.llm.breaker import Breaker
from matcher.llm.budget import Budget
from matcher.llm.contract import Answered, LanguageModel, ModelFailed, Prompt

log = logging.getLogger(__name__)

ATTEMPTS = 2
PAUSE_SECONDS = 0.1
"""Before another attempt, up to twice as long by chance, so that many do not come back at once."""
AT_ONCE = 16


class Guarded:
    """The `LanguageModel` inside, with limits. Many may ask at once."""

    def __init__(
        self,
        inside: LanguageModel,
        budget: Budget,
        seconds: float,
        *,
        breaker: Breaker | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """`seconds` is how long one question may take, waiting and other attempts included."""
        self._inside = inside
        self._budget = budget
        self._breaker = breaker or Breaker()
        self._seconds = seconds
        self._clock = clock
        self._places = asyncio.Semaphore(AT_ONCE)

    @property
    def name(self) -> str:
        return self._inside.name

    async def ask(self, prompt: Prompt) -> Answered:
        try:
            async with asyncio.timeout(self._seconds), self._places:
                return await self._attempts(prompt)
        except TimeoutError as error:
            raise ModelFailed("timeout", f"no answer within {self._seconds:g} s") from error

    async def _attempts(self, prompt: Prompt) -> Answered:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._attempt(prompt)
            except ModelFailed as failed:
                if not failed.retryable or attempt == ATTEMPTS:
                    raise
                log.info("the language model %s failed, trying again: %s", self.name, failed)
            await asyncio.sleep(PAUSE_SECONDS * (1 + random.random()))
        raise AssertionError("unreachable")

    async def _attempt(self, prompt: Prompt) -> Answered:
        at = self._clock()
        if not self._breaker.lets_through(at):
            raise ModelFailed("resting", "the circuit breaker is open")
        expected = prompt.expected_tokens
        if not self._budget.take(at, expected):
            self._breaker.gave_up()
            raise ModelFailed("budget", "the budget of this hour is spent")
        try:
            answered = await self._inside.ask(prompt)
        except ModelFailed:
            self._breaker.failed(self._clock())
            raise
        except asyncio.CancelledError:
            # The deadline ends a call like this, and a server that hangs must open the breaker as well.
            self._breaker.failed(self._clock())
            raise
        except BaseException:
            self._breaker.gave_up()
            raise
        self._breaker.succeeded()
        if answered.tokens:
            self._budget.correct(at, answered.tokens - expected)
        return answered
