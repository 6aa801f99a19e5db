"""What a decode thread does: from the access units of a connection to the frames that are due."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from streamer.capture.broadcast import PacketBroadcast, PictureBroadcast
from streamer.capture.clock import MediaClock, Playhead, Rate
from streamer.capture.damage import Damage
from streamer.capture.faults import DamagedUnit
from streamer.capture.handover import Handover
from streamer.capture.intake import Intake
from streamer.capture.keyframes import KeyframesOnly
from streamer.capture.parameters import SYNTAX
from streamer.capture.reader import Decoded, Picture, Reader
from streamer.capture.state import CaptureObserver
from streamer.errors import SourceUnavailable
from streamer.frame import PTS_CLOCK_HZ, Frame, Packet

LONGEST_KEYFRAME_WAIT_S: Final = 30.0
"""For a first picture; and after a loss, before pictures are shown that may be damaged."""
LONGEST_SLEEP_S: Final = 0.1
"""So late may the end of a recording be noticed."""


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
        intake: where a browser brings its pictures; such a source waits for them instead of trying again.
        stream: which one of a camera's two streams it is, for the log; empty where there is one.
        began: is told where in media time each connection begins.
    """

    camera: str
    shown: str
    open: Callable[[], Reader[Any]]
    retried: bool = True
    loop: bool = False
    lossless: bool = False
    every: int = 1
    fps: float = 0.0
    timeout_s: float = 5.0
    intake: Intake | None = None
    stream: str = ""
    began: Callable[[int], None] | None = None

    @property
    def title(self) -> str:
        """What the log calls it."""
        return f"{self.camera} ({self.stream})" if self.stream else self.camera


