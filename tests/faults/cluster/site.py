"""Everything there is, in the hands of a test: three brokers, PostgreSQL, Redis, proxies between, all roles, clients."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
from aiokafka.admin import AIOKafkaAdminClient

from infra.embedded import PartFailed, Postgres, Valkey
from infra.embedded.ports import any_free, is_free
from infra.kafka import topics
from infra.kafka.apache import ApacheKafka
from infra.kafka.cluster import KafkaCluster
from schemas.topics import TOPICS
from tests.faults.clients import SECRET, Client
from tests.faults.cluster.witness import Witness, by_part
from tests.faults.conftest import Roles
from tests.faults.loading import Talk, applied, caught_up, talking
from tests.faults.proxy import Proxy

RECOVERY_SECONDS = 90.0
"""Within which events flow again after any fault is over, without a human."""
VISIBLE_SECONDS = 15.0
"""Within which a gateway says what is away, while it lasts."""
RELAY, WORKER = ("streams", "relay"), ("streams", "worker")
GATEWAYS = (("gateway", "a"), ("gateway", "b"))
"""The second word only tells the two apart; they take no arguments."""
Parts = tuple[KafkaCluster, Postgres, Valkey]


@dataclass
class Links:
    """The network between the parts: brokers are reached through these by all, the stores by gateways and workers."""

    brokers: list[Proxy]
    gateways_postgres: Proxy
    workers_postgres: Proxy
    redis: Proxy

    def all(self) -> list[Proxy]:
        return [*self.brokers, self.gateways_postgres, self.workers_postgres, self.redis]


@dataclass
class Site:
    """What runs, and what was seen of it."""

    kafka: KafkaCluster
    postgres: Postgres
    valkey: Valkey
    links: Links
    roles: Roles
    talk: Talk
    ports: dict[tuple[str, ...], int]
    clock: Path
    """A file that says how wrong the clocks of the roles are, in seconds."""
    on_small_disk: bool = False
    clients: list[Client] = field(default_factory=list)
    recoveries: dict[str, float] = field(default_factory=dict)
    shown: dict[str, float] = field(default_factory=dict)
    """By part, the seconds until an outage of it was to be seen on /readyz and in the metrics; the longest."""
    looks: dict[str, float] = field(default_factory=dict)
    """By part, how long it took to answer a gateway that looked."""
    living: list[asyncio.Task[None]] = field(default_factory=list)
    witness: Witness | None = None

    def start(self, *role: str) -> None:
        self.roles.start(*role)

    def _process(self, role: tuple[str, ...], which: int) -> Any:
        return [p for p in self.roles.running if self.roles.arguments[p.pid] == role][which]

    def end(
        self, role: tuple[str, ...], which: int = 0, with_signal: signal.Signals = signal.SIGKILL
    ) -> None:
        process = self._process(role, which)
        self.roles.running.remove(process)
        process.send_signal(with_signal)
        process.wait(30)

    def freeze(self, role: tuple[str, ...], which: int = 0) -> Callable[[], None]:
        process = self._process(role, which)
        process.send_signal(signal.SIGSTOP)
        return lambda: process.send_signal(signal.SIGCONT)

    def set_clocks(self, seconds: float) -> None:
        """From now on the clocks of all roles are wrong by so much."""
        fresh = self.clock.with_suffix(".new")
        fresh.write_text(str(seconds))
        fresh.replace(self.clock)

    async def delete_topics(self) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=topics.bootstrap(self.kafka.url))
        await admin.start()
        try:
            await admin.delete_topics(list(TOPICS))
        finally:
            await admin.close()

    def begin_clients(self) -> None:
        """One client in each place of each room, each beginning at another gateway."""
        sockets = [f"ws://127.0.0.1:{self.ports[gateway] + 1}/ws" for gateway in GATEWAYS]
        for room in self.talk.rooms:
            for number, user in enumerate((room.asker, *room.experts)):
                order = sockets if number % 2 else sockets[::-1]
                self.clients.append(Client(order, user, room.id))
        self.living = [asyncio.create_task(client.live()) for client in self.clients]

    async def end_clients(self, seconds: float = 60) -> None:
        """Have every client say nothing more and see its room to the end; what each keeps is what happened."""
        for client in self.clients:
            client.quiet = True
        await self.roles.until(lambda: self._all_said() and caught_up(self.roles), seconds)
        ends = await asyncio.to_thread(self._ends)
        await self.roles.until(
            lambda: all(client.seen >= ends[client.room] for client in self.clients), seconds
        )
        await self.let_go()
        for client in self.clients:
            client.agrees()

    def begin_watching(self) -> None:
        """From now on whatever stands for long must be to be seen at a gateway."""
        self.witness = Witness(self.postgres.url, self._says_all_flows)
        self.living.append(asyncio.create_task(self.witness.watch()))

    async def _says_all_flows(self) -> bool:
        try:
            said = await self.readyz()
        except (httpx.HTTPError, KeyError):
            return False
        return bool(said["flow"] and said["database"])

    def check_clients(self) -> None:
        """Raise what a client was wrongly told, and what stood for long unseen."""
        for task in self.living:
            if task.done():
                task.result()
        if self.witness:
            assert not self.witness.unseen, self.witness.unseen[0]

    def _all_said(self) -> bool:
        self.check_clients()
        return all(client.waiting is None for client in self.clients)

    async def let_go(self) -> None:
        for task in self.living:
            task.cancel()
        await asyncio.gather(*self.living, return_exceptions=True)
        self.living.clear()

    def _ends(self) -> dict[Any, int]:
        with psycopg.connect(self.postgres.url) as connection:
            return dict(connection.execute("SELECT room_id, last_seq FROM views.rooms").fetchall())

    async def readyz(self, gateway: tuple[str, ...] = GATEWAYS[0]) -> dict[str, Any]:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.ports[gateway]}", timeout=10
        ) as client:
            parts: dict[str, Any] = (await client.get("/readyz")).json()["parts"]
            text = (await client.get("/metrics")).text
        up = by_part(text, "yeon_up")
        self.looks = by_part(text, "yeon_look_seconds")
        return {name: part["ok"] and up[name] == 1.0 for name, part in parts.items()}

    async def shows_slow(self, part: str, seconds: float) -> None:
        """Wait until a gateway's metrics say that this part takes so long to answer."""
        began = time.monotonic()
        while self.looks.get(part, 0.0) < seconds:
            assert time.monotonic() < began + VISIBLE_SECONDS, f"{part} is not seen to be slow: {self.looks}"
            await asyncio.sleep(0.2)
            await self.readyz()

    async def shows(self, *parts: str) -> None:
        """Wait until a gateway says that one of these parts is out of order, on /readyz and in its metrics."""
        began = time.monotonic()
        seen: dict[str, Any] = {}
        while not any(seen.get(part) is False for part in parts):
            assert time.monotonic() < began + VISIBLE_SECONDS, f"no outage of {parts} to be seen: {seen}"
            await asyncio.sleep(0.2)
            seen = await self.readyz()
        name = " or ".join(parts)
        self.shown[name] = max(self.shown.get(name, 0.0), round(time.monotonic() - began, 1))

    async def flows_again(self, fault: str) -> None:
        """Wait until the views have taken more than half a second's worth, and every client has heard something new."""
        began, before = time.monotonic(), applied(self.roles)
        heard = [client.seen for client in self.clients]

        def flows() -> bool:
            self.check_clients()
            moved = (client.seen > seen for client, seen in zip(self.clients, heard, strict=True))
            return applied(self.roles) > before + 50 and all(moved)

        try:
            await self.roles.until(flows, RECOVERY_SECONDS)
        except BaseException:
            for client in self.clients:
                print(client.seen, client.connections, len(client.said), client.troubles[-3:])
            raise
        self.recoveries[fault] = max(self.recoveries.get(fault, 0.0), round(time.monotonic() - began, 1))

    async def start_brokers(self, nodes: Sequence[ApacheKafka]) -> None:
        """Start these nodes and wait for them, while the proxies, which are ours, pass on what the others say."""
        for node in nodes:
            await asyncio.to_thread(node.prepare)
            node.launch()  # from this thread: with it ends what it starts
        deadline = time.monotonic() + RECOVERY_SECONDS
        while not all([await asyncio.to_thread(node.ready) for node in nodes]):
            assert time.monotonic() < deadline, f"a broker did not answer within {RECOVERY_SECONDS} s"
            await asyncio.sleep(0.05)

    def start_postgres(self) -> None:
        """Start a server that was killed, once the last of its processes has given its shared memory up."""
        deadline = time.monotonic() + 20
        while True:
            try:
                return self.postgres.start()
            except PartFailed:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)


