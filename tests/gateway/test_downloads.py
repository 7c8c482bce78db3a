"""The answer that holds a file: its headers, and the part that is asked for."""

import pytest

from gateway.rest.downloads import download
from schemas.base import SentFile

CONTENT = bytes(range(100))
FILE = SentFile(size=100, media_type="text/html")
ETAG = '"one"'


@pytest.mark.parametrize(
    ("asked", "status", "part", "said"),
    [
        ("bytes=0-9", 206, CONTENT[:10], "bytes 0-9/100"),
        ("bytes=90-", 206, CONTENT[90:], "bytes 90-99/100"),
        ("bytes=95-500", 206, CONTENT[95:], "bytes 95-99/100"),
        ("bytes=-10", 206, CONTENT[90:], "bytes 90-99/100"),
        ("bytes=-500", 206, CONTENT, "bytes 0-99/100"),
        ("bytes=100-", 416, b"", "bytes */100"),
        ("bytes=-0", 416, b"", "bytes */100"),
        ("bytes=9-0", 200, CONTENT, None),
        ("bytes=-", 200, CONTENT, None),
        ("bytes=0-1,3-4", 200, CONTENT, None),
        ("lines=0-1", 200, CONTENT, None),
    ],
)
def test_the_part_that_is_asked_for(asked: str, status: int, part: bytes, said: str | None) -> None:
    answer = download(CONTENT, "a", FILE, ETAG, {"range": asked})
    assert (answer.status_code, answer.headers.get("content-range")) == (status, said)
    if status == 416:
        assert answer.media_type == "application/problem+json"
    else:
        assert bytes(answer.body) == part


def test_a_part_of_another_file_is_no_part_of_this_one() -> None:
    answer = download(CONTENT, "a", FILE, ETAG, {"range": "bytes=0-9", "if-range": '"another"'})
    assert (answer.status_code, bytes(answer.body)) == (200, CONTENT)


def test_a_page_is_saved_not_opened_and_its_name_cannot_add_a_header() -> None:
    headers = download(CONTENT, '이력서"\r\nX-Evil: 1.html', FILE, ETAG, {}).headers
    assert headers["content-disposition"].startswith("attachment; filename*=UTF-8''%EC%9D%B4")
    assert "x-evil" not in headers
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "private, no-cache"


def test_an_image_may_be_shown() -> None:
    image = SentFile(size=100, media_type="image/png", width=10, height=10)
    assert download(CONTENT, "a.png", image, ETAG, {}).headers["content-disposition"].startswith("inline")
