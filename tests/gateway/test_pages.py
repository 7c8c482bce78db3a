"""What is served as files, and what operators ask."""

import httpx
import psycopg
import pytest

from schemas.topics import CONVERSATIONS, EXPERTS
from tests.gateway.conftest import World
from tests.gateway.person import problem


class TestPages:
    async def get(self, world: World, path: str) -> httpx.Response:
        transport = httpx.ASGITransport(world.gateway.http)
        async with httpx.AsyncClient(transport=transport, base_url="http://yeon.test:8000") as client:
            return await client.get(path)

    async def test_the_client_is_served_with_strict_headers(self, world: World) -> None:
        page = await self.get(world, "/")
        assert page.status_code == 200
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["x-content-type-options"] == "nosniff"
        module = await self.get(world, "/vendor/preact.mjs")
        assert module.headers["content-type"].startswith("text/javascript")

    async def test_a_client_is_told_where_the_socket_is(self, world: World) -> None:
        found = (await self.get(world, "/api/config")).json()
        assert found["wsUrl"].startswith("ws://yeon.test:")
        assert found["limits"]["messages"] == "1000/second"
        assert found["seats"] == 3
        assert found["demo"] == "", "nobody is named who is not there"

    async def test_health_and_what_is_behind(self, world: World) -> None:
        assert (await self.get(world, "/healthz")).json() == {"status": "ok"}
        ready = await self.get(world, "/readyz")
        assert ready.status_code == 200, ready.text
        parts = ready.json()["parts"]
        assert parts.keys() == {"database", "redis", "views", "matcher", "audit", "flow", "writes"}
        assert [part for part, said in parts.items() if not said["ok"]] == ["matcher"], "there is none here"
        counted = (await self.get(world, "/metrics")).text
        assert "yeon_gateway_sockets" in counted
        for part, said in parts.items():
            assert f'yeon_up{{part="{part}"}} {float(said["ok"])}' in counted

    async def test_how_far_each_consumer_is_behind_is_told_by_topic(self, world: World) -> None:
        # given what was published, of which one consumer has done all in one topic and not in the other
        seen = {"c": CONVERSATIONS, "e": EXPERTS}
        async with await psycopg.AsyncConnection.connect(
            world.settings.postgres_url, autocommit=True
        ) as store:
            await store.execute(
                "INSERT INTO ops.relay_checkpoints (topic, partition, generation, broker_offset, position)"
                " VALUES (%(c)s, 0, 1, 9, 9000), (%(c)s, 1, 1, 9, 8000), (%(e)s, 0, 1, 9, 7000)",
                seen,
            )
            await store.execute(
                "INSERT INTO ops.tracking VALUES ('two', %(c)s, 0, 8990), ('two', %(c)s, 1, 7965), ('two', %(e)s, 0, 7000)",
                seen,
            )
            try:
                views = (await self.get(world, "/readyz")).json()["parts"]["views"]
                counted = (await self.get(world, "/metrics")).text
            finally:
                await store.execute("DELETE FROM ops.relay_checkpoints")
                await store.execute("DELETE FROM ops.tracking WHERE consumer = 'two'")

        # then it is told topic by topic, and the relay's, which has none, first
        assert views["lag"][0].items() >= {"consumer": "relay", "topic": ""}.items()
        assert [lag for lag in views["lag"] if lag["consumer"] == "two"] == [
            {"consumer": "two", "topic": CONVERSATIONS, "behind": 35, "partitions": 2},
            {"consumer": "two", "topic": EXPERTS, "behind": 0, "partitions": 0},
        ]
        assert f'yeon_behind{{consumer="two",topic="{CONVERSATIONS}"}} 35.0' in counted
        assert f'yeon_behind{{consumer="two",topic="{EXPERTS}"}} 0.0' in counted
        assert 'yeon_behind{consumer="relay",topic=""}' in counted

    async def test_the_contracts_are_served(self, world: World) -> None:
        assert (await self.get(world, "/asyncapi.yaml")).text.startswith("asyncapi")
        assert (await self.get(world, "/openapi.json")).json()["openapi"].startswith("3.")
        assert (await self.get(world, "/docs")).status_code == 200

    @pytest.mark.parametrize("path", ["/api/nothing", "/../pyproject.toml", "/%2e%2e/%2e%2e/pyproject.toml"])
    async def test_nothing_else_is(self, world: World, path: str) -> None:
        answer = await self.get(world, path)
        problem(answer, 404, "not_found")
