"""`python -m streams relay | worker | notifier`: what flows from the store to Kafka, from Kafka to the views, and to
people who are away."""

import argparse
import sys

from commands.application import Commands
from infra import tracing
from infra.kafka.process import run_process
from infra.settings import settings
from infra.telemetry import configure_logging
from streams.notices.process import NobodyCanBeTold, run_notifier
from streams.relay.process import run_relay
from streams.relay.survey import NotOurs
from streams.worker import run_worker


async def _relay() -> None:
    await run_relay(settings())


async def _worker() -> None:
    commands = Commands(settings())
    await commands.start()
    try:
        await run_worker(settings(), commands)
    finally:
        await commands.stop()


async def _notifier() -> None:
    await run_notifier(settings())


ROLES = {"relay": _relay, "worker": _worker, "notifier": _notifier}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m streams", description=__doc__)
    parser.add_argument("role", choices=list(ROLES))
    role = parser.parse_args().role
    if not settings().postgres_url or not settings().kafka_url:
        sys.exit("no PostgreSQL or no Kafka: start `yeon up`, or set YEON_POSTGRES_URL and YEON_KAFKA_URL")
    configure_logging(role, settings())
    tracing.begin(role, settings())
    try:
        run_process(ROLES[role])
    except (NotOurs, NobodyCanBeTold) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
