"""`yeon doctor`: what is reachable and in which version, how far each consumer is behind, and what is parked."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg
from aiokafka.admin import AIOKafkaAdminClient
from psycopg.rows import dict_row
from redis.exceptions import RedisError
from rich.console import Console
from rich.table import Table

from infra.embedded.broker import api_versions
from infra.kafka.access import Access
from infra.lag import read_lags
from infra.redis import connect
from infra.settings import Settings
from schemas.topics import TOPICS

PRODUCE = 0

TOPIC_ROWS = "SELECT topic, generation FROM ops.generations"
HEAD_ROW = "SELECT position FROM store.log_head"


@dataclass(frozen=True, slots=True)
class Part:
    """One thing we talk to: whether it answered, and with what."""

    name: str
    url: str
    reachable: bool
    detail: str
    ms: float


@dataclass(slots=True)
class Findings:
    """All that was found. Lags are in positions of the log; -1 stands for what could not be asked."""

    parts: list[Part] = field(default_factory=list)
    topics: list[dict[str, object]] = field(default_factory=list)
    log_head: int = -1
    relay_behind: int = -1
    consumers: list[dict[str, object]] = field(default_factory=list)
    parked: int = -1

    @property
    def healthy(self) -> bool:
        return all(part.reachable for part in self.parts)


def run(*, as_json: bool) -> int:
    """Prints the findings; 0, or 1 if something is unreachable."""
    findings = asyncio.run(examine(Settings()))
    if as_json:
        print(json.dumps({"healthy": findings.healthy, **asdict(findings)}, ensure_ascii=False))
    else:
        _print(findings, Console())
    return 0 if findings.healthy else 1


async def examine(settings: Settings) -> Findings:
    """Asks everything at once. Never raises for what is away."""
    findings = Findings()
    host = settings.matcher_url or f"http://{settings.matcher_host}:{settings.matcher_port}"
    gateway = f"http://{settings.http_host}:{settings.http_port}"
    asked = [
        _ask("PostgreSQL", settings.postgres_url, lambda: _postgres(settings.postgres_url, findings)),
        _ask("Redis", settings.redis_url, lambda: _redis(settings.redis_url)),
        _ask("Kafka", settings.kafka_url, lambda: _kafka(settings, findings)),
        _ask("matcher", host, lambda: _http(f"{host}/readyz")),
        _ask("gateway", gateway, lambda: _http(f"{gateway}/readyz")),
    ]
    if settings.qdrant_url:
        asked.insert(3, _ask("Qdrant", settings.qdrant_url, lambda: _http(f"{settings.qdrant_url}/readyz")))
    findings.parts = list(await asyncio.gather(*asked))
    if not settings.qdrant_url:
        matcher = findings.parts[3]
        edge = f"embedded in the matcher, qdrant-edge-py {version('qdrant-edge-py')}"
        findings.parts.insert(3, Part("Qdrant", "", matcher.reachable, edge, matcher.ms))
    return findings


async def _ask(name: str, url: str, question: Callable[[], Awaitable[str]]) -> Part:
    began = time.monotonic()
    reachable, detail = True, ""
    try:
        if not url:
            raise ConnectionError("no URL is set, and no `yeon up` runs with this data directory")
        async with asyncio.timeout(8):
            detail = await question()
    except TimeoutError:
        reachable, detail = False, "no answer within 8 s"
    except (OSError, psycopg.Error, RedisError, httpx.HTTPError) as error:
        reachable, detail = False, str(error).strip().splitlines()[0] if str(error) else type(error).__name__
    return Part(name, without_secrets(url), reachable, detail, round((time.monotonic() - began) * 1000, 1))


async def _postgres(url: str, findings: Findings) -> str:
    connecting = psycopg.AsyncConnection.connect(
        url, connect_timeout=5, autocommit=True, row_factory=dict_row
    )
    async with await connecting as connection:
        row = await (await connection.execute("SHOW server_version")).fetchone()
        there = await (await connection.execute("SELECT to_regclass('ops.tracking') AS t")).fetchone()
        server = str(row["server_version"]) if row else "?"
        if there is None or there["t"] is None:
            return f"{server}, without our tables"
        generations = {r["topic"]: r["generation"] for r in await _rows(connection, TOPIC_ROWS)}
        findings.topics += [
            {"topic": name, "partitions": topic.partitions, "generation": generations.get(name, 1)}
            for name, topic in TOPICS.items()
        ]
        findings.log_head = int(str((await _rows(connection, HEAD_ROW))[0]["position"]))
        relay, *consumers = await read_lags(connection)
        findings.relay_behind = relay.behind
        findings.consumers += [
            {name: value for name, value in one._asdict().items() if name != "waiting"} for one in consumers
        ]
        parked = await _rows(connection, "SELECT count(*) AS n FROM ops.parked")
        findings.parked = int(str(parked[0]["n"]))
    return server


async def _rows(
    connection: psycopg.AsyncConnection[dict[str, object]], statement: str
) -> list[dict[str, object]]:
    return await (await connection.execute(statement.encode())).fetchall()


async def _redis(url: str) -> str:
    async with connect(url, "doctor") as redis:
        server = await redis.info("server")
    if "valkey_version" in server:
        return f"Valkey {server['valkey_version']}"
    return f"Redis {server['redis_version']}"


async def _kafka(settings: Settings, findings: Findings) -> str:
    access = Access.of(settings)
    spoken = "" if access.encrypted else await _spoken(access.servers[0])
    admin = AIOKafkaAdminClient(**access.client(), request_timeout_ms=5000)
    await admin.start()
    try:
        brokers = len((await admin.describe_cluster())["brokers"])
        there = set(await admin.list_topics())
    finally:
        await admin.close()
    missing = sorted(TOPICS.keys() - there)
    detail = f"{brokers} broker{'s' if brokers != 1 else ''}, {spoken or access.security}"
    if settings.embedded_broker:
        detail += f", noida-db {version('noida-db')}"
    return detail + (f"; topics missing: {', '.join(missing)}" if missing else "")


async def _spoken(server: str) -> str:
    host, _, port = server.rpartition(":")
    produce = (await asyncio.to_thread(api_versions, int(port), host)).get(PRODUCE)
    if produce is None:
        raise ConnectionError(f"no broker answers at {server}")
    return f"Produce up to v{produce}"


async def _http(url: str) -> str:
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        answer = await client.get(url)
    if answer.status_code != 200:
        raise ConnectionError(f"{urlsplit(url).path} answered {answer.status_code}: {answer.text[:200]}")
    return "ready"


def without_secrets(url: str) -> str:
    """The URL, its password replaced; several separated by commas are taken one by one."""
    return ",".join(_without_password(one) for one in url.split(","))


def _without_password(url: str) -> str:
    split = urlsplit(url)
    if "@" not in split.netloc:
        return url
    user, _, where = split.netloc.rpartition("@")
    return urlunsplit(split._replace(netloc=f"{user.partition(':')[0]}:***@{where}"))


def _print(findings: Findings, console: Console) -> None:
    parts = Table("", "part", "address", "answer", "ms", title="reachable")
    for part in findings.parts:
        mark = "[green]✓[/]" if part.reachable else "[red]✗[/]"
        parts.add_row(mark, part.name, part.url, part.detail, f"{part.ms:.0f}")
    console.print(parts)
    if findings.log_head < 0:
        return
    topics = Table("topic", "partitions", "generation", title="topics")
    for topic in findings.topics:
        topics.add_row(*(str(topic[key]) for key in ("topic", "partitions", "generation")))
    console.print(topics)
    lags = Table("consumer", "topic", "behind", "partitions behind", title="lag, in positions")
    lags.add_row("relay", "(the store)", str(findings.relay_behind), "")
    for row in findings.consumers:
        lags.add_row(*(str(row[key]) for key in ("consumer", "topic", "behind", "partitions_behind")))
    console.print(lags)
    console.print(f"log head {findings.log_head}; parked events {findings.parked}")
