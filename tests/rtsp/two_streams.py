"""``two_streams``: a real RTSP camera with two streams of the same footage."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rtsp.clips import Clip
from rtsp.fixtures import launched

STREAM = Path(__file__).with_name("timed_camera.py")


class TimedStream:
    """One of a camera's streams, which can be killed and started again at its address."""

    def __init__(self, path: Path, fps: int) -> None:
        self._command = [str(STREAM), str(path), "--fps", str(fps)]
        self._process: subprocess.Popen[str] | None = None
        self._told: list[str] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/cam"

    @property
    def openings(self) -> int:
        """How often somebody came when nobody watched."""
        return self._told.count("watched")

    @property
    def watched(self) -> bool:
        """Whether somebody watches now."""
        return self.openings > self._told.count("left")

    def start(self, since_ns: int) -> None:
        """Starts it at the port it had, or at a free one, as if its first picture had been at that time."""
        command = [*self._command, "--since-ns", str(since_ns), "--port", str(self.port)]
        self._process, self.port = launched(command)
        threading.Thread(target=self._listen, args=(self._process,), daemon=True).start()

    def kill(self) -> None:
        """It is gone at once."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        assert process.stdin is not None
        process.stdin.close()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            self._told += map(str.strip, lines)


class TwoStreams:
    """A camera whose streams show the same moment at the same time, by one clock."""

    def __init__(self, main: tuple[Path, int], sub: tuple[Path, int]) -> None:
        self.main, self.sub = TimedStream(*main), TimedStream(*sub)
        self.since_ns = 0

    @property
    def source(self) -> dict[str, str]:
        return {"main": self.main.url, "sub": self.sub.url}

    def start(self) -> None:
        """Starts from the first picture."""
        self.since_ns = time.monotonic_ns()
        self.start_main()
        self.sub.start(self.since_ns)

    def start_main(self) -> None:
        self.main.start(self.since_ns)

    def kill(self) -> None:
        self.main.kill()
        self.sub.kill()


TwoStreamsFactory = Callable[[Clip, Clip], TwoStreams]


@pytest.fixture
def two_streams(clips: Callable[[Clip], Path]) -> Iterator[TwoStreamsFactory]:
    """Starts cameras: ``two_streams(main_clip, sub_clip)``."""
    cameras: list[TwoStreams] = []

    def make(main: Clip, sub: Clip) -> TwoStreams:
        camera = TwoStreams((clips(main), main.fps), (clips(sub), sub.fps))
        cameras.append(camera)
        camera.start()
        return camera

    yield make
    for camera in cameras:
        camera.kill()
