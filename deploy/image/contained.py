"""A container of docker's or podman's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from deploy.image.command import heard, run

DATA: Final = "/srv/sightline-data"
PATIENCE_S: Final = 30


class EngineContainer:
    """Without rights, on a file system that is only read but for the data; reached on loopback alone."""

    # An engine that may not raise its own limits can run it, too.
    RIGHTS: Final = (
        "--cap-drop=all",
        "--security-opt=no-new-privileges",
        "--read-only",
        "--ulimit=nofile=1024:1024",
        "--ulimit=nproc=1024:1024",
    )

    def __init__(self, program: str, image: str, health: Sequence[str], volume: str, port: int) -> None:
        """
        Args:
            program: docker or podman.
            image: what it runs.
            health: the command of its check.
            volume: name of the volume of its data, which is made where there is none.
            port: where it is reached on this machine.
        """
        self._program = program
        self._health = health
        places = [f"--publish=127.0.0.1:{port}:8080", f"--volume={volume}:{DATA}", "--tmpfs=/tmp"]
        self._id = run([program, "run", "--detach", *self.RIGHTS, *places, image]).splitlines()[-1]
        self.port = port

    def execute(self, command: Sequence[str]) -> str:
        return run([self._program, "exec", self._id, *command])

    def check_health(self) -> None:
        self.execute(self._health)

    def log(self) -> str:
        return heard([self._program, "logs", self._id])

    def runs(self) -> bool:
        return run([self._program, "inspect", "--format={{.State.Running}}", self._id]) == "true"

    def stop(self) -> int:
        run([self._program, "stop", f"--time={PATIENCE_S}", self._id])
        return int(run([self._program, "inspect", "--format={{.State.ExitCode}}", self._id]))

    def remove(self) -> None:
        run([self._program, "rm", "--force", self._id])
