"""Who is not told: people who see the page, and demo people, to whom nothing is ever written."""

import asyncio

from infra.demo.person import DEMO_DOMAIN
from tests.gateway.conftest import World
from tests.streams.notices.conftest import Notifier


async def test_an_open_page_that_nobody_sees_is_no_reason_not_to_tell(
    world: World, notifier: Notifier
) -> None:
    # given an asker whose page is open, and out of sight for a while
    asker, expert = await world.person(), await world.expert()
    browser = await notifier.browser(asker)
    await asker.connect()
    assert await notifier.presence.looking([asker.id]) == {asker.id}
    answered = await asker.send("visibility", visible=False)
    assert answered["type"] == "ack"
    async with asyncio.timeout(60):
        while await notifier.presence.looking([asker.id]):
            await asyncio.sleep(0.1)
    assert await notifier.presence.online([asker.id]) == {asker.id}

    # when an expert is found
    question = await world.offered(asker, expert)
    await notifier.tell()

    # then they are told
    assert [said["tag"] for said in browser.got] == [question]

    # and not of what happens once they look again
    await asker.send("visibility", visible=True)
    await expert.rest.post(f"/questions/{question}/accept")
    await notifier.tell()
    assert len(browser.got) == 1


async def test_demo_people_are_never_written_to(world: World, notifier: Notifier) -> None:
    asker, expert = await world.person(), await world.expert()
    address = f"{asker.username}@{DEMO_DOMAIN}"
    await notifier.rows(
        "UPDATE store.credentials SET email = %s WHERE user_id = %s RETURNING email", address, asker.id
    )

    await world.offered(asker, expert)
    await notifier.tell()

    assert len(notifier.mails(expert)) == 1
    assert not notifier.mail.to(address)
    # and nothing is left to be sent to them
    assert not await notifier.rows(
        "SELECT FROM ops.notices WHERE user_id = %s AND due_at IS NOT NULL", asker.id
    )
