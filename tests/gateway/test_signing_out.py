"""Who signs out somewhere has no socket of that sign-in left, at any gateway, whenever it was opened."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from gateway import sign_ins
from gateway.app import Gateway, running
from tests.gateway.conftest import World
from tests.gateway.person import PASSWORD, Person


@pytest_asyncio.fixture(loop_scope="session")
async def other_node(world: World) -> AsyncIterator[Gateway]:
    """A second gateway over the same stores."""
    async with running(world.settings, world.commands) as gateway:
        yield gateway


async def _signed_in_again(me: Person, at: Gateway) -> Person:
    """The same person, signed in once more, with a socket at `at` that has said nothing but who it is."""
    login = {"username": me.username, "password": PASSWORD}
    again = Person(me.rest, f"ws://{at.websocket.host}:{at.websocket.port}/ws")
    answer = await me.rest.post("/auth/login", json=login)
    assert answer.status_code == 200, answer.text
    again.tokens = answer.json()
    await again.connect()
    return again


async def _id_of(me: Person, one: Person) -> str:
    body = {"refreshToken": one.tokens["refreshToken"]}
    items = (await me.rest.post("/auth/sessions", json=body)).json()["items"]
    (found,) = (item["id"] for item in items if item["current"])
    return str(found)


async def _ended_by_id(me: Person, one: Person) -> httpx.Response:
    return await me.rest.delete(f"/auth/sessions/{await _id_of(me, one)}")


async def _ended_by_its_token(me: Person, one: Person) -> httpx.Response:
    return await me.rest.post("/auth/logout", json={"refreshToken": one.tokens["refreshToken"]})


async def _used_twice(me: Person, one: Person) -> httpx.Response:
    body = {"refreshToken": one.tokens["refreshToken"]}
    assert (await me.rest.post("/auth/refresh", json=body)).status_code == 200
    return await me.rest.post("/auth/refresh", json=body)


@pytest.mark.parametrize("end", [_ended_by_id, _ended_by_its_token, _used_twice])
@pytest.mark.parametrize("node", ["here", "elsewhere"])
async def test_a_sign_in_that_ends_closes_its_sockets_at_once_and_no_others(
    world: World, other_node: Gateway, node: str, end: Callable[[Person, Person], Awaitable[httpx.Response]]
) -> None:
    # given somebody signed in twice, the second time at this or at another gateway, just now
    me = await world.person()
    await me.connect()
    there = await _signed_in_again(me, world.gateway if node == "here" else other_node)

    # when the second sign-in ends
    assert (await end(me, there)).status_code in (204, 401)

    # then its socket does, by what Redis says, long before anyone looks; the other goes on
    async with asyncio.timeout(sign_ins.LOOK_SECONDS / 2):
        assert await there.closed() == 4401
    assert (await me.send("ping"))["type"] == "ack"
    await there.disconnect()


async def test_the_token_of_a_sign_in_that_has_ended_opens_no_socket(
    world: World, other_node: Gateway
) -> None:
    me = await world.person()
    there = await _signed_in_again(me, other_node)
    await _ended_by_id(me, there)
    assert await there.closed() == 4401
    await there.open()
    await there.tell("authenticate", "again", token=there.tokens["accessToken"])
    assert (await there.answer("again"))["data"]["code"] == "unauthenticated"
    assert await there.closed() == 4401
    await there.disconnect()


async def test_a_sign_out_that_redis_did_not_say_is_found_by_looking(world: World) -> None:
    # given two sockets, and a sign-out of one of them that was only written down
    me = await world.person()
    await me.connect()
    there = await _signed_in_again(me, world.gateway)
    services = world.gateway.services
    assert (await services.accounts.end_session(me.id, await _uuid(me, there))) is True

    # when the gateway looks, then that socket is closed and the other is not
    await services.sign_ins.look()
    assert await there.closed() == 4401
    assert (await me.send("ping"))["type"] == "ack"
    await there.disconnect()


async def _uuid(me: Person, one: Person) -> UUID:
    return UUID(await _id_of(me, one))
