"""What waits for the decoder of a receiver: bounded, and the newest pictures win.

aiortc decodes in a thread of its own, which takes from a queue without a bound: a machine that decodes more
slowly than a browser sends would show it later and later, and hold more and more.
"""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING, Any, Final

from streamer.webrtc.h264 import SLICE_OF_IDR, unit_type, units

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

    from aiortc import RTCRtpReceiver

MOST_WAITING: Final = 30
"""Coded pictures: a second of them."""


class DecoderQueue(queue.Queue[Any]):
    """Takes the place of a receiver's queue. Once it is full everything goes, up to the next key frame."""

    def __init__(self, keyframe_wanted: Event, left_out: Callable[[], None]) -> None:
        """
        Args:
            keyframe_wanted: set where the sender is to be asked for a key frame.
            left_out: hears of each picture that is not decoded.
        """
        super().__init__()
        self._keyframe_wanted = keyframe_wanted
        self._left_out = left_out
        self._broken = False

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Never waits. None is the end: nothing before it is decoded any more."""
        if item is None:
            self._empty()
        elif self._is_left_out(*item):
            self._left_out()
            self._keyframe_wanted.set()
            return
        super().put(item)

    def _is_left_out(self, codec: Any, frame: Any) -> bool:
        if self.qsize() >= MOST_WAITING:
            for _ in range(self._empty()):
                self._left_out()
            self._broken = True
        if self._broken and is_keyframe(codec.mimeType, frame.data):
            self._broken = False
        return self._broken

    def _empty(self) -> int:
        taken = 0
        while True:
            try:
                self.get_nowait()
            except queue.Empty:
                return taken
            taken += 1


def is_keyframe(mime_type: str, data: bytes) -> bool:
    """Whether a picture builds on no other (VP8: RFC 6386, section 9.1)."""
    if mime_type.lower() == "video/h264":
        return any(unit_type(unit) == SLICE_OF_IDR for unit in units(data))
    return bool(data) and not data[0] & 1


def bound(receiver: RTCRtpReceiver, left_out: Callable[[], None]) -> Event:
    """Bounds what waits in a receiver that has not begun; the event, set, asks its sender for a key frame."""
    taken_over: Any = receiver
    wanted: Event = taken_over._RTCRtpReceiver__decoder_error
    assert taken_over._RTCRtpReceiver__decoder_queue.empty(), "it has not begun"
    taken_over._RTCRtpReceiver__decoder_queue = DecoderQueue(wanted, left_out)
    return wanted
