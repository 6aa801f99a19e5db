"""What a person may say of an event."""

from __future__ import annotations

from typing import Protocol


class EventDesk(Protocol):
    """Takes what a person says."""

    async def label(self, event_id: str, label: str) -> bool:
        """Keeps what the object is; False when there is no such event."""

    async def mask(self, camera: str, box: tuple[float, float, float, float]) -> None:
        """Looks no more at a part of the picture, in shares of it; StreamerError says what is wrong."""
