"""What waits for one viewer is sent without holding up everything else."""

from __future__ import annotations

import anyio
import anyio.lowlevel
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection

from streamer.webrtc.feed import Feed, Unit
from streamer.webrtc.sender import PassedOn, UnitSender

UNITS = 100


@pytest.mark.anyio
async def test_others_have_their_turn_between_the_pictures_that_a_newcomer_is_given() -> None:
    feed = Feed()
    for n in range(UNITS):
        feed.push(Unit(6000 * n, n == 0, b"", (b"payload",)))
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    sender = peer.addTrack(PassedOn())
    turns_at: list[int] = []
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await anyio.lowlevel.checkpoint()

    with feed.watched() as queue:
        UnitSender(sender, queue, lambda: None, lambda: None)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(count)
            for _ in range(UNITS):
                await sender._next_encoded_frame(None)
                turns_at.append(turns)
            tasks.cancel_scope.cancel()
    await peer.close()
    assert sorted(set(turns_at)) == turns_at, "a turn of the others before each"
