"""Makes the stores ready for the roles: tables and topics, and a look at Redis."""

import asyncio

import psycopg
from aiokafka.errors import KafkaError
from redis.exceptions import RedisError

from infra.kafka import topics
from infra.kafka.access import Locked
from infra.postgres import prepare
from infra.redis import connect
from infra.settings import Settings


class StoreRefused(Exception):
    """A store is away or would not do it; the message is a sentence for a person."""


async def prepare_stores(settings: Settings) -> None:
    """Makes tables and topics. Safe to repeat. Raises StoreRefused."""
    try:
        await asyncio.to_thread(prepare, settings.postgres_url)
    except psycopg.Error as error:
        raise StoreRefused(f"The tables could not be made in PostgreSQL: {str(error).strip()}") from error
    try:
        await topics.prepare(settings)
    except (KafkaError, topics.TopicRefused, Locked) as error:
        raise StoreRefused(f"The topics could not be made on Kafka: {error}") from error


async def check_redis(url: str) -> None:
    """Raises StoreRefused if it does not answer."""
    try:
        async with connect(url, "check") as redis:
            await redis.ping()
    except RedisError as error:
        raise StoreRefused(f"Redis does not answer: {error}") from error
