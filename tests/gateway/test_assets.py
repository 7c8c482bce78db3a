"""The web client's files: their names follow their content, the page names them all, and the policy knows its scripts."""

import gzip
import json
import re
from base64 import b64encode
from hashlib import sha256

import pytest

from gateway.rest.assets import ASKED_AGAIN, KEPT, build
from gateway.rest.pages import client, policy

FILES = {
    "index.html": b'<link rel="stylesheet" href="./style/a.css">\n<link rel="stylesheet" href="./style/b.css">\n<script type="importmap">{"imports":{"lib":"./lib.mjs"}}</script>'
    b'<script type="module" src="./app.js"></script>',
    "app.js": b'import "./views/one.js"; import "lib";',
    "views/one.js": b"export const one = 1;",
    "lib.mjs": b"export default 1;",
    "style/a.css": b'b { src: url(../fonts/f.woff2) format("woff2"); background: url("data:,") }',
    "style/b.css": b"i { color: red }",
    "fonts/f.woff2": b"wOF2",
}


def imports(page: bytes) -> dict[str, str]:
    found = re.search(rb'<script type="importmap">(.*?)</script>', page)
    assert found is not None
    mapped: dict[str, str] = json.loads(found[1])["imports"]
    return mapped


def test_every_name_in_the_page_is_served_and_kept_for_ever() -> None:
    served = build(FILES)
    page = served[""].content
    named = set(imports(page).values()) | {
        f"./{one}" for one in re.findall(r'(?:src|href)="\./([^"]+)"', page.decode())
    }
    assert len(named) == 3, "our modules, the vendored ones and a style sheet"
    assert all(served[name.removeprefix("./")].cache_control == KEPT for name in named)


def test_the_modules_are_two_round_trips_and_the_vendored_ones_keep_their_name() -> None:
    before, after = build(FILES), build({**FILES, "views/one.js": b"export const one = 2;"})
    page = before[""].content.decode()
    [start] = re.findall(r'<script type="module" src="\./([^"]+)">', page)
    assert b"export" not in before[start].content
    assert b"one: one" in before[start].content
    assert imports(before[""].content)["lib"] == imports(after[""].content)["lib"]
    assert before[imports(before[""].content)["lib"].removeprefix("./")].content.endswith(
        b"export default m0.default;\n"
    )
    assert before[""].etag != after[""].etag


def test_a_style_sheet_names_its_fonts_by_their_content() -> None:
    served = build(FILES)
    sheet = served["style/a.css"].content.decode()
    [font] = re.findall(r"url\(\.\./(fonts/[^)]+)\)", sheet)
    assert served[font].content == b"wOF2"
    assert 'url("data:,")' in sheet


def test_the_style_sheets_are_one_round_trip_in_their_order() -> None:
    served = build(FILES)
    [sheet] = re.findall(r'<link rel="stylesheet" href="\./([^"]+)">', served[""].content.decode())
    assert served[sheet].content == served["style/a.css"].content + b"\n" + FILES["style/b.css"]


def test_a_style_sheet_that_uses_what_is_not_there_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match=r"style/a\.css uses"):
        build({name: content for name, content in FILES.items() if not name.startswith("fonts")})


def test_the_policy_allows_the_inline_scripts_of_the_page_as_it_is_served_and_nothing_unsafe() -> None:
    page = client()[""].content.decode()
    [inline] = re.findall(r'<script type="importmap">(.*?)</script>', page)
    said = policy("ws://*:1", page)
    assert f"'sha256-{b64encode(sha256(inline.encode()).digest()).decode()}'" in said
    assert said.startswith("default-src 'none';")
    assert "unsafe" not in said


def test_the_first_load_is_under_200_kilobytes_without_fonts() -> None:
    served = client()
    page = served[""]
    names = set(re.findall(r'"\./([^"]+\.(?:m?js|css|svg))"', page.content.decode()))
    assert len(names) == 5, "two of modules, two of styles, and the icon: each more is a round trip"
    files = [served[name] for name in names] + [page]
    assert sum(len(asset.zipped or asset.content) for asset in files) < 100_000


def test_what_is_compressed_is_the_same() -> None:
    for asset in client().values():
        assert asset.zipped is None or gzip.decompress(asset.zipped) == asset.content


def test_the_service_worker_has_a_name_that_stays_and_is_asked_for_again() -> None:
    worker = client()["sw.js"]
    assert worker.cache_control == ASKED_AGAIN
    assert worker.media_type.startswith("text/javascript")
