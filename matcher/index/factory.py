"""The indexes that the settings name: a Qdrant server by its URL, or the embedded engine below the data directory."""

from infra.settings import Settings
from matcher.encoders.contract import Encoder
from matcher.index.answers import AnswerIndex
from matcher.index.answers_edge import EdgeAnswers
from matcher.index.contract import ExpertIndex
from matcher.index.edge import EdgeIndex


def make_index(settings: Settings, encoder: Encoder) -> ExpertIndex:
    """An index for the vectors of `encoder`, not open yet."""
    if not settings.qdrant_url:
        return EdgeIndex(settings.data_dir / "qdrant", encoder.identity, encoder.dim)
    # Imported here: the client takes 30 MB of memory that the embedded engine does without.
    from qdrant_client import QdrantClient

    from matcher.index.server import ServerIndex

    return ServerIndex(QdrantClient(url=settings.qdrant_url, timeout=10), encoder.identity, encoder.dim)


def make_answer_index(settings: Settings, encoder: Encoder, kind: str = "answers") -> AnswerIndex:
    """An index of answered questions, or of another `kind` of the same form, not open yet."""
    if not settings.qdrant_url:
        return EdgeAnswers(settings.data_dir / "qdrant", encoder.identity, encoder.dim, kind=kind)
    from qdrant_client import QdrantClient

    from matcher.index.answers_server import ServerAnswers

    client = QdrantClient(url=settings.qdrant_url, timeout=10)
    return ServerAnswers(client, encoder.identity, encoder.dim, kind=kind)
