"""The people of a made-up year: askers, and experts with a temperament. Pure: the same seed makes the same people."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from random import Random
from uuid import UUID

from streams.log.year.fields import FAMILY, FIELDS, FIRST, GIVEN, LAST, Field


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who asks; an expert has fields, too."""

    id: UUID
    name: str
    username: str
    korean: bool


@dataclass(frozen=True, slots=True)
class Adept(Person):
    """Someone who answers: of what, in which languages besides their own, how eagerly (0 to 1), how fast (median
    seconds), and how well (0 to 1)."""

    fields: tuple[Field, ...]
    eager: float
    seconds: float
    skill: float
    capacity: int
    bilingual: bool

    def speaks(self, korean: bool) -> bool:
        """Whether someone who asks in Korean, or else in English, is understood."""
        return self.bilingual or self.korean == korean


def id_at(at: datetime, random: Random) -> UUID:
    """A UUID of version 7 (RFC 9562) of that moment."""
    milliseconds = int(at.timestamp() * 1000)
    number = milliseconds << 80 | 7 << 76 | random.getrandbits(12) << 64 | 2 << 62 | random.getrandbits(62)
    return UUID(int=number)


def people(start: datetime, count: int, random: Random) -> Iterator[Person]:
    """`count` askers."""
    for number in range(count):
        korean = random.random() < 0.75
        yield Person(id_at(start, random), _name(korean, random), f"asker{number}", korean)


def adepts(start: datetime, count: int, random: Random) -> Iterator[Adept]:
    """`count` experts, over the fields as their supply says."""
    for number in range(count):
        korean = random.random() < 0.75
        chosen = random.choices(
            FIELDS, [field.supply for field in FIELDS], k=2 if random.random() < 0.4 else 1
        )
        yield Adept(
            id=id_at(start, random),
            name=_name(korean, random),
            username=f"expert{number}",
            korean=korean,
            fields=tuple(dict.fromkeys(chosen)),
            eager=random.betavariate(2.5, 2.5),
            seconds=random.lognormvariate(4.2, 0.8),
            skill=random.betavariate(5, 2),
            capacity=random.choice((2, 3, 3, 4, 5, 8)),
            bilingual=random.random() < (0.4 if korean else 0.2),
        )


def _name(korean: bool, random: Random) -> str:
    first, last = (FAMILY, GIVEN) if korean else (FIRST, LAST)
    return ("" if korean else " ").join((random.choice(first), random.choice(last)))
