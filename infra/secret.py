"""The secret of an installation: given by a setting, or made once and kept in the data directory for its owner's eyes.

What is signed for different ends is signed with keys derived from it, so that no token of one kind passes for another.
"""

import hmac
import os
import secrets
from hashlib import sha256
from pathlib import Path

from infra.settings import Settings

KEY_FILE = "secret.key"


def signing_key(settings: Settings) -> str:
    """The key that signs access tokens: the setting, or one made once."""
    if settings.secret:
        return settings.secret
    return made_once(settings.data_dir / KEY_FILE, secrets.token_urlsafe(48))


def derived_key(settings: Settings, purpose: str) -> bytes:
    """A key of 32 bytes for `purpose` alone."""
    return hmac.digest(signing_key(settings).encode(), f"yeongyeori {purpose}".encode(), sha256)


def made_once(path: Path, fresh: str) -> str:
    """What stands in `path`; `fresh` is written there if nothing is, whole or not at all, whoever else tries meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _write(path, fresh)
    return path.read_text().strip()


def _write(path: Path, text: str) -> None:
    beside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    try:
        os.link(beside, path)
    except FileExistsError:
        return
    finally:
        beside.unlink()
