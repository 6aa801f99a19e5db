"""What the page of trainings asks of the queue and of the labelled pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streamer.storage.labelling import Samples
    from streamer.storage.shelf import LabelCount
    from streamer.training.record import Training, Wish
    from streamer.training.trainings import Trainings


class TrainingOffice:
    """See `streamer.pages.desks.TrainingDesk`."""

    def __init__(self, queue: Trainings, samples: Samples) -> None:
        self._queue = queue
        self._samples = samples

    async def classes(self) -> Sequence[LabelCount]:
        return await self._samples.classes()

    async def ask(self, wish: Wish) -> Training:
        return await self._queue.ask(wish)

    async def all(self) -> Sequence[Training]:
        return await self._queue.all()

    async def cancel(self, name: str) -> bool:
        return await self._queue.cancel(name)
