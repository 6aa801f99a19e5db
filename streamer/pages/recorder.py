"""Remembers the last minutes of what is counted and measured, for all who look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from streamer.pages.parts import Parts


class Recorder:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def run(self) -> None:
        await anyio.sleep_forever()
