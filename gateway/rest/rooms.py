"""Rooms: who is in them, what was said, and saying something. Nobody reads a room they are not in."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from gateway.rest.caller import Me, The, answer, written
from gateway.rest.experts import online_among
from gateway.sources import NotInRoom
from infra.ids import new_id
from projections.queries.rooms import history, is_member, room, rooms_of
from schemas.commands.room import (
    InviteToRoom,
    LeaveRoom,
    MarkRead,
    OpenRoom,
    PostMessage,
    RedactMessage,
)
from schemas.ids import message_command
from schemas.wire.rest import (
    HistorySaid,
    InviteBody,
    ListSaid,
    MessageBody,
    MessagePostedSaid,
    OpenRoomBody,
    ReadBody,
    RoomOfQuestionSaid,
    RoomSaid,
    WriteSaid,
)

router = APIRouter(prefix="/chat-rooms", tags=["chat-rooms"])


@router.post("", status_code=201, response_model=RoomOfQuestionSaid)
async def open_room(body: OpenRoomBody, me: Me) -> Response:
    """The question's room, with these people in it; asking again returns it."""
    command = OpenRoom(question_id=body.question_id, participant_ids=body.participant_ids)
    return written(await me.execute(command), 201)


@router.get("", response_model=ListSaid)
async def my_rooms(me: Me, the: The, cursor: str | None = None) -> Response:
    """The rooms one is in, the liveliest first, with unread counts."""
    await me.sees_own_writes()
    return answer(await rooms_of(the.pool, me.id, cursor=cursor))


@router.get("/{room_id}", response_model=RoomSaid)
async def one_room(room_id: UUID, me: Me, the: The) -> Response:
    """Participants, status and where the history stands."""
    await must_be_in(room_id, me, the)
    found = await room(the.pool, room_id, me.id)
    if found is None:
        raise NotInRoom
    return answer({**found, "participants": await _with_presence(the, found["participants"])})


@router.post("/{room_id}/invite", response_model=WriteSaid)
async def invite(room_id: UUID, body: InviteBody, me: Me) -> Response:
    """Bring someone in."""
    return written(await me.execute(InviteToRoom(room_id=room_id, user_id=body.user_id)))


@router.post("/{room_id}/leave", response_model=WriteSaid)
async def leave(room_id: UUID, me: Me) -> Response:
    """Leave for good, until invited again."""
    return written(await me.execute(LeaveRoom(room_id=room_id)))


@router.post("/{room_id}/read", response_model=WriteSaid)
async def mark_read(room_id: UUID, body: ReadBody, me: Me) -> Response:
    """Say how far one has read."""
    return written(await me.execute(MarkRead(room_id=room_id, up_to_seq=body.up_to_seq)))


@router.post("/{room_id}/messages", status_code=201, response_model=MessagePostedSaid)
async def say(room_id: UUID, body: MessageBody, me: Me, the: The) -> Response:
    """Say something. With `clientMsgId` the first answer stands, over the WebSocket too."""
    await the.limits.hit("messages", str(me.id))
    message_id = new_id()
    command = PostMessage(
        room_id=room_id,
        message_id=message_id,
        content=body.content,
        client_msg_id=body.client_msg_id or "",
    )
    command_id = message_command(room_id, me.id, body.client_msg_id) if body.client_msg_id else None
    return written(await me.execute(command, command_id), 201)


@router.delete("/{room_id}/messages/{seq}", response_model=WriteSaid)
async def redact(room_id: UUID, seq: Annotated[int, Path(ge=1, le=2**53)], me: Me) -> Response:
    """Take back one's own message; its place in the history stays, its words go."""
    return written(await me.execute(RedactMessage(room_id=room_id, seq=seq)))


@router.get("/{room_id}/messages", response_model=HistorySaid)
async def messages(
    room_id: UUID,
    me: Me,
    the: The,
    before_seq: Annotated[int | None, Query(alias="beforeSeq", ge=0, le=2**53)] = None,
    after_seq: Annotated[int | None, Query(alias="afterSeq", ge=0, le=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Response:
    """The durable history, ascending: the first after `afterSeq`, or the last (before `beforeSeq`)."""
    await must_be_in(room_id, me, the)
    await the.held.caught_up(room_id)
    found = await history(the.pool, room_id, before_seq=before_seq, after_seq=after_seq, limit=limit)
    return answer(found)


async def must_be_in(room_id: UUID, me: Me, the: The) -> None:
    """Return if the caller is in the room, once what they wrote is visible. Raises `NotInRoom`."""
    await me.sees_own_writes()
    if not await is_member(the.pool, room_id, me.id):
        raise NotInRoom


async def _with_presence(the: The, participants: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    online = await online_among(the, [UUID(one["userId"]) for one in participants])
    return [{**one, "online": UUID(one["userId"]) in online} for one in participants]
