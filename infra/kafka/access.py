"""How Kafka is reached: its addresses, and whatever TLS and SASL it asks for. Everything that connects uses this."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.settings import Settings


class Locked(ValueError):
    """The settings of Kafka's security do not do; the message names one and the rule."""


def bootstrap(url: str) -> list[str]:
    """`kafka://a:1,kafka://b:2` or `kafka://a:1,b:2` as the list of `host:port` that clients take."""
    return [part.strip().removeprefix("kafka://") for part in url.split(",") if part.strip()]


@dataclass(frozen=True, slots=True)
class Access:
    """The servers (`host:port`) and how to speak with them."""

    servers: tuple[str, ...]
    security: str = "PLAINTEXT"
    mechanism: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    @staticmethod
    def at(url: str) -> "Access":
        """Unencrypted, and with no name."""
        return Access(tuple(bootstrap(url)))

    @staticmethod
    def of(settings: Settings) -> "Access":
        """As the settings say. Raises `Locked`."""
        access = Access(
            tuple(bootstrap(settings.kafka_url)),
            settings.kafka_security,
            settings.kafka_mechanism,
            settings.kafka_username,
            settings.kafka_password.get_secret_value(),
            _file(settings.kafka_ca),
            _file(settings.kafka_certificate),
            _file(settings.kafka_key),
        )
        access._check()
        return access

    @property
    def encrypted(self) -> bool:
        return self.security.endswith("SSL")

    @property
    def named(self) -> bool:
        return self.security.startswith("SASL")

    def client(self) -> dict[str, Any]:
        """The arguments of any client of aiokafka."""
        found: dict[str, Any] = {"bootstrap_servers": list(self.servers), "security_protocol": self.security}
        if self.encrypted:
            found["ssl_context"] = self.context()
        if self.named:
            found |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        return found

    def _check(self) -> None:
        if self.named and not (self.username and self.password):
            raise Locked(f"YEON_KAFKA_USERNAME and YEON_KAFKA_PASSWORD are wanted for {self.security}")
        if bool(self.certificate) != bool(self.key):
            raise Locked("YEON_KAFKA_CERTIFICATE and YEON_KAFKA_KEY belong together: give both, or none")
        if (self.ca or self.certificate) and not self.encrypted:
            raise Locked(
                f"certificates are of no use with YEON_KAFKA_SECURITY={self.security}: SSL or SASL_SSL is wanted"
            )
        for name, path in (("CA", self.ca), ("CERTIFICATE", self.certificate), ("KEY", self.key)):
            if path and not path.is_file():
                raise Locked(f"YEON_KAFKA_{name}: there is no file {path}")

    def context(self) -> ssl.SSLContext:
        """What the brokers' certificates are checked with, and our own shown."""
        context = ssl.create_default_context(cafile=self.ca)
        if self.certificate and self.key:
            context.load_cert_chain(self.certificate, self.key)
        return context


def _file(name: str) -> Path | None:
    return Path(name) if name else None
