"""Access tokens and the key that signs them."""

import stat
from pathlib import Path
from uuid import uuid4

import jwt
import pytest

from gateway.tokens import BadToken, Claims, Tokens
from infra.secret import KEY_FILE, signing_key
from infra.settings import Settings

KEY = "a key of thirty-two bytes or more, for tests"
NOW = 1_000_000.0


def test_a_token_says_whom_it_speaks_for_until_it_runs_out() -> None:
    user, sign_in, tokens = uuid4(), uuid4(), Tokens(KEY, 60)
    token = tokens.issue(user, "expert", "j", NOW, sign_in)
    assert tokens.read(token, NOW + 59) == Claims(user, "expert", NOW + 60, sign_in)
    assert tokens.read(tokens.issue(user, "expert", "j", NOW), NOW).sign_in is None
    with pytest.raises(BadToken):
        tokens.read(token, NOW + 60)


@pytest.mark.parametrize("algorithm", ["none", "HS512"])
def test_another_algorithm_is_no_token(algorithm: str) -> None:
    payload = {"iss": "yeongyeori", "sub": str(uuid4()), "role": "both", "exp": NOW + 60, "jti": "j"}
    forged = jwt.encode(payload, None if algorithm == "none" else KEY * 2, algorithm=algorithm)
    with pytest.raises(BadToken):
        Tokens(KEY, 60).read(forged, NOW)


@pytest.mark.parametrize(
    "wrong", [{"sub": "me"}, {"role": "god"}, {"iss": "they"}, {"exp": "soon"}, {"sid": "there"}]
)
def test_a_signed_token_with_something_else_in_it_is_refused(wrong: dict[str, str]) -> None:
    payload = {"iss": "yeongyeori", "sub": str(uuid4()), "role": "both", "exp": NOW + 60, "jti": "j", **wrong}
    with pytest.raises(BadToken):
        Tokens(KEY, 60).read(jwt.encode(payload, KEY, algorithm="HS256"), NOW)


def test_the_key_is_made_once_for_the_owners_eyes_only(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", secret="")
    first = signing_key(settings)
    assert signing_key(settings) == first
    assert len(first) >= 32
    assert [path.name for path in settings.data_dir.iterdir()] == [KEY_FILE]
    assert stat.S_IMODE((settings.data_dir / KEY_FILE).stat().st_mode) == 0o600


def test_a_secret_given_is_the_key(tmp_path: Path) -> None:
    assert signing_key(Settings(data_dir=tmp_path / "none", secret="given")) == "given"
    assert not (tmp_path / "none").exists()
