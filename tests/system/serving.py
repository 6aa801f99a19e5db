"""Runs the service as a child process, and looks at it from outside."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx
import psutil
import yaml
from prometheus_client.parser import text_string_to_metric_families
from system.commanding import PATIENCE_S, SIGHTLINE

T = TypeVar("T")

LISTENING: Final = re.compile(r"listening on (https?://\S+)")
END_S: Final = 10.0
"""How long the service may take to end after a signal: three seconds, and others' tests on the same cores."""


def until(look: Callable[[], T], patience_s: float = PATIENCE_S) -> T:
    """Looks again and again until what it sees is true."""
    deadline = time.monotonic() + patience_s
    while not (seen := look()):
        assert time.monotonic() < deadline, f"still {seen!r} after {patience_s:g} s"
        time.sleep(0.05)
    return seen


@dataclass(frozen=True, slots=True)
class Ended:
    """How the service ended: its exit status, and the seconds from the signal on."""

    status: int
    took_s: float


def descriptors(process: int) -> int:
    """How many files and sockets a process has open, but for the accounts' database: how many connections are
    kept there depends on how many were asked at once."""
    names = []
    for each in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed by now
            names.append(each.readlink().name)
    return sum(not name.startswith("accounts.db") for name in names)


class Service:
    """One process of the service, in a folder of its own."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.process = process
        self.folder = folder
        self.url = ""

    @property
    def log(self) -> str:
        return (self.folder / "stderr").read_text()

    @property
    def out(self) -> str:
        return (self.folder / "stdout").read_text()

    def find_url(self) -> bool:
        """Whether it listens by now; its address is known from then on."""
        assert self.process.poll() is None, self.log
        found = LISTENING.search(self.log)
        self.url = found[1] if found else ""
        return bool(found)

    def get(self, path: str, **query: str | int) -> httpx.Response:
        return httpx.get(self.url + path, params=query, timeout=PATIENCE_S)

    def cameras(self) -> dict[str, dict[str, Any]]:
        """What the interface says of each camera."""
        items = self.get("/api/cameras").json()["items"]
        return {item["name"]: item for item in items}

    def states(self) -> dict[str, str]:
        return {name: camera["state"] for name, camera in self.cameras().items()}

    def until_state(self, camera: str, state: str) -> dict[str, Any]:
        """Waits until a camera is in that state, and says how it is then."""
        return until(lambda: found if (found := self.cameras()[camera])["state"] == state else None)

    def series(self, name: str, **labels: str) -> float:
        """One sample of the metrics; 0 where there is none yet."""
        text = self.get("/metrics").text
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return sum(s.value for s in samples if s.name == name and s.labels == labels)

    def events(self, **query: str | int) -> list[dict[str, Any]]:
        """All events that fit, page after page."""
        items: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = self.get("/api/events", **query, **cursor).json()
            items += page["items"]
            if page["next"] is None:
                return items
            cursor = {"cursor": page["next"]}

    def whole(self) -> psutil.Process:
        """The process once all of the service has come: the pages, a while after the start, have files of
        their own."""
        assert self.get("/").status_code == 200
        return psutil.Process(self.process.pid)

    def descriptors(self) -> int:
        """As ``descriptors`` of its process."""
        return descriptors(self.process.pid)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> Ended:
        """Sends a signal and waits for the end."""
        began = time.monotonic()
        self.process.send_signal(number)
        status = self.process.wait(PATIENCE_S)
        return Ended(status, time.monotonic() - began)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def serving(
    *arguments: str | Path,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    program: Sequence[str | Path] = (SIGHTLINE,),
    port: str = "0",
) -> Iterator[Service]:
    """``sightline`` with these arguments in ``folder``, from when it listens on; at a port of its own, or at
    this one.

    What it wrote lies beside its data as ``stderr`` and ``stdout``; ``program`` is what runs in its place.
    """
    command = [*program, *arguments, "--port", port]
    with (folder / "stderr").open("wb") as err, (folder / "stdout").open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )
    service = Service(process, folder)
    try:
        until(service.find_url)
        yield service
    finally:
        service.kill()


def write_config(folder: Path, cameras: Mapping[str, Any], **sections: Any) -> Path:
    """A configuration file with these cameras, which see what the embedded detector is less sure of, too."""
    usual = {
        "detect": {"min_confidence": 0.3},
        "events": {"confirm_hits": 2, "confirm_s": 0.2, "threshold": 0.3},
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump({"cameras": dict(cameras), **usual, **sections}))
    return path
