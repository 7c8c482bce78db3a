"""Files in rooms over REST: sent once, had by those who are in, by nobody else, and kept as noise."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx

from tests.gateway.conftest import World
from tests.gateway.person import Person, problem
from tests.gateway.test_sniffing import image

WORDS = "계약서 초안입니다. 아무에게도 보여 주지 마세요.".encode()


async def send(
    one: Person,
    room: str,
    content: bytes,
    name: str = "계약서.txt",
    headers: dict[str, str] | None = None,
    **form: str,
) -> httpx.Response:
    files = {"file": (name, content, "image/png")}
    return await one.rest.post(f"/chat-rooms/{room}/files", files=files, data=form, headers=headers)


async def sent(
    one: Person, room: str, content: bytes, name: str = "계약서.txt", **form: str
) -> dict[str, Any]:
    answer = await send(one, room, content, name, **form)
    assert answer.status_code == 201, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def had(one: Person, room: str, file: str, **headers: str) -> httpx.Response:
    return await one.rest.get(f"/chat-rooms/{room}/files/{file}", headers=headers)


def kept(world: World) -> list[bytes]:
    return [path.read_bytes() for path in (world.settings.data_dir / "files").rglob("*") if path.is_file()]


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


class TestFiles:
    async def test_a_file_is_a_message_that_everyone_in_the_room_hears_and_can_open(
        self, world: World
    ) -> None:
        asker, expert = await world.person(), await world.expert()
        room = await world.room(asker, expert)
        await expert.connect()
        await expert.send("join_room", roomId=room)

        said = await sent(asker, room, picture := image("PNG", (40, 30)), "집.png", clientMsgId="f1")

        file = {"id": said["id"], "name": "집.png", "size": len(picture), "mediaType": "image/png"}
        file |= {"width": 40, "height": 30}
        assert (said["type"], said["content"], said["file"]) == ("file", "집.png", file)
        heard = await expert.frame("new_message", seq=said["seq"])
        assert heard["message"]["file"] == file
        opened = await had(expert, room, said["id"])
        assert (opened.status_code, opened.content) == (200, picture)
        assert opened.headers["content-type"] == "image/png"
        assert opened.headers["content-security-policy"] == "default-src 'none'; sandbox"
        history = (await expert.rest.get(f"/chat-rooms/{room}/messages")).json()["items"]
        assert [item["file"] for item in history if item["type"] == "file"] == [file]

    async def test_who_has_it_already_is_told_so_and_a_part_is_given(self, world: World) -> None:
        asker, expert = await world.person(), await world.expert()
        room = await world.room(asker, expert)
        said = await sent(asker, room, WORDS)
        first = await had(asker, room, said["id"])
        again = await had(asker, room, said["id"], **{"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        part = await had(asker, room, said["id"], Range="bytes=0-2")
        assert (part.status_code, part.content) == (206, WORDS[:3])

    async def test_nobody_else_opens_it_not_even_from_another_room(self, world: World) -> None:
        asker, expert, other = await world.person(), await world.expert(), await world.person()
        room, elsewhere = await world.room(asker, expert), await world.room(other, expert)
        said = await sent(asker, room, WORDS)
        problem(await had(other, room, said["id"]), 403, "forbidden")
        problem(await had(other, elsewhere, said["id"]), 404, "not_found")
        problem(await send(other, room, WORDS), 403, "forbidden")

    async def test_what_is_kept_is_noise_without_the_senders_key(self, world: World) -> None:
        asker, expert = await world.person(), await world.expert()
        room = await world.room(asker, expert)
        await sent(asker, room, WORDS)
        assert kept(world)
        assert not any(WORDS[:20] in content for content in kept(world))

    async def test_the_same_key_again_gets_the_first_answer_and_keeps_the_first_file(
        self, world: World
    ) -> None:
        asker, expert = await world.person(), await world.expert()
        room = await world.room(asker, expert)
        for once in ({"headers": {"Idempotency-Key": "k1"}}, {"clientMsgId": "c1"}):
            before = len(kept(world))
            first, second = [await send(asker, room, words, **once) for words in (WORDS, b"another")]  # type: ignore[arg-type]
            assert first.json() == second.json()
            assert (await had(asker, room, first.json()["id"])).content == WORDS
            assert len(kept(world)) == before + 1

    async def test_one_that_is_refused_is_not_kept(self, world: World) -> None:
        asker, expert = await world.person(), await world.expert()
        room = await world.room(asker, expert)
        question = (await asker.rest.get(f"/chat-rooms/{room}")).json()["questionId"]
        before = len(kept(world))
        ended = await asker.rest.put(f"/questions/{question}/status", json={"status": "resolved"})
        assert ended.status_code == 200, ended.text
        problem(await send(asker, room, WORDS), 409, "room_closed")
        assert len(kept(world)) == before

    async def test_what_is_no_file_is_refused_by_name(self, world: World) -> None:
        asker, expert = await world.person(), await world.expert()
        room = await world.room(asker, expert)
        most = world.settings.file_bytes
        path = f"/chat-rooms/{room}/files"
        problem(await send(asker, room, b""), 422, "invalid", "file")
        problem(await send(asker, room, b"x" * (most + 1)), 413, "too_large", "file")
        problem(await send(asker, room, b"x" * (most + 100_000)), 413, "too_large")
        problem(await asker.rest.post(path, files={"other": b"x"}), 422, "invalid", "other")
        problem(
            await asker.rest.post(path, data={"file": "text"}, files={"clientMsgId": b"x"}),
            422,
            "invalid",
            "file",
        )
        problem(await asker.rest.post(path, json={"file": "x"}), 400, "malformed")
        problem(await send(asker, room, WORDS, clientMsgId="x" * 65), 422, "invalid", "clientMsgId")
        torn = {"Content-Type": "multipart/form-data; boundary=b"}
        problem(await asker.rest.post(path, content=b"--b\r\nno", headers=torn), 422, "invalid", "file")

    async def test_as_much_as_is_allowed_is_taken_in_pieces_whatever_the_length_says(
        self, world: World
    ) -> None:
        asker, expert = await world.person(), await world.expert()
        room = await world.room(asker, expert)
        content = b"x" * world.settings.file_bytes
        said = await sent(asker, room, content)
        assert (await had(asker, room, said["id"])).content == content

        async def pieces() -> Any:
            yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
            for _ in range(4):
                yield content
            yield b"\r\n--b--\r\n"

        endless = {"Content-Type": "multipart/form-data; boundary=b"}
        answer = await asker.rest.post(f"/chat-rooms/{room}/files", content=pieces(), headers=endless)
        problem(answer, 413, "too_large")

    async def test_one_taken_back_is_had_no_more_and_its_message_says_nothing_of_it(
        self, world: World
    ) -> None:
        asker, expert = await world.person(), await world.expert()
        room = await world.room(asker, expert)
        said = await sent(asker, room, WORDS)
        gone = await asker.rest.delete(f"/chat-rooms/{room}/messages/{said['seq']}")
        assert gone.status_code == 200, gone.text
        problem(await had(asker, room, said["id"]), 404, "not_found")
        (item,) = [
            item
            for item in (await asker.rest.get(f"/chat-rooms/{room}/messages")).json()["items"]
            if item["type"] == "file"
        ]
        assert "file" not in item
        assert item["redacted"]

    async def test_the_limits_are_told(self, world: World) -> None:
        me = await world.person()
        limits = (await me.rest.get("/config")).json()["limits"]
        assert (limits["fileBytes"], limits["files"]) == (
            world.settings.file_bytes,
            world.settings.limit_files,
        )
