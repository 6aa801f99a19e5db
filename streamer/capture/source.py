"""A source: frames and packets of one camera, stream, file or simulation; found by its address."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import anyio
from anyio.abc import TaskStatus

from detectors.wording import nearest
from streamer.capture import address as addresses
from streamer.capture.address import Address
from streamer.capture.broadcast import PacketBroadcast, PictureBroadcast
from streamer.capture.intake import Intake
from streamer.capture.libav import stream_opener
from streamer.capture.playback import Plan
from streamer.capture.reader import Reader
from streamer.capture.simulation import street_opener
from streamer.capture.state import CaptureObserver
from streamer.capture.supervisor import SupervisedSource
from streamer.config.tree import CameraConfig
from streamer.errors import ConfigError
from streamer.frame import Frame


class Source(Protocol):
    """One camera, stream, file or simulation.

    Attributes:
        name: of the camera.
        packets: the stream's packets, untouched; None where there are none to pass on.
        pictures: all of the decoded ones, whatever ``detect.fps`` says, while somebody takes them.
        intake: where a browser's pictures come in; None where the source is opened.
    """

    name: str
    packets: PacketBroadcast | None
    pictures: PictureBroadcast
    intake: Intake | None

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Plays until a recording ends; a live source is tried again forever.

        Raises:
            SourceEnded: a recording can't be read.
        """

    def frames(self) -> AsyncIterator[Frame]:
        """The frames that are due; live: the newest one, lossless: all of them. For one consumer."""

    def frames_total(self) -> int | None:
        """Pictures in a recording, known once it plays; None when it doesn't say."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How the sources of a scheme are read.

    Attributes:
        opener: checks the address and returns what connects; another reader takes its place here. None where
            nothing is called: a browser brings the pictures.
        retried: lost sources are tried again; else the first failure is the end.
        packets: there are coded pictures to pass on.
        recorded: it begins when it is opened, and shows the same each time.
    """

    opener: Callable[[Address, CameraConfig], Callable[[], Reader[Any]]] | None
    retried: bool = True
    packets: bool = True
    recorded: bool = False

    def passed_on(self) -> PacketBroadcast | None:
        """Where its packets go; None where there are none."""
        return PacketBroadcast() if self.packets else None


KINDS: Final[dict[str, Kind]] = {
    "rtsp": Kind(stream_opener),
    "rtsps": Kind(stream_opener),
    "http": Kind(stream_opener),
    "https": Kind(stream_opener),
    "file": Kind(stream_opener, retried=False, recorded=True),
    "v4l2": Kind(stream_opener, packets=False),
    "sim": Kind(street_opener, packets=False, recorded=True),
    "whip": Kind(None, packets=False),
}


SCHEMES: Final = ("rtsp", "http", "file", "webcam", "sim", "whip")
"""What may be meant by an unknown one; the guess is not that somebody wanted TLS."""


def open_source(
    name: str, camera: CameraConfig, observer: CaptureObserver, *, lossless: bool = False, every: int = 1
) -> Source:
    """The stream of a camera that is detected on; nothing is opened before it runs.

    Args:
        name: of the camera.
        camera: its address and options.
        observer: hears of pictures and states.
        lossless: every picture once, whatever ``detect.fps`` and ``loop`` say, and none waits for the clock.
        every: takes pictures 0, every, 2 * every .. of the stream.

    Raises:
        ConfigError: no source has such an address.
    """
    plan = plan_of(name, camera)
    if lossless and plan.intake is not None:
        raise ConfigError(f"expected a source that can be opened, received {plan.shown}: a browser brings it")
    if lossless:
        plan = replace(plan, retried=False, loop=False, lossless=True)
    return SupervisedSource(replace(plan, every=every), observer, kind_of(camera).passed_on())


def plan_of(name: str, camera: CameraConfig) -> Plan:
    """How the stream that is detected on is played; ConfigError as above."""
    address, kind = addresses.parse(camera), kind_of(camera)
    intake = Intake(name, camera.timeout_s)
    return Plan(
        camera=name,
        shown=address.shown,
        open=intake.open if kind.opener is None else kind.opener(address, camera),
        intake=intake if kind.opener is None else None,
        retried=kind.retried,
        loop=camera.loop,
        fps=camera.detect.fps,
        timeout_s=camera.timeout_s,
    )


def kind_of(camera: CameraConfig) -> Kind:
    """How the sources of its scheme are read; ConfigError as above."""
    address = addresses.parse(camera)
    kind = KINDS.get(address.scheme)
    if kind is None:
        raise ConfigError(
            "expected a path, rtsp(s)://, http(s)://, webcam://NUMBER, sim://street or whip://,"
            f" received {address.shown!r}{nearest(address.scheme, SCHEMES)}"
        )
    return kind
