"""On whose behalf a connection stands that outlives the request which opened it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import anyio

ASKED_EVERY_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Guest:
    """One who was let in.

    Attributes:
        network: the address that they ask from, as far as it counts as theirs.
        is_let_in: whether they still are.
    """

    network: str
    is_let_in: Callable[[], Awaitable[bool]]

    async def until_shut_out(self) -> None:
        """Returns once they are let in no more, some seconds later at most."""
        while await self.is_let_in():
            await anyio.sleep(ASKED_EVERY_S)
