"""Somebody asks and goes away; a mail tells them that an expert came, also when the notifier was killed meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from infra.health import gets_on
from infra.settings import Settings
from tests.stories.conftest import Stack, free_port
from tests.stories.people import Person
from tests.streams.notices.mail_server import MailServer, serving


@pytest_asyncio.fixture
async def post() -> AsyncIterator[MailServer]:
    async with serving() as server:
        yield server


@pytest_asyncio.fixture
async def telling(tmp_path: Path, broker_kind: str, post: MailServer) -> AsyncIterator[Stack]:
    """A stack that mails soon."""
    soon = {
        "YEON_SMTP_URL": post.url,
        "YEON_MAIL_FROM": "yeon@example.org",
        "YEON_NOTIFY_MAIL_SECONDS": "0.2",
        "YEON_NOTIFIER_PORT": str(free_port()),
    }
    running = Stack(tmp_path, broker_kind, extra=soon)
    await asyncio.to_thread(running.start)
    yield running
    await asyncio.to_thread(running.stop)


async def _mailed(post: MailServer, address: str, room: str) -> list[str]:
    """The ids of the mails to `address` whose link leads into the room, as soon as there is one."""
    async with asyncio.timeout(40):
        while True:
            about = [mail for mail in post.to(address) if f"/rooms/{room}" in _text(mail)]
            if about:
                return [mail["Message-ID"] for mail in about]
            await asyncio.sleep(0.05)


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


@pytest.mark.timeout(240)
async def test_an_asker_who_went_away_is_mailed_that_somebody_came(telling: Stack, post: MailServer) -> None:
    name = f"a{uuid4().hex[:12]}"
    address = f"{name}@example.org"
    asker, expert = Person(telling.http, telling.ws), Person(telling.http, telling.ws)
    try:
        # given an expert who is there, and somebody who asked and has no open page
        await asker.register(name, "questioner", "묻는 이")
        await expert.register(f"e{uuid4().hex[:12]}", "expert", "답하는 이")
        await expert.specialise([("시계 수리", 5)], bio="기계식 시계를 고쳐요.")
        await expert.connect()
        question = await asker.ask("기계식 시계가 하루에 오 분씩 늦어요. 어디서 고치나요?")
        await expert.offered(question["id"])

        # when the expert accepts, then one mail leads into the room
        room = (await expert.send("accept_question", questionId=question["id"]))["roomId"]
        assert len(await _mailed(post, address, room)) == 1

        # and the notifier says that it gets on, and what it sent
        url = Settings(data_dir=telling.data_dir).postgres_url
        assert await asyncio.to_thread(gets_on, url, "notifier", 30)
        async with httpx.AsyncClient() as client:
            where = f"http://127.0.0.1:{telling.extra['YEON_NOTIFIER_PORT']}/metrics"
            counted = (await client.get(where)).text
        assert 'yeon_notices_sent_total{channel="mail"}' in counted

        # and so does one of the next question, though the notifier is killed before
        telling.kill("-m streams notifier")
        question = await asker.ask("시계 태엽이 끊어졌어요. 시계 수리를 맡길 곳이 있나요?")
        await expert.offered(question["id"])
        next_room = (await expert.send("accept_question", questionId=question["id"]))["roomId"]
        assert len(await _mailed(post, address, next_room)) == 1
        assert len(await _mailed(post, address, room)) == 1
    finally:
        await asker.close()
        await expert.close()
