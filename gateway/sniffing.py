"""What an uploaded file is, by its bytes, and what it may be called. What its sender says of its type is not asked."""

import io
import re
import unicodedata
from pathlib import PureWindowsPath

import puremagic
from PIL import Image, UnidentifiedImageError

from schemas.base import SentFile

SHOWN = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}
"""The images that a page may show: they hold no script, and every browser draws them."""
SHOWN_PIXELS = 40_000_000
"""A larger image is a file like any other: drawing it would cost its reader the memory of a browser."""
NAME_CHARACTERS = 200
UNNAMED = "file"

Image.MAX_IMAGE_PIXELS = None  # only headers are read here, and `SHOWN_PIXELS` says what is too large
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def sniffed(content: bytes) -> SentFile:
    """What `content` is; an image that may be shown has its size in pixels."""
    if (image := _image(content)) is not None:
        return image
    return SentFile(size=len(content), media_type=_media_type(content))


def _image(content: bytes) -> SentFile | None:
    try:
        with Image.open(io.BytesIO(content), formats=tuple(SHOWN)) as image:
            kind, (width, height) = image.format, image.size
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return None
    if kind not in SHOWN or width * height > SHOWN_PIXELS:
        return None
    return SentFile(size=len(content), media_type=SHOWN[kind], width=width, height=height)


def _media_type(content: bytes) -> str:
    try:
        found: str = puremagic.from_string(content, mime=True)
    except (puremagic.PureError, ValueError):
        found = ""
    return found or ("text/plain" if _is_text(content) else "application/octet-stream")


def _is_text(content: bytes) -> bool:
    try:
        return "\x00" not in content.decode()
    except UnicodeDecodeError:
        return False


def is_shown(file: SentFile) -> bool:
    """Whether a page may show it; everything else is to be saved."""
    return file.width is not None and file.media_type in SHOWN.values()


def clean_name(said: str) -> str:
    """What a file is called: the last part of a path, without what cannot be seen or turns the reading around."""
    last = PureWindowsPath(_UNSEEN.sub("", said)).name
    seen = "".join(one for one in last if unicodedata.category(one) not in ("Cf", "Cn", "Co")).strip()
    if len(seen) <= NAME_CHARACTERS:
        return seen if seen.strip(".") else UNNAMED
    stem, dot, ending = seen.rpartition(".")
    if not dot or len(ending) > 16:
        return seen[:NAME_CHARACTERS]
    return f"{stem[: NAME_CHARACTERS - len(ending) - 1]}.{ending}"
