"""Three Apache Kafka brokers, replication 3, two in-sync replicas at least, and every part killed, frozen, cut off or
slowed down while people talk: nothing acknowledged is lost, nothing is twice, every view is what one built anew is,
and every client saw its room whole and in order.

Short and seeded in `make test-kafka`; `make soak` goes on for as many faults as `YEON_SOAK_FAULTS` says.
"""

import asyncio
import json
import os
from pathlib import Path
from random import Random

import pytest

from tests.faults.cluster.outages import SHORT, Fault, known
from tests.faults.cluster.site import GATEWAYS, RELAY, WORKER, Site
from tests.faults.loading import applied, assert_nothing_lost, query

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(7_200)]

SEED = int(os.environ.get("YEON_SOAK_SEED", "1"))
FAULTS = int(os.environ.get("YEON_SOAK_FAULTS", "0"))
ONLY = os.environ.get("YEON_SOAK_ONLY", "")
"""Names of faults, separated by commas: these in this order, for whoever looks for the cause of one."""


def chosen(chance: Random, site: Site) -> list[Fault]:
    """The faults of this run, in an order that the seed gives."""
    every = known(site)
    if ONLY:
        by_name = {fault.__name__: fault for fault in every}
        return [by_name[name] for name in ONLY.split(",")]
    if not FAULTS:
        return chance.sample(SHORT, len(SHORT))
    more = [chance.choice(every) for _ in range(max(0, FAULTS - len(every)))]
    return [*chance.sample(every, len(every)), *more][:FAULTS]


async def test_nothing_is_lost_or_twice_whatever_is_killed_frozen_or_cut_off(site: Site) -> None:
    # given three brokers, two relays, two workers, two gateways, and people who talk all the time
    for role in (RELAY, RELAY, WORKER, WORKER, *GATEWAYS):
        site.start(*role)
    for room in range(2):
        await site.talk.begin(room)
    await site.roles.until(lambda: applied(site.roles) > 100, 180)
    site.begin_clients()
    await site.flows_again("nothing yet")
    site.begin_watching()

    # when one fault follows the other
    faults = chosen(Random(SEED), site)
    for fault in faults:
        print(fault.__name__, flush=True)
        await fault(site)
        await site.flows_again(fault.__name__)

    # then everything is there, once, in order, everywhere, and every client saw all of it
    await site.talk.end()
    await site.end_clients(180)
    await assert_nothing_lost(site.talk, 180)
    generations = query(site.roles, "SELECT max(generation) FROM ops.generations")
    report = {
        "seed": SEED,
        "faults": [fault.__name__ for fault in faults],
        "recovery_seconds": site.recoveries,
        "seen_after_seconds": site.shown,
        "stood_seconds": max(site.witness.longest.items(), key=lambda found: found[1])
        if site.witness
        else None,
        "acknowledged": len(site.talk.acknowledged) + sum(len(client.said) for client in site.clients),
        "seen_by_clients": sum(client.seen for client in site.clients),
        "connections": sum(client.connections for client in site.clients),
        "generations": generations[0][0] if generations else None,
    }
    print(json.dumps(report))
    if (out := os.environ.get("YEON_SOAK_REPORT")) is not None:
        await asyncio.to_thread(Path(out).write_text, json.dumps(report, indent=2) + "\n")
