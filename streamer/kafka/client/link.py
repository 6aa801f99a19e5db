"""The client's connections, which keep in mind why each broker cannot be reached."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from kafka.errors import (
    AuthorizationError,
    IllegalSaslStateError,
    KafkaTimeoutError,
    SaslAuthenticationFailedError,
    UnsupportedSaslMechanismError,
)
from kafka.net.compat import KafkaNetClient
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector

from streamer.errors import SinkRefused
from streamer.kafka.client.transport import opened

REFUSALS: Final = (
    AuthorizationError,
    IllegalSaslStateError,
    SaslAuthenticationFailedError,
    UnsupportedSaslMechanismError,
    SinkRefused,
)
"""What stays so until a person changes it."""

TURNED_AWAY: Final = re.compile(
    "CERTIFICATE|UNKNOWN_CA|WRONG_VERSION|PROTOCOL_VERSION|HANDSHAKE_FAILURE|NO_SHARED_CIPHER"
)
"""In OpenSSL's words for what no waiting changes."""


class Unreachable(KafkaTimeoutError):  # type: ignore[misc]
    """No broker could be reached.

    Attributes:
        failures: why, by ``host:port``; empty where none had answered yet.
    """

    def __init__(self, failures: Mapping[str, BaseException]) -> None:
        super().__init__("no broker can be reached")
        self.failures = dict(failures)


class Connections(KafkaConnectionManager):  # type: ignore[misc]
    """Connections that note the last failure of each broker, and never make a topic by asking for it.

    Of its own accord the library logs why a broker cannot be reached, tries again until its time is up,
    and then says no more than that. Who is turned away at once need not wait for that.

    Attributes:
        failures: the last failure by ``host:port``, gone once the broker is reached.
    """

    def __init__(self, net: NetworkSelector, **configs: Any) -> None:
        super().__init__(net, **configs)
        self.failures: dict[str, BaseException] = {}
        # What the library calls allow_auto_create_topics it does not pass on.
        self.cluster.config["allow_auto_create_topics"] = False

    async def _connect(
        self, node: Any, conn: Any, reset_backoff_on_connect: bool = True, timeout_at: float | None = None
    ) -> None:
        await super()._connect(node, conn, reset_backoff_on_connect, timeout_at)
        where = address_of(node.host, node.port)
        if not conn.init_future.failed():
            self.failures.pop(where, None)
            conn.close_future.add_errback(partial(self.failures.__setitem__, where))
            return
        self.failures[where] = conn.init_future.exception
        if reset_backoff_on_connect:
            # A connection that fails after TCP counts as a good one there: it would be tried without a pause.
            self.update_backoff(node.node_id)

    async def _build_transport(self, node: Any, timeout_at: float | None = None) -> Any:
        return await opened(self._net, node.host, node.port, self.config, timeout_at)

    async def _do_bootstrap(self, deadline: float | None) -> Any:
        try:
            return await super()._do_bootstrap(deadline)
        except KafkaTimeoutError as error:
            raise Unreachable(self.failures) from error

    def get_connection(self, node_id: Any, *args: Any, **options: Any) -> Any:
        if self.cluster.is_bootstrap(node_id) and self._turned_away():
            raise Unreachable(self.failures)
        return super().get_connection(node_id, *args, **options)

    def _turned_away(self) -> bool:
        """Whether every broker that we know of says no, which no waiting changes."""
        brokers = {address_of(node.host, node.port) for node in self.cluster.bootstrap_brokers()}
        return all(refuses(self.failures.get(broker)) for broker in brokers)


class Link(KafkaNetClient):  # type: ignore[misc]
    """What a producer, consumer or admin client speaks through."""

    def __init__(self, **configs: Any) -> None:
        net = NetworkSelector(**configs)
        self.connections = Connections(net, **configs)
        super().__init__(net, self.connections)


def address_of(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def refuses(failure: BaseException | None) -> bool:
    """Whether it takes a person to change that."""
    return isinstance(failure, REFUSALS) or TURNED_AWAY.search(tls_reason(tls_error(failure))) is not None


def tls_reason(error: ssl.SSLError | None) -> str:
    """OpenSSL's word for it; empty where it has none."""
    return str(getattr(error, "reason", None) or "")


def tls_error(failure: BaseException | None) -> ssl.SSLError | None:
    """What TLS said, which the library wraps."""
    while failure is not None:
        if isinstance(failure, ssl.SSLError):
            return failure
        inside = next((part for part in failure.args if isinstance(part, ssl.SSLError)), None)
        failure = inside or failure.__cause__
    return None
