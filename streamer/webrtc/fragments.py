"""A camera's H.264 as fragmented MP4 (ISO/IEC 14496-12), remuxed once for all who play it so."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import av

from streamer.frame import PTS_CLOCK_HZ
from streamer.webrtc.feed import Feed, Unit
from streamer.webrtc.h264 import PICTURE_PARAMETERS, SEQUENCE_PARAMETERS, profile_of, unit_type, units

if TYPE_CHECKING:
    from av.container import OutputContainer

log = logging.getLogger(__name__)

TICK: Final = Fraction(1, PTS_CLOCK_HZ)
OPTIONS: Final = {
    # A fragment is written when the next picture says how long this one lasts: browsers drop what comes
    # after a gap (Media Source Extensions, coded frame processing).
    "movflags": "empty_moov+default_base_moof+frag_every_frame+skip_trailer",
    "use_editlist": "0",
    "avoid_negative_ts": "disabled",
    "flush_packets": "1",
}


@dataclass(frozen=True, slots=True)
class Header:
    """What a player needs before the first fragment.

    Attributes:
        codec: as browsers name it (RFC 6381).
        width: pixels.
        height: pixels.
        origin: what is added to a pts to get the picture's time in the media, ticks of 90 kHz.
        segment: the initialisation segment.
    """

    codec: str
    width: int
    height: int
    origin: int
    segment: bytes


class Film:
    """Pictures of one size and coding, as fragments of one picture each.

    Attributes:
        feed: the fragments, as the ``data`` of units.
        header: None before the first picture.
    """

    def __init__(self) -> None:
        self.feed = Feed()
        self.header: Header | None = None
        self._sets: tuple[bytes, ...] = ()
        self._before: Unit | None = None
        self._written = _Written()
        self._container: OutputContainer | None = None
        self._stream: Any = None

    def continues(self, unit: Unit) -> bool:
        """Whether it is played with the same header."""
        return not unit.keyframe or self._container is None or _parameter_sets(unit) in ((), self._sets)

    def add(self, unit: Unit) -> None:
        """The next picture; those before the first key frame are left out."""
        if self._container is None and not (unit.keyframe and self._open(unit)):
            return
        before = self._before
        if before is not None:
            unit = replace(unit, pts=max(unit.pts, before.pts + 1))
        self._mux(unit)
        if before is not None:
            self.feed.push(replace(before, data=self._written.take(), payloads=()))
        self._before = unit

    def _open(self, unit: Unit) -> bool:
        """False where its parameter sets are missing, or wrong."""
        try:
            with av.open(io.BytesIO(unit.data), format="h264") as shown:
                template = shown.streams.video[0]
                self._container = av.open(self._written, "w", format="mp4", options=OPTIONS)
                self._stream = self._container.add_stream_from_template(template)
                width, height = template.codec_context.width, template.codec_context.height
            self._stream.time_base = TICK
            self._container.start_encoding()
        except av.FFmpegError as error:
            log.debug("a key frame that cannot be remuxed: %s", error)
            self._container, self._written = None, _Written()
            return False
        profile = profile_of(unit.data)
        self._sets = _parameter_sets(unit)
        # The times of fragments are counted from the first one's.
        self.header = Header(f"avc1.{profile}", width, height, -unit.pts, self._written.take())
        return True

    def _mux(self, unit: Unit) -> None:
        assert self._container is not None, "it is open"
        packet = av.Packet(unit.data)
        packet.stream, packet.time_base = self._stream, TICK
        packet.pts = packet.dts = unit.pts
        packet.is_keyframe = unit.keyframe
        self._container.mux_one(packet)


class Fragments:
    """Remuxes a feed while somebody plays it so."""

    def __init__(self, source: Feed) -> None:
        self._source = source
        self._film = Film()
        self._players = 0
        self._hearing = ExitStack()

    @contextmanager
    def played(self) -> Iterator[Film]:
        """The film that runs; it ends where the camera changes what it sends, and another one begins."""
        self._players += 1
        if self._players == 1:
            for unit in self._source.group:
                self.offer(unit)
            self._hearing.enter_context(self._source.heard_by(self))
        try:
            yield self._film
        finally:
            self._players -= 1
            if self._players == 0:
                self._hearing.close()
                self._film = Film()

    def offer(self, unit: Unit) -> None:
        """Called by the feed."""
        if not self._film.continues(unit):
            self._film.feed.end()
            self._film = Film()
        self._film.add(unit)

    def end(self) -> None:
        """Called by the feed."""
        self._film.feed.end()


class _Written(io.RawIOBase):
    """What a container writes, to be taken in pieces."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._bytes += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._bytes)
        self._bytes.clear()
        return taken


def _parameter_sets(unit: Unit) -> tuple[bytes, ...]:
    wanted = (SEQUENCE_PARAMETERS, PICTURE_PARAMETERS)
    return tuple(each for each in units(unit.data) if unit_type(each) in wanted)
