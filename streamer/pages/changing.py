"""What pages change: cameras, and what is said of events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from streamer.errors import ConfigError

if TYPE_CHECKING:
    from streamer.fleet.desk import Desk


class Labels(Protocol):
    async def label(self, event_id: str, label: str) -> bool: ...


class Changes:
    """Takes what a person wants to be otherwise; see `CameraDesk`, `Probe` and `EventDesk`."""

    def __init__(self, desk: Desk, labels: Labels) -> None:
        self._desk = desk
        self._labels = labels

    async def add(self, name: str, address: str, username: str, password: str) -> None:
        """A camera that runs from now on; StreamerError says what is wrong."""
        await self._desk.add(name.strip(), _options(address, username, password))

    async def probe(self, address: str, username: str, password: str) -> str:
        """What an address shows, in words; StreamerError says why it does not."""
        found = await self._desk.look(_options(address, username, password))
        if found.reason is not None:
            raise ConfigError(f"{found.reason}: {found.advice}" if found.advice else found.reason)
        if found.first is None:
            return "It waits for a browser that sends."
        return f"It works: {found.first.width}x{found.first.height}, about {found.fps:.0f} pictures a second."

    async def label(self, event_id: str, label: str) -> bool:
        """Keeps what an object is; False when there is no such event."""
        return await self._labels.label(event_id, label)

    async def mask(self, camera: str, box: tuple[float, float, float, float]) -> None:
        """Looks no more at a box, in shares of the picture; StreamerError says what is wrong."""
        x1, y1, x2, y2 = box
        masks = list(self._desk.options(camera).values["masks"])
        masks.append({"polygon": [[x1, y1], [x2, y1], [x2, y2], [x1, y2]]})
        await self._desk.change(camera, {"masks": masks})


def _options(address: str, username: str, password: str) -> dict[str, Any]:
    login = {"username": username, "password": password} if username or password else {}
    return {"source": address.strip(), **login}
