"""A container without an engine: buildah, as root, changes the root folder and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from deploy.image.command import run
from deploy.image.contained import DATA, PATIENCE_S
from deploy.image.container import Recipe


def folder_of(volume: str) -> Path:
    """Where data is kept that an engine would keep in a volume."""
    return Path(tempfile.gettempdir()) / volume


class BareContainer:
    """The service in it, which shares network and processes with this machine."""

    RIGHTS: Final = ("--isolation=chroot", "--network=host")
    # buildah passes no signal on: the service says which process it is.
    WITH_PID: Final = ("sh", "-c", 'echo $$; exec "$@"', "sh")

    def __init__(self, image: str, recipe: Recipe, data: Path, port: int) -> None:
        owner, _, group = recipe.user.partition(":")
        os.chown(data, int(owner), int(group))
        self.port = port
        self._health = [*recipe.health, str(self.port)]
        self._id = run(["buildah", "from", image])
        self._within = ["buildah", "run", *self.RIGHTS, f"--volume={data}:{DATA}", self._id, "--"]
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - it is read while the service runs
        command = [*self._within, *self.WITH_PID, *recipe.command, "--port", str(self.port)]
        self._process = subprocess.Popen(command, stdout=self._log, stderr=subprocess.STDOUT)

    def execute(self, command: Sequence[str]) -> str:
        return run([*self._within, *command])

    def check_health(self) -> None:
        self.execute(self._health)

    def log(self) -> str:
        self._log.seek(0)
        return self._log.read()

    def runs(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> int:
        os.kill(int(self.log().split("\n", 1)[0]), signal.SIGTERM)
        return self._process.wait(PATIENCE_S)

    def remove(self) -> None:
        if self.runs():
            self.stop()
        self._log.close()
        run(["buildah", "rm", self._id])