class Playback:
    """Plays connection after connection; media time and the count of pictures go on."""

    def __init__(
        self,
        plan: Plan,
        observer: CaptureObserver,
        handover: Handover[Frame],
        packets: PacketBroadcast,
        pictures: PictureBroadcast,
    ) -> None:
        self.frames_total: int | None = None
        self.decoder: str | None = None
        self._plan = plan
        self._observer = observer
        self._handover = handover
        self._packets = packets
        self._pictures = pictures
        self._clock = MediaClock()
        self._rate = Rate(0.0 if plan.lossless else plan.fps)
        self._keyframes = KeyframesOnly(0.0 if plan.lossless or plan.every > 1 else plan.fps)
        self._damage = Damage(LONGEST_KEYFRAME_WAIT_S)
        self._playhead = Playhead()
        self._stop = threading.Event()
        self._sequence = 0
        self._last_pts = -1
        self._patient = plan.lossless
        self._paced = False
        self._began_at: datetime | None = None
        self._watched = False
        self._now = self._picture_at = 0.0
        self._on_live: Callable[[], None] | None = None

    def silent_s(self, now: float) -> float:
        """For how long nothing came from what should send by itself."""
        return now - self._now if self._watched else 0.0

    def play(self, stop: threading.Event, on_live: Callable[[], None]) -> None:
        """Plays until a recording ends, or until ``stop`` is set; blocking.

        Args:
            stop: ends it; each call has its own.
            on_live: called with the first picture.

        Raises:
            SourceUnavailable: the source can't be opened, or a live one was lost.
        """
        self._stop, self._on_live = stop, on_live
        self._clock.restart()
        while not stop.is_set():
            self._watched, self._now = True, time.monotonic()
            with closing(self._plan.open()) as reader:
                if stop.is_set():
                    return
                self._begin(reader)
                self._play_units(reader, stop)
            if stop.is_set() or not (self._plan.retried or self._plan.loop):
                return
            if self._plan.retried:
                raise SourceUnavailable("the stream ended")
            self._clock.repeat()

    def _begin(self, reader: Reader[Any]) -> None:
        self._damage.restart()
        self._keyframes.restart()
        self.frames_total = reader.frames_total
        self._packets.restart(reader.codec)
        self._patient = self._plan.lossless or reader.pace == "consumer"
        self._paced = reader.pace == "clock" and not self._plan.lossless
        # A recording that plays like a camera is seen now, one that is read was seen when it was made.
        self._began_at = reader.began_at if self._plan.lossless else None
        self._watched = reader.pace == "source"
        self._now = self._picture_at = time.monotonic()

    def _play_units(self, reader: Reader[Any], stop: threading.Event) -> None:
        play = self._play_alone if reader.intra_only else self._play_decoded
        began = self._plan.began
        for ticks in reader.units():
            # First of all: a thread that was left behind must not touch what goes on without it.
            if stop.is_set():
                return
            now = self._now = time.monotonic()
            pts = self._clock.tick(ticks, now)
            if began is not None:
                began(pts)
                began = None
            if reader.codec in SYNTAX and not self._plan.lossless:
                self._pass_on(reader, pts)
            try:
                play(reader, pts)
            except DamagedUnit:
                self._note_damage(reader, pts)
                self._leave_out()
                self._give_up_after(self._plan.timeout_s, now, "the stream is unreadable")
            self._give_up_after(LONGEST_KEYFRAME_WAIT_S, now, "the stream has no key frame")
        for decoded in reader.flush():
            self._take(reader, decoded)

    def _pass_on(self, reader: Reader[Any], pts: int) -> None:
        taken = reader.taken()
        self._packets.publish(
            Packet(
                self._plan.camera, pts, reader.keyframe, reader.annex_b(), taken.at_s, self._now, taken.clock
            )
        )

    def _play_decoded(self, reader: Reader[Any], pts: int) -> None:
        if (
            reader.leavable
            and not self._pictures.wanted
            and self._keyframes.suffice(pts, keyframe=reader.keyframe)
        ):
            self._play_keyframe(reader, pts)
            return
        pictures = self._decoded(reader, pts)
        if reader.damaged and not pictures:
            self._leave_out()
        for decoded in pictures:
            self._take(reader, decoded)

    def _play_keyframe(self, reader: Reader[Any], pts: int) -> None:
        """Only a key frame that is due is decoded, though every picture counts."""
        self._note_damage(reader, pts)
        sequence = self._sequence
        self._count(reader, self._rising(pts))
        if not self._wanted(sequence, pts, due=reader.keyframe):
            reader.leave(pts)
            return
        for decoded in self._decoded(reader, pts):
            self._show(reader, decoded, sequence, self._last_pts)

    def _play_alone(self, reader: Reader[Any], pts: int) -> None:
        self._note_damage(reader, pts)
        sequence, pts = self._sequence, self._rising(pts)
        self._count(reader, pts)
        if self._wanted(sequence, pts):
            for decoded in self._decoded(reader, pts):
                self._show(reader, decoded, sequence, pts)
        elif self._pictures.wanted and not self._damage.hides(pts, self._now):
            for decoded in self._decoded(reader, pts):
                self._pictures.publish(self._frame(sequence, reader.picture(decoded, pts)))

    def _decoded(self, reader: Reader[Any], pts: int) -> Sequence[Decoded]:
        pictures: Sequence[Decoded] = reader.decode(pts)
        # Decoding may have shown more of it.
        self._note_damage(reader, pts)
        return pictures

    def _take(self, reader: Reader[Any], decoded: Decoded) -> None:
        sequence = self._sequence
        pts = self._rising(self._last_pts + 1 if decoded.pts is None else decoded.pts)
        self._count(reader, pts)
        if self._wanted(sequence, pts):
            self._put(sequence, reader.picture(decoded, pts))
        elif self._pictures.wanted and not self._damage.hides(pts, self._now):
            self._pictures.publish(self._frame(sequence, reader.picture(decoded, pts)))

    def _note_damage(self, reader: Reader[Any], pts: int) -> None:
        """What is known by now of the damage to the unit at which the reader stands."""
        self._damage.unit(pts, keyframe=reader.keyframe, damaged=reader.damaged, now=self._now)

    def _show(self, reader: Reader[Any], decoded: Decoded, sequence: int, pts: int) -> None:
        """A picture that was decoded because it is wanted, unless it turned out to be damaged."""
        if self._damage.hides(pts, self._now):
            self._observer.dropped(self._plan.camera, "damaged")
        else:
            self._put(sequence, reader.picture(decoded, pts))

    def _rising(self, pts: int) -> int:
        """Broken streams repeat timestamps; nobody downstream has to know."""
        self._last_pts = max(pts, self._last_pts + 1)
        return self._last_pts

    def _count(self, reader: Reader[Any], pts: int) -> None:
        """One more picture, at its time."""
        if self._paced:
            self._pause(self._playhead.wait_s(pts, time.monotonic()))
            self._now = time.monotonic()
        self._picture_at = self._now
        self._sequence += 1
        self._observer.received(self._plan.camera)
        if self._on_live is not None:
            self.decoder = reader.decoder
            self._on_live()
            self._on_live = None

    def _pause(self, seconds: float) -> None:
        # Waiting for an event takes several times the CPU of sleeping, at every picture.
        if seconds > LONGEST_SLEEP_S:
            self._stop.wait(seconds)
        elif seconds > 0:
            time.sleep(seconds)

    def _wanted(self, sequence: int, pts: int, *, due: bool = True) -> bool:
        """Whether this picture is to be handed over; if not, it is counted why."""
        if self._damage.hides(pts, self._now):
            self._observer.dropped(self._plan.camera, "damaged")
            return False
        if sequence % self._plan.every:
            return False
        if due and self._rate.due(pts):
            return True
        self._observer.dropped(self._plan.camera, "rate")
        return False

    def _leave_out(self) -> None:
        self._sequence += 1
        self._observer.received(self._plan.camera)
        self._observer.dropped(self._plan.camera, "damaged")

    def _put(self, sequence: int, picture: Picture) -> None:
        if picture.clock_offset_s is not None:
            self._observer.clocked(self._plan.camera, picture.clock_offset_s)
        frame = self._frame(sequence, picture)
        self._pictures.publish(frame)
        if self._handover.put(frame, wait_until=self._stop if self._patient else None):
            self._observer.dropped(self._plan.camera, "busy")

    def _frame(self, sequence: int, picture: Picture) -> Frame:
        if self._began_at is not None:
            picture = replace(
                picture, captured_at=self._began_at + timedelta(seconds=picture.pts / PTS_CLOCK_HZ)
            )
        return Frame(
            self._plan.camera,
            sequence,
            picture.pts,
            picture.captured_at,
            picture.decoded_at,
            picture.pixels,
            picture.clock,
        )

    def _give_up_after(self, limit_s: float, now: float, reason: str) -> None:
        if now - self._picture_at > limit_s:
            raise SourceUnavailable(reason)
