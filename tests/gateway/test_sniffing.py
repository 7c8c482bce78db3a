"""What a file is and is called is decided by its bytes and by us."""

import io

import pytest
from PIL import Image

from gateway.sniffing import NAME_CHARACTERS, SHOWN_PIXELS, clean_name, is_shown, sniffed


def image(kind: str, size: tuple[int, int] = (3, 2)) -> bytes:
    """An image file of this kind."""
    whole = io.BytesIO()
    Image.new("1" if kind == "PNG" else "RGB", size).save(whole, kind)
    return whole.getvalue()


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("GIF", "image/gif"), ("WEBP", "image/webp")],
)
def test_images_that_pages_may_show_have_their_size(kind: str, media_type: str) -> None:
    found = sniffed(image(kind))
    assert (found.media_type, found.width, found.height) == (media_type, 3, 2)
    assert is_shown(found)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "image/svg+xml"),
        (b"<html><script>alert(1)</script></html>", "text/html"),
        (b"%PDF-1.7\n%\xe2\xe3", "application/pdf"),
        ("안녕하세요, 계약서입니다.".encode(), "text/plain"),
        (b"\x00\x01\x02\x03", "application/octet-stream"),
        (image("TIFF"), "image/tiff"),
    ],
)  # fmt: skip
def test_everything_else_is_named_but_never_shown(content: bytes, media_type: str) -> None:
    found = sniffed(content)
    assert (found.size, found.media_type, found.width) == (len(content), media_type, None)
    assert not is_shown(found)


def test_an_image_that_would_fill_a_readers_memory_is_not_shown() -> None:
    side = int(SHOWN_PIXELS**0.5) + 10
    bomb = image("PNG", (side, side))
    assert len(bomb) < 1_000_000
    assert not is_shown(sniffed(bomb))


def test_an_image_that_ends_early_does_no_harm() -> None:
    whole = image("PNG")
    for end in range(len(whole)):
        sniffed(whole[: end + 1])


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("계약서.pdf", "계약서.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\fakepath\\집.png", "집.png"),
        ("a\x00b\r\nc.txt", "abc.txt"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("\u200b \u2066", "file"),
        ("", "file"),
        ("..", "file"),
        ("/", "file"),
        ("가" * 300 + ".pdf", "가" * (NAME_CHARACTERS - 4) + ".pdf"),
    ],
)
def test_a_name_is_one_part_of_a_path_that_reads_as_it_is(said: str, name: str) -> None:
    assert clean_name(said) == name
