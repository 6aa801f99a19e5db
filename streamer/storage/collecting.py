"""Takes pictures of one camera to be labelled, beside those of its events, off the event loop."""

from __future__ import annotations

import logging
import random
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol

import anyio
import cv2
import numpy as np
from anyio import to_thread

from streamer.errors import SinkUnavailable, SourceError
from streamer.event import new_id
from streamer.storage.budget import Budget
from streamer.storage.looks import ALIKE_BITS, Look, distance, look_of
from streamer.storage.picking import Pick, Picking
from streamer.storage.shelf import Taken
from streamer.storage.snapshots import Snapshot, crop_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from streamer.config.collect import CollectConfig
    from streamer.event import Happening
    from streamer.frame import Frame
    from streamer.tracking.tracks import Tracks

log = logging.getLogger(__name__)

WAITING: Final = 4
"""Frames that wait to be looked at; what comes while so many do is left out."""
REMEMBERED: Final = 64
"""Events, and pictures near the threshold or at random, of which it is known how they look."""
LARGEST_CROP: Final = 640
"""Sides of the crop of a whole frame, pixels at most."""


class SampleKeeper(Protocol):
    """Where samples are kept."""

    async def keep(self, taken: Taken) -> None: ...

    async def taken_since(self, moment: datetime) -> dict[str, int]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Wish:
    """A picture that is wanted, of this frame."""

    frame: Frame
    pick: Pick


class Collector:
    """Collects samples of one camera.

    Attributes:
        left_out: wishes for which there was no room, or whose picture the disk did not take.
    """

    def __init__(self, camera: str, config: CollectConfig, keeper: SampleKeeper) -> None:
        self.left_out = 0
        self._camera = camera
        self._config = config
        self._keeper = keeper
        self._picking = Picking(config, random.random)
        self._budget = Budget(config.max_per_day)
        self._wishes: deque[Wish] = deque()
        self._work = anyio.Event()
        self._of_events: OrderedDict[str, list[Look]] = OrderedDict()
        self._others: deque[Look] = deque(maxlen=REMEMBERED)

    @property
    def waiting(self) -> int:
        """Wishes that are not granted yet."""
        return len(self._wishes)

    def look(
        self,
        frame: Frame,
        tracks: Tracks,
        happenings: Sequence[Happening],
        least: float | NDArray[np.float64],
    ) -> None:
        """See what of a frame is worth a picture; see `Picking.choose`."""
        for pick in self._picking.choose(frame, tracks, happenings, least):
            if len(self._wishes) >= WAITING:
                self.left_out += 1
                continue
            self._wishes.append(Wish(frame, pick))
            self._work.set()

    async def run(self) -> None:
        """Take pictures until cancelled."""
        while True:
            await self._work.wait()
            self._work = anyio.Event()
            while self._wishes:
                await self._grant(self._wishes[0])
                self._wishes.popleft()

    async def _grant(self, wish: Wish) -> None:
        try:
            now = datetime.now(UTC)
            if (day := self._budget.needs(now)) is not None:
                lately = await self._taken_since(now - self._budget.refill)
                self._budget.begin(now, await self._taken_since(day), lately)
            known = self._known(wish.pick)
            if not self._budget.allows(now) or len(known) >= self._most(wish.pick):
                return
            found = await to_thread.run_sync(take, wish, known)
            if found is not None:
                await self._keeper.keep(found)
                self._remember(wish.pick, found.look)
                self._budget.spend()
        except (SinkUnavailable, SourceError) as error:
            self.left_out += 1
            log.debug("%s: no picture to label: %s", self._camera, error)

    async def _taken_since(self, moment: datetime) -> int:
        return (await self._keeper.taken_since(moment)).get(self._camera, 0)

    def _most(self, pick: Pick) -> int:
        return REMEMBERED + 1 if pick.event is None else self._config.per_event

    def _known(self, pick: Pick) -> Sequence[Look]:
        """How those look that this one has to differ from."""
        return tuple(self._others) if pick.event is None else tuple(self._of_events.get(pick.event, ()))

    def _remember(self, pick: Pick, look: Look) -> None:
        if pick.event is None:
            self._others.append(look)
            return
        self._of_events.setdefault(pick.event, []).append(look)
        while len(self._of_events) > REMEMBERED:
            self._of_events.popitem(last=False)


def take(wish: Wish, known: Sequence[Look]) -> Taken | None:
    """The picture, with what is known of it; None where it looks like one that is known."""
    frame, pick = wish.frame, wish.pick
    x1, y1, x2, y2 = part = crop_of(pick.box, frame)
    image = frame.image
    crop = image[y1:y2, x1:x2]
    look = look_of(crop)
    if any(distance(look, each) <= ALIKE_BITS for each in known):
        return None
    name = new_id()
    snapshot = Snapshot(
        event=pick.event or name,
        camera=frame.camera,
        captured_at=frame.captured_at,
        width=frame.width,
        height=frame.height,
        box=pick.box,
        crop=part,
        confidence=pick.confidence,
        model_label=pick.label,
        kind=pick.kind,
    )
    return Taken(name, look, image, _small(crop) if pick.kind == "random" else crop, snapshot)


def _small(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A whole frame, no larger than a classifier needs."""
    height, width = image.shape[:2]
    scale = LARGEST_CROP / max(height, width)
    if scale >= 1:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
