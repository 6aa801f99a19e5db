"""One part of every camera, as of now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

Whole = TypeVar("Whole")
Part = TypeVar("Part")


class Each(Mapping[str, Part], Generic[Whole, Part]):
    """A view: cameras come and go, and whoever holds it sees those that are there."""

    def __init__(self, cameras: Mapping[str, Whole], part: Callable[[Whole], Part | None]) -> None:
        """
        Args:
            cameras: by name.
            part: of a camera; None where it has none, as if it were not there.
        """
        self._cameras = cameras
        self._part = part

    def __getitem__(self, name: str) -> Part:
        part = self._part(self._cameras[name])
        if part is None:
            raise KeyError(name)
        return part

    def __iter__(self) -> Iterator[str]:
        return (name for name, camera in self._cameras.items() if self._part(camera) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)
