"""`yeon up`: the whole system on one machine. Starts the parts that no URL replaces, makes tables and topics, keeps
the roles running, and ends all of it in order."""

import asyncio
import contextlib
import signal
import sys
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.datadir import DataDir
from infra.demo.people import DEMO_PASSWORD, SIGN_IN_AS
from infra.embedded import Broker, Part, PartFailed, Postgres, Valkey
from infra.embedded.child import Child, log_tail
from infra.embedded.ports import Ports, is_free
from infra.kafka.apache import ApacheKafka
from infra.settings import Settings
from infra.supervisor import Supervisor

READY_SECONDS = 90.0
ROLES = {
    "relay": ("streams", "relay"),
    "streams": ("streams", "worker"),
    "webhooks": ("streams.webhooks", "serve"),
    "matcher": ("matcher", "serve"),
    "gateway": ("gateway",),
}
"""The arguments of `python -m` for each role."""
NOTIFIER = ("streams", "notifier")
"""Its arguments. It runs beside them, once somebody who is away can be told."""
BOTS = "demo bots"


class CannotStart(Exception):
    """The message is a sentence for a person."""


@dataclass(frozen=True, slots=True)
class Role:
    """A Python module kept running, with its own log."""

    arguments: Sequence[str]
    log: Path
    keep_open: Sequence[int]

    def launch(self) -> Child:
        command = [sys.executable, "-m", *self.arguments]
        return Child(command, self.log, orphan_signal=signal.SIGKILL, keep_open=self.keep_open)


def run(data_dir: Path, *, broker: str | None, demo: bool | None) -> None:
    """Until Ctrl-C. Raises CannotStart, DataDirUnusable, PartFailed or GaveUp, with nothing left running."""
    directory = DataDir(data_dir)
    try:
        settings = Settings()  # what an earlier stack had left is gone
        chosen = {"broker": broker, "demo": demo}
        settings = settings.model_copy(
            update={name: value for name, value in chosen.items() if value is not None}
        )
        asyncio.run(_Up(settings, directory).run())
    finally:
        directory.release()


