"""Which clock says when a picture was taken: the camera's own while it can be believed, else ours."""

from dataclasses import dataclass
from typing import Final

from streamer.frame import Clock

SURE: Final = 0.8
"""Share of the tolerance within which a clock that was not believed has to be, to be believed again."""
AGAIN_S: Final = 10.0
"""For so long; a clock at the edge of the tolerance would change the time of every other picture."""


@dataclass(frozen=True, slots=True)
class CaptureTime:
    """When a picture was taken.

    Attributes:
        at_s: seconds since 1970.
        clock: whose clock said it.
    """

    at_s: float
    clock: Clock


class CameraClock:
    """Believes a camera's clock as long as it agrees with the time of arrival.

    It is left as soon as it is off by more than the tolerance, and returned to once it agreed well for a
    while. Times don't fall back when one clock takes the other's place: they wait until they are reached.

    Attributes:
        offset_s: camera minus host, of the latest picture; None as long as the camera told no time.
    """

    def __init__(self, tolerance_s: float) -> None:
        self.offset_s: float | None = None
        self._tolerance_s = tolerance_s
        self._believed = True
        self._agrees_since: float | None = None
        self._last_s = 0.0

    def time(self, camera_s: float | None, host_s: float, now: float) -> CaptureTime:
        """When a picture was taken.

        Args:
            camera_s: by the camera, seconds since 1970; None when it does not say.
            host_s: when it arrived, by our own clock, seconds since 1970.
            now: the same, monotonic seconds.
        """
        if camera_s is None:
            return CaptureTime(self._rising(host_s), "host")
        self.offset_s = camera_s - host_s
        self._judge(abs(self.offset_s), now)
        return CaptureTime(self._rising(camera_s if self._believed else host_s), self._clock())

    def _clock(self) -> Clock:
        return "camera" if self._believed else "host"

    def _judge(self, off_s: float, now: float) -> None:
        if off_s > self._tolerance_s:
            self._believed, self._agrees_since = False, None
        elif not self._believed:
            if off_s > SURE * self._tolerance_s:
                self._agrees_since = None
            elif self._agrees_since is None:
                self._agrees_since = now
            else:
                self._believed = now - self._agrees_since >= AGAIN_S

    def _rising(self, at_s: float) -> float:
        # A step of more than the tolerance is our own clock being set: then there is nothing to wait for.
        if not 0 < self._last_s - at_s <= self._tolerance_s:
            self._last_s = at_s
        return self._last_s
