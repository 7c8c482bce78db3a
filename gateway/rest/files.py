"""Files in rooms: sent by someone who is in it as a message of type `file`, had by those who are in it."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Request
from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.responses import Response

from gateway.rest.caller import Me, The, written
from gateway.rest.downloads import download, unchanged
from gateway.rest.problems import Problem
from gateway.rest.rooms import must_be_in
from gateway.sniffing import clean_name, sniffed
from infra.files import FileGone
from infra.ids import new_id
from projections.queries.rooms import sent_file
from schemas.base import ClientMsgId
from schemas.commands.room import PostMessage
from schemas.ids import message_command
from schemas.port import Refused
from schemas.wire.rest import MessagePostedSaid

router = APIRouter(prefix="/chat-rooms", tags=["chat-rooms"])

UPLOAD_SECONDS = 120
"""How long a body may take to come."""
_CLIENT_MSG_ID: TypeAdapter[str] = TypeAdapter(ClientMsgId)
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "clientMsgId": {"type": "string", "minLength": 1, "maxLength": 64},
                    },
                }
            }
        },
    }
}


@router.post("/{room_id}/files", status_code=201, response_model=MessagePostedSaid, openapi_extra=_FORM)
async def send_file(room_id: UUID, request: Request, me: Me, the: The) -> Response:
    """Send a file: a message of type `file` follows. As with words, `clientMsgId` makes the first answer stand."""
    await must_be_in(room_id, me, the)
    await the.limits.hit("files", str(me.id))
    form = await _form(request)
    try:
        file, client_msg_id = _parts(form)
        content = await file.read()
    finally:
        await form.close()
    if not content:
        raise Problem("invalid", "an empty file cannot be sent", "file")
    if len(content) > the.settings.file_bytes:
        raise Problem("too_large", f"a file has at most {the.settings.file_bytes} bytes", "file")
    message_id = new_id()
    command = PostMessage(
        room_id=room_id,
        message_id=message_id,
        content=clean_name(file.filename or ""),
        type="file",
        client_msg_id=client_msg_id,
        file=await asyncio.to_thread(sniffed, content),
    )
    command_id = message_command(room_id, me.id, client_msg_id) if client_msg_id else None
    await the.files.put(room_id, me.id, message_id, content)
    try:
        outcome = await me.execute(command, command_id)
    except Refused:
        await the.files.remove(me.id, message_id)
        raise
    if outcome.result["messageId"] != str(message_id):
        await the.files.remove(me.id, message_id)  # the first answer stands, and with it the first file
    return written(outcome, 201)


@router.get("/{room_id}/files/{file_id}", response_class=Response)
async def had_file(
    room_id: UUID,
    file_id: UUID,
    request: Request,
    me: Me,
    the: The,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The file itself, for those who are in the room. Images may be shown, everything else is to be saved."""
    await must_be_in(room_id, me, the)
    await the.held.caught_up(room_id)
    sent = await sent_file(the.pool, room_id, file_id)
    if sent is None:
        raise Problem("not_found", "there is no such file here, or it was taken back")
    etag = f'"{file_id}"'
    if if_none_match == etag:
        return unchanged(etag)
    try:
        content = await the.files.get(room_id, sent.owner, file_id)
    except FileGone:
        raise Problem("not_found", "the file is gone") from None
    return download(content, sent.name, sent.file, etag, request.headers)


async def _form(request: Request) -> FormData:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Problem("malformed", "a file is sent as multipart/form-data")
    parser = MultiPartParser(request.headers, request.stream(), max_files=1, max_fields=4, max_part_size=1024)
    try:
        async with asyncio.timeout(UPLOAD_SECONDS):
            return await parser.parse()
    except MultiPartException as error:
        raise Problem("malformed", error.message) from None
    except TimeoutError:
        raise Problem("malformed", f"a file has to come within {UPLOAD_SECONDS} s") from None


def _parts(form: FormData) -> tuple[UploadFile, str]:
    """The file, and the `clientMsgId` ("" for none)."""
    if unknown := form.keys() - {"file", "clientMsgId"}:
        raise Problem("invalid", "there is no such field", min(unknown))
    file, own = form.get("file"), form.get("clientMsgId")
    if not isinstance(file, UploadFile):
        raise Problem("invalid", "the field `file` holds the file", "file")
    if own is None:
        return file, ""
    try:
        return file, _CLIENT_MSG_ID.validate_python(own)
    except ValidationError as error:
        raise Problem("invalid", error.errors()[0]["msg"], "clientMsgId") from None
