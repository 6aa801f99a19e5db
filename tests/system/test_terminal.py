"""On a terminal the demo shows a table, and a pass over files a bar; without one they log."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from system.commanding import PATIENCE_S, SIGHTLINE
from system.serving import END_S, LISTENING, serving

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
ROW = re.compile(r"street +live +(\d+\.\d) +(\d+\.\d) +\d+ +\d+ +\d+")


class Terminal:
    """The other end of a pseudo terminal, as wide as most are."""

    def __init__(self, end: int) -> None:
        self._end = end
        self._raw = b""

    @property
    def shown(self) -> str:
        """Everything so far, without colours and movements."""
        return CONTROL.sub("", self._raw.decode(errors="replace"))

    def until(self, pattern: re.Pattern[str]) -> re.Match[str]:
        deadline = time.monotonic() + PATIENCE_S
        while not (found := pattern.search(self.shown)):
            assert time.monotonic() < deadline, self.shown[-2000:]
            assert self.read(), self.shown[-2000:]
        return found

    def read(self) -> bool:
        """Waits for more; False at the end."""
        try:
            more = os.read(self._end, 65536)
        except OSError:  # Linux's way to say that nobody holds the other end any more
            more = b""
        self._raw += more
        return bool(more)

    def interrupt(self) -> None:
        """Ctrl-C, as the key does it."""
        os.write(self._end, b"\x03")


@contextmanager
def on_a_terminal(*arguments: str, folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], Terminal]]:
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb+", buffering=0):
        process = subprocess.Popen(
            [SIGHTLINE, *arguments],
            cwd=folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"},
            # The terminal becomes the process's own, so that its Ctrl-C is a signal to it.
            preexec_fn=partial(os.login_tty, theirs),
        )
        os.close(theirs)
        try:
            yield process, Terminal(ours)
        finally:
            process.kill()
            process.wait()


def test_the_demo_shows_the_street_and_ends_on_ctrl_c(tmp_path: Path) -> None:
    with on_a_terminal("demo", "--port", "0", folder=tmp_path) as (process, terminal):
        fps_in, fps_detected = map(float, terminal.until(ROW).groups())
        terminal.until(re.compile(r"person \d+ +came"))
        assert "sightline-nano" in terminal.shown
        assert LISTENING.search(terminal.shown)
        began = time.monotonic()
        terminal.interrupt()
        while terminal.read():
            pass
        assert process.wait(PATIENCE_S) == 0
        assert time.monotonic() - began < END_S
        assert "Traceback" not in terminal.shown
    assert fps_in > 0
    assert fps_detected > 0
    assert (tmp_path / "sightline-data" / "events.db").is_file()


def test_a_pass_over_files_shows_how_far_it_is(footage: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_text("no picture")
    sources = [str(footage), "broken.jpg"]
    with on_a_terminal("detect", *sources, folder=tmp_path) as (process, terminal):
        terminal.until(re.compile(r"street .* \d+/100 +\d+/s +\d+:\d\d:\d\d"))
        while terminal.read():
            pass
        assert process.wait(PATIENCE_S) == 1
        lines = [line.strip() for line in re.split("[\r\n]+", terminal.shown)]
        assert "sightline: broken.jpg: not a picture" in lines
        assert any(re.match(r"100 frames in .*person", line) for line in lines)


def test_without_a_terminal_it_logs(tmp_path: Path) -> None:
    with serving("demo", folder=tmp_path) as service:
        service.until_state("street", "live")
        ended = service.stop(signal.SIGINT)
        log, out = service.log, service.out
    assert (ended.status, out) == (0, "")
    assert ended.took_s < END_S
    lines = log.splitlines()
    assert all(re.match(r"\d\d:\d\d:\d\d (INFO|WARNING) ", line) for line in lines), log
    assert any("street: live" in line for line in lines)
    assert "\x1b" not in log
