"""Records as lines on a terminal, or in a pipe whose reader may go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.text import Text

from streamer.commands.pipe import reader_gone

if TYPE_CHECKING:
    from streamer.kafka.client.following import Received
    from streamer.kafka.lines import Line

NAME_WIDTH: Final = 6


class PipedConsole(Console):
    """The library's own ends the process, as a failure."""

    def on_broken_pipe(self) -> None:
        raise reader_gone()


class Screen:
    """A line for each record; with colours where a terminal shows them."""

    def __init__(self) -> None:
        self._console = PipedConsole(highlight=False, soft_wrap=True)
        self._width = NAME_WIDTH

    def show(self, _record: Received, line: Line) -> None:
        self._width = max(self._width, len(line.camera))
        at = line.at.astimezone()
        time = f"{at:%H:%M:%S}.{at.microsecond // 1000:03d}"
        camera = line.camera.ljust(self._width)
        self._console.print(
            Text.assemble((time, "dim"), "  ", (camera, "cyan"), " ", (line.text, line.style))
        )
