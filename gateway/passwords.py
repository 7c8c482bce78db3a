"""Passwords: Argon2id on threads of their own, a few at a time, so that a rush of logins cannot stop the loop."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE = 2


class Passwords:
    """Hashes and checks. Parameters are those of RFC 9106's second choice, as `argon2-cffi` has them."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")
        self._nobodys = self._hasher.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """The PHC string of `password`."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._hasher.hash, password)

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether `password` is the one of `stored`. Without an account the time taken is the same."""
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, self._matches, stored, password
        )

    def _matches(self, stored: str | None, password: str) -> bool:
        try:
            right = self._hasher.verify(stored or self._nobodys, password)
        except (VerificationError, InvalidHashError):
            return False
        return right and stored is not None

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)
