"""Remembers the last minutes of what is counted and measured, for all who look."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import anyio
from anyio import to_thread

from streamer.pages.figures import Figures, Quantiles

if TYPE_CHECKING:
    from streamer.pages.parts import Registry

EVERY_S: Final = 5.0
REMEMBERED: Final = 120
"""Samples: ten minutes."""


class Recorder:
    """Samples everything at even times.

    Attributes:
        latest: of the samples; None before the first one.
        history: by stage, the quantiles of the time between two samples, oldest first; None without a frame.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self.latest: Figures | None = None
        self.history: dict[str, deque[Quantiles | None]] = {}

    async def run(self) -> None:
        """Sample until cancelled."""
        while True:
            await self.sample()
            await anyio.sleep(EVERY_S)

    async def sample(self) -> None:
        """Take one more."""
        figures = await to_thread.run_sync(lambda: Figures.of(self._registry.collect()))
        for stage, buckets in figures.stages.items():
            known = self.history.setdefault(stage, deque(maxlen=REMEMBERED))
            before = None if self.latest is None else self.latest.stages.get(stage)
            known.append(buckets.since(before).quantiles())
        self.latest = figures
