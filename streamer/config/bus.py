"""What a person says about the message bus: brokers, topics, what is sent, and what waits on disk."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, WithJsonSchema, model_validator

from detectors.wording import shown
from streamer.config.section import ByteSize, Section, duration, number, told

RATE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*s")
TOPIC_PREFIX: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
LONGEST_PREFIX: Final = 200
LEAST_SPOOL_BYTES: Final = 10**6
"""Less does not even hold one picture."""
FOREVER: Final = "forever"


def brokers(value: object) -> object:
    """``"a:9092,b:9092"`` as a list."""
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


def address(value: str) -> str:
    """``host:port`` or ``host``, which gets Kafka's usual port."""
    host, _, port = value.rpartition(":") if re.search(r":[^\]:]*$", value) else (value, "", "9092")
    if not re.fullmatch(r"\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+", host) or not port.isdigit():
        raise ValueError(f"expected HOST:PORT, received {value!r}")
    if not 0 < int(port) <= 65535:
        raise ValueError(f"expected a port from 1 to 65535, received {value!r}")
    return f"{host}:{port}"


def different(addresses: tuple[str, ...]) -> tuple[str, ...]:
    for each in addresses:
        if addresses.count(each) > 1:
            raise ValueError(f"expected each broker once, received {each!r} {addresses.count(each)} times")
    return addresses


def some_brokers(value: object) -> object:
    """``kafka:`` with nothing behind it is no wish to do without."""
    if value is None:
        raise ValueError("expected {brokers: HOST:PORT}, received nothing")
    return value


def web_address(value: str) -> str:
    if not re.match(r"https?://[^/]", value):
        raise ValueError("expected an address that begins with https:// or http://, received another one")
    return value


def topic_prefix(value: str) -> str:
    if len(value) > LONGEST_PREFIX:
        raise ValueError(f"expected at most {LONGEST_PREFIX} characters, received {len(value)}")
    if not TOPIC_PREFIX.fullmatch(value):
        raise ValueError(
            f"expected the beginning of a topic's name (a-z, 0-9, '.', '-', '_'), received {value!r}"
        )
    return value


def switched_off(value: object) -> object:
    """YAML reads ``off`` as false."""
    return "off" if value is False else value


def how_often(value: str) -> str:
    """``all``, ``changes``, ``off``, or ``5/s``."""
    if value not in {"all", "changes", "off"} and per_second(value) is None:
        raise ValueError(f"expected 'all', 'changes', 'off' or a rate like '5/s', received {value!r}")
    return value


def per_second(value: str) -> float | None:
    """The number in ``5/s``; None where it is no rate above 0."""
    match = RATE.fullmatch(value)
    return float(match[1]) or None if match else None


def section_or_not(value: object) -> object:
    """``true`` is the section with its defaults, ``false`` is none."""
    return {} if value is True else None if value is False else value


def retention(value: object) -> object:
    """How long records are kept; a bare number may be meant as days, and is none."""
    if value == FOREVER or isinstance(value, timedelta):
        return value
    if not isinstance(value, str) or number(value) is not None:
        raise ValueError(
            f"expected a duration with its unit like '7d', or 'forever', received {shown(value)}"
        )
    try:
        seconds = duration(value)
    except ValueError as error:
        raise ValueError(f"{error} ('{FOREVER}' is without an end)") from None
    if not isinstance(seconds, float) or seconds <= 0:
        raise ValueError(f"expected a duration above 0 like '7d', or 'forever', received {value!r}")
    return timedelta(seconds=seconds)


def some_secret(value: SecretStr) -> SecretStr:
    if not value.get_secret_value():
        raise told("expected at least 1 character, received none")
    return value


def lower_case(value: object) -> object:
    """As Kafka's own tools write it, in capitals, it is the same."""
    return value.lower() if isinstance(value, str) else value


Brokers = Annotated[
    tuple[Annotated[str, AfterValidator(address)], ...],
    BeforeValidator(brokers),
    Field(min_length=1),
    AfterValidator(different),
]
Secret = Annotated[SecretStr, AfterValidator(some_secret)]
Retention = Annotated[
    timedelta | Literal["forever"],
    BeforeValidator(retention),
    WithJsonSchema({"type": "string", "examples": ["7d", FOREVER]}),
]
HowOften = Annotated[str, BeforeValidator(switched_off), AfterValidator(how_often)]
Frames = Annotated[Literal["off", "events", "all"], BeforeValidator(switched_off)]


