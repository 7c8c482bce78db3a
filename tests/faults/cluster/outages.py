"""What may happen to a site while people talk: each is one fault, over when the function returns."""

import asyncio
import os
import shutil
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress

import psycopg
from psycopg import sql

from schemas.topics import TOPICS
from tests.faults.cluster.leading import active_relay, controller
from tests.faults.cluster.site import GATEWAYS, RELAY, WORKER, Site

Fault = Callable[[Site], Awaitable[None]]
SESSION_SECONDS = 6
"""How long Kafka waits for a worker that says nothing."""


async def a_worker_is_killed(site: Site) -> None:
    site.end(WORKER)
    site.start(*WORKER)


async def the_active_relay_is_killed(site: Site) -> None:
    site.end(RELAY, active_relay(site))
    site.start(*RELAY)


async def a_worker_is_frozen_past_its_session_and_woken(site: Site) -> None:
    wake = site.freeze(WORKER)
    await asyncio.sleep(SESSION_SECONDS + 4)  # this is the fault itself, not a wait
    wake()


async def a_relay_is_frozen_and_woken(site: Site) -> None:
    wake = site.freeze(RELAY, active_relay(site))
    try:
        await site.shows("flow")
        await asyncio.sleep(8)  # longer than any of its time-outs
    finally:
        wake()


async def workers_come_and_go_in_the_middle_of_batches(site: Site) -> None:
    for _ in range(3):
        site.start(*WORKER)
        await asyncio.sleep(3)
        site.end(WORKER, 0, signal.SIGTERM)


async def a_gateway_is_killed(site: Site) -> None:
    site.end(GATEWAYS[1])
    site.start(*GATEWAYS[1])


async def who_talks_is_killed(site: Site) -> None:
    site.talk.running[-1].kill()
    await site.talk.begin(len(site.talk.running) % 3)


async def a_broker_is_killed(site: Site) -> None:
    node = site.kafka.nodes[len(site.recoveries) % 3]
    node.kill()
    await asyncio.sleep(3)
    await site.start_brokers([node])


async def the_controller_is_killed(site: Site) -> None:
    before = await asyncio.to_thread(controller, site)
    assert before is not None
    before.kill()
    async with asyncio.timeout(30):
        while await asyncio.to_thread(controller, site) in (None, before):
            await asyncio.sleep(0.1)
    await site.start_brokers([before])


async def two_brokers_are_killed(site: Site) -> None:
    two = site.kafka.nodes[:2]
    for node in two:
        node.kill()
    await site.shows("flow")
    await site.start_brokers(two)


async def brokers_are_restarted_one_by_one(site: Site) -> None:
    for node in site.kafka.nodes:
        await asyncio.to_thread(node.stop)
        await site.start_brokers([node])


async def a_broker_comes_back_with_an_empty_disk(site: Site) -> None:
    node = site.kafka.nodes[2]
    node.kill()
    site.kafka.empty(node)
    await site.start_brokers([node])


async def all_brokers_lose_their_last_seconds_and_are_written_to_again(site: Site) -> None:
    for node in site.kafka.nodes:
        node.kill()
    for topic in TOPICS:
        for first in (site.kafka.nodes[0].directory / "log").glob(f"{topic}-*"):
            copies = [node.directory / "log" / first.name for node in site.kafka.nodes]
            segments = [max(copy.glob("*.log")) for copy in copies if copy.is_dir()]
            keep = min(segment.stat().st_size for segment in segments) * 3 // 4
            for segment in segments:
                os.truncate(segment, keep)
    await site.start_brokers(site.kafka.nodes)


async def all_topics_are_deleted(site: Site) -> None:
    await site.delete_topics()


async def brokers_are_slow(site: Site) -> None:
    for link in site.links.brokers:
        link.slow(0.2)
    await asyncio.sleep(8)
    for link in site.links.brokers:
        link.heal()


async def one_broker_is_cut_off(site: Site) -> None:
    link = site.links.brokers[len(site.recoveries) % 3]
    link.cut()
    await asyncio.sleep(8)
    link.heal()


async def all_brokers_are_cut_off(site: Site) -> None:
    for link in site.links.brokers:
        link.cut()
    await site.shows("flow")
    for link in site.links.brokers:
        link.heal()


