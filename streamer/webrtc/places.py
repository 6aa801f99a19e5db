"""Places for viewers: how many there are, and who may hold them before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

from streamer.webrtc.refusals import TooMany

MOST_ASKING: Final = 64
"""Viewers who may wait to be answered, as of a page with many cameras; more are to come again."""


@dataclass(eq=False, slots=True)
class Place:
    """One viewer's.

    Attributes:
        camera: which is watched.
        network: from where; None for viewers who have connected before they ask.
        stage: a viewer who asks is answered, and then connects.
    """

    camera: str
    network: str | None
    stage: Literal["asks", "comes", "watches"] = "asks"

    def answered(self) -> None:
        self.stage = "comes"

    def arrived(self) -> None:
        self.stage = "watches"


class Places:
    """All of them. Whoever asks and does not come holds half of them at most."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._most_coming = (most + 1) // 2
        self._taken: list[Place] = []

    @property
    def count(self) -> int:
        """Viewers who were answered."""
        return sum(each.stage != "asks" for each in self._taken)

    def watching(self, camera: str) -> int:
        """The same of one camera."""
        return sum(each.stage != "asks" and each.camera == camera for each in self._taken)

    @contextmanager
    def taken(self, camera: str, network: str | None = None) -> Iterator[Place]:
        """A place, for as long as the block lasts.

        Raises:
            TooMany: there is none.
        """
        self._require_room(camera, network)
        place = Place(camera, network)
        self._taken.append(place)
        try:
            yield place
        finally:
            self._taken.remove(place)

    def _require_room(self, camera: str, network: str | None) -> None:
        refused = f"no room for another viewer of {camera}"
        if len(self._taken) >= self._most:
            raise TooMany(f"{refused}: {self._most} watch already (webrtc.max_viewers)")
        if sum(each.stage == "asks" for each in self._taken) >= MOST_ASKING:
            raise TooMany(f"{refused}: {MOST_ASKING} ask at this moment")
        if network is None:
            return
        coming = sum(each.stage != "watches" and each.network == network for each in self._taken)
        if coming >= self._most_coming:
            raise TooMany(
                f"{refused}: {coming} from your address have yet to connect (half of webrtc.max_viewers)"
            )
