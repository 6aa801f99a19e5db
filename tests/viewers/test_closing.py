"""Connections that are closed before they have come about."""

from __future__ import annotations

import asyncio
import gc
import inspect

import anyio
import pytest
from aiortc import RTCIceTransport, RTCPeerConnection
from aiortc.rtcsctptransport import DataChunk
from viewers.live_viewing import WELCOME
from viewers.test_hostile_offers import CHROME

from streamer.config.tree import WebRtcConfig
from streamer.webrtc.ice import Peer, Ports, configuration_of
from streamer.webrtc.link import Link
from streamer.webrtc.offer import Offer
from streamer.webrtc.sender import PassedOn

pytestmark = pytest.mark.anyio

TRIED_EVERY_S = 0.02
"""By aioice, as long as it is not connected."""


async def test_closing_while_the_library_connects_leaves_no_error() -> None:
    failed: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failed.append(context))
    config = WebRtcConfig()
    peer = Peer(configuration_of(config), Ports(config))
    # Each of its media has a connection of its own, which is tried after the one before.
    apart = CHROME.replace("a=group:BUNDLE 0 1 2\r\n", "")
    link = Link("gate", WELCOME, Offer.parse(apart), peer)
    peer.addTrack(PassedOn())
    await link.answer()
    # By then it tries the first one.
    await anyio.wait_all_tasks_blocked()
    last = peer.sctp.transport.transport._connection
    close = last.close

    async def closes_slowly() -> None:
        await anyio.sleep(3 * TRIED_EVERY_S)
        await close()

    last.close = closes_slowly
    await link.close()
    # What a task raised that nobody awaits is told once it is forgotten.
    gc.collect()
    assert peer.connectionState == "closed"
    assert failed == []


async def test_what_cannot_be_sent_any_more_is_no_error() -> None:
    config = WebRtcConfig()
    ours, the_library_s = Peer(configuration_of(config), Ports(config)), RTCPeerConnection()
    for peer in (ours, the_library_s):
        peer.createDataChannel("detections")
        assert peer.sctp is not None
        peer.sctp._remote_port = 5000
    with pytest.raises(ConnectionError):
        await the_library_s.sctp._send_chunk(DataChunk())
    await ours.sctp._send_chunk(DataChunk())
    for peer in (ours, the_library_s):
        await peer.close()


def test_the_library_connects_where_this_takes_over() -> None:
    for connects in (RTCPeerConnection.setLocalDescription, RTCPeerConnection.setRemoteDescription):
        assert "asyncio.ensure_future(self.__connect())" in inspect.getsource(connects)
    assert "raise InvalidStateError" in inspect.getsource(RTCIceTransport.start)
