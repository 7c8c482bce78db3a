"""The indexes that the settings name: a Qdrant server by its URL, or the embedded engine below the data directory."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from infra.settings import Settings
from matcher.index.answers import AnswerIndex
from matcher.index.answers_edge import EdgeAnswers
from matcher.index.contract import ExpertIndex
from matcher.index.edge import EdgeIndex

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

    from matcher.index.collections import Quantised


def make_index(settings: Settings, identity: str, dim: int) -> ExpertIndex:
    """An index for the vectors of the encoder of this identity, not open yet; `dim` is only needed to make one."""
    if not settings.qdrant_url:
        return EdgeIndex(settings.data_dir / "qdrant", identity, dim)
    # Imported here: the client takes 30 MB of memory that the embedded engine does without.
    from matcher.index.server import ServerIndex

    return ServerIndex(client_of(settings), identity, dim, quantised(settings))


def make_answer_index(settings: Settings, identity: str, dim: int, kind: str = "answers") -> AnswerIndex:
    """An index of answered questions, or of another `kind` of the same form, not open yet."""
    if not settings.qdrant_url:
        return EdgeAnswers(settings.data_dir / "qdrant", identity, dim, kind=kind)
    from matcher.index.answers_server import ServerAnswers

    return ServerAnswers(client_of(settings), identity, dim, quantised(settings), kind=kind)


def client_of(settings: Settings) -> "QdrantClient":
    """A client of the Qdrant server that the settings name."""
    from qdrant_client import QdrantClient

    return QdrantClient(url=settings.qdrant_url, timeout=10)


def quantised(settings: Settings) -> "Quantised | None":
    """How vectors on a server are also kept, as the settings say."""
    from matcher.index.collections import Quantised

    return Quantised(settings.qdrant_oversampling) if settings.qdrant_quantisation == "int8" else None


def name_live(settings: Settings, indexes: Mapping[str, str]) -> None:
    """Let lasting names stand for these indexes on the server; the embedded engine has none."""
    if settings.qdrant_url:
        from matcher.index.collections import name_live
        from matcher.index.server import reaching

        client = client_of(settings)
        with reaching():
            name_live(client, indexes)
        client.close()
