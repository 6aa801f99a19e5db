"""The cameras: each is opened for real, and says what it sends or why it does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import anyio

from streamer.capture.pairing import are_of_different_shape, shapes
from streamer.capture.probe import probe
from streamer.capture.streams import wrong_options
from streamer.doctor.finding import Finding
from streamer.errors import WrongOption

if TYPE_CHECKING:
    from streamer.config.names import Problem
    from streamer.config.tree import CameraConfig
    from streamer.frame import Frame, Stream
    from streamer.loading import Place

DECODE: Final = ("decode",)


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
    found = await probe(name, camera)
    if found.reason is not None:
        return Seen(Finding(False, f"{name}: {found.reason}", found.advice))
    first = found.first
    if first is None:
        return Seen(Finding(True, f"{name}: waits for a browser, which begins at /send/{name}"))
    sends = f"{first.width}x{first.height}, about {found.fps:.0f} pictures/s"
    text = f"{name}: {sends}, the first after {found.first_after_s:.1f} s"
    if found.decoder:
        text += f", decoded by {found.decoder}"
    return Seen(with_clock(text, found.offset_s, camera.clock.tolerance), first)


def with_clock(text: str, offset_s: float | None, tolerance_s: float) -> Finding:
    """What a good camera sends, and how far its clock is off where that is too far (seconds)."""
    if offset_s is None or abs(offset_s) <= tolerance_s:
        return Finding(True, text)
    off = f"{abs(offset_s):.1f} s {'ahead' if offset_s > 0 else 'behind'}"
    advice = "set the camera's clock, by NTP; until then the time of arrival counts"
    return Finding(True, f"{text}; its clock is {off}", advice)
