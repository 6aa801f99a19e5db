"""What a decode thread does: from the access units of a connection to the frames that are due."""

import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from streamer.capture.broadcast import PacketBroadcast
from streamer.capture.clock import MediaClock, Playhead, Rate
from streamer.capture.faults import DamagedUnit
from streamer.capture.handover import Handover
from streamer.capture.reader import Picture, Reader, Unit
from streamer.capture.state import CaptureObserver
from streamer.errors import SourceUnavailable
from streamer.frame import Frame, Packet

LONGEST_KEYFRAME_WAIT_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How a source is played.

    Attributes:
        camera: name of the camera.
        shown: its address without credentials.
        open: connects; blocking.
        retried: a lost stream is tried again, and its end is a loss.
        loop: a recording begins again at its end.
        lossless: every picture is handed over, in order and as fast as it is taken.
        every: takes pictures 0, every, 2 * every ..
        fps: pictures handed over per second of media time, 0 for all.
        timeout_s: how long nothing readable may come.
    """

    camera: str
    shown: str
    open: Callable[[], Reader]
    retried: bool = True
    loop: bool = False
    lossless: bool = False
    every: int = 1
    fps: float = 0.0
    timeout_s: float = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Pending:
    """A picture that waits to be taken; it becomes a frame only then."""

    camera: str
    sequence: int
    picture: Picture

    def frame(self) -> Frame:
        taken = self.picture
        return Frame(
            self.camera, self.sequence, taken.pts, taken.captured_at, taken.decoded_at, taken.to_bgr()
        )


class Playback:
    """Plays connection after connection; media time and the count of pictures go on."""

    def __init__(
        self,
        plan: Plan,
        observer: CaptureObserver,
        handover: Handover[Frame | Pending],
        packets: PacketBroadcast,
    ) -> None:
        self.stop = threading.Event()
        self.frames_total: int | None = None
        self._plan = plan
        self._observer = observer
        self._handover = handover
        self._packets = packets
        self._clock = MediaClock()
        self._rate = Rate(0.0 if plan.lossless else plan.fps)
        self._playhead = Playhead()
        self._sequence = 0
        self._last_pts = -1
        self._patient = plan.lossless
        self._picture_at = 0.0
        self._on_live: Callable[[], None] | None = None

    def play(self, on_live: Callable[[], None]) -> None:
        """Plays until a recording ends, or until ``stop`` is set; blocking.

        Args:
            on_live: called with the first picture.

        Raises:
            SourceUnavailable: the source can't be opened, or a live one was lost.
        """
        self._on_live = on_live
        self._clock.restart()
        while not self.stop.is_set():
            with closing(self._plan.open()) as reader:
                self.frames_total, self._packets.codec = reader.frames_total, reader.codec
                self._patient = self._plan.lossless or reader.pace == "consumer"
                self._picture_at = time.monotonic()
                self._play_connection(reader)
            if self.stop.is_set() or not (self._plan.retried or self._plan.loop):
                return
            if self._plan.retried:
                raise SourceUnavailable("the stream ended")
            self._clock.repeat()

    def _play_connection(self, reader: Reader) -> None:
        for unit in reader.units():
            if self.stop.is_set():
                return
            now = time.monotonic()
            pts = self._clock.tick(unit.ticks, now)
            self._packets.publish(partial(self._packet, reader, unit, pts))
            try:
                self._play_unit(reader, unit, pts)
            except DamagedUnit:
                self._observer.dropped(self._plan.camera, "error")
                self._give_up_after(self._plan.timeout_s, "the stream is unreadable")
            self._give_up_after(LONGEST_KEYFRAME_WAIT_S, "the stream has no key frame")
        for picture in reader.flush():
            self._hand_over(reader, picture)

    def _play_unit(self, reader: Reader, unit: Unit, pts: int) -> None:
        if not reader.intra_only:
            for picture in reader.decode(unit, pts):
                self._hand_over(reader, picture)
            return
        pts = self._rising(pts)
        sequence = self._counted(reader, pts)
        if self._due(sequence, pts):
            for picture in reader.decode(unit, pts):
                self._put(sequence, picture)

    def _hand_over(self, reader: Reader, picture: Picture) -> None:
        pts = self._rising(picture.pts)
        sequence = self._counted(reader, pts)
        if self._due(sequence, pts):
            self._put(sequence, picture if picture.pts == pts else replace(picture, pts=pts))

    def _rising(self, pts: int) -> int:
        """Broken streams repeat timestamps; nobody downstream has to know."""
        self._last_pts = max(pts, self._last_pts + 1)
        return self._last_pts

    def _counted(self, reader: Reader, pts: int) -> int:
        """The picture's number, at its time."""
        if reader.pace == "clock" and not self._plan.lossless:
            self.stop.wait(self._playhead.wait_s(pts, time.monotonic()))
        self._picture_at = time.monotonic()
        self._observer.received(self._plan.camera)
        if self._on_live is not None:
            self._on_live()
            self._on_live = None
        self._sequence += 1
        return self._sequence - 1

    def _due(self, sequence: int, pts: int) -> bool:
        if sequence % self._plan.every:
            return False
        if self._rate.due(pts):
            return True
        self._observer.dropped(self._plan.camera, "rate")
        return False

    def _put(self, sequence: int, picture: Picture) -> None:
        pending = Pending(self._plan.camera, sequence, picture)
        # What is never replaced is converted here, beside the consumer's work.
        item = pending.frame() if self._patient else pending
        if self._handover.put(item, patient=self._patient):
            self._observer.dropped(self._plan.camera, "busy")

    def _packet(self, reader: Reader, unit: Unit, pts: int) -> Packet:
        return Packet(self._plan.camera, pts, unit.keyframe, reader.annex_b(unit))

    def _give_up_after(self, limit_s: float, reason: str) -> None:
        if time.monotonic() - self._picture_at > limit_s:
            raise SourceUnavailable(reason)
