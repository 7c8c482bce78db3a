"""Reading shared conversations: only what those who said it let the archive have, as their consent is now.

A conversation is there while it is resolved and its asker shares it, with the words of those who share theirs. Nothing
of demo people is shown to others, and nothing of somebody who is erased, also before the views are cleared of it.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from projections.frames import stamp_or_none
from projections.queries.reading import Pool, row, rows

_OPEN = """
    SELECT q.question_id, q.content, q.category, q.asker_id, q.asker_name, q.updated_at FROM views.questions q
    JOIN views.shares s ON s.question_id = q.question_id AND s.user_id = q.asker_id AND s.shared
    WHERE q.question_id = ANY(%(ids)s) AND q.status = 'resolved' AND q.content <> ''
      AND NOT EXISTS (SELECT FROM store.erased_persons e WHERE e.user_id = q.asker_id)
      AND (NOT q.demo OR EXISTS (SELECT FROM views.people p WHERE p.user_id = %(viewer)s AND p.demo))
"""
_SAID = """
    SELECT r.question_id, i.user_id, i.user_name, i.content, i.created_at FROM views.room_items i
    JOIN views.rooms r ON r.room_id = i.room_id
    JOIN views.shares s ON s.question_id = r.question_id AND s.user_id = i.user_id AND s.shared
    WHERE r.question_id = ANY(%(ids)s) AND i.type = 'text' AND NOT i.redacted AND i.content <> ''
      AND NOT EXISTS (SELECT FROM store.erased_persons e WHERE e.user_id = i.user_id)
    ORDER BY r.question_id, i.seq
"""
EXCERPT_CHARACTERS = 280


async def shared(pool: Pool, viewer: UUID, question_ids: Sequence[UUID]) -> Mapping[UUID, dict[str, Any]]:
    """Those of `question_ids` that are in the archive for `viewer`: the question, and what was said, in order."""
    found = await rows(pool, _OPEN, {"ids": list(question_ids), "viewer": viewer})
    said = await rows(pool, _SAID, {"ids": [one["question_id"] for one in found]})
    return {
        one["question_id"]: {
            "questionId": str(one["question_id"]),
            "content": one["content"],
            "category": one["category"],
            "userId": str(one["asker_id"]),
            "userName": one["asker_name"],
            "resolvedAt": stamp_or_none(one["updated_at"]),
            "messages": [
                {
                    "senderId": str(item["user_id"]),
                    "senderName": item["user_name"],
                    "content": item["content"],
                    "createdAt": stamp_or_none(item["created_at"]),
                }
                for item in said
                if item["question_id"] == one["question_id"]
            ],
        }
        for one in found
    }


async def sharing(pool: Pool, question_id: UUID) -> list[str]:
    """Who lets the archive have their words of this conversation."""
    found = await rows(
        pool,
        "SELECT user_id FROM views.shares WHERE question_id = %(id)s AND shared ORDER BY user_id",
        {"id": question_id},
    )
    return [str(one["user_id"]) for one in found]


async def is_demo(pool: Pool, user_id: UUID) -> bool:
    """Whether this is a demo person."""
    found = await row(pool, "SELECT demo FROM views.people WHERE user_id = %(id)s", {"id": user_id})
    return found is not None and bool(found["demo"])


def excerpt(conversation: Mapping[str, Any], author_id: str) -> str:
    """What was answered, in at most `EXCERPT_CHARACTERS`: the words of `author_id` if an expert's, else of all experts.

    Where no expert shares any, the asker's stand for them. The longest messages are taken first, since greetings and
    thanks are short; they stand in the order in which they were said.
    """
    messages, asker = conversation["messages"], conversation["userId"]
    experts = [one for one in messages if one["senderId"] != asker]
    theirs = [one for one in experts if one["senderId"] == author_id]
    said = [" ".join(one["content"].split()) for one in theirs or experts or messages]
    left = EXCERPT_CHARACTERS
    taken: set[int] = set()
    for i in sorted(range(len(said)), key=lambda i: -len(said[i])):
        if taken and len(said[i]) + 1 > left:
            continue
        taken.add(i)
        left -= len(said[i]) + 1
    text = " ".join(said[i] for i in sorted(taken))
    return text if len(text) <= EXCERPT_CHARACTERS else text[:EXCERPT_CHARACTERS].rstrip() + "…"
