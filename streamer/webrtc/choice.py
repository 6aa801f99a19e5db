"""Which of a camera's streams a viewer gets: its own where the viewer plays it, else one coded for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import anyio

from streamer.webrtc.h264 import HIGH, Profile, profile_of
from streamer.webrtc.refusals import NothingToShow

if TYPE_CHECKING:
    from streamer.capture.broadcast import PacketBroadcast
    from streamer.capture.streams import CameraStreams
    from streamer.webrtc.feed import Kind

OPENING_S: Final = 3.0
"""So long the larger of two streams may take to open before the smaller one is shown in its place."""

PLAYED: Final = (Profile(HIGH, 0, 52),)
"""What players without an offer decode."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a viewer wants to see.

    Attributes:
        stream: which of a camera's two streams, where it has two; None: the cheapest that shows what is asked
            for, ``main`` where it can be passed on.
        annotate: boxes are drawn into the pictures.
        own: the camera's own stream may be passed on; else it is coded anew, for decoders that fail on it.
        pictures: JPEG pictures with boxes, instead of video.
    """

    stream: Literal["main", "sub"] | None = None
    annotate: bool = False
    own: bool = True
    pictures: bool = False


async def kind_for(wish: Wish, streams: CameraStreams, profiles: Sequence[Profile]) -> Kind:
    """What is sent.

    Args:
        wish: of the viewer.
        streams: of the camera.
        profiles: of H.264 that the viewer plays.

    Raises:
        NothingToShow: the camera has sent no picture yet.
    """
    if wish.pictures:
        return "pictures"
    if wish.annotate:
        return await _annotated(wish, streams)
    if wish.own and wish.stream != "sub" and streams.main is not None and streams.packets is not None:
        async with streams.viewing():
            with anyio.move_on_after(OPENING_S):
                await _begun(streams.packets)
            if _fits(streams.packets, profiles):
                return "main"
    if wish.own and streams.detected is not None and _fits(streams.detected, profiles):
        return "sub"
    if streams.detected is not None and streams.detected.codec is None:
        raise NothingToShow(f"{streams.name} has sent no picture yet")
    return "encoded"


async def _annotated(wish: Wish, streams: CameraStreams) -> Kind:
    """Coding the larger stream anew is dear: boxes are drawn into it only where that is said."""
    if wish.stream != "main" or streams.main is None:
        return "annotated"
    async with streams.viewing():
        with streams.main.shown.subscribed() as taker, anyio.move_on_after(OPENING_S):
            if await taker.take() is not None:
                return "annotated_main"
    raise NothingToShow(
        f"{streams.name} shows nothing of its main stream to draw into: stream=sub is the other one"
    )


async def _begun(packets: PacketBroadcast) -> None:
    async with packets.subscribe(from_keyframe=True) as subscription:
        async for _ in subscription:
            return


def _fits(packets: PacketBroadcast, profiles: Sequence[Profile]) -> bool:
    """Whether the viewer decodes this stream as it is."""
    if packets.codec != "h264" or packets.reordered or packets.endless:
        return False
    first = packets.latest_keyframe
    profile = profile_of(first.data) if first is not None else None
    return profile is None or any(each.plays(profile) for each in profiles)