class TopicsConfig(Section):
    """What topics are made like where they are missing; what is not said, the brokers decide.

    ``retention`` is how long records are kept, or ``forever``.
    """

    create: bool = True
    partitions: int | None = Field(default=None, ge=1, le=10_000)
    replication: int | None = Field(default=None, ge=1, le=100)
    retention: Retention | None = None

    @model_validator(mode="after")
    def _for_made_ones(self) -> TopicsConfig:
        options = {
            "partitions": self.partitions,
            "replication": self.replication,
            "retention": self.retention,
        }
        said = [name for name, value in options.items() if value is not None]
        if said and not self.create:
            raise told(f"expected create: true for {', '.join(said)}, received false: no topic is made")
        return self


class SpoolConfig(Section):
    """What waits on disk while the brokers take nothing.

    From ``bytes`` on the oldest detections and frames are left out; events never are. With ``sync: false``
    a loss of power, but no end of the process, may cost the last of them.
    """

    bytes: Annotated[ByteSize, Field(ge=LEAST_SPOOL_BYTES)] = 10**9
    sync: bool = True


class TlsConfig(Section):
    """Encryption, and whose certificates are believed; PEM files."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    key_password: SecretStr | None = None
    check_hostname: bool = True

    @model_validator(mode="after")
    def _certificate_for_key(self) -> TlsConfig:
        if self.certificate is None and (self.key is not None or self.key_password is not None):
            raise told("expected a certificate for the key, received none")
        return self


class TokenConfig(Section):
    """Where OAuth tokens come from (RFC 6749, section 4.4: client credentials)."""

    url: Annotated[str, AfterValidator(web_address)]
    client_id: str = Field(min_length=1)
    client_secret: Secret
    scope: str | None = None


class SaslConfig(Section):
    """Who we are."""

    mechanism: Annotated[
        Literal["plain", "scram-sha-256", "scram-sha-512", "oauthbearer"], BeforeValidator(lower_case)
    ]
    username: str | None = Field(default=None, min_length=1)
    password: Secret | None = None
    token: TokenConfig | None = None

    @model_validator(mode="after")
    def _complete(self) -> SaslConfig:
        options = {"username": self.username, "password": self.password, "token": self.token}
        given = [name for name, value in options.items() if value is not None]
        wanted = ["token"] if self.mechanism == "oauthbearer" else ["username", "password"]
        if given != wanted:
            received = ", ".join(given) or "none of them"
            raise told(f"expected {' and '.join(wanted)} for {self.mechanism}, received {received}")
        return self


class JpegConfig(Section):
    """Pictures on the bus: JPEG quality, and the greatest width in pixels."""

    quality: int = Field(default=80, ge=1, le=100)
    width: int = Field(default=1280, ge=16, le=8192)


class KafkaConfig(Section):
    """Where records go on Kafka: topics ``<prefix>.detections``, ``.events``, ``.counts`` and ``.frames``.

    ``detections`` says which of them: ``all``, only ``changes`` of what is seen, at most ``5/s`` a camera,
    or none (``off``). ``frames`` sends annotated pictures: with ``events`` those in which an event began,
    changed or ended.
    """

    brokers: Brokers
    prefix: Annotated[str, AfterValidator(topic_prefix)] = "sightline"
    format: Literal["cloudevents", "deepstream"] = "cloudevents"
    detections: HowOften = "all"
    frames: Frames = "off"
    jpeg: JpegConfig = JpegConfig()
    compression: Annotated[Literal["none", "gzip", "lz4", "zstd"], BeforeValidator(lower_case)] = "none"
    topics: TopicsConfig = TopicsConfig()
    spool: SpoolConfig = SpoolConfig()
    tls: Annotated[TlsConfig | None, BeforeValidator(section_or_not)] = None
    sasl: SaslConfig | None = None

    @model_validator(mode="after")
    def _pictures_are_sent(self) -> KafkaConfig:
        if self.frames == "off" and self.jpeg != JpegConfig():
            raise told("expected frames: events or all for jpeg, received off: no picture is sent")
        return self
