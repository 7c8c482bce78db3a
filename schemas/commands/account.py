"""Commands of accounts."""

from typing import ClassVar
from uuid import UUID

from schemas.base import Email, Name, Role, Username
from schemas.commands.base import Command


class RegisterAccount(Command):
    """Make an account. The password arrives hashed (Argon2id, PHC string); it goes into no event."""

    NAME: ClassVar[str] = "register_account"
    user_id: UUID
    username: Username
    email: Email
    password_hash: str
    role: Role
    display_name: Name
    demo: bool = False


class ChangeProfile(Command):
    """Change the name one is shown by, the e-mail, or the role (to anything but `operator`)."""

    NAME: ClassVar[str] = "change_profile"
    display_name: Name | None = None
    email: Email | None = None
    role: Role | None = None


class GrantRole(Command):
    """An operator gives a role, `operator` included."""

    NAME: ClassVar[str] = "grant_role"
    user_id: UUID
    role: Role


class EraseAccount(Command):
    """Forget the sender for good: their key, credentials and sessions go at once, their words everywhere with them."""

    NAME: ClassVar[str] = "erase_account"


COMMANDS: tuple[type[Command], ...] = (RegisterAccount, ChangeProfile, GrantRole, EraseAccount)
