"""Where people at the pages hand in what they want; whoever opens the pages says who sits there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from streamer.pages.changing import CameraSettings
    from streamer.pages.draft import Draft
    from streamer.pages.looking import Look
    from streamer.storage.shelf import LabelCount
    from streamer.training.record import Training, Wish


class CameraDesk(Protocol):
    """Where cameras are added."""

    async def add(self, name: str, address: str, username: str, password: str) -> None:
        """Adds a camera that runs from now on; StreamerError says what is wrong."""


class Probe(Protocol):
    """Tries a camera without adding it."""

    async def probe(self, address: str, username: str, password: str) -> Look:
        """What it shows, in words, or why it does not."""


class SettingsDesk(Protocol):
    """Where cameras are changed."""

    def settings(self, camera: str) -> CameraSettings:
        """What can be set of a camera; UnknownCamera where there is none."""

    async def change(self, camera: str, before: Draft, now: Draft, version: str) -> None:
        """Makes of it what was typed; Stale where somebody else was faster."""

    async def look_at(self, camera: str, address: str, draft: Draft) -> Look:
        """What an address shows, or why it shows nothing."""

    def named_in(self, camera: str) -> str | None:
        """The place in the configuration file that names a camera; None of one that was added since."""

    async def remove(self, camera: str) -> None:
        """A camera goes, its events stay."""


class EventDesk(Protocol):
    """Takes what a person says."""

    async def label(self, event_id: str, label: str) -> bool:
        """Keeps what the object is; False when there is no such event."""


class TrainingDesk(Protocol):
    """Where classifiers are trained."""

    async def classes(self) -> Sequence[LabelCount]:
        """What pictures are labelled as."""

    async def ask(self, wish: Wish) -> Training:
        """Puts a training into the queue; StreamerError says why not."""

    async def all(self) -> Sequence[Training]:
        """All that are known, newest first."""

    async def cancel(self, name: str) -> bool:
        """Ends one; StreamerError says why not."""
