"""The operator's categories: each a few questions that are typical of it (prototypes), and how one is told. Pure.

A question belongs to the category whose prototypes' mean it is nearest to, all seen from the middle of all categories:
an encoder puts every text into the same narrow cone, and only what differs from the middle says anything.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from matcher.encoders.contract import Vector, Vectors

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
_Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]


PLAUSIBLE = 3
"""Of how many categories at most another opinion may choose one."""


class BadCategories(ValueError):
    """The file of categories breaks a rule; the message names the place and the rule."""


class Prototypes(BaseModel):
    """One category: its name, and questions typical of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: _Name
    examples: Annotated[tuple[_Text, ...], Field(min_length=2, max_length=50)]


class CategoryFile(BaseModel):
    """What an operator edits."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    threshold: Annotated[float, Field(ge=0, le=1)]
    """The fit, from 0 to 1, below which a question's category is not known."""
    category: Annotated[tuple[Prototypes, ...], Field(min_length=2, max_length=200)]


@dataclass(frozen=True, slots=True)
class Told:
    """The category of a question, or that none fits."""

    name: str | None
    fit: float
    """Of the nearest category, from 0 to 1."""


def read_categories(text: str, source: str = "the file") -> CategoryFile:
    """The categories in TOML. Raises BadCategories with `source`, the place and the rule."""
    try:
        found = CategoryFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadCategories(f"{source} is not TOML: {error}") from error
    except ValidationError as error:
        wrong = "; ".join(f"{_place(one['loc'])}: {one['msg']}" for one in error.errors())
        raise BadCategories(f"{source}: {wrong}") from error
    names = [one.name for one in found.category]
    if twice := {name for name in names if names.count(name) > 1}:
        raise BadCategories(f"{source}: a category stands there twice: {', '.join(sorted(twice))}")
    return found


class Categories:
    """Categories with the vectors of their prototypes."""

    def __init__(self, file: CategoryFile, vectors: Vectors) -> None:
        """`vectors` are those of `examples(file)`, in order; shape (examples, dim)."""
        self.names = tuple(one.name for one in file.category)
        self._threshold = file.threshold
        ends = np.cumsum([len(one.examples) for one in file.category])[:-1]
        means = np.stack([part.mean(axis=0) for part in np.split(vectors, ends)])
        self._middle = means.mean(axis=0)
        self._directions = _unit(means - self._middle)

    def told(self, vector: Vector) -> Told:
        """The category of the question with this vector."""
        fits = self.fits(vector)
        name = max(fits, key=lambda one: fits[one])
        fit = fits[name]
        return Told(name if fit >= self._threshold else None, fit)

    def plausible(self, vector: Vector) -> Mapping[str, float]:
        """The nearest few categories that come near the threshold: what another opinion may choose from."""
        fits = self.fits(vector)
        nearest = sorted(fits, key=lambda one: -fits[one])[:PLAUSIBLE]
        return {name: fits[name] for name in nearest if fits[name] >= self._threshold / 2}

    def fits(self, vector: Vector) -> Mapping[str, float]:
        """How well each category fits, from 0 to 1."""
        cosines = self._directions @ _unit((vector - self._middle)[None])[0]
        return {
            name: min(max(float(cosine), 0.0), 1.0) for name, cosine in zip(self.names, cosines, strict=True)
        }


def examples(file: CategoryFile) -> Sequence[str]:
    """Every prototype, category by category."""
    return [text for one in file.category for text in one.examples]


def _unit(rows: Vectors) -> Vectors:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Vectors = (rows / np.where(norms > 1e-9, norms, 1.0)).astype(np.float32)
    return unit


def _place(parts: Sequence[Any]) -> str:
    return ".".join(str(part + 1) if isinstance(part, int) else str(part) for part in parts) or "the file"
