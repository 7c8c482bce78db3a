"""The web client's files as they are served: named after their content, so that a browser or a CDN keeps them for ever.

There is no build step: style sheets and modules are joined when the gateway starts (see `joined`), since each file would
be a round trip before the first drawing. Only the page itself is asked for again. Pure: bytes in, bytes out.
"""

import gzip
import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath

from gateway.rest.joined import joined

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json; charset=utf-8",
    ".woff2": "font/woff2",
}
PAGE = "index.html"
KEPT = "public, max-age=31536000, immutable"
ASKED_AGAIN = "no-cache"
_STYLE_URL = re.compile(r"url\((?![\"']?data:)[\"']?([^)\"']+)[\"']?\)")
_SHEETS = re.compile(r'(?:\s*<link rel="stylesheet" href="\./style/([^"/]+\.css)">)+')
_SHEET = re.compile(r'href="\./(style/[^"/]+\.css)"')
_JOINED = "style/joined.css"
_OWN = "joined.js"
_VENDORED = "vendor/joined.mjs"
_START = re.compile(r'<script type="module" src="(\./[^"]+)"></script>')
_PAGE_URL = re.compile(r'((?:href|src)=")\./([^"]+)(")')
_IMPORT_MAP = re.compile(r'<script type="importmap">(.*?)</script>', re.DOTALL)
_INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its bytes, also compressed where that makes it smaller, and how long it may be kept."""

    content: bytes
    zipped: bytes | None
    media_type: str
    etag: str
    cache_control: str


def build(files: Mapping[str, bytes]) -> dict[str, Asset]:
    """What is served, by path: each of `files` (paths from the client's root) under its own name, asked for again each
    time, and under the name with its hash, kept; and the page, at the empty path, which names the latter."""
    contents = {
        path: _with_hashed_urls(path, files) if path.endswith(".css") else files[path] for path in files
    }
    if PAGE in files:
        page, sheet = _one_sheet(files[PAGE].decode(), contents)
        contents |= {PAGE: page.encode()} | sheet
        contents |= _modules(page, contents)
    served = {}
    for path, content in contents.items():
        served[path] = _asset(path, content, ASKED_AGAIN)
        served[hashed(path, content)] = _asset(path, content, KEPT)
    if PAGE in files:
        served[""] = served[PAGE] = _asset(PAGE, _page(contents[PAGE].decode(), contents), ASKED_AGAIN)
    return served


def hashed(path: str, content: bytes) -> str:
    """`views/ask.js` as `views/ask.5f3b9c01.js`, by its content."""
    pure = PurePosixPath(path)
    return str(pure.with_suffix(f".{sha256(content).hexdigest()[:10]}{pure.suffix}"))


def inline_hashes(page: str) -> list[str]:
    """How a content security policy names the scripts that stand inline in `page`."""
    return [
        f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in _INLINE.findall(page)
    ]


def _asset(path: str, content: bytes, cache_control: str) -> Asset:
    zipped = gzip.compress(content, 9, mtime=0) if not path.endswith(".woff2") else content
    return Asset(
        content=content,
        zipped=zipped if len(zipped) < len(content) else None,
        media_type=TYPES.get(PurePosixPath(path).suffix, "application/octet-stream"),
        etag=f'"{sha256(content).hexdigest()[:20]}"',
        cache_control=cache_control,
    )


def _with_hashed_urls(path: str, files: Mapping[str, bytes]) -> bytes:
    """A style sheet that names the fonts and pictures it uses by their hashes."""
    folder = PurePosixPath(path).parent

    def renamed(found: re.Match[str]) -> str:
        target = _joined(folder, found[1])
        if target not in files:
            raise FileNotFoundError(f"{path} uses {found[1]}, which is not there")
        return f"url({PurePosixPath(found[1]).with_name(PurePosixPath(hashed(target, files[target])).name)})"

    return _STYLE_URL.sub(renamed, files[path].decode()).encode()


def _one_sheet(page: str, contents: Mapping[str, bytes]) -> tuple[str, dict[str, bytes]]:
    """The page with its style sheets as one, in their order: each would be a round trip before the first drawing."""
    found = _SHEETS.search(page)
    if found is None:
        return page, {}
    sheet = b"\n".join(contents[path] for path in _SHEET.findall(found[0]))
    return page.replace(found[0], f'\n    <link rel="stylesheet" href="./{_JOINED}">'), {_JOINED: sheet}


def _joined(folder: PurePosixPath, relative: str) -> str:
    steps: list[str] = list(folder.parts)
    for step in PurePosixPath(relative).parts:
        if step == "..":
            steps.pop()
        else:
            steps.append(step)
    return "/".join(steps)


def _modules(page: str, contents: Mapping[str, bytes]) -> dict[str, bytes]:
    """The page's own modules as one file and the vendored ones as another, which changes seldom: two round trips."""
    map_, start = _IMPORT_MAP.search(page), _START.search(page)
    if map_ is None or start is None:
        return {}
    bare = {name: _relative(target) for name, target in json.loads(map_[1])["imports"].items()}
    files = {path: content.decode() for path, content in contents.items() if path.endswith((".js", ".mjs"))}
    return {
        _OWN: joined([_relative(start[1])], files, {}).encode(),
        _VENDORED: joined(sorted(set(bare.values())), files, bare, exported=True).encode(),
    }


def _relative(link: str) -> str:
    return link.removeprefix("./")


def _page(page: str, contents: Mapping[str, bytes]) -> bytes:
    """The page with hashed names in its links, and its bare imports led to the one vendored file."""
    now = {path: f"./{hashed(path, content)}" for path, content in contents.items()}
    if _OWN in contents:
        vendored = now[_VENDORED]
        names = json.loads(_IMPORT_MAP.findall(page)[0])["imports"]
        text = json.dumps({"imports": dict.fromkeys(names, vendored)}, separators=(",", ":"))
        preload = f'\n    <link rel="modulepreload" href="{vendored}">'
        page = _START.sub(f'<script type="module" src="./{_OWN}"></script>', page)
        page = _IMPORT_MAP.sub(lambda _: f'<script type="importmap">{text}</script>{preload}', page)
    return _PAGE_URL.sub(lambda link: f"{link[1]}{now.get(link[2], './' + link[2])}{link[3]}", page).encode()