def lay_out(directory: Path) -> tuple[Parts, Links]:
    """The parts with proxies before them; nothing runs but the proxies."""
    kafka = KafkaCluster(directory)
    brokers = []
    for node in kafka.nodes:
        brokers.append(Proxy(node.port))
        node.seen_at = brokers[-1].port
    postgres = Postgres(directory / "disk" / "postgres", any_free(), directory / "postgres.log")
    valkey = Valkey(directory / "valkey", any_free(), directory / "valkey.log")
    links = Links(brokers, Proxy(postgres.port), Proxy(postgres.port), Proxy(valkey.port))
    return (kafka, postgres, valkey), links


@asynccontextmanager
async def running(parts: Parts, links: Links, directory: Path) -> AsyncIterator[Site]:
    """The roles' settings, rooms to talk in, and an end to all that was started."""
    kafka, postgres, valkey = parts
    ports = {gateway: _pair() for gateway in GATEWAYS}
    redis_url = valkey.url.replace(f":{valkey.port}/", f":{links.redis.port}/")

    def through(link: Proxy) -> dict[str, str]:
        return {"YEON_POSTGRES_URL": postgres.url.replace(f":{postgres.port}/", f":{link.port}/")}

    clock = directory / "clock"
    clock.write_text("0")
    roles = Roles(
        directory,
        {
            "YEON_DATA_DIR": str(directory),
            "YEON_POSTGRES_URL": postgres.url,
            "YEON_REDIS_URL": redis_url,
            "YEON_KAFKA_URL": kafka.url,
            "YEON_KAFKA_REPLICATION": "3",
            "YEON_EMBEDDED_BROKER": "false",
            "YEON_SECRET": SECRET,
            "YEON_WRONG_CLOCK": str(clock),
            "YEON_LIMIT_MESSAGES": "1000/second",
        },
        {WORKER: through(links.workers_postgres)}
        | {
            gateway: through(links.gateways_postgres)
            | {"YEON_HTTP_PORT": str(port), "YEON_WS_PORT": str(port + 1)}
            for gateway, port in ports.items()
        },
    )
    try:
        async with talking(roles, rooms=3) as talk:
            site = Site(kafka, postgres, valkey, links, roles, talk, ports, clock)
            try:
                yield site
            finally:
                await site.let_go()
    finally:
        for process in roles.running:
            with suppress(ProcessLookupError):
                process.kill()
            process.wait()
        for link in links.all():
            link.close()


def _pair() -> int:
    """A free port with a free one behind it."""
    while True:
        port = any_free()
        if is_free(port + 1):
            return port
