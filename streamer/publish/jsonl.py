"""JSON Lines of the records, to a file or to standard output."""

from __future__ import annotations

import errno
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

import anyio.to_thread

from streamer.errors import ConfigError, MessageRejected, SinkUnavailable
from streamer.event import Decision, Event, ZoneEvent
from streamer.messages.detections import DetectionRecord
from streamer.messages.record import Record
from streamer.messages.records import record_of
from streamer.publish.outbox import Outbox
from streamer.publish.sink import FileOf, LossObserver, from_video

if TYPE_CHECKING:
    from streamer.event import Happening
    from streamer.frame import Frame
    from streamer.tracking.tracks import Tracks

log = logging.getLogger(__name__)

STANDARD_OUTPUT: Final = "-"
RECORD_START: Final = b'{"schema":"sightline.'
LINES_WAITING: Final = 1024
BLOCK: Final = 65536


class LineFile:
    """A file or standard output that holds whole lines only; every line is one write(2).

    With ``append`` an existing file is continued, and the torn last line of a killed run is cut off first.
    """

    def __init__(self, target: str, *, append: bool) -> None:
        self._target = target
        self._append = append
        self._descriptor = -1
        self._seekable = False

    @property
    def name(self) -> str:
        return "standard output" if self._target == STANDARD_OUTPUT else self._target

    def open(self) -> None:
        """Opens and mends; ConfigError when the path cannot be written or ends in something not ours."""
        if self._target == STANDARD_OUTPUT:
            if sys.__stdout__ is None:
                raise ConfigError("cannot write standard output: it is closed")
            self._descriptor = sys.__stdout__.fileno()
            return
        try:
            self._descriptor = self._opened()
            if self._seekable:
                self._mend()
        except OSError as error:
            raise ConfigError(f"cannot write {self.name}: {error.strerror}") from error

    def write(self, line: bytes) -> None:
        """Writes one line whole or not at all; SinkUnavailable when there is no room or no reader."""
        try:
            written = os.write(self._descriptor, line)
            if written < len(line):
                self._complete(line, written)
        except OSError as error:
            raise SinkUnavailable(f"cannot write {self.name}: {error.strerror}") from error

    def close(self) -> None:
        if self._target != STANDARD_OUTPUT and self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1

    def _opened(self) -> int:
        path = Path(self._target)
        self._seekable = path.is_file() or not path.exists()
        if self._seekable:
            start = 0 if self._append else os.O_TRUNC
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | start, 0o644)
        # A pipe nobody reads is an error at once, instead of waiting for a reader.
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        os.set_blocking(descriptor, True)
        return descriptor

    def _complete(self, line: bytes, written: int) -> None:
        """A short write: the disk filled up in mid-line, or a signal interrupted a pipe."""
        if self._seekable:
            os.ftruncate(self._descriptor, os.fstat(self._descriptor).st_size - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        while written < len(line):
            written += os.write(self._descriptor, line[written:])

    def _mend(self) -> None:
        size = os.fstat(self._descriptor).st_size
        whole = self._end_of_last_line(size)
        if whole == size:
            return
        torn = os.pread(self._descriptor, len(RECORD_START), whole)
        if not RECORD_START.startswith(torn):
            raise ConfigError(f"cannot append to {self.name}: expected JSON Lines of sightline in it")
        os.ftruncate(self._descriptor, whole)
        log.warning("%s: cut off a torn last line of %d bytes", self.name, size - whole)

    def _end_of_last_line(self, size: int) -> int:
        end = size
        while end > 0:
            start = max(0, end - BLOCK)
            found = os.pread(self._descriptor, end - start, start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
        return 0


class JsonLines:
    """Records to lines, on a thread of its own.

    Lossless (``detect``): a full queue makes the caller wait, and an error is raised. Otherwise (``run``):
    what cannot be written is counted and said once, the camera goes on, and the next record is tried again.
    """

    def __init__(self, file: LineFile, *, lossless: bool, observer: LossObserver | None = None) -> None:
        self._file = file
        self._lossless = lossless
        self._observer = observer
        self._failing = False
        self._outbox: Outbox[bytes] = Outbox(
            file.name, self._deliver, file.close, bound=LINES_WAITING, patient=lossless
        )

    async def __aenter__(self) -> Self:
        await anyio.to_thread.run_sync(self._file.open)
        await self._outbox.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._outbox.__aexit__(kind, error, trace)

    async def write(self, record: Record) -> None:
        """Queues one record; SinkUnavailable in a lossless file that cannot be written."""
        line = record.line()
        if self._lossless:
            await self._outbox.put(line)
        elif not self._outbox.offer(line):
            self.lost("busy")

    def _deliver(self, line: bytes) -> None:
        try:
            self._file.write(line)
        except SinkUnavailable as error:
            if self._lossless:
                raise
            self.lost("unavailable")
            if not self._failing:
                log.warning("%s; records are left out until it can be written again", error)
            self._failing = True
        else:
            if self._failing:
                log.info("%s can be written again", self._file.name)
            self._failing = False

    def lost(self, reason: str) -> None:
        """Counts a record that is not in the file."""
        if self._observer is not None:
            self._observer.lost("json", reason)


class JsonLinesSink:
    """One line per processed frame, and one for each thing that happens.

    Decisions of the rules are told within the line of their frame.
    """

    def __init__(
        self,
        lines: JsonLines,
        models: Mapping[str, str],
        *,
        file_of: FileOf = from_video,
        snapshots: bool = True,
        name: str | None = None,
    ) -> None:
        """
        Args:
            lines: where the records go.
            models: the name of each camera's model.
            file_of: the file of a frame.
            snapshots: whether the pictures that events name are kept.
            name: of the camera that all of them are of; None where each has its own.
        """
        self._lines = lines
        self._models = models
        self._file_of = file_of
        self._snapshots = snapshots
        self._named = {} if name is None else {"camera": name}
        self._sizes: dict[str, tuple[int, int]] = {}
        self._told: set[str] = set()

    async def publish(self, frame: Frame, tracks: Tracks, happenings: Sequence[Happening]) -> None:
        self._sizes[frame.camera] = (frame.width, frame.height)
        model, file = self._models[frame.camera], self._file_of(frame)
        why = [each for each in happenings if isinstance(each, Decision)]
        await self._write(frame.camera, lambda: DetectionRecord.of(frame, tracks, model, file=file, why=why))
        await self.conclude(frame.camera, happenings)

    async def conclude(self, camera: str, happenings: Sequence[Happening]) -> None:
        for happening in happenings:
            if isinstance(happening, Decision):
                continue
            if isinstance(happening, Event) and not self._snapshots:
                happening = replace(happening, snapshot=None)
            await self._write(camera, partial(record_of, happening, self._sizes.get(camera)))

    async def tell(self, happening: Event | ZoneEvent, size: tuple[int, int] | None) -> None:
        """Write what an earlier process could not; of an event the size of its pictures, if it is known."""
        await self._write(happening.camera, partial(record_of, happening, size))

    async def _write(self, camera: str, build: Callable[[], Record]) -> None:
        try:
            record = build()
        except MessageRejected as error:
            self._lines.lost("rejected")
            if camera not in self._told:
                log.warning("left out a record, and will say so once: %s", error)
            self._told.add(camera)
        else:
            await self._lines.write(record.model_copy(update=self._named) if self._named else record)


def json_lines(target: str, *, lossless: bool, observer: LossObserver | None = None) -> JsonLines:
    """JSON Lines to ``target`` (a path, or ``-``); a live service continues it, ``detect`` starts anew."""
    if target != STANDARD_OUTPUT:
        target = str(Path(target).expanduser())
    return JsonLines(LineFile(target, append=not lossless), lossless=lossless, observer=observer)
