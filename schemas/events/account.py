"""Events of accounts, keyed by user id. Credentials and e-mail never stand in an event."""

from typing import Annotated, ClassVar
from uuid import UUID

from schemas.base import EventData, Personal, Role
from schemas.topics import ACCOUNTS


class _AccountEvent(EventData):
    TOPIC: ClassVar[str] = ACCOUNTS
    user_id: UUID

    @property
    def partition_key(self) -> UUID:
        return self.user_id


class AccountRegistered(_AccountEvent):
    """A person has an account."""

    TYPE: ClassVar[str] = "yeon.account.registered.v1"
    role: Role
    display_name: Annotated[str, Personal("user_id")]
    demo: bool = False


class AccountProfileChanged(_AccountEvent):
    """A person changed the name they are shown by, or their role."""

    TYPE: ClassVar[str] = "yeon.account.profile_changed.v1"
    role: Role
    display_name: Annotated[str, Personal("user_id")]


class AccountErased(_AccountEvent):
    """A person is forgotten: the key to their words is gone, and every copy that can be cleared is cleared of them."""

    TYPE: ClassVar[str] = "yeon.account.erased.v1"


EVENTS: tuple[type[EventData], ...] = (AccountRegistered, AccountProfileChanged, AccountErased)
