"""What operators see and do: what is parked, why, and having it taken up again; nobody else does."""

from uuid import UUID

import httpx
import psycopg

from gateway.presence import NODE
from schemas.commands.account import GrantRole
from schemas.commands.question import AcceptOffer, OfferCandidates
from schemas.events.question import Candidate, Reason
from schemas.ids import SYSTEM
from schemas.topics import CONVERSATIONS, partition_of
from tests.gateway.conftest import MODEL, World
from tests.gateway.person import PASSWORD, Person, problem


async def operator(world: World) -> Person:
    """Somebody who was given the role and signed in since."""
    one = await world.person()
    await world.execute(SYSTEM, GrantRole(user_id=one.id, role="operator"))
    one.take(
        (await one.rest.post("/auth/login", json={"username": one.username, "password": PASSWORD})).json()
    )
    return one


async def test_what_is_parked_is_shown_with_its_reason_and_taken_up_again(world: World) -> None:
    # given a question that a view could not take when it came
    asker, watcher = await world.person(), await operator(world)
    asked = await asker.ask("따로 두었던 질문인가요?")
    await asker.until_visible(f"/questions/{asked['id']}")
    parked = (
        asked["id"],
        asked["position"],
        CONVERSATIONS,
        partition_of(CONVERSATIONS, UUID(asked["id"])),
        "a fault",
    )
    async with await psycopg.AsyncConnection.connect(world.settings.postgres_url, autocommit=True) as store:
        await store.execute("DELETE FROM views.questions WHERE question_id = %s", (asked["id"],))
        await store.execute(
            "INSERT INTO ops.parked (consumer, key, position, topic, partition, reason)"
            " VALUES ('view:questions', %s, %s, %s, %s, %s)",
            parked,
        )

    # when an operator looks and has it taken up again
    [seen] = (await watcher.rest.get("/parked")).json()["items"]
    assert (seen["consumer"], seen["key"], seen["reason"], seen["behind"]) == (
        "view:questions",
        asked["id"],
        "a fault",
        0,
    )
    problem(await asker.rest.get(f"/questions/{asked['id']}"), 404, "not_found")
    body = {"consumer": "view:questions", "key": asked["id"]}
    left = await watcher.rest.post("/parked/release", json=body)

    # then it is there, and nothing is parked
    assert left.json()["items"] == []
    assert (await asker.rest.get(f"/questions/{asked['id']}")).json()["content"] == asked["content"]


async def test_sockets_are_counted_by_gateway(world: World) -> None:
    watcher = await operator(world)
    await watcher.connect()
    await world.gateway.services.present.refresh()
    assert (await watcher.rest.get("/statistics")).json()["sockets"][NODE] >= 1


async def test_only_operators_see_and_release(world: World) -> None:
    me = await world.person()
    problem(await me.rest.get("/statistics"), 403, "forbidden")
    problem(await me.rest.get("/parked"), 403, "forbidden")
    body = {"consumer": "view:questions", "key": str(me.id)}
    problem(await me.rest.post("/parked/release", json=body), 403, "forbidden")


async def test_how_fairly_questions_were_spread_is_told(world: World) -> None:
    # given two lists, of which one tried somebody new, who accepted
    known, new = await world.expert(), await world.expert()
    asker, watcher = await world.person(), await operator(world)
    tried = Reason(feature="exploration", value=0.4, contribution=0.0, ko="새로", en="New")
    await world.offered(asker, known)
    asked = (await asker.ask("새로 오신 분께 여쭤요."))["id"]
    candidates = (
        Candidate(expert_id=known.id, score=0.9),
        Candidate(expert_id=new.id, score=0.1, reasons=(tried,)),
    )
    offer = OfferCandidates(question_id=asked, round=1, model=MODEL, candidates=candidates)
    await world.execute(SYSTEM, offer)
    outcome = await world.execute(new.id, AcceptOffer(question_id=asked))
    await asker.until_visible(f"/chat-rooms/{outcome.result['roomId']}")

    # then operators and their metrics see it
    fair = (await watcher.rest.get("/statistics")).json()["fairness"]
    assert fair == {"lists": 2, "topShare": 1.0, "exploredShare": 1 / 3, "exploredAcceptance": 1.0}
    transport = httpx.ASGITransport(world.gateway.http)
    async with httpx.AsyncClient(transport=transport, base_url="http://yeon.test") as client:
        metrics = (await client.get("/metrics")).text
    assert "yeon_match_top_share 1.0" in metrics
    assert "yeon_match_explored_acceptance 1.0" in metrics
