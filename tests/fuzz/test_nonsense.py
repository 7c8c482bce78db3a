"""A running stack is told nonsense: REST calls by schemathesis from its own OpenAPI document, and bytes, and sockets by a
grammar of frames. No 500, no hang, no leak. `make soak` tries `YEON_SOAK_FUZZ` times as much."""

import asyncio
import traceback

import httpx
import pytest
import requests
import schemathesis
from hypothesis import given, seed
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup

from schemas.wire.rest import Problem
from tests.fuzz.calls import LEAVING, SECONDS, Caller, fuzz_operation
from tests.fuzz.conftest import SEED, Scene, tries
from tests.fuzz.conversations import Json, Said, SocketIO, bystander, conversation
from tests.fuzz.grammar import frames, noise, packets

# Hypothesis does not like that schemathesis, and the event loop meanwhile, draw from `random`; and has a long repr.
pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")


# Sockets first: what calls do to rooms and people leaves little to talk in.


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("codec", [Json(), SocketIO()], ids=["json", "socket.io"])
async def test_no_frames_are_our_fault(scene: Scene, codec: Json | SocketIO) -> None:
    # given people in rooms, and what could be said to them
    loop = asyncio.get_running_loop()
    sometimes = packets(scene.ids) if isinstance(codec, SocketIO) else noise(scene.ids)
    frame = frames(scene.ids)
    orderly, wild = st.lists(frame, max_size=25), st.lists(frame | sometimes, max_size=25)

    @seed(SEED)
    @tries(120)
    @given(st.one_of(orderly, orderly, wild), st.sampled_from([True, True, True, False]))
    def said(what: Said, known: bool) -> None:
        asyncio.run_coroutine_threadsafe(conversation(scene, codec, what, known), loop).result(60)

    # when it is said, each time on a socket of its own
    # then nothing fails, everybody else hears every room whole, and nothing is left behind
    with scene.unharmed():
        async with bystander(scene):
            await asyncio.to_thread(said)


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
async def test_no_call_of_the_document_is_our_fault(scene: Scene, mode: GenerationMode) -> None:
    # given the document as the gateway serves it
    document = (await scene.asker.rest.get(f"{scene.stack.http}/openapi.json")).json()
    operations = [one.ok() for one in schemathesis.openapi.from_dict(document).get_all_operations()]
    caller = Caller(scene)
    found: list[tuple[str, Exception]] = []

    # when each call is made with what it allows, or with what it does not
    def tell_all() -> None:
        for operation in operations:
            if mode is GenerationMode.NEGATIVE and not (operation.body or list(operation.iter_parameters())):
                continue
            few = (operation.method, operation.path) in LEAVING or "/auth/" in operation.path
            try:
                fuzz_operation(operation, mode, scene, caller, 3 if few else 7)
            except (AssertionError, FailureGroup) as failure:
                found.append((operation.label, failure))

    # then none fails, and nothing is left behind
    with scene.unharmed():
        await asyncio.to_thread(tell_all)
        for label, failure in found:
            print(label, *traceback.format_exception_only(failure))
        assert [label for label, _ in found] == []
    assert len(operations) > 20
    print(f"{mode.value}: {dict(sorted(caller.answers.items()))}")


BODIES: list[st.SearchStrategy[bytes]] = [
    st.binary(max_size=200),
    st.integers(100, 60_000).map(lambda depth: b"[" * depth),
    st.integers(100, 20_000).map(lambda depth: b'{"content":' * depth + b"1" + b"}" * depth),
    st.sampled_from(
        [
            rb'{"content":"\ud800"}',
            rb'{"content":"\u0000"}',
            b'{"content":"\xff\xfe"}',
            b"\xef\xbb\xbf{}",
            b'{"content":NaN}',
            b'{"content":1e999}',
            b'{"content":"a","content":"b"}',
            b'{"content":' + b"9" * 5_000 + b"}",
            b"null",
            b"",
        ]
    ),
    st.integers(131_000, 140_000).map(lambda size: b'{"content":"' + b"a" * size + b'"}'),
]


@pytest.mark.timeout(3_600)
async def test_no_bytes_in_the_place_of_a_body_are_our_fault(scene: Scene) -> None:
    places = [
        "/api/questions",
        "/api/questions/suggestions",
        "/api/auth/login",
        "/api/experts/specialties",
        f"/api/chat-rooms/{scene.rooms[0]}/messages",
        f"/api/chat-rooms/{scene.rooms[0]}/read",
    ]
    kinds = [
        "application/json",
        "application/json; charset=utf-16",
        "text/plain",
        "multipart/form-data",
        "",
        "é",
    ]

    def tell_all() -> None:
        with httpx.Client(base_url=scene.stack.http, timeout=SECONDS) as client:

            @seed(SEED)
            @tries(120)
            @given(st.one_of(BODIES), st.sampled_from(places), st.sampled_from(kinds), st.booleans())
            def told(body: bytes, place: str, kind: str, in_pieces: bool) -> None:
                headers = {
                    "Content-Type": kind.encode("latin-1"),
                    "Authorization": f"Bearer {scene.asker.token}".encode(),
                }
                content = iter([body[:7], body[7:]]) if in_pieces else body
                answer = client.post(place, content=content, headers=headers)
                assert answer.status_code < 500, (answer.status_code, answer.text, body[:100])
                if answer.status_code >= 400:
                    Problem.model_validate_json(answer.content)

            told()

    with scene.unharmed():
        await asyncio.to_thread(tell_all)


@pytest.mark.timeout(3_600)
async def test_no_path_query_or_header_is_our_fault(scene: Scene) -> None:
    pieces = st.text(
        st.sampled_from("abc019-_.~%/?#&=;:@!$'()*+,[]{}|\\\"<>^` \t\x7f\xe9\x00"), min_size=0, max_size=40
    )
    texts = st.one_of(
        pieces, st.sampled_from(["%00", "%ff", "..%2f..%2fetc", "%c0%ae", "a" * 3_000, "\\u0000"])
    )

    def tell_all() -> None:
        with requests.Session() as client:

            @seed(SEED)
            @tries(120)
            @given(
                st.sampled_from(
                    ["", "/api/", "/api/questions/", "/api/experts/", "/schemas/", "/docs/", "/static/"]
                ),
                texts,
                st.dictionaries(
                    st.sampled_from(["cursor", "q", "category", "limit", "afterSeq", "status"]), texts
                ),
                st.sampled_from(
                    ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "NONSENSE"]
                ),
                st.sampled_from(["/experts/search", "/questions", "/inbox", "/chat-rooms", None]),
            )
            def told(start: str, rest: str, query: dict[str, str], method: str, listed: str | None) -> None:
                path = f"/api{listed}" if listed else "/" + (start + rest).lstrip("/")
                answer = client.request(
                    method,
                    scene.stack.http + path,
                    params=query,
                    headers={"Authorization": f"Bearer {scene.asker.token}"},
                    timeout=SECONDS,
                    allow_redirects=False,
                )
                assert answer.status_code < 500, (method, path, query, answer.status_code, answer.text[:300])

            told()

    with scene.unharmed():
        await asyncio.to_thread(tell_all)