async def brokers_hear_and_are_not_heard(site: Site) -> None:
    for link in site.links.brokers:
        link.deafen("back")
    await site.shows("flow")
    for link in site.links.brokers:
        link.heal()


async def workers_are_cut_off_from_postgresql(site: Site) -> None:
    site.links.workers_postgres.cut()
    await site.shows("flow")
    site.links.workers_postgres.heal()


async def workers_are_not_heard_by_postgresql(site: Site) -> None:
    site.links.workers_postgres.deafen("there")
    await site.shows("flow")
    site.links.workers_postgres.heal()


async def gateways_are_cut_off_from_postgresql(site: Site) -> None:
    site.links.gateways_postgres.cut()
    await site.shows("database")
    site.links.gateways_postgres.heal()


async def gateways_do_not_hear_postgresql(site: Site) -> None:
    site.links.gateways_postgres.deafen("back")
    await site.shows("database")
    await asyncio.sleep(5)
    site.links.gateways_postgres.heal()


async def gateways_and_postgresql_are_slow(site: Site) -> None:
    site.links.gateways_postgres.slow(0.3)
    await site.shows_slow("database", 0.5)
    await asyncio.sleep(8)
    site.links.gateways_postgres.heal()


async def redis_is_cut_off(site: Site) -> None:
    site.links.redis.cut()
    await site.shows("redis")
    site.links.redis.heal()


async def redis_is_not_heard(site: Site) -> None:
    site.links.redis.deafen("back")
    await site.shows("redis")
    await asyncio.sleep(5)
    site.links.redis.heal()


async def redis_is_frozen(site: Site) -> None:
    child = site.valkey.child
    assert child is not None
    child.send(signal.SIGSTOP)
    await site.shows("redis")
    await asyncio.sleep(5)
    child.send(signal.SIGCONT)


async def redis_is_killed(site: Site) -> None:
    site.valkey.kill()
    await site.shows("redis")
    site.valkey.start()


async def postgresql_cuts_every_connection(site: Site) -> None:
    with psycopg.connect(site.postgres.url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        )


async def postgresql_is_killed(site: Site) -> None:
    site.postgres.kill()
    await site.shows("database")
    site.start_postgres()


async def the_disk_of_postgresql_is_full(site: Site) -> None:
    disk = site.postgres.directory.parent
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        while (free := shutil.disk_usage(disk).free - 65_536) > 0:
            with suppress(OSError):  # PostgreSQL was quicker with what was free
                os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), free)
    await site.shows("writes", "database")
    await asyncio.sleep(5)
    ballast.unlink()
    if not site.postgres.alive:
        site.start_postgres()


async def clocks_jump_an_hour_ahead_and_back(site: Site) -> None:
    site.set_clocks(3600)
    await asyncio.sleep(5)
    site.set_clocks(-60)
    await asyncio.sleep(5)
    site.set_clocks(0)


SHORT: list[Fault] = [
    the_controller_is_killed,
    a_worker_is_killed,
    the_active_relay_is_killed,
    a_worker_is_frozen_past_its_session_and_woken,
    postgresql_cuts_every_connection,
    all_topics_are_deleted,
    a_gateway_is_killed,
    redis_is_cut_off,
]
LONG: list[Fault] = [
    *SHORT,
    a_broker_is_killed,
    a_relay_is_frozen_and_woken,
    workers_come_and_go_in_the_middle_of_batches,
    who_talks_is_killed,
    two_brokers_are_killed,
    brokers_are_restarted_one_by_one,
    a_broker_comes_back_with_an_empty_disk,
    all_brokers_lose_their_last_seconds_and_are_written_to_again,
    brokers_are_slow,
    one_broker_is_cut_off,
    all_brokers_are_cut_off,
    brokers_hear_and_are_not_heard,
    workers_are_cut_off_from_postgresql,
    workers_are_not_heard_by_postgresql,
    gateways_are_cut_off_from_postgresql,
    gateways_do_not_hear_postgresql,
    gateways_and_postgresql_are_slow,
    redis_is_not_heard,
    redis_is_frozen,
    redis_is_killed,
    postgresql_is_killed,
    clocks_jump_an_hour_ahead_and_back,
]


def known(site: Site) -> list[Fault]:
    """Every fault that can be made here: a disk of PostgreSQL's own takes root."""
    return [*LONG, *([the_disk_of_postgresql_is_full] if site.on_small_disk else [])]
