"""Access tokens for people made without a password."""

import time
from uuid import UUID

from gateway.tokens import Tokens
from infra.ids import new_id
from infra.secret import signing_key
from infra.settings import Settings
from schemas.base import Role

LIFETIME = 86_400


class Signer:
    """Signs as the stack's own gateways do."""

    def __init__(self, settings: Settings) -> None:
        self._tokens = Tokens(signing_key(settings), LIFETIME)

    def access(self, user_id: UUID, role: Role) -> str:
        return self._tokens.issue(user_id, role, str(new_id()), time.time())
