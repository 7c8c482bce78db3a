"""Logging of every process: one line a record, with the time in UTC, the role and the place; a traceback is folded
into the line of its record."""

import logging
from datetime import UTC, datetime

from infra.settings import Settings


class OneLine(logging.Formatter):
    """`2026-01-31T09:00:00.000Z INFO relay streams.relay.send: text`"""

    def __init__(self, role: str) -> None:
        super().__init__(f"%(asctime)s %(levelname)s {role} %(name)s: %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def format(self, record: logging.LogRecord) -> str:
        return super().format(record).replace("\r", "").replace("\n", " ⏎ ")


def configure_logging(role: str, settings: Settings) -> None:
    """Sends every record of this process at the level of the settings or above to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine(role))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    for chatty in ("aiokafka", "faust", "mode", "httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