class _Up:
    def __init__(self, settings: Settings, directory: DataDir) -> None:
        self._settings = settings
        self._directory = directory
        self._supervisor = Supervisor(_say)
        self._parts: dict[str, Part] = {}
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._asked_to_stop)
        work = asyncio.create_task(self._work())
        asked = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait((work, asked), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        finally:
            for task in (work, asked):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await task
            await self._stop()

    def _asked_to_stop(self) -> None:
        if self._stopping.is_set():
            self._supervisor.kill()
        else:
            _say("stopping")
            self._stopping.set()

    async def _work(self) -> None:
        began = time.monotonic()
        await self._check_ports()
        await self._start_parts()
        await self._prepare_stores()
        for name in ROLES:
            self._keep(name, ROLES[name])
        if self._settings.notifies:
            self._keep("notifier", NOTIFIER)
        running = (
            asyncio.create_task(self._supervisor.watch()),
            asyncio.create_task(self._welcome(began)),
            asyncio.create_task(self._watch_disk()),
        )
        try:
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            for task in running:
                task.cancel()

    async def _check_ports(self) -> None:
        settings = self._settings
        for host, port, setting in (
            (settings.http_host, settings.http_port, "YEON_HTTP_PORT"),
            (settings.ws_host, settings.ws_port, "YEON_WS_PORT"),
            (settings.matcher_host, settings.matcher_port, "YEON_MATCHER_PORT"),
        ):
            if not is_free(port, host):
                raise CannotStart(f"Port {port} on {host} is in use; set {setting} to a free one.")

    async def _start_parts(self) -> None:
        settings = self._settings
        if not settings.postgres_url:
            self._add("postgres_url", Postgres, "postgres")
        if not settings.redis_url:
            self._add("redis_url", Valkey, "valkey")
        if not settings.kafka_url:
            kind: type[Part] = ApacheKafka if settings.broker == "apache" else Broker
            self._add("kafka_url", kind, "kafka" if settings.broker == "apache" else "broker")
        await asyncio.gather(*(asyncio.to_thread(part.prepare) for part in self._parts.values()))
        for part in self._parts.values():
            self._supervisor.keep(part.name, part.launch, part.stop_signal)
        await asyncio.gather(*(self._await_part(part) for part in self._parts.values()))
        self._publish()

    def _publish(self) -> None:
        addresses: dict[str, Any] = {name: part.url for name, part in self._parts.items()}
        addresses["embedded_broker"] = isinstance(self._parts.get("kafka_url"), Broker)
        self._settings = self._settings.model_copy(update=addresses)
        for name in ("http_host", "http_port", "ws_host", "ws_port", "matcher_host", "matcher_port"):
            addresses[name] = getattr(self._settings, name)
        self._directory.publish(addresses)

    def _add(self, setting: str, kind: type[Part], name: str) -> None:
        ports = Ports(self._directory.path / "run" / "ports.json")
        part = kind(self._directory.path / name, ports.claim(name), self._directory.logs / f"{name}.log")
        part.keep_open = (self._directory.lock,)
        self._parts[setting] = part

    async def _await_part(self, part: Part) -> None:
        deadline = time.monotonic() + part.patience
        while not await asyncio.to_thread(part.ready):
            if time.monotonic() > deadline:
                raise PartFailed(f"{part.name} did not answer within {part.patience:.0f} s ({part.log}).")
            await asyncio.sleep(0.02)

    async def _prepare_stores(self) -> None:
        from infra import stores  # slow to import, so after the parts were launched

        try:
            await stores.prepare_stores(self._settings)
            if "redis_url" not in self._parts:
                await stores.check_redis(self._settings.redis_url)
        except stores.StoreRefused as reason:
            raise CannotStart(str(reason)) from reason

    def _keep(self, name: str, arguments: Sequence[str]) -> Role:
        role = Role(
            arguments, self._directory.logs / f"{name.replace(' ', '-')}.log", (self._directory.lock,)
        )
        self._supervisor.keep(name, role.launch)
        return role

    async def _welcome(self, began: float) -> None:
        await self._until_ready()
        _say(f"연결이 is ready after {time.monotonic() - began:.1f} s: {_address(self._settings)}")
        if self._settings.demo and await self._seed():
            self._keep(BOTS, ("infra.demo", "bots"))
            names = ", ".join(SIGN_IN_AS)
            _say(f"  sign in as {names}; the password of each is {DEMO_PASSWORD}")
        _say(f"  logs: {self._directory.logs}; Ctrl-C stops everything")

    async def _watch_disk(self) -> None:
        while True:
            self._directory.check_space()
            await asyncio.sleep(1)

    async def _until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not await asyncio.to_thread(_is_ready, f"{_address(self._settings)}/readyz"):
            if time.monotonic() > deadline:
                raise CannotStart(
                    f"The gateway was not ready within {READY_SECONDS:.0f} s; see {self._directory.logs} and "
                    "`yeon doctor`."
                )
            await asyncio.sleep(0.05)
        while not await asyncio.to_thread(_is_ready, f"{_matcher_address(self._settings)}/readyz"):
            if time.monotonic() > deadline:
                _say("The matcher still makes its index; questions wait for it.")
                return
            await asyncio.sleep(0.05)

    async def _seed(self) -> bool:
        log = self._directory.logs / "seed.log"
        child = Role(("commands", "seed"), log, (self._directory.lock,)).launch()
        while child.alive:
            await asyncio.sleep(0.02)
        if child.exit_code != 0:
            _say(f"The demo people could not be made ({log}):\n{log_tail(log)}")
        return child.exit_code == 0

    async def _stop(self) -> None:
        await self._supervisor.stop([BOTS, "notifier", *ROLES], seconds=10)
        await self._supervisor.stop([part.name for part in self._parts.values()], seconds=10)


def _is_ready(url: str) -> bool:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _address(settings: Settings) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.http_host, settings.http_host)
    return f"http://{host}:{settings.http_port}"


def _matcher_address(settings: Settings) -> str:
    return settings.matcher_url or f"http://{settings.matcher_host}:{settings.matcher_port}"


def _say(sentence: str) -> None:
    print(sentence, flush=True)
