"""The browsable reference holds every event with its example, in both languages, and its links lead somewhere."""

import re
from html.parser import HTMLParser

import orjson
import pytest

from schemas.documents import GENERATED
from schemas.events import CATALOGUE
from schemas.korean import SENTENCES, Untranslated, korean
from schemas.samples import record_of

LANGUAGES = ("ko", "en")
HANGUL = re.compile("[가-힣]")


class Page(HTMLParser):
    """What a page links to, the places it can be linked at, and its text."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.ids: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.feed((GENERATED / "reference" / f"{language}.html").read_text())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        said = dict(attributes)
        if (target := said.get("href")) is not None:
            self.links.add(target)
        if (place := said.get("id")) is not None:
            self.ids.append(place)
        if tag not in ("meta", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_event_has_its_place_and_its_example(language: str) -> None:
    page = Page(language)
    assert not page.open
    assert len(page.ids) == len(set(page.ids))
    for name in CATALOGUE:
        assert name in page.ids
        record = record_of(name)
        assert f"ce_id: {record['headers']['ce_id']}" in page.text
        assert orjson.dumps(record["value"], option=orjson.OPT_INDENT_2).decode() in page.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_link_leads_somewhere(language: str) -> None:
    page = Page(language)
    for target in page.links - {"/asyncapi.yaml"}:
        if target.startswith("#"):
            assert target[1:] in page.ids
        else:
            assert (GENERATED / "reference" / target).resolve().is_file(), target


def test_what_the_korean_page_says_of_events_is_korean() -> None:
    page = Page("ko")
    for sentence, translation in SENTENCES.items():
        assert HANGUL.search(translation)
        assert sentence.replace("`", "") not in page.text


def test_a_sentence_without_its_korean_is_named() -> None:
    with pytest.raises(Untranslated, match="Something nobody ever said"):
        korean("Something nobody ever said.")
