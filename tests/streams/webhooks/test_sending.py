"""The webhooks' process against a partner's real server: in order per key, nothing skipped, whatever fails."""

import asyncio
import base64
import hmac
import itertools
import signal
from collections import defaultdict

import pytest

from schemas.events.room import MessagePosted
from tests.commands.writing import OpenRoom, Writer, assert_gapless, rows
from tests.streams.webhooks.conftest import Webhooks
from tests.streams.webhooks.receiving import Partner, serving

SECRET = b"s" * 32
WRITTEN = "whsec_" + base64.b64encode(SECRET).decode()
MESSAGES = ("--type", MessagePosted.TYPE)


async def _added(webhooks: Webhooks, partner: Partner, *words: str) -> None:
    types = words or ("--type", "yeon.question.*", "--type", "yeon.room.*")
    code, said = await webhooks.say("add", "partner", partner.url, *types, YEON_WEBHOOK_SECRET=WRITTEN)
    assert code == 0, said


async def _rooms(writer: Writer, count: int) -> list[OpenRoom]:
    expert = await writer.expert()
    return [await writer.room(expert) for _ in range(count)]


async def _say(writer: Writer, rooms: list[OpenRoom], times: int) -> None:
    for number in range(times):
        await asyncio.gather(*(writer.say(room, f"말 {number}") for room in rooms))


def _wanted(webhooks: Webhooks, types: str = MessagePosted.TYPE) -> dict[str, list[int]]:
    """By question, the positions of its events of these types, from the store."""
    found: dict[str, list[int]] = defaultdict(list)
    for position, key in rows(
        webhooks.url,
        "SELECT notification_id, convert_from(state, 'UTF8')::jsonb->'data'->>'questionId'"
        " FROM store.stored_events WHERE topic LIKE %s ORDER BY 1",
        types,
    ):
        found[key].append(position)
    return found


async def test_what_was_chosen_comes_signed_and_in_order(
    webhooks: Webhooks, writer: Writer, partner: Partner
) -> None:
    await _added(webhooks, partner)
    await _say(writer, await _rooms(writer, 3), 5)
    webhooks.start()

    wanted = _wanted(webhooks, "yeon.question.%") | {}
    for key, positions in _wanted(webhooks, "yeon.room.%").items():
        wanted[key] = sorted(wanted[key] + positions)
    await webhooks.until(lambda: len(partner.positions()) == sum(map(len, wanted.values())))

    assert partner.by_key() == wanted
    for one in partner.requests:
        signed = f"{one.headers['webhook-id']}.{one.headers['webhook-timestamp']}.".encode() + one.body
        expected = base64.b64encode(hmac.digest(SECRET, signed, "sha256")).decode()
        assert one.headers["webhook-signature"] == f"v1,{expected}"
        assert one.headers["webhook-id"] == one.event["id"]
        assert one.event["type"].startswith(("yeon.question.", "yeon.room."))
    asked = next(one.event for one in partner.requests if one.event["type"] == "yeon.question.asked.v1")
    assert asked["data"]["content"] == "비밀스러운 질문이에요"
    assert (asked["specversion"], asked["partitionkey"]) == ("1.0", asked["data"]["questionId"])
    assert "do-not-tell" not in webhooks.log()
    assert WRITTEN not in webhooks.log()


async def test_a_key_that_is_refused_is_parked_and_holds_only_itself_until_it_is_released(
    webhooks: Webhooks, writer: Writer, partner: Partner
) -> None:
    bad, good = await _rooms(writer, 2)
    refused = str(bad.question_id)
    partner.answer = lambda event: 500 if event["partitionkey"] == refused else 204
    await _added(webhooks, partner, *MESSAGES)
    webhooks.start(webhook_attempts=4)
    await _say(writer, [bad, good], 3)

    def parked() -> int:
        return int(rows(webhooks.url, "SELECT count(*) FROM ops.parked")[0][0])

    await webhooks.until(lambda: parked() == 3)
    await _say(writer, [bad, good], 2)
    wanted = _wanted(webhooks)
    await webhooks.until(lambda: parked() == 5 and partner.by_key().get(str(good.question_id)) is not None)
    await webhooks.until(lambda: partner.by_key() == {str(good.question_id): wanted[str(good.question_id)]})
    tried = [one for one in partner.requests if one.event["partitionkey"] == refused]
    assert [one.position for one in tried] == [wanted[refused][0]] * 4, "only the first of the key is tried"
    pauses = [later.at - one.at for one, later in itertools.pairwise(tried)]
    assert all(pause >= 0.025 * 2**number for number, pause in enumerate(pauses))

    code, said = await webhooks.parked("list")
    assert code == 0
    assert "webhook:partner" in said
    assert "answered 500" in said
    partner.answer = lambda _: 204
    code, said = await webhooks.parked("release", "webhook:partner")
    assert code == 0, said
    await webhooks.until(lambda: partner.by_key() == wanted)


async def test_nothing_is_skipped_when_the_process_is_killed_again_and_again(
    webhooks: Webhooks, writer: Writer, partner: Partner
) -> None:
    rooms = await _rooms(writer, 6)
    seen: set[str] = set()

    def sometimes(event: dict[str, str]) -> int | tuple[int, float]:
        first = event["id"] not in seen
        seen.add(event["id"])
        return (503, 0.01) if first and int(event["position"]) % 3 == 0 else (204, 0.02)

    partner.answer = sometimes
    await _added(webhooks, partner, *MESSAGES)
    talking = asyncio.create_task(_say(writer, rooms, 25))
    for _ in range(4):
        process = webhooks.start(webhook_requests=4)
        before = len(partner.requests)
        await webhooks.until(lambda before=before: len(partner.requests) > before + 15)  # type: ignore[misc]
        process.send_signal(signal.SIGKILL)
        process.wait()
    await talking
    webhooks.start()
    wanted = _wanted(webhooks)
    await webhooks.until(lambda: len(partner.positions()) == 150)

    assert partner.by_key() == wanted
    assert_gapless(webhooks.url)
    await webhooks.until(lambda: rows(webhooks.url, "SELECT count(*) FROM ops.webhook_queue") == [(0,)])


