"""The bodies and answers of the REST calls about accounts: registering, signing in, sessions, the own profile."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from schemas.base import (
    ClosedSaid,
    Email,
    Name,
    Plain,
    Role,
    Said,
    Username,
)
from schemas.wire.rest import OwnExpertSaid

Password = Annotated[str, Field(min_length=8, max_length=256)]


class RegisterBody(ClosedSaid):
    """Make an account. Nobody makes themselves an operator."""

    username: Username
    email: Email
    password: Password
    role: Literal["questioner", "expert", "both"]
    display_name: Name | None = None
    """The username if absent."""


class LoginBody(ClosedSaid):
    """Sign in."""

    username: Annotated[str, Field(max_length=64), Plain]
    password: Annotated[str, Field(max_length=256)]


class RefreshBody(ClosedSaid):
    """Exchange a refresh token, which works once, for a new pair."""

    refresh_token: Annotated[str, Field(min_length=1, max_length=256)]


class SessionSaid(Said):
    """Where somebody is signed in."""

    id: UUID
    since: AwareDatetime
    renewed_at: AwareDatetime
    current: bool
    """Whether it is the one that asks."""


class SessionsSaid(Said):
    """Where one is signed in, the one renewed last first."""

    items: tuple[SessionSaid, ...]


class LogoutBody(ClosedSaid):
    """End the family of this refresh token; without it, every family of the user."""

    refresh_token: Annotated[str, Field(min_length=1, max_length=256)] | None = None


class ProfileBody(ClosedSaid):
    """Change what others see of one; absent fields stay."""

    display_name: Name | None = None
    email: Email | None = None
    role: Literal["questioner", "expert", "both"] | None = None


class UserSaid(Said):
    """Oneself."""

    id: UUID
    username: str
    email: str
    role: Role
    display_name: str
    created_at: AwareDatetime
    expert: OwnExpertSaid | None = None


class TokensSaid(Said):
    """What signing in gives. `expires_in` is in seconds, of the access token."""

    user: UserSaid
    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int
    position: int | None = None
