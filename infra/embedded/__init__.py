"""PostgreSQL, Valkey and a Kafka-compatible broker from wheels, each a child process that ends with its parent."""

from infra.embedded.broker import Broker
from infra.embedded.part import Part, PartFailed
from infra.embedded.postgres import Postgres
from infra.embedded.valkey import Valkey

__all__ = ["Broker", "Part", "PartFailed", "Postgres", "Valkey"]
