"""A learned ranker as a directory: its trees, and a manifest that says what they were learnt from and how they fit.

A version is named after what is in it, and the manifest's SHA-256 stands for all of it, the trees included. What
does not fit is refused as a whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from matcher.learned import COLUMNS, LambdaMart

MANIFEST = "ranker.json"
TREES = "trees.ubj"


class Unfit(ValueError):
    """There is no such ranker, or it does not fit what would use it; says why."""


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore")


class LearntFrom(_Part):
    """The window of the log that a ranker has seen."""

    since: datetime
    until: datetime
    up_to_position: int
    questions: int
    """Those with somebody who accepted and somebody who did not."""


class Manifest(_Part):
    """What `ranker.json` says."""

    kind: Literal["lambdamart"] = "lambdamart"
    version: str
    encoder: str
    """The identity of the encoder whose vectors the features were made with."""
    features: tuple[str, ...]
    learnt_from: LearntFrom
    metrics: Mapping[str, float]
    """On the last part of the window, by a ranker that had not seen it."""
    files: Mapping[str, str]
    """Name and SHA-256 of each file of trees."""


@dataclass(frozen=True, slots=True)
class Artefact:
    """A ranker that was read and fits."""

    manifest: Manifest
    sha256: str
    """Of the manifest."""
    model: LambdaMart


def save(
    directory: Path, model: LambdaMart, encoder: str, learnt_from: LearntFrom, metrics: Mapping[str, float]
) -> Artefact:
    """Write a ranker into a new directory below `directory`. The same ranker again changes nothing."""
    trees = model.written()
    files = {TREES: sha256(trees).hexdigest()}
    digest = sha256(files[TREES].encode() + learnt_from.model_dump_json().encode()).hexdigest()
    manifest = Manifest(
        version=f"lambdamart-{digest[:12]}",
        encoder=encoder,
        features=COLUMNS,
        learnt_from=learnt_from,
        metrics=metrics,
        files=files,
    )
    target = directory / manifest.version
    target.mkdir(parents=True, exist_ok=True)
    (target / TREES).write_bytes(trees)
    text = manifest.model_dump_json(by_alias=True, indent=2).encode()
    # Last, and in one step: a directory with a manifest is whole.
    (target / f"{MANIFEST}.new").write_bytes(text)
    (target / f"{MANIFEST}.new").replace(target / MANIFEST)
    return Artefact(manifest, sha256(text).hexdigest(), model)


def load(path: Path, *, encoder: str | None = None, digest: str | None = None) -> Artefact:
    """Read a ranker. Raises `Unfit` if it is not there, was changed, or is for another encoder or other features."""
    try:
        text = (path / MANIFEST).read_bytes()
        manifest = Manifest.model_validate_json(text)
        trees = (path / TREES).read_bytes()
    except OSError as error:
        raise Unfit(f"{path}: {error.strerror or error}") from None
    except ValidationError as error:
        raise Unfit(f"{path / MANIFEST}: {error.errors()[0]['loc']}: {error.errors()[0]['msg']}") from None
    found = sha256(text).hexdigest()
    if digest is not None and found != digest:
        raise Unfit(f"{path / MANIFEST}: the digest is {found}, and {digest} was chosen")
    if manifest.features != COLUMNS:
        raise Unfit(f"{path}: it ranks by other features than this program makes")
    if encoder is not None and manifest.encoder != encoder:
        raise Unfit(f"{path}: it was learnt with the encoder {manifest.encoder}, and {encoder} is used")
    if sha256(trees).hexdigest() != manifest.files.get(TREES):
        raise Unfit(f"{path / TREES}: it is not what the manifest says")
    try:
        return Artefact(manifest, found, LambdaMart.read(trees))
    except ValueError as error:
        raise Unfit(f"{path}: {error}") from None
