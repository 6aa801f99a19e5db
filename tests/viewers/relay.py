"""A real TURN server (coturn) on the router between a service and its viewer, which have no other way."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from system.serving import until

PROGRAM: Final = "turnserver"
PORT: Final = 3478
NAME, PASSWORD = "sightline", "relayed"


@dataclass(frozen=True, slots=True)
class Relay:
    """One server.

    Attributes:
        url: its address, for those who use it.
        log: where it says what it does.
    """

    url: str
    log: Path

    @property
    def server(self) -> dict[str, str]:
        """As it stands in the configuration."""
        return {"urls": self.url, "username": NAME, "credential": PASSWORD}

    def carried(self) -> bool:
        """Whether packets of a peer went through it."""
        return "CHANNEL_BIND processed, success" in self.log.read_text()


@contextmanager
def relaying(folder: Path, asked_at: str, seen_at: str) -> Iterator[Relay]:
    """
    Args:
        folder: for its log.
        asked_at: its address for the one side, which knows it.
        seen_at: its address for the other side, which only sees packets come from there.
    """
    if shutil.which(PROGRAM) is None:
        pytest.skip("no TURN server: apt-get install coturn")
    log = folder / "turn.log"
    options = ["-n", "--verbose", "--no-cli", "--no-tls", "--no-dtls", "--lt-cred-mech", "--realm", "test"]
    options += ["--listening-ip", asked_at, "--relay-ip", seen_at, "--listening-port", str(PORT)]
    options += ["--user", f"{NAME}:{PASSWORD}", "--simple-log", "--log-file", str(log)]
    options += ["--pidfile", str(folder / "turn.pid"), "--db", str(folder / "turn.db")]
    process = subprocess.Popen([PROGRAM, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: _listens(asked_at))
        yield Relay(f"turn:{asked_at}:{PORT}?transport=udp", next(folder.glob("turn*.log")))
    finally:
        process.terminate()
        process.wait()


def _listens(address: str) -> bool:
    with suppress(OSError), socket.create_connection((address, PORT), timeout=1):
        return True
    return False
