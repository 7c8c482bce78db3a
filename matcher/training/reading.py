"""Reads the event log into matches with their features: the store at one end, the encoder in the middle.

Vectors are not kept: texts in the log are people's own, and may be forgotten.
"""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from infra import postgres
from infra.log import EventLog
from matcher.encoders.contract import Encoder
from matcher.evaluation.embeddings import Embeddings
from matcher.index.answers_edge import EdgeAnswers
from matcher.lexical.terms import Terms
from matcher.recall import Recall
from matcher.training.past import WANTED, Match, Past, texts
from schemas.envelope import Event

_PAGE = 2_000

Told = Callable[[str, int, int], None]
"""Told a stage, how much of it is done, and how much there is."""


async def read_log(postgres_url: str, told: Told) -> list[Event]:
    """The events that matter, in order, up to where the log ends now."""
    async with postgres.pool(postgres_url, "matcher-train") as pool:
        event_log = EventLog(pool)
        head = await event_log.head()
        found: list[Event] = []
        reached = 0
        while reached < head and (page := await event_log.read(reached, _PAGE, head)):
            reached = page[-1].position
            found += [event for event in page if isinstance(event.data, WANTED)]
            told("reading", reached, head)
    return found


def replayed(events: Sequence[Event], encoders: Sequence[Encoder], told: Told) -> list[Match]:
    """Every match with what was known then and what came of it."""
    encoder = encoders[0]
    asked = texts(events)
    done = 0

    def encoded(count: int) -> None:
        nonlocal done
        done += count
        told("encoding", done, len(set(asked)))

    with tempfile.TemporaryDirectory() as directory:
        vectors = Embeddings(Path(directory) / "vectors.sqlite", encoders).queries(asked, encoded)
        index = EdgeAnswers(Path(directory) / "answers", encoder.identity, encoder.dim, durable=False)
        index.open()
        try:
            past = Past(Recall(index, encoder.dim, encoder.similarity_range), vectors, Terms())
            for number, event in enumerate(events, 1):
                past.take(event)
                told("replaying", number, len(events))
            return past.matches
        finally:
            index.close()
