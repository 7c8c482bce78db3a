"""The key with which this installation names itself to push services (VAPID, RFC 8292): P-256, one for all browsers.

A browser's subscription is bound to it, so it must be the same at every role and stay so: given by a setting, or
derived from the installation's secret, which itself is given or made once and kept in the data directory.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from infra.secret import derived_key
from infra.settings import Settings

SIZE = 32
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256's group (FIPS 186-4, D.1.2.3)."""


class BadVapidKey(ValueError):
    """`YEON_VAPID_KEY` is none; the message is a sentence for a person."""


def private_key(settings: Settings) -> ec.EllipticCurvePrivateKey | None:
    """The key, or None where nobody is pushed to. Raises `BadVapidKey`."""
    if not settings.push_contact:
        return None
    given = settings.vapid_key.get_secret_value()
    return _given(given) if given else _derived(derived_key(settings, "vapid"))


def public_key(settings: Settings) -> str:
    """What browsers subscribe with: the uncompressed point in base64url; empty where nobody is pushed to."""
    key = private_key(settings)
    return "" if key is None else encoded(point(key))


def point(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The uncompressed public point, 65 bytes."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def are_keys(p256dh: str, auth: str) -> bool:
    """Whether these are the keys of a browser (RFC 8291): a point of P-256, and 16 bytes, in base64url."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(p256dh))
        return len(decoded(auth)) == 16
    except ValueError:
        return False


def encoded(data: bytes) -> str:
    """base64url without padding."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def decoded(text: str) -> bytes:
    """What `encoded` was given. Raises ValueError."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@lru_cache
def _given(text: str) -> ec.EllipticCurvePrivateKey:
    try:
        raw = decoded(text)
        if len(raw) != SIZE:
            raise ValueError(f"it has {len(raw)} bytes")
        return ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1())
    except ValueError as error:
        raise BadVapidKey(
            f"YEON_VAPID_KEY is not a private key, {SIZE} bytes in base64url: {error}"
        ) from error


@lru_cache
def _derived(seed: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(seed, "big") % (ORDER - 1) + 1, ec.SECP256R1())
