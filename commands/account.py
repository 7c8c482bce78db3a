"""The account aggregate: who someone is to others. Its stream is the user id."""

from datetime import datetime
from typing import Annotated, ClassVar, cast
from uuid import UUID

from commands.refusals import Forbidden
from commands.sourced import Sourced, State
from schemas.base import EventData, Personal, Role
from schemas.envelope import Meta
from schemas.events.account import AccountErased, AccountProfileChanged, AccountRegistered


class AccountState(State):
    """An account as others may know it."""

    user_id: UUID
    role: Role
    display_name: Annotated[str, Personal("user_id")]
    demo: bool
    erased: bool = False


class Account(Sourced):
    """One person's account."""

    NAME: ClassVar[str] = "account"
    STATE: ClassVar[type[State]] = AccountState
    ORDER: ClassVar[int] = 0

    @property
    def state(self) -> AccountState:
        """What is remembered."""
        return cast(AccountState, self._state)

    @classmethod
    def register(cls, user_id: UUID, role: Role, display_name: str, demo: bool, meta: Meta) -> "Account":
        """A new account, for anything but an operator."""
        _not_operator(role)
        data = AccountRegistered(user_id=user_id, role=role, display_name=display_name, demo=demo)
        return cls.begin(user_id, data, meta)

    def change(self, role: Role | None, display_name: str | None, meta: Meta) -> None:
        """Change one's own role or name; nothing happens if they are so already."""
        if role is not None and role != self.state.role:
            _not_operator(role)
        self._change(role or self.state.role, display_name or self.state.display_name, meta)

    def grant(self, role: Role, meta: Meta) -> None:
        """Receive a role from an operator."""
        self._change(role, self.state.display_name, meta)

    def erase(self, meta: Meta) -> None:
        """Be forgotten."""
        self.say(AccountErased(user_id=self.id), meta)

    @property
    def asks(self) -> bool:
        """Whether this person may ask questions."""
        return self.state.role != "expert"

    @property
    def answers(self) -> bool:
        """Whether this person may be an expert."""
        return self.state.role != "questioner"

    def _change(self, role: Role, display_name: str, meta: Meta) -> None:
        if (role, display_name) != (self.state.role, self.state.display_name):
            self.say(AccountProfileChanged(user_id=self.id, role=role, display_name=display_name), meta)

    def when(self, data: EventData, at: datetime) -> None:
        match data:
            case AccountRegistered():
                self.remember(
                    AccountState(
                        user_id=data.user_id, role=data.role, display_name=data.display_name, demo=data.demo
                    )
                )
            case AccountProfileChanged():
                self.state.role = data.role
                self.state.display_name = data.display_name
            case AccountErased():
                self.state.erased = True
                self.state.display_name = ""


def _not_operator(role: Role) -> None:
    if role == "operator":
        raise Forbidden("only an operator gives the role of operator", field="role")
