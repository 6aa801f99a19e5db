"""The one or two streams of a camera: what is detected on, and what is looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio
from anyio.abc import TaskStatus

from streamer.capture.address import parse
from streamer.capture.broadcast import PacketBroadcast, PictureBroadcast
from streamer.capture.decoder import HARDWARE
from streamer.capture.intake import Intake
from streamer.capture.mainstream import LINGER_S, MainStream
from streamer.capture.ondemand import OnDemand
from streamer.capture.place import Place
from streamer.capture.source import Kind, Source, kind_of, open_source, plan_of
from streamer.capture.supervisor import SupervisedSource
from streamer.config.names import Problem
from streamer.config.tree import StreamsConfig
from streamer.errors import ConfigError, SourceEnded, WrongOption

if TYPE_CHECKING:
    from streamer.capture.state import StreamsObserver
    from streamer.config.tree import CameraConfig
    from streamer.frame import Frame

ELSEWHERE: Final = {
    "sim://": "there is nothing to decode",
    "whip://": "what a browser sends is decoded by the CPU",
}
"""Sources that no graphics card decodes, and why."""


class CameraStreams:
    """A camera: its frames are those of the stream that is detected on, its packets those of the larger one.

    Attributes:
        name: of the camera.
        main: the larger one, open while it is needed; None where a camera has one stream.
        packets: of the larger stream, for viewers, who look while they are ``viewing()``.
        detected: packets of the stream that is detected on.
        pictures: of the stream that is detected on, while somebody takes them.
        intake: where a browser brings its pictures; None for a camera that is opened.
    """

    def __init__(
        self,
        detection: Source,
        main: MainStream | None,
        packets: PacketBroadcast | None,
        place: Place | None = None,
    ) -> None:
        self.name = detection.name
        self._place = place
        self._detection = detection
        self.main = main
        self.packets = packets
        self.detected: PacketBroadcast | None = detection.packets
        self.pictures: PictureBroadcast = detection.pictures
        self.intake: Intake | None = detection.intake

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Plays as a ``Source`` does, and the larger stream as it is needed."""
        if self.main is None:
            await self._detection.run(task_status=task_status)
            return
        ended: SourceEnded | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.main.run)
            try:
                await self._detection.run(task_status=task_status)
            except SourceEnded as error:
                # Raised outside, where it is no group of errors.
                ended = error
            tasks.cancel_scope.cancel()
        if ended is not None:
            raise ended

    def frames(self) -> AsyncIterator[Frame]:
        place = self._place
        return self._detection.frames() if place is None else self._noted(place)

    async def _noted(self, place: Place) -> AsyncIterator[Frame]:
        async for frame in self._detection.frames():
            place.note(frame)
            yield frame

    def viewing(self) -> AbstractAsyncContextManager[None]:
        """Packets come for as long as the block lasts."""
        return nullcontext() if self.main is None else self.main.held()


def open_streams(
    name: str, camera: CameraConfig, observer: StreamsObserver, *, linger_s: float = LINGER_S
) -> CameraStreams:
    """The streams of a camera; nothing is opened before it runs.

    Args:
        name: of the camera.
        camera: its addresses and options.
        observer: hears of pictures and states.
        linger_s: how long the larger stream stays open after it was needed.

    Raises:
        WrongOption: one of its addresses can't be, or can't be decoded as is asked for.
    """
    streams = camera.source
    if isinstance(streams, str):
        with naming(name, "source"):
            detection = open_source(name, camera, observer)
        return CameraStreams(detection, None, detection.packets)
    smaller, larger = (camera.model_copy(update={"source": each}) for each in (streams.sub, streams.main))
    with naming(name, "source", "sub"):
        sub, sub_kind = plan_of(name, smaller), _opened_kind(smaller)
    with naming(name, "source", "main"):
        main, main_kind = plan_of(name, larger), _opened_kind(larger)
    place = Place() if sub_kind.recorded and main_kind.recorded else None
    if place is not None:
        sub = replace(sub, began=place.sub.add)
    main = replace(main, open=OnDemand(main.open, place), fps=0.0, stream="main")
    packets = main_kind.passed_on()
    return CameraStreams(
        SupervisedSource(sub, observer, sub_kind.passed_on()),
        MainStream(main, observer, packets, place, linger_s),
        packets,
        place,
    )


@contextmanager
def naming(camera: str, *option: str) -> Iterator[None]:
    """Errors say which option they are about."""
    try:
        yield
    except WrongOption as error:
        raise WrongOption(("cameras", camera, *error.path), error.text) from None
    except ConfigError as error:
        raise WrongOption(("cameras", camera, *option), str(error)) from None


def wrong_options(camera: CameraConfig) -> list[Problem]:
    """What is wrong with the addresses of a camera, or missing on this machine to decode them."""
    problems = []
    for option, stream in _each(camera):
        try:
            plan_of("", stream)
            if len(option) > 1:
                _opened_kind(stream)
        except WrongOption as error:
            problems.append(Problem(error.path, error.text, everywhere=True))
        except ConfigError as error:
            problems.append(Problem(option, str(error)))
    return problems


def missing_files(camera: CameraConfig, folder: Path) -> list[Problem]:
    """Recordings of a camera that are not there; ``folder`` is where else a person may look for them."""
    problems = []
    for option, stream in _each(camera):
        try:
            address = parse(stream)
        except ConfigError:
            # Told by `wrong_options`.
            continue
        if address.scheme == "file" and (wrong := _no_file(address.opened, folder)) is not None:
            problems.append(Problem(option, f"expected a file that can be read, received {wrong}"))
    return problems


def _no_file(source: str, folder: Path) -> str | None:
    try:
        if Path(source).is_dir():
            return f"{source!r}: a folder"
        if Path(source).exists():
            return None
        beside = (folder / source).is_file()
    except (OSError, ValueError) as error:
        return f"{source!r:.100}: {error}"
    if not beside:
        return f"{source!r}: no such file"
    return f"{source!r}, which is at {folder / source}: paths begin where the command is started"


def undecoded(camera: CameraConfig) -> list[Problem]:
    """A graphics card that is asked for where none decodes."""
    if camera.decode not in HARDWARE:
        return []
    for scheme, why in ELSEWHERE.items():
        if all(stream.detected.lower().startswith(scheme) for _, stream in _each(camera)):
            text = f"expected auto or cpu for {scheme}, received {camera.decode!r}: {why}"
            return [Problem(("decode",), text)]
    return []


def _opened_kind(camera: CameraConfig) -> Kind:
    """How one of two streams is read; ConfigError where it cannot be one of two."""
    kind = kind_of(camera)
    if kind.opener is None:
        raise ConfigError(
            f"expected an address that is opened, received {camera.detected!r}: a browser sends one stream,"
            " which is the whole source"
        )
    return kind


def _each(camera: CameraConfig) -> Iterator[tuple[tuple[str, ...], CameraConfig]]:
    """The option of each stream, and the camera as if it had no other."""
    streams = camera.source
    sources = {"main": streams.main, "sub": streams.sub} if isinstance(streams, StreamsConfig) else {}
    for stream, source in sources.items():
        yield ("source", stream), camera.model_copy(update={"source": source})
    if not sources:
        yield ("source",), camera
