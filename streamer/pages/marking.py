"""What a person may say of an event."""

from __future__ import annotations

from typing import Protocol


class EventDesk(Protocol):
    """Takes what a person says."""

    async def label(self, event_id: str, label: str) -> bool:
        """Keeps what the object is; False when there is no such event."""
