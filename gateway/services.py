"""What the gateway is made of, put together once per process."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx
from redis.asyncio import Redis

from gateway.accounts import Accounts
from gateway.executor import Executor
from gateway.fanout import Fanout
from gateway.held import Held
from gateway.limits import Limits
from gateway.presence import Present
from gateway.push import Ear
from gateway.sign_ins import SignIns
from gateway.standing import Standing
from gateway.tokens import Tokens
from gateway.typists import Typists
from gateway.views import QueriedViews
from gateway.writes import Writes
from infra.files.sealed import SealedFiles
from infra.presence import RedisPresence
from infra.settings import Settings
from projections.queries.reading import Pool


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a call or a socket may need."""

    settings: Settings
    pool: Pool
    redis: Redis
    matcher: httpx.AsyncClient
    tokens: Tokens
    accounts: Accounts
    limits: Limits
    writes: Writes
    executor: Executor
    views: QueriedViews
    fanout: Fanout
    ear: Ear
    present: Present
    sign_ins: SignIns
    typists: Typists
    online: RedisPresence
    files: SealedFiles
    held: Held
    standing: Standing
    checks: dict[str, asyncio.Task[dict[str, Any]]] = field(default_factory=dict)
    """The checks of `/readyz` that are under way, by part."""
