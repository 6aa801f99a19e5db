"""A connection to one broker: nothing of it is left open where it fails, and last words are heard."""

from __future__ import annotations

import ssl
from typing import Any, Final

from kafka.errors import KafkaConnectionError
from kafka.net.inet import KafkaNetSocket
from kafka.net.transport import KafkaSSLTransport, KafkaTCPTransport

Received = tuple[bytes, BaseException | None]


class ClosedSockets(KafkaNetSocket):  # type: ignore[misc]
    """Sockets that are closed where nobody answers; the library leaves them open."""

    SCHEMES: Final = ()

    async def sock_connect(self, net: Any, sock: Any, sockaddr: Any, timeout_at: float | None = None) -> Any:
        try:
            return await super().sock_connect(net, sock, sockaddr, timeout_at)
        except BaseException:
            sock.close()
            raise


class TcpTransport(KafkaTCPTransport):  # type: ignore[misc]
    """Without encryption."""

    def _sock_recv(self) -> Received:
        return last_words_first(*super()._sock_recv())

    async def shake_hands(self, timeout_at: float | None) -> None:
        """Nothing has to be agreed on."""


class TlsTransport(KafkaSSLTransport):  # type: ignore[misc]
    """With TLS; a broker that takes the connection and says no more is not waited for without end."""

    def _sock_recv(self) -> Received:
        return last_words_first(*super()._sock_recv())

    async def shake_hands(self, timeout_at: float | None) -> None:
        """Agree on keys.

        Raises:
            SSLError: not trusted, or no TLS.
            KafkaTimeoutError: it takes too long.
        """
        while True:
            try:
                self._sock.do_handshake()
            except ssl.SSLWantReadError:
                await self._net.wait_read(self._sock, timeout_at)
            except ssl.SSLWantWriteError:
                await self._net.wait_write(self._sock, timeout_at)
            else:
                return


async def opened(net: Any, host: str, port: int, config: dict[str, Any], timeout_at: float | None) -> Any:
    """A transport to a broker, ready to speak Kafka.

    Args:
        net: the library's event loop.
        host: name or address; all of its addresses are tried.
        port: its port.
        config: of the library's connections.
        timeout_at: monotonic seconds.

    Raises:
        KafkaConnectionError: with what is wrong as its argument.
        KafkaTimeoutError: it takes too long.
    """
    sock = await _socket(net, host, port, config["socket_options"], timeout_at)
    context = config["ssl_context"]
    try:
        transport = (
            TcpTransport(net, sock, host)
            if context is None
            else TlsTransport(net, sock, host, ssl_context=context)
        )
    except BaseException:
        sock.close()
        raise
    try:
        await transport.shake_hands(timeout_at)
    except OSError as error:
        transport.close()
        raise KafkaConnectionError(error) from error
    except BaseException:
        transport.close()
        raise
    return transport


async def _socket(net: Any, host: str, port: int, options: Any, timeout_at: float | None) -> Any:
    sockets = ClosedSockets()
    failure = KafkaConnectionError("no address")
    for address in sockets.dns_lookup(host, port, raise_error=True):
        try:
            return await sockets.connect(net, address, options, timeout_at)
        except (KafkaConnectionError, OSError) as error:
            failure = error
    raise failure


def last_words_first(data: bytes, error: BaseException | None) -> Received:
    """What a broker says before it hangs up, which the library would drop; the end comes with the next call.

    A wrong password is answered so.
    """
    return (data, None) if data else (data, error)
