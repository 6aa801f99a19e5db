"""How the configuration becomes arguments of the Kafka client, and how its errors become ours."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from kafka.errors import KafkaError

from streamer.kafka.client.link import Link
from streamer.kafka.client.oauth import ClientCredentials
from streamer.kafka.client.reasons import explained, unreachable
from streamer.kafka.client.tls import tls_context

if TYPE_CHECKING:
    from streamer.config.bus import KafkaConfig, SaslConfig, TlsConfig
    from streamer.errors import SinkError

__all__ = ["connected", "explained", "settings", "trouble"]

CLIENT_ID: Final = "sightline"
BOOTSTRAP_MS: Final = 5_000
REQUEST_MS: Final = 10_000
BACKOFF_MS: Final = 100
MOST_BACKOFF_MS: Final = 2_000

Client = TypeVar("Client")


def settings(config: KafkaConfig) -> dict[str, Any]:
    """What a producer, a consumer and an admin client share; each connects as soon as it is made.

    Raises:
        ConfigError: a PEM file is missing or wrong.
    """
    shared: dict[str, Any] = {
        "bootstrap_servers": list(config.brokers),
        "client_id": CLIENT_ID,
        "security_protocol": security_protocol(config),
        "bootstrap_timeout_ms": BOOTSTRAP_MS,
        "request_timeout_ms": REQUEST_MS,
        "reconnect_backoff_ms": BACKOFF_MS,
        "reconnect_backoff_max_ms": MOST_BACKOFF_MS,
        "kafka_client": Link,
    }
    if config.tls is not None:
        shared["ssl_context"] = tls_context(config.tls)
    if config.sasl is not None:
        shared |= _sasl(config.sasl, config.tls)
    return shared


def connected(kind: Callable[..., Client], config: KafkaConfig, **options: Any) -> Client:
    """A producer, consumer or admin client, which has reached a broker.

    Args:
        kind: its class.
        options: of that class, beside the shared ones.

    Raises:
        ConfigError: a PEM file is missing or wrong.
        SinkError: no broker can be reached, or none lets us in.
    """
    links: list[Link] = []

    def link(**configs: Any) -> Link:
        links.append(Link(**configs))
        return links[-1]

    try:
        return kind(**settings(config) | {"kafka_client": link} | options)
    except (KafkaError, OSError) as error:
        # The library leaves its thread and its sockets behind where it cannot be made.
        for each in links:
            each.close()
        raise explained(error, config) from None


def trouble(client: Any, config: KafkaConfig) -> SinkError | None:
    """Why a client that was connected has lost its brokers, as far as it knows; None where it has not."""
    link = client._client
    failures = link.connections.failures if isinstance(link, Link) else {}
    return unreachable(dict(failures), config, at_first=False) if failures else None


def security_protocol(config: KafkaConfig) -> str:
    """Kafka's name for it."""
    transport = "PLAINTEXT" if config.tls is None else "SSL"
    return transport if config.sasl is None else f"SASL_{transport}"


def _sasl(sasl: SaslConfig, tls: TlsConfig | None) -> dict[str, Any]:
    shared: dict[str, Any] = {"sasl_mechanism": sasl.mechanism.upper()}
    if sasl.token is not None:
        context = ssl.create_default_context()
        if tls is not None and tls.ca is not None:
            context.load_verify_locations(tls.ca)
        shared["sasl_oauth_token_provider"] = ClientCredentials(sasl.token, context)
    if sasl.username is not None and sasl.password is not None:
        shared["sasl_plain_username"] = sasl.username
        shared["sasl_plain_password"] = sasl.password.get_secret_value()
    return shared
