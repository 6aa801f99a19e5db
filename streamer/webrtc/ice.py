"""How viewers reach us: the servers that tell addresses or relay, ports, and addresses from outside.

aioice binds every socket to any port, and knows only addresses of this machine. ``Ports`` finds its host
candidates instead: in a range that a firewall lets through, and with the addresses that a router or a
container's host passes on to us.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from aioice import Candidate
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import Connection, StunProtocol, server_reflexive_candidate
from aioice.turn import UDP_SOCKET_BUFFER_SIZE
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection
from aiortc.exceptions import InvalidStateError

from streamer.errors import StreamerError

if TYPE_CHECKING:
    from streamer.config.tree import WebRtcConfig

ANY: Final = (0, 0)
STUN_S: Final = 5.0
"""So long a server may take to tell our address."""


class PortsTaken(StreamerError):
    """Every port that may be used is in use."""


class Ports:
    """Where the sockets of connections are bound, and what is told of them."""

    def __init__(self, config: WebRtcConfig) -> None:
        self._range = config.udp_ports or ANY
        self._advertised = config.advertise
        self._next = self._range[0]

    def take_over(self, connection: Connection) -> None:
        """Makes a connection of aioice find its candidates here; before it gathers them."""
        taken_over: Any = connection
        relayed = taken_over.get_component_candidates

        async def candidates(component: int, addresses: list[str]) -> list[Candidate]:
            found = await self._host_candidates(connection, component, addresses)
            servers = _reflexive_candidates(connection), relayed(component=component, addresses=[])
            for told in await asyncio.gather(*servers):
                found += told
            return found

        taken_over.get_component_candidates = candidates

    async def _host_candidates(
        self, connection: Connection, component: int, addresses: list[str]
    ) -> list[Candidate]:
        """A bound socket for each of our addresses; PortsTaken where one has no free port left."""
        found: list[Candidate] = []
        for address in addresses:
            bound = self._bound(address)
            if bound is None:
                continue
            _, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: StunProtocol(connection), sock=bound
            )
            protocol.local_candidate = _host_candidate(component, *bound.getsockname()[:2])
            # From here on the connection closes it.
            connection._protocols.append(protocol)
            found.append(protocol.local_candidate)
        known = {(each.host, each.port) for each in found}
        told = [
            _host_candidate(component, address, each.port)
            for each in found
            for address in self._advertised
            if _version(address) == _version(each.host) and (address, each.port) not in known
        ]
        return found + told

    def _bound(self, address: str) -> socket.socket | None:
        """A socket at a free port; None where the address cannot be bound to.

        Raises:
            PortsTaken: there is no free port.
        """
        family = socket.AF_INET if _version(address) == 4 else socket.AF_INET6
        for port in self._in_turn():
            bound = socket.socket(family, socket.SOCK_DGRAM)
            try:
                bound.bind((address, port))
            except OSError as error:
                bound.close()
                if error.errno == errno.EADDRINUSE:
                    continue
                return None
            bound.setblocking(False)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, UDP_SOCKET_BUFFER_SIZE)
            return bound
        first, last = self._range
        raise PortsTaken(f"all UDP ports of {first}-{last} are in use (webrtc.udp_ports)")

    def _in_turn(self) -> Iterator[int]:
        """Each port once; one that was left lately comes last, as packets to it may be on their way."""
        first, last = self._range
        begin = self._next
        for port in chain(range(begin, last + 1), range(first, begin)):
            self._next = port + 1 if port < last else first
            yield port


class Peer(RTCPeerConnection):
    """A connection of aiortc whose sockets are those of ``Ports``, and that may be closed at any time."""

    def __init__(self, configuration: RTCConfiguration, ports: Ports) -> None:
        self._ports = ports
        self._is_left = False
        super().__init__(configuration)

    async def close(self) -> None:
        self._is_left = True
        await super().close()

    async def _RTCPeerConnection__connect(self) -> None:  # noqa: N802  # its name
        made_by: Any = super()
        try:
            await made_by._RTCPeerConnection__connect()
        except InvalidStateError:
            # Nobody awaits this; it went on to the next of its transports, which was closed meanwhile.
            if not self._is_left:
                raise

    def _RTCPeerConnection__createSctpTransport(self) -> None:  # noqa: N802  # its name
        made_by: Any = super()
        made_by._RTCPeerConnection__createSctpTransport()
        taken_over: Any = self.sctp
        send = taken_over._send_chunk

        async def send_while_connected(chunk: Any) -> None:
            # Nobody awaits what is sent on a channel; that its viewer has gone is noticed elsewhere.
            with suppress(ConnectionError):
                await send(chunk)

        taken_over._send_chunk = send_while_connected

    def _RTCPeerConnection__createDtlsTransport(self) -> Any:  # noqa: N802  # its name
        made_by: Any = super()
        transport = made_by._RTCPeerConnection__createDtlsTransport()
        self._ports.take_over(transport.transport.iceGatherer._connection)
        return transport


def configuration_of(config: WebRtcConfig) -> RTCConfiguration:
    """For a connection of aiortc; without servers nothing outside this network is asked."""
    return RTCConfiguration(
        iceServers=[
            RTCIceServer(
                urls=list(server.urls),
                username=server.username,
                credential=server.credential.get_secret_value() if server.credential else None,
            )
            for server in config.ice_servers
        ]
    )


async def _reflexive_candidates(connection: Connection) -> list[Candidate]:
    """Our addresses as a STUN server sees them; those that it tells in time (IPv4 only)."""
    asked = [
        asyncio.ensure_future(server_reflexive_candidate(protocol, connection.stun_server))
        for protocol in connection._protocols
        if connection.stun_server and _version(protocol.local_candidate.host) == 4
    ]
    if not asked:
        return []
    answered, late = await asyncio.wait(asked, timeout=STUN_S)
    for each in late:
        each.cancel()
    return [each.result()[0] for each in answered if each.exception() is None]


def _host_candidate(component: int, host: str, port: int) -> Candidate:
    return Candidate(
        foundation=candidate_foundation("host", "udp", host),
        component=component,
        transport="udp",
        priority=candidate_priority(component, "host"),
        host=host,
        port=port,
        type="host",
    )


def _version(address: str) -> int:
    return ip_address(address).version
