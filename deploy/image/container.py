"""A container as the checks see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Recipe:
    """What an image says of how to run it."""

    command: tuple[str, ...]
    health: tuple[str, ...]
    user: str


class Container(Protocol):
    """It runs from when it was made until it is removed."""

    port: int
    """Where the service is reached, on this machine."""

    def execute(self, command: Sequence[str]) -> str:
        """What a command inside prints; ImageFailed where it fails."""

    def check_health(self) -> None:
        """ImageFailed where the image's own check fails."""

    def log(self) -> str: ...

    def runs(self) -> bool: ...

    def stop(self) -> int:
        """Ask the service to end, and wait until it has: its exit status."""

    def remove(self) -> None: ...