async def test_an_endpoint_that_is_away_is_waited_for_and_nothing_is_parked(
    webhooks: Webhooks, writer: Writer
) -> None:
    with serving(Partner()) as gone:
        pass  # its port answers nobody now
    rooms = await _rooms(writer, 5)
    await _added(webhooks, gone, *MESSAGES)
    webhooks.start(webhook_attempts=2, webhook_slowest_retry_seconds=0.3)
    await _say(writer, rooms, 2)
    await webhooks.until(lambda: webhooks.log().count("could not be reached") > 6)
    code, said = await webhooks.say("test", "partner")
    assert code == 1
    assert "could not be reached" in said

    with serving(Partner(port=gone.port)) as back:
        await webhooks.until(lambda: back.by_key() == _wanted(webhooks))
        assert rows(webhooks.url, "SELECT count(*) FROM ops.parked") == [(0,)]


async def test_a_slow_key_keeps_no_other_waiting_and_is_given_up_in_time(
    webhooks: Webhooks, writer: Writer, partner: Partner
) -> None:
    slow, quick = await _rooms(writer, 2)
    sleepy = str(slow.question_id)
    partner.answer = lambda event: (204, 1.5) if event["partitionkey"] == sleepy else 204
    await _added(webhooks, partner, *MESSAGES)
    webhooks.start(webhook_seconds=1.0)
    await _say(writer, [slow, quick], 8)

    await webhooks.until(
        lambda: partner.by_key().get(str(quick.question_id)) == _wanted(webhooks)[str(quick.question_id)]
    )
    await webhooks.until(lambda: "no answer in time" in webhooks.log())
    partner.answer = lambda _: 204
    await webhooks.until(lambda: partner.by_key() == _wanted(webhooks))


async def test_who_was_erased_meanwhile_is_sent_without_words(
    webhooks: Webhooks, writer: Writer, partner: Partner
) -> None:
    (room,) = await _rooms(writer, 1)
    await writer.say(room, "지워질 말")
    code, said = await webhooks.say("add", "partner", partner.url, *MESSAGES, "--after", "0")
    assert code == 0, said
    with_key = rows(webhooks.url, "DELETE FROM store.person_keys WHERE user_id = %s RETURNING 1", room.asker)
    assert with_key == [(1,)]
    webhooks.start()
    await webhooks.until(lambda: len(partner.positions()) == 1)
    assert partner.requests[0].event["data"]["content"] == ""


async def test_an_operator_sees_changes_and_removes_endpoints(
    webhooks: Webhooks, writer: Writer, partner: Partner
) -> None:
    code, said = await webhooks.say("add", "partner", partner.url, "--type", "yeon.nothing.*")
    assert (code, "no event type fits yeon.nothing.*" in said) == (2, True)
    code, said = await webhooks.say("add", "partner", "http://example.org/", *MESSAGES)
    assert (code, "--plain" in said) == (2, True)
    await _added(webhooks, partner, *MESSAGES)
    webhooks.start()
    (room,) = await _rooms(writer, 1)
    await writer.say(room)
    await webhooks.until(lambda: len(partner.positions()) == 1)

    assert (await webhooks.say("test", "partner"))[0] == 0
    assert partner.requests[-1].event["type"] == "yeon.webhook.tested.v1"
    code, said = await webhooks.say("list")
    assert "partner" in said
    assert "do-not-tell" not in said
    code, said = await webhooks.say("rotate", "partner")
    assert code == 0
    fresh = said.split()[-1]
    await webhooks.until(lambda: webhooks.log().count("webhook partner begins") == 2)
    await writer.say(room)
    await webhooks.until(lambda: len(partner.positions()) == 2)
    one = partner.requests[-1]
    signed = f"{one.headers['webhook-id']}.{one.headers['webhook-timestamp']}.".encode() + one.body
    secrets = [base64.b64decode(fresh.removeprefix("whsec_")), SECRET]
    assert one.headers["webhook-signature"].split() == [
        "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode() for secret in secrets
    ]

    assert (await webhooks.say("remove", "partner"))[0] == 0
    await webhooks.until(lambda: webhooks.log().count("webhook partner ends") == 2)
    await writer.say(room)
    for table in ("store.webhook_endpoints", "store.webhook_secrets", "ops.webhook_progress"):
        assert rows(webhooks.url, f"SELECT count(*) FROM {table}") == [(0,)]


async def test_a_second_process_stands_by_and_takes_over(
    webhooks: Webhooks, writer: Writer, partner: Partner
) -> None:
    await _added(webhooks, partner, *MESSAGES)
    (room,) = await _rooms(writer, 1)
    first = webhooks.start()
    await webhooks.until(lambda: "these webhooks are active" in webhooks.log())
    webhooks.start()
    await writer.say(room)
    await webhooks.until(lambda: len(partner.positions()) == 1)
    first.send_signal(signal.SIGKILL)
    first.wait()
    await writer.say(room)
    await webhooks.until(lambda: len(partner.positions()) == 2)
    assert partner.positions() == _wanted(webhooks)[str(room.question_id)]


@pytest.mark.parametrize("word", ["add", "list", "remove", "rotate", "test", "serve"])
async def test_every_command_explains_itself(webhooks: Webhooks, word: str) -> None:
    code, said = await webhooks.say(word, "--help")
    assert (code, word in said) == (0, True)
