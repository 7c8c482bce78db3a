"""The rules a command can break, each by its name."""

from schemas.port import ErrorCode, Refused


class NotFound(Refused):
    """There is no such thing."""

    code: ErrorCode = "not_found"


class Forbidden(Refused):
    """It is not the sender's to do."""

    code: ErrorCode = "forbidden"


class Conflict(Refused):
    """Not in this state, or taken already."""

    code: ErrorCode = "conflict"


class Invalid(Refused):
    """A field says something that cannot be."""

    code: ErrorCode = "invalid"


class AtCapacity(Refused):
    """The expert is in as many rooms as they take."""

    code: ErrorCode = "capacity"


class OfferNotOpen(Refused):
    """The sender has no open offer of this question."""

    code: ErrorCode = "offer_closed"


class RoomIsClosed(Refused):
    """The room takes no more messages."""

    code: ErrorCode = "room_closed"
