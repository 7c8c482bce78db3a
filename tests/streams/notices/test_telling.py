"""People who are away are told, once, by the channel they chose; people who look are not."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import orjson
import pytest

from infra.secret import derived_key
from infra.unsubscribing import PURPOSE, read_off_token
from streams.notices.channels import ByMail
from streams.notices.mail import Mailer, MailServer
from streams.notices.outcome import Outcome
from streams.notices.process import NobodyCanBeTold, ways
from tests.gateway.conftest import World
from tests.streams.notices.conftest import Notifier


async def test_an_expert_is_pushed_an_offer_and_the_asker_that_experts_were_found(
    world: World, notifier: Notifier
) -> None:
    # given an asker and an expert who are away, each with a browser
    asker, expert = await world.person(), await world.expert()
    of_asker, of_expert = await notifier.browser(asker), await notifier.browser(expert)

    # when a question is offered
    question = await world.offered(asker, expert)
    await notifier.tell()

    # then both are pushed to, the offer urgently and only as long as it is open, and nobody is written to
    assert of_expert.got == [
        {
            "title": "답을 기다리는 질문이 있어요",
            "body": "제안이 닫히기 전에 확인해 주세요.",
            "path": "offers",
            "tag": question,
            "urgent": True,
        }
    ]
    assert of_expert.headers[0]["urgency"] == "high"
    assert 500 < int(of_expert.headers[0]["ttl"]) <= 600
    assert [said["path"] for said in of_asker.got] == [f"questions/{question}"]
    assert not notifier.mails(expert)
    assert not notifier.mails(asker)

    # and when the expert accepts, the asker is told where to, and the expert, who did it, is not
    await expert.rest.post(f"/questions/{question}/accept")
    await notifier.tell()
    assert of_asker.got[-1]["title"] == "전문가가 함께하기로 했어요"
    assert of_asker.got[-1]["path"].startswith("rooms/")
    assert of_asker.got[-1]["tag"] == question
    assert len(of_expert.got) == 1


async def test_who_has_no_browser_is_mailed_with_a_way_out(world: World, notifier: Notifier) -> None:
    asker, expert = await world.person(), await world.expert()
    await notifier.choose(expert, language="en")
    await world.offered(asker, expert)
    await notifier.tell()

    [mail] = notifier.mails(expert)
    assert mail["Subject"] == "A question is waiting for you"
    off = mail["List-Unsubscribe"].strip("<>")
    assert f"List-Unsubscribe: <{off}>".encode() in notifier.mail.lines, "as it stands, on one line"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert urlsplit(off).path.startswith("/mail-off/")
    token = off.rpartition("/")[2]
    assert read_off_token(token, derived_key(world.settings, PURPOSE)) == expert.id
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "https://yeon.test/#/offers" in text.get_content()
    assert '<html lang="en">' in html.get_content()
    assert off in html.get_content()
    [found] = notifier.mails(asker)
    assert found["Subject"] == "전문가를 찾았어요"


async def test_several_messages_of_a_room_are_one_mail_and_the_next_waits(
    world: World, notifier: Notifier
) -> None:
    # given a room whose asker is away, and has not read three messages
    asker, expert = await world.person(), await world.expert(name="김하늘")
    await notifier.choose(asker, preview=True)
    room = await world.room(asker, expert)
    await notifier.tell()
    notifier.mail.got.clear()
    for words in ("먼저 전원을 꺼 주세요.", "<b>그다음</b>", "세\n번째 " + "길" * 200):
        await expert.rest.post(f"/chat-rooms/{room}/messages", json={"content": words})
    await notifier.tell()

    # then one mail tells of all three, with the beginnings of what was said, as text
    [mail] = notifier.mails(asker)
    assert mail["Subject"] == "읽지 않은 메시지 3개"
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "김하늘: 먼저 전원을 꺼 주세요." in text.get_content()
    assert "길" * 90 in text.get_content()
    assert "길" * 100 not in text.get_content()
    assert "&lt;b&gt;그다음&lt;/b&gt;" in html.get_content()

    # and a fourth message is mailed about an hour later at the earliest; to the sender nothing goes
    await expert.rest.post(f"/chat-rooms/{room}/messages", json={"content": "네 번째"})
    await notifier.tell()
    assert len(notifier.mails(asker)) == 1
    assert not [mail for mail in notifier.mails(expert) if "메시지" in mail["Subject"]]
    waits = await notifier.rows(
        "SELECT due_at - told_at FROM ops.notices WHERE user_id = %s AND channel = 'mail' AND kind = 'message'",
        asker.id,
    )
    assert waits == [(timedelta(hours=1),)]


async def test_words_of_others_are_in_no_notice_unless_one_wants_them(
    world: World, notifier: Notifier
) -> None:
    asker, expert = await world.person(), await world.expert()
    browser = await notifier.browser(asker)
    room = await world.room(asker, expert)
    await expert.rest.post(f"/chat-rooms/{room}/messages", json={"content": "비밀번호는 나비예요"})
    await notifier.tell()
    assert "읽지 않은 메시지 1개" in [
        said["title"] for said in browser.got
    ]  # what is due at once goes in any order
    assert "나비" not in orjson.dumps(browser.got).decode()
    assert "파이썬" not in "".join(mail.as_string() for mail in notifier.mails(expert))

    await notifier.choose(asker, preview=True)
    await expert.rest.post(f"/chat-rooms/{room}/messages", json={"content": "나비예요"})
    await notifier.tell()
    assert browser.got[-1]["body"].endswith("나비예요")


async def test_who_looks_or_has_read_is_not_told(world: World, notifier: Notifier) -> None:
    asker, expert = await world.person(), await world.expert()
    browser = await notifier.browser(asker)
    await notifier.looks(asker)
    room = await world.room(asker, expert)
    await notifier.tell()
    assert browser.got == []

    # away, but what was said is read already
    await notifier.looks_away(asker)
    await expert.rest.post(f"/chat-rooms/{room}/messages", json={"content": "읽은 말"})
    await asker.connect()
    await asker.send("join_room", roomId=room)
    await asker.send("mark_read", roomId=room, upToSeq=1)
    await asker.close()
    await notifier.looks_away(asker)
    await notifier.tell()
    assert browser.got == []
    assert not notifier.mails(asker)


async def test_a_mail_goes_where_a_push_does_not_arrive(world: World, notifier: Notifier) -> None:
    # given an expert whose only browser is gone
    asker, expert = await world.person(), await world.expert()
    gone = await notifier.browser(expert)
    gone.answers.append((410, {}))
    await world.offered(asker, expert)
    await notifier.tell()
    # then the subscription is forgotten, and a mail goes instead
    assert gone.attempts == 1
    assert await notifier.rows("SELECT FROM store.push_subscriptions WHERE user_id = %s", expert.id) == []
    assert len(notifier.mails(expert)) == 1


async def test_a_busy_push_service_is_asked_again_and_only_for_who_has_it_not(
    world: World, notifier: Notifier
) -> None:
    asker, expert = await world.person(), await world.expert()
    quick, slow = await notifier.browser(expert), await notifier.browser(expert)
    slow.answers += [(503, {}), (429, {})]
    await world.offered(asker, expert)
    await notifier.tell()
    assert (quick.attempts, len(quick.got)) == (1, 1)
    assert (slow.attempts, len(slow.got)) == (3, 1)
    assert not notifier.mails(expert)


async def test_what_is_refused_is_parked_and_released_by_an_operator(
    world: World, notifier: Notifier
) -> None:
    # given a mail server that knows the expert's address not
    asker, expert = await world.person(), await world.expert()
    await notifier.choose(asker, mail=False)
    notifier.mail.answers.append(f"550 5.1.1 <{expert.username}@example.org> unknown")
    await world.offered(asker, expert)
    await notifier.tell()
    # then it is parked, with nobody's address in the reason
    parked = await notifier.rows("SELECT consumer, key, reason FROM ops.parked")
    assert parked == [("notifier:mail", expert.id, "the mail server refuses it: 550 5.1.1")]

    # and sent once it is released, as `yeon parked release` asks for
    await notifier.rows("UPDATE ops.parked SET again = true RETURNING 1")
    await notifier.tell()
    assert len(notifier.mails(expert)) == 1
    assert await notifier.rows("SELECT FROM ops.parked") == []


async def test_after_the_last_attempt_it_is_parked(world: World, notifier: Notifier) -> None:
    asker, expert = await world.person(), await world.expert()
    await notifier.choose(asker, mail=False)
    notifier.mail.answers += ["451 4.3.0 later"] * 3
    await world.offered(asker, expert)
    await notifier.tell()
    assert notifier.mails(expert) == []
    parked = await notifier.rows("SELECT consumer, reason FROM ops.parked")
    assert parked == [("notifier:mail", "the mail server wants it later: 451 4.3.0")]


async def test_a_notifier_killed_after_sending_sends_the_very_same_mail_again(
    world: World, notifier: Notifier
) -> None:
    # given a notifier that ends between the server's answer and its own note of it
    asker, expert = await world.person(), await world.expert()
    await notifier.choose(asker, mail=False)
    await world.offered(asker, expert)
    await notifier.hear()

    class Killed(BaseException):
        pass

    class Mortal(Mailer):
        async def send(self, mail: EmailMessage) -> Outcome:
            await super().send(mail)
            raise Killed

    key = derived_key(world.settings, PURPOSE)
    killed = Mortal(MailServer.of(notifier.mail.url))
    way = ByMail(killed, notifier.settings.mail_from, notifier.settings.reached_at, key)
    notifier.telling._ways = {**notifier.telling._ways, "mail": way}
    with pytest.raises(Killed):
        await _until_it_ends(notifier)
    assert len(notifier.mails(expert)) == 1

    # when its lease has run out and another goes on
    await notifier.rows("UPDATE ops.notices SET due_at = now() WHERE due_at IS NOT NULL RETURNING 1")
    async with ways(notifier.settings, notifier.pool) as found:
        notifier.telling._ways = found
        await notifier.tell()
    # then it is the same mail for whoever keeps mails, and there is no third
    first, second = notifier.mails(expert)
    assert first["Message-ID"] == second["Message-ID"]
    await notifier.tell()
    assert len(notifier.mails(expert)) == 2


async def _until_it_ends(notifier: Notifier) -> None:
    async with asyncio.timeout(20):
        while True:
            await notifier.telling.tell()


async def test_quiet_hours_of_the_person_put_it_off(world: World, notifier: Notifier) -> None:
    # given somebody in New York for whom it is quiet for the next hour
    asker, expert = await world.person(), await world.expert()
    there = datetime.now(ZoneInfo("America/New_York"))
    await notifier.choose(
        asker,
        time_zone="America/New_York",
        quiet_from=(there - timedelta(hours=1)).time(),
        quiet_to=(there + timedelta(hours=1)).time(),
    )
    browser = await notifier.browser(asker)
    await world.offered(asker, expert)
    await notifier.tell()
    assert browser.got == []
    due = await notifier.rows(
        "SELECT due_at FROM ops.notices WHERE user_id = %s AND channel = 'push'", asker.id
    )
    assert abs(due[0][0] - datetime.now(UTC) - timedelta(hours=1)) < timedelta(minutes=1)


async def test_an_offer_that_is_over_is_told_nobody(world: World, notifier: Notifier) -> None:
    asker, expert = await world.person(), await world.expert()
    browser = await notifier.browser(expert)
    question = await world.offered(asker, expert)
    await expert.rest.post(f"/questions/{question}/decline")
    await notifier.tell()
    assert browser.got == []
    assert not notifier.mails(expert)


async def test_events_that_come_twice_are_told_once_and_those_before_the_first_start_never(
    world: World, notifier: Notifier
) -> None:
    asker, expert = await world.person(), await world.expert()
    browser = await notifier.browser(expert)
    await world.offered(asker, expert)
    start = notifier.at
    await notifier.tell()
    assert len(browser.got) == 1

    # when everything comes again, and everything that was before
    notifier.at = start
    await notifier.tell()
    notifier.at = 0
    notifier.before.clear()
    await notifier.tell()
    assert len(browser.got) == 1


async def test_who_was_erased_is_told_nothing_and_left_nowhere(world: World, notifier: Notifier) -> None:
    asker, expert = await world.person(), await world.expert()
    browser = await notifier.browser(expert)
    await notifier.choose(expert, language="en")
    await world.offered(asker, expert)
    await notifier.hear()
    assert (await expert.rest.delete("/users/profile")).status_code == 204
    await notifier.tell()
    assert browser.got == []
    assert not notifier.mails(expert)
    for table in ("notification_choices", "push_subscriptions"):
        assert await notifier.rows(f"SELECT FROM store.{table} WHERE user_id = %s", expert.id) == []


async def test_without_any_channel_there_is_nothing_to_run(world: World, notifier: Notifier) -> None:
    with pytest.raises(NobodyCanBeTold, match="YEON_PUSH_CONTACT or YEON_SMTP_URL"):
        async with ways(world.settings, notifier.pool):
            pass
