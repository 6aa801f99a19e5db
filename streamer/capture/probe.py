"""Opens a stream for a moment, to see what it sends, or why it does not."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import anyio

from streamer.capture.source import open_source
from streamer.config.tree import DetectConfig
from streamer.errors import SourceEnded

if TYPE_CHECKING:
    from streamer.capture.source import Source
    from streamer.capture.state import SourceState
    from streamer.config.tree import CameraConfig
    from streamer.frame import Frame

MEASURE_S: Final = 2.0
"""So long pictures are counted, from the first one on."""

ADVICE: Final[Mapping[str, str]] = {
    "password": "set username and password beside the source; ${NAME} reads them from the environment",
    "name": "check the host name, and that this machine can resolve it",
    "refused": "the machine answers, its port does not: check it, and that the stream is switched on",
    "answer": "check the address and the firewall; another network often cannot reach a camera",
    "not a video": "check that a player shows it; a file may be empty or cut off",
    "decoder": "set decode to auto or cpu, or install the driver of the graphics card",
    "404": "the camera answers but has no such stream: check the path",
}


@dataclass(frozen=True, slots=True, eq=False)
class Probed:
    """What was found out about a stream.

    Attributes:
        first: its first picture; None where none came.
        reason: why none came, in words; None where one did, and where a browser is to bring them.
        first_after_s: how long it took.
        fps: pictures per second, roughly.
        decoder: what decodes them, as far as something does.
        offset_s: by how much its clock is ahead of ours; None where it tells no time.
    """

    first: Frame | None = None
    reason: str | None = None
    first_after_s: float = 0.0
    fps: float = 0.0
    decoder: str | None = None
    offset_s: float | None = None

    @property
    def advice(self) -> str | None:
        """What to do where nothing came."""
        reason = self.reason or ""
        return next((advice for word, advice in ADVICE.items() if word in reason), None)


class Listener:
    """Notes what one source tells."""

    def __init__(self) -> None:
        self.pictures = 0
        self.reason: str | None = None
        self.decoder: str | None = None
        self.offset_s: float | None = None
        self.down = anyio.Event()

    def received(self, camera: str) -> None:
        self.pictures += 1

    def dropped(self, camera: str, reason: str) -> None:
        """Only what arrives counts here."""

    def clocked(self, camera: str, offset_s: float) -> None:
        self.offset_s = offset_s

    def changed(self, camera: str, state: SourceState) -> None:
        self.decoder = state.decoder or self.decoder
        self.reason = state.reason or self.reason
        if state.state == "down":
            self.down.set()


async def probe(name: str, camera: CameraConfig, measure_s: float = MEASURE_S) -> Probed:
    """Watch the stream that is detected on.

    Args:
        name: of the camera.
        camera: its address and options.
        measure_s: for how long, once pictures come.

    Raises:
        ConfigError: no source has such an address.
    """
    listener = Listener()
    watched = camera.model_copy(update={"detect": DetectConfig(fps=1)})
    source = open_source(name, watched, listener)
    if source.intake is not None:
        return Probed()
    first: Frame | None = None
    began = time.monotonic()
    first_after_s = 0.0
    with anyio.move_on_after(camera.timeout_s + measure_s + 1):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_play, source)
            tasks.start_soon(_end_when_down, listener, tasks.cancel_scope)
            async for frame in source.frames():
                first = first or frame
                first_after_s = first_after_s or time.monotonic() - began
                if time.monotonic() - began - first_after_s >= measure_s:
                    break
            tasks.cancel_scope.cancel()
    if first is None:
        return Probed(reason=listener.reason or f"no picture within {camera.timeout_s:.0f} s")
    fps = listener.pictures / max(time.monotonic() - began - first_after_s, 0.1)
    return Probed(first, None, first_after_s, fps, listener.decoder, listener.offset_s)


async def _play(source: Source) -> None:
    try:
        await source.run()
    except SourceEnded:
        # The listener has heard the reason.
        return


async def _end_when_down(listener: Listener, scope: anyio.CancelScope) -> None:
    # It would be tried again for ever, and its reason is known.
    await listener.down.wait()
    scope.cancel()
