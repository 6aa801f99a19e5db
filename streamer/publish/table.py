"""The live table of the terminal: cameras, their figures, and the last events."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol

import anyio
from anyio.abc import TaskStatus
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from streamer.event import Event
from streamer.publish.terminal import logging_above

if TYPE_CHECKING:
    from streamer.event import Happening
    from streamer.frame import Frame
    from streamer.metrics.camera import CameraStatistics
    from streamer.tracking.tracks import Tracks

REFRESH_S: Final = 0.5
EVENTS_SHOWN: Final = 5
CAMERAS_SHOWN: Final = 24
LONGEST_NAME: Final = 24
NARROW: Final = 90
"""Columns of a terminal below which only ``FIGURES_WHEN_NARROW`` are shown."""
FIGURES_WHEN_NARROW: Final = ("in/s", "p95 ms")
NOTHING: Final = "–"
STATE_STYLES: Final[Mapping[str, str]] = {
    "live": "green",
    "connecting": "yellow",
    "down": "bold red",
    "ended": "bright_black",
    "off": "bright_black",
}
# Not due is by design (`detect.fps`), and no loss.
BY_DESIGN: Final = "rate"


class Statistics(Protocol):
    """Where the table reads."""

    def cameras(self) -> Sequence[CameraStatistics]: ...


@dataclass(frozen=True, slots=True)
class Header:
    """What does not change: the model and how it runs, and where to look."""

    model: str
    policy: str
    url: str | None


class LiveTable:
    """A sink that remembers the last events, and shows them below the cameras, twice a second."""

    def __init__(self, header: Header, statistics: Statistics, console: Console | None = None) -> None:
        self._header = header
        self._statistics = statistics
        self._console = console or Console()
        self._events: deque[Event] = deque(maxlen=EVENTS_SHOWN)

    async def publish(self, frame: Frame, tracks: Tracks, happenings: Sequence[Happening]) -> None:
        await self.conclude(frame.camera, happenings)

    async def conclude(self, camera: str, happenings: Sequence[Happening]) -> None:
        events = (each for each in happenings if isinstance(each, Event))
        self._events.extendleft(event for event in events if event.phase != "update")

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Shows the table until it is cancelled; the last state stays on the screen."""
        with Live(console=self._console, auto_refresh=False) as live, logging_above():
            task_status.started()
            while True:
                live.update(self.render(datetime.now(UTC)), refresh=True)
                await anyio.sleep(REFRESH_S)

    def render(self, now: datetime) -> RenderableType:
        """The whole picture as of now."""
        cameras = self._statistics.cameras()
        parts: list[RenderableType] = [
            Text(),
            self._title(),
            Text(),
            camera_table(cameras, now, self._console.width),
        ]
        if (hidden := len(cameras) - CAMERAS_SHOWN) > 0:
            parts.append(Text(f"  and {hidden} more cameras", style="bright_black"))
        if self._events:
            parts += [Text(), event_table(self._events)]
        return Group(*parts, Text())

    def _title(self) -> Text:
        header = self._header
        title = Text.assemble(
            ("  Sightline", "bold"), (f"   {header.model}", "cyan"), (f"  {header.policy}", "bright_black")
        )
        return title if header.url is None else title.append("   ").append(header.url, style="underline")


FIGURES: Final[Mapping[str, Callable[[CameraStatistics], str]]] = {
    "in/s": lambda camera: f"{camera.fps_in:.1f}",
    "detected/s": lambda camera: f"{camera.fps_detected:.1f}",
    "p50 ms": lambda camera: _milliseconds(camera.latency_p50_s),
    "p95 ms": lambda camera: _milliseconds(camera.latency_p95_s),
    "objects": lambda camera: str(camera.objects) if camera.state == "live" else NOTHING,
}


def camera_table(cameras: Sequence[CameraStatistics], now: datetime, width: int) -> Table:
    """A line per camera; those that need attention come first when not all can be shown."""
    figures = [name for name in FIGURES if width >= NARROW or name in FIGURES_WHEN_NARROW]
    table = Table(box=None, padding=(0, 1), header_style="bright_black")
    shown = cameras if len(cameras) <= CAMERAS_SHOWN else sorted(cameras, key=lambda c: c.state == "live")
    longest = max((len(camera.camera) for camera in shown), default=0)
    table.add_column("  camera", no_wrap=True, min_width=min(longest, LONGEST_NAME) + 2)
    table.add_column("state", overflow="ellipsis", min_width=len("connecting"))
    for name in figures:
        table.add_column(name, justify="right", no_wrap=True)
    if width >= NARROW:
        table.add_column("dropped", no_wrap=True)
    for camera in shown[:CAMERAS_SHOWN]:
        live = camera.state == "live"
        row = [Text.assemble(("● ", STATE_STYLES[camera.state]), camera.camera), _state(camera, now)]
        row += [Text(FIGURES[name](camera), "" if live else "bright_black") for name in figures]
        table.add_row(*row, *([_dropped(camera)] if width >= NARROW else []))
    return table


def event_table(events: Sequence[Event]) -> Table:
    """The newest event first."""
    table = Table(box=None, show_header=False, padding=(0, 1))
    for event in sorted(events, key=_shown_at, reverse=True):
        began, at = event.phase == "start", _shown_at(event)
        lasted = "" if event.ended_at is None else span((event.ended_at - event.started_at).total_seconds())
        table.add_row(
            Text(f"  {at.astimezone():%H:%M:%S}", "bright_black"),
            Text(event.camera),
            Text(f"{event.label} {event.track}", "bold" if began else ""),
            Text("came" if began else f"left after {lasted}", "green" if began else "bright_black"),
        )
    return table


def _shown_at(event: Event) -> datetime:
    return event.ended_at or event.started_at


def span(seconds: float) -> str:
    """``8 s``, ``3 min``, ``5 h``: how long, at a glance."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def _state(camera: CameraStatistics, now: datetime) -> Text:
    text = Text.assemble((camera.state, STATE_STYLES[camera.state]))
    if camera.picture not in (None, "fine"):
        text.append(f"  {camera.picture}", style="bold red")
    if camera.state in ("down", "connecting") and camera.since is not None:
        text.append(f" {span((now - camera.since).total_seconds())}", style="bright_black")
    if camera.reason:
        text.append(f"  {camera.reason}", style="bright_black")
    return text


def _dropped(camera: CameraStatistics) -> Text:
    parts = [
        (f"{reason} {count}", "bright_black" if reason == BY_DESIGN else "yellow")
        for reason, count in sorted(camera.dropped.items())
    ]
    return Text("  ").join(Text(*part) for part in parts)


def _milliseconds(seconds: float | None) -> str:
    return NOTHING if seconds is None else f"{seconds * 1000:.0f}"
