"""One call to a model's server over HTTP. What is slow, wrong, too long or not there becomes ModelFailed."""

import httpx

from matcher.llm.contract import Answered, ModelFailed, Prompt
from matcher.llm.dialects import Dialect

MOST_BYTES = 65_536
"""Of an answer; a server that sends more is cut off."""


class HttpModel:
    """A `LanguageModel` behind a URL. Tries once and waits as long as the client does; `guard` adds the rest."""

    def __init__(self, http: httpx.AsyncClient, dialect: Dialect, url: str, key: str, model: str) -> None:
        """`url` is what the dialect's path is put behind; `key` may be empty for a server that asks for none."""
        self._http = http
        self._dialect = dialect
        self._url = url.rstrip("/") + dialect.path
        self._headers = dialect.headers(key)
        self._model = model

    @property
    def name(self) -> str:
        return self._model

    async def ask(self, prompt: Prompt) -> Answered:
        body = self._dialect.write(self._model, prompt)
        try:
            async with self._http.stream("POST", self._url, json=body, headers=self._headers) as response:
                _must_be_ok(response.status_code)
                return self._dialect.read(await _body(response))
        except httpx.TimeoutException as error:
            raise ModelFailed("timeout", type(error).__name__) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ModelFailed("unreachable", type(error).__name__, retryable=True) from error


def _must_be_ok(status: int) -> None:
    if status == 200:
        return
    retryable = status in {408, 409, 429} or status >= 500
    raise ModelFailed("refused" if status < 500 else "broken", f"HTTP {status}", retryable=retryable)


async def _body(response: httpx.Response) -> bytes:
    body = b""
    async for part in response.aiter_bytes():
        body += part
        if len(body) > MOST_BYTES:
            raise ModelFailed("garbage", f"more than {MOST_BYTES} bytes")
    return body
