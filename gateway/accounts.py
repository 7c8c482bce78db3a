"""Signing people up, in and out. Passwords are checked on threads of their own; failed attempts are counted."""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

from gateway.executor import Executor
from gateway.limits import Limits
from gateway.passwords import Passwords
from gateway.tokens import BadToken, Tokens
from gateway.writes import Writes
from infra.clock import now
from infra.credentials import Credential, Credentials, RefreshRefused
from infra.ids import new_id
from projections.frames import stamp
from projections.queries.experts import expert
from projections.queries.people import person
from projections.queries.reading import Pool
from schemas.base import Role
from schemas.commands.account import RegisterAccount
from schemas.port import Refused, Unavailable
from schemas.wire.accounts import RegisterBody


class WrongPassword(Refused):
    """No such account, or another password: which of the two is nobody's business."""

    code = "unauthenticated"


class SignInEnded(BadToken):
    """A refresh token was used twice: somebody else has it too, and the sign-in it belongs to has ended."""

    def __init__(self, reason: str, user_id: UUID, family: UUID) -> None:
        super().__init__(reason)
        self.user_id = user_id
        self.family = family


@dataclass(frozen=True, slots=True)
class Signed:
    """Somebody signed in: oneself, and a fresh pair of tokens."""

    user: dict[str, Any]
    access_token: str
    refresh_token: str
    expires_in: int
    position: int | None = None

    @property
    def answer(self) -> dict[str, Any]:
        """As on the wire."""
        answer: dict[str, Any] = {
            "user": self.user,
            "accessToken": self.access_token,
            "refreshToken": self.refresh_token,
            "tokenType": "Bearer",
            "expiresIn": self.expires_in,
        }
        return answer if self.position is None else answer | {"position": self.position}


class Accounts:
    """Accounts as people use them."""

    def __init__(
        self,
        credentials: Credentials,
        passwords: Passwords,
        tokens: Tokens,
        limits: Limits,
        executor: Executor,
        writes: Writes,
        pool: Pool,
        refresh_lifetime: timedelta,
    ) -> None:
        self._credentials = credentials
        self._passwords = passwords
        self._tokens = tokens
        self._limits = limits
        self._executor = executor
        self._writes = writes
        self._pool = pool
        self._refresh_lifetime = refresh_lifetime
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def register(self, body: RegisterBody, address: str) -> Signed:
        """Make an account and sign its person in. Raises `Refused` for a name or e-mail that is taken."""
        await self._limits.hit("registrations", address)
        user_id = new_id()
        command = RegisterAccount(
            user_id=user_id,
            username=body.username,
            email=body.email,
            password_hash=await self._passwords.hash(body.password),
            role=body.role,
            display_name=body.display_name or body.username,
        )
        outcome = await self._executor.execute(user_id, command, new_id())
        user = {
            "id": str(user_id),
            "username": body.username,
            "email": body.email,
            "role": body.role,
            "displayName": command.display_name,
            "createdAt": now().isoformat().replace("+00:00", "Z"),
        }
        family, refresh = await self._credentials.begin(user_id, self._refresh_lifetime)
        return self._sign(user_id, family, body.role, user, refresh, outcome.position)

    async def login(self, username: str, password: str, address: str) -> Signed:
        """Sign in. Raises `WrongPassword`, `RateLimited`."""
        account = username.strip().lower()
        keys = (f"account:{account}", f"address:{address}")
        # One attempt at a time of each: what failed is counted before the next one is looked at.
        async with self._attempts(keys[0]), self._attempts(keys[1]):
            for key in keys:
                await self._limits.check("logins", key)
            found = await self._credentials.by_username(account)
            stored = None if found is None else found.password_hash
            if not await self._passwords.matches(stored, password) or found is None:
                for key in keys:
                    await self._limits.hit("logins", key)
                raise WrongPassword("the name or the password is wrong")
        user = await self._user(found)
        family, refresh = await self._credentials.begin(found.user_id, self._refresh_lifetime)
        return self._sign(found.user_id, family, user["role"], user, refresh)

    async def refresh(self, token: str) -> Signed:
        """Exchange a refresh token. One that was used before ends its whole family. Raises `SignInEnded`, `BadToken`."""
        try:
            user_id, family, fresh = await self._credentials.rotate(token, self._refresh_lifetime)
        except RefreshRefused as error:
            if error.user_id is not None and error.family is not None:
                raise SignInEnded(str(error), error.user_id, error.family) from error
            raise BadToken(str(error)) from error
        user = await self.user(user_id)
        return self._sign(user_id, family, user["role"], user, fresh)

    async def logout(self, user_id: UUID, token: str | None) -> set[UUID]:
        """End one family of refresh tokens of this person, or all of them; which were ended."""
        return await self._credentials.end(user_id, token)

    async def sessions(self, user_id: UUID, token: str | None) -> list[dict[str, Any]]:
        """Where this person is signed in; `token` is the refresh token of the one who asks."""
        found = await self._credentials.sessions(user_id, token)
        return [
            {
                "id": str(one.id),
                "since": stamp(one.since),
                "renewedAt": stamp(one.renewed_at),
                "current": one.current,
            }
            for one in found
        ]

    async def end_session(self, user_id: UUID, session_id: UUID) -> bool:
        """Sign out elsewhere: what is signed in there may read and write until its access token runs out, opens no socket
        and is not renewed. False if this person is not signed in there."""
        return await self._credentials.end_session(user_id, session_id)

    async def user(self, user_id: UUID) -> dict[str, Any]:
        """A person as they see themselves. Raises `BadToken` if there is no such account any more."""
        found = await self._credentials.by_id(user_id)
        if found is None:
            raise BadToken("there is no such account")
        return await self._user(found)

    async def _user(self, found: Credential) -> dict[str, Any]:
        await self._writes.visible(found.user_id)
        known = await person(self._pool, found.user_id)
        if known is None:
            raise Unavailable("the account is not in the views yet")
        user = {
            "id": str(found.user_id),
            "username": found.username,
            "email": found.email,
            "role": known["role"],
            "displayName": known["displayName"],
            "createdAt": found.created_at.isoformat().replace("+00:00", "Z"),
        }
        profile = await expert(self._pool, found.user_id)
        return user if profile is None else user | {"expert": profile}

    def _attempts(self, key: str) -> asyncio.Lock:
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        return lock

    def _sign(
        self,
        user_id: UUID,
        family: UUID,
        role: Role,
        user: dict[str, Any],
        refresh: str,
        position: int | None = None,
    ) -> Signed:
        access = self._tokens.issue(user_id, role, secrets.token_urlsafe(12), now().timestamp(), family)
        return Signed(user, access, refresh, self._tokens.lifetime, position)
