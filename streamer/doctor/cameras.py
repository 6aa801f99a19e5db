"""The cameras: each is opened for real, and says what it sends or why it does not."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import anyio

from streamer.capture.pairing import are_of_different_shape, shapes
from streamer.capture.source import open_source
from streamer.capture.streams import wrong_options
from streamer.config.tree import DetectConfig
from streamer.doctor.finding import Finding
from streamer.errors import SourceEnded, WrongOption

if TYPE_CHECKING:
    from streamer.capture.source import Source
    from streamer.capture.state import SourceState
    from streamer.config.names import Problem
    from streamer.config.tree import CameraConfig
    from streamer.frame import Frame, Stream
    from streamer.loading import Place

MEASURE_S: Final = 2.0

DECODE: Final = ("decode",)

ADVICE: Final[Mapping[str, str]] = {
    "password": "set username and password beside the source; ${NAME} reads them from the environment",
    "name": "check the host name, and that this machine can resolve it",
    "refused": "the machine answers, its port does not: check it, and that the stream is switched on",
    "answer": "check the address and the firewall; another network often cannot reach a camera",
    "not a video": "check that a player shows it; a file may be empty or cut off",
    "decoder": "set decode to auto or cpu, or install the driver of the graphics card",
    "404": "the camera answers but has no such stream: check the path",
}


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


async def examine_camera(name: str, camera: CameraConfig, place: Place | None = None) -> list[Finding]:
    """Open one camera, each of its streams beside the other, and watch it for a moment.

    ``place`` says where its options stand; None when no file says them.
    """
    wrong = {problem.path: Finding(False, _told(name, problem, place)) for problem in wrong_options(camera)}
    streams = camera.source
    if isinstance(streams, str) or DECODE in wrong:
        return [*wrong.values()] or [(await _examine_stream(name, camera)).finding]
    seen: dict[Stream, Seen] = {}

    async def examine(stream: Stream, source: str) -> None:
        option = ("source", stream)
        alone = camera.model_copy(update={"source": source})
        seen[stream] = (
            Seen(wrong[option]) if option in wrong else await _examine_stream(f"{name} ({stream})", alone)
        )

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(examine, "main", streams.main)
        tasks.start_soon(examine, "sub", streams.sub)
    findings = [seen["main"].finding, seen["sub"].finding]
    main, sub = seen["main"].first, seen["sub"].first
    if main is not None and sub is not None and are_of_different_shape(sub, main):
        findings.append(Finding(True, f"{name}: {shapes(sub, main)}"))
    return findings


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What was found out about a stream, and its first picture (None: it sent none)."""

    finding: Finding
    first: Frame | None = None


def _told(name: str, problem: Problem, place: Place | None) -> str:
    wrong = WrongOption(("cameras", name, *map(str, problem.path)), problem.text)
    return place(wrong.path, wrong.text) if place else str(wrong)


async def _examine_stream(name: str, camera: CameraConfig) -> Seen:
    listener = Listener()
    watched = camera.model_copy(update={"detect": DetectConfig(fps=1)})
    source = open_source(name, watched, listener)
    if source.intake is not None:
        return Seen(Finding(True, f"{name}: waits for a browser, which begins at /send/{name}"))
    first: Frame | None = None
    began = time.monotonic()
    first_after_s = 0.0
    with anyio.move_on_after(camera.timeout_s + MEASURE_S + 1):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_play, source)
            tasks.start_soon(_end_when_down, listener, tasks.cancel_scope)
            async for frame in source.frames():
                first = first or frame
                first_after_s = first_after_s or time.monotonic() - began
                if time.monotonic() - began - first_after_s >= MEASURE_S:
                    break
            tasks.cancel_scope.cancel()
    if first is None:
        reason = listener.reason or f"no picture within {camera.timeout_s:.0f} s"
        return Seen(Finding(False, f"{name}: {reason}", _advice(reason)))
    fps = listener.pictures / max(time.monotonic() - began - first_after_s, 0.1)
    sends = f"{first.width}x{first.height}, about {fps:.0f} pictures/s"
    text = f"{name}: {sends}, the first after {first_after_s:.1f} s"
    if listener.decoder:
        text += f", decoded by {listener.decoder}"
    return Seen(with_clock(text, listener.offset_s, camera.clock.tolerance), first)


def with_clock(text: str, offset_s: float | None, tolerance_s: float) -> Finding:
    """What a good camera sends, and how far its clock is off where that is too far (seconds)."""
    if offset_s is None or abs(offset_s) <= tolerance_s:
        return Finding(True, text)
    off = f"{abs(offset_s):.1f} s {'ahead' if offset_s > 0 else 'behind'}"
    advice = "set the camera's clock, by NTP; until then the time of arrival counts"
    return Finding(True, f"{text}; its clock is {off}", advice)


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


def _advice(reason: str) -> str | None:
    return next((advice for word, advice in ADVICE.items() if word in reason), None)
