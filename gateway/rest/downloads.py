"""The answer that holds a person's file: never run, never guessed at, never kept by anyone in between. Pure."""

import re
from collections.abc import Mapping
from urllib.parse import quote

from starlette.responses import Response

from gateway.rest.problems import problem
from gateway.sniffing import is_shown
from schemas.base import SentFile

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def download(content: bytes, name: str, file: SentFile, etag: str, asked: Mapping[str, str]) -> Response:
    """`content`, or the part that the header `Range` of `asked` names (RFC 9110, one range)."""
    headers = _headers(name, file, etag)
    asked_range = asked.get("range")
    if asked_range is None or asked.get("if-range", etag) != etag:
        return Response(content, 200, headers, file.media_type)
    part = _part(asked_range, len(content))
    if part is None:
        return Response(content, 200, headers, file.media_type)
    first, last = part
    if first > last:
        refused = problem(416, "invalid", f"the file has {len(content)} bytes")
        refused.headers["Content-Range"] = f"bytes */{len(content)}"
        return refused
    headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
    return Response(content[first : last + 1], 206, headers, file.media_type)


def unchanged(etag: str) -> Response:
    """The answer to someone who has it already and may still have it."""
    return Response(status_code=304, headers={"ETag": etag, "Cache-Control": "private, no-cache"})


def _headers(name: str, file: SentFile, etag: str) -> dict[str, str]:
    way = "inline" if is_shown(file) else "attachment"
    return {
        "Content-Disposition": f"{way}; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, no-cache",
        "Accept-Ranges": "bytes",
        "ETag": etag,
    }


def _part(asked: str, size: int) -> tuple[int, int] | None:
    """The first and the last byte asked for, the first after the last if there are none; None if it is no range."""
    found = _RANGE.fullmatch(asked.strip())
    if found is None or found[0] == "bytes=-":
        return None
    first, last = found.groups()
    if not first:
        return max(0, size - int(last)), size - 1
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last), size - 1) if last else size - 1
