"""Ids that follow from other ids, so that a repeated step finds what the first one made."""

from uuid import NAMESPACE_URL, UUID, uuid5

SYSTEM = UUID(int=0)
"""The issuer of commands that no person sent: the matcher and the clock."""

_ROOT = uuid5(NAMESPACE_URL, "urn:yeongyeori")

RANKER_STREAM = uuid5(_ROOT, "ranker")
"""The one stream that says which ranker is live."""
HAND_SET_RANKER = "linear-2"
"""The version of the hand-set weights and features, live before any other is chosen; a change of either changes it."""


def room_of(question_id: UUID) -> UUID:
    """The one room of a question."""
    return uuid5(question_id, "room")


def expert_stream(user_id: UUID) -> UUID:
    """The stream of a user's expert aggregate (the account aggregate has the user id itself)."""
    return uuid5(user_id, "expert")


def reading_stream(room_id: UUID, user_id: UUID) -> UUID:
    """The stream of one person's read marks in one room."""
    return uuid5(room_id, f"reading:{user_id}")


def match_command(question_id: UUID, round_number: int) -> UUID:
    """The command id of the matcher's answer to one round of one question."""
    return uuid5(question_id, f"match:{round_number}")


def expiry_command(question_id: UUID, expert_id: UUID, round_number: int) -> UUID:
    """The command id with which the clock ends one offer."""
    return uuid5(question_id, f"expire:{round_number}:{expert_id}")


def silence_command(question_id: UUID, expert_id: UUID) -> UUID:
    """The command id with which the clock goes on without an expert who says nothing."""
    return uuid5(question_id, f"silent:{expert_id}")


def erasure_command(user_id: UUID) -> UUID:
    """The command id with which somebody is erased again from a log that was restored from before their erasure."""
    return uuid5(user_id, "erased before")


def message_command(room_id: UUID, sender_id: UUID, client_msg_id: str) -> UUID:
    """The command id of a message, from the client's own id of it."""
    return uuid5(room_id, f"message:{sender_id}:{client_msg_id}")


def client_command(user_id: UUID, key: str) -> UUID:
    """The command id for a client's `Idempotency-Key`."""
    return uuid5(_ROOT, f"{user_id}:{key}")
