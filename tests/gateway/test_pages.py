"""What is served as files, and what operators ask."""

import httpx
import pytest

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

    async def test_the_contracts_are_served(self, world: World) -> None:
        assert (await self.get(world, "/asyncapi.yaml")).text.startswith("asyncapi")
        assert (await self.get(world, "/openapi.json")).json()["openapi"].startswith("3.")
        assert (await self.get(world, "/docs")).status_code == 200

    @pytest.mark.parametrize("path", ["/api/nothing", "/../pyproject.toml", "/%2e%2e/%2e%2e/pyproject.toml"])
    async def test_nothing_else_is(self, world: World, path: str) -> None:
        answer = await self.get(world, path)
        problem(answer, 404, "not_found")
