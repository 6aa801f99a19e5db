"""Plays a camera over its WebSocket as a program, and takes apart what comes."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from system.serving import PATIENCE_S, Service
from websockets.sync.client import ClientConnection, connect


@dataclass
class Received:
    """What came: text of each type, the initialisation segment, and fragments."""

    stream: dict[str, Any] = field(default_factory=dict)
    boxes: list[dict[str, Any]] = field(default_factory=list)
    segment: bytes = b""
    fragments: list[bytes] = field(default_factory=list)

    def take(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            if self.segment:
                self.fragments.append(message)
            else:
                assert self.stream, "the first message is text"
                self.segment = message
            return
        told = json.loads(message)
        if told["type"] == "stream":
            assert not self.stream
            self.stream = told
        else:
            assert self.segment
            self.boxes.append(told)

    def pictures(self) -> list[tuple[int, NDArray[np.uint8]]]:
        """Time in the media and BGR picture of each, as a decoder without our code sees them."""
        film = io.BytesIO(self.segment + b"".join(self.fragments))
        with av.open(film, format="mp4") as container:
            [video] = container.streams.video
            assert video.time_base == Fraction(1, 90_000)
            return [(frame.pts, frame.to_ndarray(format="bgr24")) for frame in container.decode(video)]


def media_time(fragment: bytes) -> int:
    """When its picture is shown, ticks of 90 kHz (``tfdt``, ISO/IEC 14496-12)."""
    at = fragment.index(b"tfdt")
    version = fragment[at + 4]
    return int(struct.unpack_from(">Q" if version else ">I", fragment, at + 8)[0])


def is_key(fragment: bytes) -> bool:
    """Whether it holds a slice of an IDR picture."""
    at = fragment.index(b"mdat") + 4
    while at < len(fragment):
        (length,) = struct.unpack_from(">I", fragment, at)
        if fragment[at + 4] & 0x1F == 5:
            return True
        at += 4 + length
    return False


@contextmanager
def socket(service: Service, camera: str, query: str = "", **options: Any) -> Iterator[ClientConnection]:
    """An open socket of a camera."""
    address = f"{service.url.replace('http', 'ws', 1)}/ws/{camera}{query}"
    # Unless said it reads on, so that it also hears that it is closed.
    usual: dict[str, Any] = {"max_queue": None, "max_size": None, "compression": None, "close_timeout": 1}
    with connect(address, open_timeout=PATIENCE_S, **{**usual, **options}) as connection:
        yield connection


def received(connection: ClientConnection, fragments: int, boxes: int = 0) -> Received:
    """What comes until there are so many of each."""
    all_of_it = Received()
    while len(all_of_it.fragments) < fragments or len(all_of_it.boxes) < boxes:
        all_of_it.take(connection.recv(PATIENCE_S))
    return all_of_it
