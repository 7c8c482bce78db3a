"""The token in the link of a mail that ends all mail to its reader: it works without signing in, for this end alone."""

from uuid import UUID

import jwt

PURPOSE = "mail-off"


class BadOffToken(ValueError):
    """Not a token of ours."""


def off_token(user_id: UUID, key: bytes) -> str:
    """A token for `user_id`, without an end: old mails keep their way out."""
    return jwt.encode({"sub": str(user_id), "aud": PURPOSE}, key, algorithm="HS256")


def read_off_token(token: str, key: bytes) -> UUID:
    """Whose mail is to end. Raises `BadOffToken`."""
    try:
        said = jwt.decode(
            token, key, algorithms=["HS256"], audience=PURPOSE, options={"require": ["sub", "aud"]}
        )
        return UUID(said["sub"])
    except (jwt.PyJWTError, ValueError) as error:
        raise BadOffToken("the link is not one of ours") from error
