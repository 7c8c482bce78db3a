"""The worked example of a change: what may be done to a type, what may not, and how a `.v2` takes over."""

from uuid import UUID

import pytest

from examples.evolving_an_event import catalogue
from examples.evolving_an_event.catalogue import Rated, RatedAtFirst, RatedV2, Verdict, said
from schemas.base import EventData
from schemas.compatibility import incompatible
from schemas.json_schema import JsonObject, closed, schema_of

QUESTION, ASKER = UUID(int=1), UUID(int=2)


def schema(event: type[EventData]) -> JsonObject:
    found: JsonObject = closed(schema_of(event, "serialization"))
    return found


def test_an_optional_field_breaks_nobody() -> None:
    assert incompatible({1: schema(RatedAtFirst), 2: schema(Rated)}) == []
    old_record = RatedAtFirst(question_id=QUESTION, asker_id=ASKER, stars=5).model_dump_json(by_alias=True)
    assert Rated.model_validate_json(old_record).reason == ""
    new_record = Rated(question_id=QUESTION, asker_id=ASKER, stars=5, reason="친절해요")
    assert RatedAtFirst.model_validate_json(new_record.model_dump_json(by_alias=True)).stars == 5


def test_another_shape_under_the_same_name_would_break_its_readers() -> None:
    assert (
        "/stars: records of revision 2 break readers of revision 1: it may be left out, and is read as always there"
        in incompatible({1: schema(Rated), 2: schema(RatedV2)})
    )


def test_both_types_are_written_until_nobody_reads_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    verdict = Verdict(stars=4, reason="빨라요")
    assert [data.TYPE for data in said(QUESTION, ASKER, verdict)] == [RatedV2.TYPE, Rated.TYPE]
    # A reader of either finds each rating once, since it passes over the type it does not know.
    both = said(QUESTION, ASKER, verdict)
    assert [data.stars for data in both if isinstance(data, Rated)] == [4]
    assert [data.verdict for data in both if isinstance(data, RatedV2)] == [verdict]

    monkeypatch.setitem(catalogue.READERS, Rated.TYPE, ())
    assert [data.TYPE for data in said(QUESTION, ASKER, verdict)] == [RatedV2.TYPE]
