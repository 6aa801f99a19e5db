"""Where viewers' sockets are bound, and what is told of them."""

from __future__ import annotations

import inspect
import re
import socket
from typing import Final

import aioice
import pytest
from aioice.ice import Connection, StunProtocol, get_host_addresses, server_reflexive_candidate
from aiortc import RTCConfiguration, RTCPeerConnection
from viewers.on_air import on_air
from viewers.whep_viewer import SDP, offer_text, viewer

from streamer.config.tree import WebRtcConfig

pytestmark = pytest.mark.anyio

CANDIDATE: Final = re.compile(r"a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host")
PORT: Final = 47000


def candidates(answer: str) -> set[tuple[str, int]]:
    return {(host, int(port)) for host, port in CANDIDATE.findall(answer)}


@pytest.fixture
def addresses() -> list[str]:
    """Of this machine, that sockets can be bound to."""
    found = []
    for address in get_host_addresses(use_ipv4=True, use_ipv6=True):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((address, 0))
            except OSError:
                continue
        found.append(address)
    if not found:
        pytest.skip("this machine has no address but its own loop")
    return found


async def test_sockets_are_bound_within_the_range(footage, tmp_path, addresses):
    ports = (PORT, PORT + 40)
    async with on_air(footage, tmp_path, WebRtcConfig(udp_ports=ports)) as air:
        seen = set()
        for _ in range(3):
            answer = await air.http.post("/whep/front", content=await offer_text(), headers=SDP)
            told = candidates(answer.text)
            assert {host for host, _ in told} == set(addresses)
            assert all(ports[0] <= port <= ports[1] for _, port in told)
            assert not told & seen
            seen |= told
        async with viewer() as someone:
            await someone.join(air.http, "front")
            await someone.watch(3)


async def test_a_range_that_is_used_up_is_told(footage, tmp_path, addresses):
    async with on_air(footage, tmp_path, WebRtcConfig(udp_ports=(PORT + 50, PORT + 51))) as air:
        sessions = [await air.http.post("/whep/front", content=await offer_text(), headers=SDP) for _ in "12"]
        assert [each.status_code for each in sessions] == [201, 201]
        refused = await air.http.post("/whep/front", content=await offer_text(), headers=SDP)
        assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
        assert refused.json()["detail"] == "all UDP ports of 47050-47051 are in use (webrtc.udp_ports)"
        assert refused.headers["retry-after"]
        assert air.viewers.count == 2
        assert 'sightline_viewers_refused_total{reason="ports"} 1.0' in air.metrics.exposition().decode()
        await air.http.delete(sessions[0].headers["location"])
        await air.until(viewers=1)
        again = await air.http.post("/whep/front", content=await offer_text(), headers=SDP)
        assert again.status_code == 201


async def test_addresses_from_outside_are_told_for_each_socket(footage, tmp_path, addresses):
    outside = {4: "203.0.113.7", 6: "2001:db8::7"}
    config = WebRtcConfig(udp_ports=(PORT + 100, PORT + 140), advertise=tuple(outside.values()))
    async with on_air(footage, tmp_path, config) as air:
        answer = await air.http.post("/whep/front", content=await offer_text(), headers=SDP)
    told = candidates(answer.text)
    bound = {(host, port) for host, port in told if host in addresses}
    assert {host for host, _ in bound} == set(addresses)
    assert told - bound == {(outside[6 if ":" in host else 4], port) for host, port in bound}


async def test_any_port_is_used_unless_said(footage, tmp_path, addresses):
    async with on_air(footage, tmp_path) as air:
        answer = await air.http.post("/whep/front", content=await offer_text(), headers=SDP)
    assert {host for host, _ in candidates(answer.text)} == set(addresses)


def test_the_library_is_as_it_was_when_this_was_written():
    """Names and calls that are private to aioice and aiortc, or taken over by us."""
    assert aioice.__version__.startswith("0.13.")
    taken_over = inspect.signature(Connection.get_component_candidates)
    assert [*taken_over.parameters] == ["self", "component", "addresses", "timeout"]
    gathering = inspect.getsource(Connection.gather_candidates)
    assert "self.get_component_candidates(component=component, addresses=addresses)" in gathering
    assert "self._protocols += host_protocols" in inspect.getsource(Connection.get_component_candidates)
    closing = inspect.getsource(Connection.close)
    assert "for protocol in self._protocols:" in closing
    assert [*inspect.signature(StunProtocol.__init__).parameters] == ["self", "receiver"]
    assert [*inspect.signature(server_reflexive_candidate).parameters] == ["protocol", "stun_server"]


async def test_a_peer_of_the_library_makes_its_transports_where_this_takes_over():
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    try:
        transport = peer._RTCPeerConnection__createDtlsTransport()
        connection = transport.transport.iceGatherer._connection
        assert isinstance(connection, Connection)
        assert transport.transport._connection is connection
        assert connection._protocols == []
    finally:
        await transport.transport.stop()
        await peer.close()
