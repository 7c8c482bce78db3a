"""`python -m streams relay | worker`: what flows from the store to Kafka, and from Kafka to the views."""

import argparse
import sys

from commands.application import Commands
from infra.kafka.process import run_process
from infra.settings import settings
from infra.telemetry import configure_logging
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


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m streams", description=__doc__)
    parser.add_argument("role", choices=["relay", "worker"])
    role = parser.parse_args().role
    if not settings().postgres_url or not settings().kafka_url:
        sys.exit("no PostgreSQL or no Kafka: start `yeon up`, or set YEON_POSTGRES_URL and YEON_KAFKA_URL")
    configure_logging(role, settings())
    try:
        run_process(_relay if role == "relay" else _worker)
    except NotOurs as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
