"""Runs trainings, one at a time, each in a process of its own that ends with the service."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import sys
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio
from anyio import CancelScope, to_thread

from streamer.errors import StreamerError
from streamer.event import new_id
from streamer.training.record import (
    LOG,
    REQUEST,
    Asked,
    Outcome,
    State,
    Training,
    Wish,
    has_ended,
    last_line,
    read_training,
    write_outcome,
)

if TYPE_CHECKING:
    from anyio.abc import Process

log = logging.getLogger(__name__)

FOLDER: Final = "trainings"
WAITING: Final = 8
"""Trainings that wait at the same time."""
KEPT: Final = 50
"""Trainings that are over, of which it is still known how they went."""
FAREWELL_S: Final = 10.0
"""So long a training may take to end when it is told to; then it is killed."""
CANCELLED: Final = 130


class QueueFull(StreamerError):
    """As many trainings wait as may."""


class Over(StreamerError):
    """The training has ended, and cannot be cancelled."""


class Trainings:
    """The queue of trainings, kept in a folder of the data folder.

    Each has a folder with what was asked for, its progress, what it said, and what became of it. One that the
    service did not see to its end is ``interrupted``; those that waited go on waiting after a restart.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        self._folder = data / FOLDER
        self._waiting: deque[str] = deque()
        self._running: str | None = None
        self._process: Process | None = None
        self._cancelled: set[str] = set()
        self._work = anyio.Event()

    async def run(self) -> None:
        """Train what is asked for until this is cancelled."""
        await to_thread.run_sync(self._recover)
        while True:
            while self._waiting:
                self._running = self._waiting.popleft()
                try:
                    await self._train(self._folder / self._running)
                finally:
                    self._running = None
                    self._cancelled.clear()
            self._work = anyio.Event()
            await self._work.wait()

    async def ask(self, wish: Wish) -> Training:
        """Put a training at the end of the queue.

        Raises:
            QueueFull: too many wait.
        """
        if len(self._waiting) >= WAITING:
            raise QueueFull(f"expected at most {WAITING} trainings to wait: cancel one, or come back later")
        name = new_id()
        self._waiting.append(name)
        try:
            await to_thread.run_sync(self._write_request, name, wish)
        except OSError as error:
            self._waiting.remove(name)
            raise StreamerError(f"{self._folder}: {error.strerror}") from error
        self._work.set()
        found = await self.find(name)
        assert found is not None
        return found

    async def all(self) -> tuple[Training, ...]:
        """All that are known, newest first."""
        return await to_thread.run_sync(self._all)

    async def find(self, name: str) -> Training | None:
        """One of them."""
        return await to_thread.run_sync(self._read, name)

    async def cancel(self, name: str) -> bool:
        """Take it out of the queue, or end it; False: there is none.

        Raises:
            Over: it has ended.
        """
        if name in self._waiting:
            self._waiting.remove(name)
            await self._ended(self._folder / name, "cancelled", "cancelled before it began")
            return True
        if name == self._running:
            self._cancelled.add(name)
            if self._process is not None:
                self._process.send_signal(signal.SIGTERM)
            return True
        if await self.find(name) is None:
            return False
        raise Over("this training is over; expected one that waits or runs")

    async def _train(self, folder: Path) -> None:
        found = read_training(folder, "running")
        if found is None:
            return
        data = str(self._data.absolute())
        command = [sys.executable, "-P", "-m", "streamer.training.ending", str(os.getpid()), sys.executable]
        command += ["-P", "-m", "trainer", "train", data, "--data", data]
        command += ["--workspace", str(folder.absolute())]
        command += found.wish.arguments()
        log.info("training %s begins", found.wish.name)
        try:
            with (folder / LOG).open("wb") as told:
                self._process = await anyio.open_process(
                    command,
                    stdin=None,
                    stdout=told,
                    stderr=told,
                    start_new_session=True,
                )
                status = await self._watch(self._process, folder.name)
        except OSError as error:
            await self._ended(folder, "failed", f"it cannot be started: {error.strerror}")
            return
        finally:
            self._process = None
        said = last_line(folder / LOG)
        if folder.name in self._cancelled or status == CANCELLED:
            await self._ended(folder, "cancelled", "cancelled")
        elif status == 0:
            await self._ended(folder, "done", said)
        else:
            await self._ended(folder, "failed", said or f"it ended with status {status}")

    async def _watch(self, process: Process, name: str) -> int:
        """Its exit status; it ends with us."""
        try:
            if name in self._cancelled:
                process.send_signal(signal.SIGTERM)
            return await process.wait()
        finally:
            if process.returncode is None:
                with CancelScope(shield=True):
                    process.send_signal(signal.SIGTERM)
                    with anyio.move_on_after(FAREWELL_S):
                        await process.wait()
                    if process.returncode is None:
                        process.kill()
                        await process.wait()
                    await self._ended(self._folder / name, "interrupted", INTERRUPTED)

    async def _ended(self, folder: Path, state: State, said: str) -> None:
        log.info("training %s: %s", state, said)
        outcome = Outcome.model_validate({"state": state, "said": said, "at": datetime.now(UTC)})
        await to_thread.run_sync(write_outcome, folder, outcome)

    def _write_request(self, name: str, wish: Wish) -> None:
        folder = self._folder / name
        folder.mkdir(parents=True)
        beside = folder / f".{REQUEST}"
        beside.write_text(Asked(wish=wish, at=datetime.now(UTC)).model_dump_json())
        beside.replace(folder / REQUEST)

    def _recover(self) -> None:
        """What an earlier process left: one that ran is interrupted, the others wait on."""
        for folder in self._folders():
            if has_ended(folder) or folder.name in self._waiting:
                continue
            if (folder / LOG).exists():
                outcome = Outcome(state="interrupted", said=INTERRUPTED, at=datetime.now(UTC))
                write_outcome(folder, outcome)
            else:
                self._waiting.append(folder.name)
        over = [folder for folder in self._folders() if has_ended(folder)]
        for folder in over[:-KEPT]:
            shutil.rmtree(folder, ignore_errors=True)

    def _folders(self) -> list[Path]:
        """Oldest first: their names sort by time."""
        try:
            return sorted(each for each in self._folder.iterdir() if each.is_dir())
        except FileNotFoundError:
            return []

    def _all(self) -> tuple[Training, ...]:
        found = (self._read(folder.name) for folder in reversed(self._folders()))
        return tuple(each for each in found if each is not None)

    def _read(self, name: str) -> Training | None:
        waits = name != self._running
        return read_training(self._folder / name, "queued" if waits else "running")


INTERRUPTED: Final = "the service ended meanwhile: start it anew"
