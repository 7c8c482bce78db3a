"""Every error as `application/problem+json` (RFC 9457) with a stable code, and the field at fault where there is one."""

import logging
import math
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from psycopg import OperationalError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from gateway.limits import RateLimited
from gateway.sources import NotInRoom
from gateway.tokens import BadToken
from projections.queries.reading import BadCursor
from schemas.port import ErrorCode, Refused, Unavailable
from schemas.wire import rest as wire

log = logging.getLogger(__name__)

STATUS: dict[ErrorCode, int] = {
    "malformed": 400,
    "unknown_type": 400,
    "invalid": 422,
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "capacity": 409,
    "offer_closed": 409,
    "room_closed": 409,
    "rate_limited": 429,
    "too_large": 413,
    "unavailable": 503,
}
TITLES = {
    400: "Malformed",
    401: "Unauthenticated",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    416: "No such range",
    422: "Invalid",
    429: "Too many requests",
    500: "Our fault",
    503: "Unavailable",
}
CODES: dict[int, ErrorCode] = {
    400: "malformed",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    413: "too_large",
}
RETRY_SECONDS = 1
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    kind: {
        "description": meaning,
        "content": {"application/problem+json": {"schema": wire.Problem.model_json_schema(by_alias=True)}},
    }
    for kind, meaning in (("4XX", "Refused; `code` says why."), ("5XX", "Not possible right now."))
}
"""What the OpenAPI document says of the errors of every call."""


class Problem(Exception):
    """Answer this error."""

    def __init__(self, code: ErrorCode, detail: str, field: str | None = None) -> None:
        super().__init__(detail)
        self.code: ErrorCode = code
        self.detail = detail
        self.field = field


def problem(
    status: int,
    code: str,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    retry_after: float | None = None,
) -> Response:
    """The response of an error. `retry_after` is in seconds."""
    body: dict[str, Any] = {
        "type": f"urn:yeongyeori:problem:{code}",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "code": code,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    headers = {}
    if retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(retry_after)))
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(orjson.dumps(body), status, headers, "application/problem+json")


def install(app: FastAPI) -> None:
    """Answer every error of `app` in this form."""

    @app.exception_handler(Problem)
    async def _problem(_: Request, error: Problem) -> Response:
        return _coded(error.code, error.detail, error.field)

    @app.exception_handler(Refused)
    async def _refused(_: Request, error: Refused) -> Response:
        return _coded(error.code, error.message, error.field)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> Response:
        found = error.errors()
        if any(one["type"] == "json_invalid" for one in found):
            return problem(400, "malformed", "the body is not JSON")
        errors = [{"field": _field(one["loc"]), "message": one["msg"]} for one in found]
        return problem(422, "invalid", "; ".join(f"{e['field']}: {e['message']}" for e in errors), errors)

    @app.exception_handler(BadToken)
    async def _token(_: Request, error: BadToken) -> Response:
        return _coded("unauthenticated", str(error))

    @app.exception_handler(BadCursor)
    async def _cursor(_: Request, error: BadCursor) -> Response:
        return _coded("invalid", str(error), "cursor")

    @app.exception_handler(NotInRoom)
    async def _not_in_room(_: Request, __: NotInRoom) -> Response:
        return _coded("forbidden", "no such room, or you are not in it")

    @app.exception_handler(RateLimited)
    async def _limited(_: Request, error: RateLimited) -> Response:
        return problem(429, "rate_limited", str(error), retry_after=error.retry_after)

    for away in (Unavailable, OperationalError, OSError):

        @app.exception_handler(away)
        async def _away(_: Request, error: Exception) -> Response:
            log.warning("unavailable: %s", error)
            return problem(503, "unavailable", "a store is away; try again", retry_after=RETRY_SECONDS)

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> Response:
        code = CODES.get(error.status_code, "invalid" if error.status_code < 500 else "unavailable")
        return problem(error.status_code, code, str(error.detail))

    @app.exception_handler(Exception)
    async def _fault(_: Request, __: Exception) -> Response:
        return problem(500, "unavailable", "something went wrong here; it was noted")


def _coded(code: ErrorCode, detail: str, field: str | None = None) -> Response:
    errors = [{"field": field, "message": detail}] if field is not None else None
    retry = RETRY_SECONDS if code in ("rate_limited", "unavailable") else None
    return problem(STATUS[code], code, detail, errors, retry)


def _field(location: tuple[str | int, ...]) -> str:
    """Where in the body, query or path it is, without saying which of the three."""
    return ".".join(str(step) for step in location[1:]) or str(location[0])
